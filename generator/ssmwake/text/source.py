"""A text and the place of each of its characters in the file that the user wrote, however deep it was found."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ssmwake.model import Location, Replacement
from ssmwake.text.yaml_offsets import turns

if TYPE_CHECKING:
    import yaml


@dataclass(frozen=True)
class Mark:
    """From this offset of the text on, the place in the outer file; it moves along with the text, or stands still."""

    offset: int
    line: int
    column: int
    moves: bool = True


@dataclass(frozen=True)
class Edit:
    """A stretch of a text, by its offsets, and what stands there instead."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Source:
    """A text with marks, in the order of their offsets; the first is at offset zero."""

    path: str
    text: str
    marks: tuple[Mark, ...]

    @classmethod
    def of_file(cls, path: str, text: str) -> Source:
        """Return a whole file."""
        marks, offset = [Mark(0, 1, 1)], text.find("\n") + 1
        while offset:
            marks.append(Mark(offset, len(marks) + 1, 1))
            offset = text.find("\n", offset) + 1
        return cls(path, text, tuple(marks))

    @classmethod
    def at_place(cls, where: Location, text: str) -> Source:
        """Return a text that was decoded, such as base64: all of it has one place."""
        return cls(where.path, text, (Mark(0, where.line, where.column, moves=False),))

    @classmethod
    def joined(cls, parts: Sequence[Source], between: str = "") -> Source:
        """Return the texts one after the other, each with its own places."""
        marks: list[Mark] = []
        offset = 0
        for part in parts:
            marks += [Mark(mark.offset + offset, mark.line, mark.column, mark.moves) for mark in part.marks]
            offset += len(part.text) + len(between)
        return cls(parts[0].path, between.join(part.text for part in parts), tuple(marks))

    @cached_property
    def _offsets(self) -> list[int]:
        return [mark.offset for mark in self.marks]

    @cached_property
    def _lines(self) -> list[int]:
        starts, offset = [0], self.text.find("\n") + 1
        while offset:
            starts.append(offset)
            offset = self.text.find("\n", offset) + 1
        return starts

    def at_offset(self, offset: int) -> Location:
        """Return the place of a character of the text."""
        mark = self.marks[bisect_right(self._offsets, max(offset, 0)) - 1]
        return Location(self.path, mark.line, mark.column + (offset - mark.offset if mark.moves else 0))

    def at(self, line: int, column: int = 1) -> Location:
        """Return the place of a line and column of the text, both counted from one."""
        return self.at_offset(self.start_of(line) + column - 1)

    def start_of(self, line: int) -> int:
        """Return the offset at which a line of the text begins, counted from one."""
        return self._lines[min(line, len(self._lines)) - 1]

    def filled(self, line: int) -> bool:
        """Return whether something in a line of the text differs from the file, such as a placeholder."""
        start = self._lines[min(line, len(self._lines)) - 1]
        end = self.text.find("\n", start)
        first, last = bisect_left(self._offsets, start), bisect_left(self._offsets, end if end >= 0 else len(self.text))
        return any(not mark.moves for mark in self.marks[first:last])

    def of(self, node: yaml.Node) -> Location:
        """Return the place of a YAML node of the text."""
        return self.at_offset(node.start_mark.index)

    def replacement(self, start: int, end: int, text: str) -> Replacement | None:
        """Return the fix that writes another text between two offsets; None where the file does not hold them as is."""
        first = bisect_right(self._offsets, start) - 1
        marks = self.marks[first : max(first + 1, bisect_left(self._offsets, end))]
        # Lines below the first must be whole lines of the file: what a block scalar indents is not in the text.
        if not all(mark.moves for mark in marks) or any(mark.column != 1 for mark in marks[1:]):
            return None
        last = Location(self.path, marks[-1].line, marks[-1].column + end - marks[-1].offset)
        return Replacement(self.at_offset(start), last, text)

    def slice(self, start: int, end: int) -> Source:
        """Return a stretch of the text with its places."""
        return self._with(self.text[start:end], self._between(start, end, 0))

    def edited(self, edits: Iterable[Edit]) -> Source:
        """Return the text with edits, which are in order and apart; what is new stands where the old began."""
        pieces: list[str] = []
        marks: list[Mark] = []
        done = length = 0
        for edit in edits:
            marks += self._between(done, edit.start, length)
            length += edit.start - done
            where = self.at_offset(edit.start)
            marks.append(Mark(length, where.line, where.column, moves=False))
            pieces += [self.text[done : edit.start], edit.text]
            length += len(edit.text)
            done = edit.end
        marks += self._between(done, len(self.text), length)
        return self._with("".join([*pieces, self.text[done:]]), marks)

    def with_lf(self) -> Source:
        """Return the text without the CR before LF; each line has a mark of its own, so the others only move."""
        found = [match.start() for match in re.finditer("\r\n", self.text)]
        marks = (replace(mark, offset=mark.offset - bisect_left(found, mark.offset)) for mark in self.marks)
        return Source(self.path, self.text.replace("\r\n", "\n"), tuple(marks)) if found else self

    def inner(self, node: yaml.ScalarNode) -> Source:
        """Return the text that a scalar holds, with the place of each of its characters, whatever its style."""
        start = node.start_mark.index
        marks: list[Mark] = []
        found = list(turns(self.text[start : node.end_mark.index], node.value, node.style)) or [(0, 0, False)]
        for (at, raw, moves), (end, _, _) in zip(found, [*found[1:], (len(node.value), 0, True)], strict=True):
            if moves:
                marks += self._between(start + raw, start + raw + end - at, at)
            else:
                where = self.at_offset(start + raw)
                marks.append(Mark(at, where.line, where.column, moves=False))
        return self._with(node.value, marks)

    def _moves(self, offset: int) -> bool:
        return self.marks[bisect_right(self._offsets, offset) - 1].moves

    def _between(self, start: int, end: int, to: int) -> list[Mark]:
        """Return the marks of a stretch, moved so that its first character has the offset `to`."""
        if start >= end:
            return []
        where = self.at_offset(start)
        first, last = bisect_right(self._offsets, start), bisect_right(self._offsets, end)
        inside = [Mark(mark.offset - start + to, mark.line, mark.column, mark.moves) for mark in self.marks[first:last]]
        return [Mark(to, where.line, where.column, self._moves(start)), *inside]

    def _with(self, text: str, marks: Sequence[Mark]) -> Source:
        """Return a text with marks of which the last at an offset counts."""
        where = self.at_offset(0)
        last = {mark.offset: mark for mark in (Mark(0, where.line, where.column, moves=False), *marks)}
        return Source(self.path, text, tuple(last[offset] for offset in sorted(last)))
