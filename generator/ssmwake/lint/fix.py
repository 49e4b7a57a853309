"""Fixes of what has one right answer; bytes in, bytes out, and nothing else in them changes."""

import re
from collections.abc import Iterable

from ssmwake.cloud_init.parts import BOM
from ssmwake.model import Finding, Location

# Two offsets of a text, and what is written between them.
Edit = tuple[int, int, str]


def fixed(data: bytes, findings: Iterable[Finding]) -> bytes:
    """Return the bytes of a file with the fixes of its findings; where two overlap, the smaller one is applied.

    The larger one may be found again after that, and then holds what the smaller one changed.
    """
    text = data.decode("utf-8", "surrogateescape")
    starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def offset(place: Location) -> int:
        # The byte order mark takes no column of the first line.
        mark = place.line == 1 and data.startswith(BOM)
        return starts[place.line - 1] + place.column - 1 + mark

    edits: set[Edit] = set()
    known = [{(offset(each.start), offset(each.end), each.text) for each in one.fix} for one in sorted(findings)]
    for wanted in sorted(known, key=_stretch):
        if not any(_overlap(mine, other) for mine in wanted - edits for other in edits):
            edits |= wanted
    pieces, done = [], 0
    for start, end, new in sorted(edits):
        pieces += [text[done:start], new]
        done = end
    return "".join([*pieces, text[done:]]).encode("utf-8", "surrogateescape")


def _stretch(edits: set[Edit]) -> int:
    return sum(end - start for start, end, _ in edits)


def _overlap(one: Edit, other: Edit) -> bool:
    return one[0] == other[0] or (one[0] < other[1] and other[0] < one[1])
