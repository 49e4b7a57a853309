"""What is noted of promotions, in a tag of the document or launch template, so that the last one can be reverted.

A note is written before the default version is left: a way back is known at any moment. One that is followed by no
promotion, because that was refused, does no harm, since only a note whose result is the present default version counts.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

TAG = "ssmwake:previous-default"
# As many as fit into the 256 characters of a tag's value, and some room.
KEPT = 5


@dataclass(frozen=True, order=True)
class Promotion:
    """One change of a default version; all that one run promotes have the same id, and ids sort by time."""

    id: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.id}:{self.before}:{self.after}"


def new_id() -> str:
    """Return the id of a run that promotes."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(2)}"


def recorded(tag: str) -> tuple[Promotion, ...]:
    """Return the promotions that a tag's value notes, the newest first; what is not a note is skipped."""
    notes = (word.split(":") for word in tag.split())
    return tuple(Promotion(*note) for note in notes if len(note) == 3 and note[1].isdigit() and note[2].isdigit())


def effective(tag: str, default: str) -> Promotion | None:
    """Return the promotion that made the present default version the default one, if it is noted."""
    return next((note for note in recorded(tag) if note.after == default != note.before), None)


def with_note(tag: str, promotion: Promotion) -> str:
    """Return the tag's value with one more promotion; notes that led to no promotion are dropped."""
    notes = recorded(tag)
    while notes and notes[0].after != promotion.before:
        notes = notes[1:]
    return " ".join(map(str, (promotion, *notes)[:KEPT]))
