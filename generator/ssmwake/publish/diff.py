"""What a plan changes in documents and user data, before and after, as a person reads it."""

import base64
import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from ssmwake.publish.actions import Action, AddTemplateVersion, AddVersion, Create, Promote
from ssmwake.publish.current import Current, CurrentDocument


@dataclass(frozen=True)
class Diff:
    """One text before and after."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), f"{self.name} (now)", f"{self.name} (then)", lineterm=""
        )
        return "\n".join(lines)


def diffs(current: Current, actions: tuple[Action, ...]) -> tuple[Diff, ...]:
    """Return what the actions change; before is the default version, because that is what runs."""
    return tuple(_diffs(current, actions))


def _diffs(current: Current, actions: tuple[Action, ...]) -> Iterator[Diff]:
    on_progress: set[str] = set()
    for action in actions:
        match action:
            case Create(document):
                yield Diff(document.name, "", document.text)
            case AddVersion(document):
                existing = current.document(document.name)
                on_progress.add(document.name)
                yield Diff(document.name, existing.default.text if existing else "", document.text)
            case Promote(name, number=number) if name not in on_progress:
                existing = current.document(name)
                if existing:
                    yield Diff(name, existing.default.text, _text(existing, number))
            case AddTemplateVersion():
                template = current.template(action.template)
                base = template.version(action.base) if template else None
                yield Diff(
                    f"user data of {action.template}", _plain(base.user_data if base else ""), _plain(action.user_data)
                )
            case _:
                pass


def _text(existing: CurrentDocument, number: str) -> str:
    return next((version.text for version in existing.versions if version.number == number), "")


def _plain(encoded: str) -> str:
    """Return user data as text; what is no text is named by its size."""
    try:
        raw = base64.b64decode(encoded)
        return raw.decode()
    except ValueError:
        return f"({len(encoded) * 3 // 4} bytes that are no text)\n"
