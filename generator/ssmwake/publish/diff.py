"""What a plan changes in documents and user data, before and after, as people read it.

What is there already was written by somebody else: a line of it that may hold a secret is not shown.
"""

import base64
import difflib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ssmwake.publish.actions import Action, AddTemplateVersion, AddVersion, Create, Promote
from ssmwake.publish.current import Current, CurrentDocument
from ssmwake.redact import HIDDEN, secret_lines
from ssmwake.terminal import printable

# More than this is not user data: EC2 takes 16,384 bytes, and gzip makes at most a thousand of one.
LARGEST = 16 * 1024 * 1024


@dataclass(frozen=True)
class Diff:
    """One text before and after, as they are; as a string it is a diff without secrets and control characters."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        before, after = self.before.splitlines(), self.after.splitlines()
        secret = {before[number] for number in secret_lines(self.before)}
        secret |= {after[number] for number in secret_lines(self.after)}
        lines = difflib.unified_diff(before, after, f"{self.name} (now)", f"{self.name} (then)", lineterm="")
        # A header of the diff is not a line of the texts, and cannot be one: it has a sign in front.
        return "\n".join(printable(_hidden(line) if line[1:] in secret else line) for line in lines)


def _hidden(line: str) -> str:
    """Return a line of a diff with its sign and indentation, and without what it says."""
    sign, text = line[0], line[1:]
    return f"{sign}{text[: len(text) - len(text.lstrip())]}{HIDDEN}"


def diffs(current: Current, actions: tuple[Action, ...]) -> tuple[Diff, ...]:
    """Return what the actions change; before is the default version, because that is what runs."""
    return tuple(_diffs(current, actions))


def _diffs(current: Current, actions: tuple[Action, ...]) -> Iterator[Diff]:
    updated: set[str] = set()
    for action in actions:
        match action:
            case Create(document):
                yield Diff(document.name, "", document.text)
            case AddVersion(document):
                existing = current.document(document.name)
                updated.add(document.name)
                yield Diff(document.name, existing.default.text if existing else "", document.text)
            case Promote(name, number=number) if name not in updated:
                existing = current.document(name)
                if existing:
                    yield Diff(name, existing.default.text, _text(existing, number))
            case AddTemplateVersion():
                template = current.template(action.template)
                base = template.version(action.base) if template else None
                before = _plain(base.user_data if base else "")
                yield Diff(f"user data of {action.template}", before, _plain(action.user_data))
            case _:
                pass


def _text(existing: CurrentDocument, number: str) -> str:
    return next((version.text for version in existing.versions if version.number == number), "")


def _plain(encoded: str) -> str:
    """Return user data as text, out of base64 and gzip; what is not text is named by its size."""
    try:
        raw = base64.b64decode(encoded)
        if raw.startswith(b"\x1f\x8b"):
            raw = zlib.decompressobj(31).decompress(raw, LARGEST)
        return raw.decode()
    except (ValueError, zlib.error):
        return f"({len(encoded) * 3 // 4} bytes that are not text)\n"
