"""What a plan changes in documents and user data, before and after, as a person reads it."""

import base64
import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from ssmwake.publish.actions import Action, AddTemplateVersion, AddVersion, Create, Promote
from ssmwake.publish.found import Found, FoundDocument


@dataclass(frozen=True)
class Difference:
    """One text before and after."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), f"{self.name} (now)", f"{self.name} (then)", lineterm=""
        )
        return "\n".join(lines)


def differences(found: Found, actions: tuple[Action, ...]) -> tuple[Difference, ...]:
    """Return what the actions change; before is the default version, because that is what runs."""
    return tuple(_differences(found, actions))


def _differences(found: Found, actions: tuple[Action, ...]) -> Iterator[Difference]:
    told: set[str] = set()
    for action in actions:
        match action:
            case Create(document):
                yield Difference(document.name, "", document.text)
            case AddVersion(document):
                there = found.document(document.name)
                told.add(document.name)
                yield Difference(document.name, there.default.text if there else "", document.text)
            case Promote(name, number=number) if name not in told:
                there = found.document(name)
                if there:
                    yield Difference(name, there.default.text, _text(there, number))
            case AddTemplateVersion():
                template = found.template(action.template)
                base = template.version(action.base) if template else None
                yield Difference(
                    f"user data of {action.template}", _plain(base.user_data if base else ""), _plain(action.user_data)
                )
            case _:
                pass


def _text(there: FoundDocument, number: str) -> str:
    return next((version.text for version in there.versions if version.number == number), "")


def _plain(encoded: str) -> str:
    """Return user data as text; what is no text is named by its size."""
    try:
        raw = base64.b64decode(encoded)
        return raw.decode()
    except ValueError:
        return f"({len(encoded) * 3 // 4} bytes that are no text)\n"
