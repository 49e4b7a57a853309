"""What is noted of promotions, in a tag of the document or launch template, so that the last one can be reverted.

A note is written before the default version is left: a way back is known at any moment. One that is followed by no
promotion, because that was refused, does no harm: the default version is still the one that it would have left.
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


def last(tag: str, default: str) -> Promotion | None:
    """Return the last promotion that was carried out, whether or not the default version was changed again since."""
    return next((note for note in recorded(tag) if note.before != note.after and note.before != default), None)


def effective(tag: str, default: str) -> Promotion | None:
    """Return the last promotion, if it made the present default version the default one."""
    note = last(tag, default)
    return note if note and note.after == default else None


def time_of(promotion: str) -> str:
    """Return when the run with this id promoted, to be read; a text that is no such id as it is."""
    try:
        return f"{datetime.strptime(promotion.partition('Z')[0], '%Y%m%dT%H%M%S.%f'):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return promotion


def with_note(tag: str, promotion: Promotion) -> str:
    """Return the tag's value with one more promotion; notes that led to no promotion are dropped."""
    notes = recorded(tag)
    while notes and notes[0].after != promotion.before:
        notes = notes[1:]
    return " ".join(map(str, (promotion, *notes)[:KEPT]))
