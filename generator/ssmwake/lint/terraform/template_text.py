"""The plain text between the expressions of a template: its escapes, its indentation, and what a ~ strips."""

import re
from collections.abc import Iterator

from ssmwake.lint.terraform.tree import Expression, Literal, TemplateExpression
from ssmwake.text.source import Edit, Source

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
PLAIN_ESCAPE = re.compile(r"\$\$\{|%%\{")
QUOTED_ESCAPE = re.compile(r"\$\$\{|%%\{|\\(?:[nrt\"\\]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})")
LINE = 500
INDENT = re.compile(r"[^\S\n]*")


def alone(pieces: tuple[Expression, ...], number: int, *, script: bool) -> bool:
    """Return whether a piece stands for whole lines: with a line of its own, or before a comment."""
    span = pieces[number].span
    text = span.source.text
    # A line that is longer holds more than one piece.
    before = text[max(span.start - LINE, 0) : span.start].rpartition("\n")[2]
    after = text[span.end : span.end + LINE].partition("\n")[0].strip()
    # A command that nobody knows is a command for all that, and keeps an `if` from being empty.
    return not before.strip() and (after.startswith("#") or not (after or script))


def literal(template: TemplateExpression, number: int, cut: int) -> Source:
    """Return the text of a literal: without escapes, indentation and what a neighbouring ~ strips."""
    span = template.inside[number].span
    raw = span.text
    start, end = 0, len(raw)
    if number and template.inside[number - 1].span.text.endswith("~}"):
        found = re.match(r"[^\S\n]*\n?", raw)
        start = found.end() if found else 0
    after = template.inside[number + 1].span.text if number + 1 < len(template.inside) else ""
    if after.startswith(("${~", "%{~")):
        kept = raw[start:].rstrip(" \t\r")
        end = start + len(kept[:-1].rstrip(" \t\r") if kept.endswith("\n") else kept)
    edits = [Edit(at, at + cut, "") for at, spaces in _lines(template, number) if cut and spaces >= cut]
    for found in (QUOTED_ESCAPE if template.quoted else PLAIN_ESCAPE).finditer(raw):
        if found[0][0] == "\\":
            edits.append(Edit(found.start(), found.end(), _meant(found[0])))
        else:
            # Of two dollars or percents the second one is meant, and the brace stands where it stands.
            edits.append(Edit(found.start(), found.start() + 1, ""))
    edits = sorted((edit for edit in edits if start <= edit.start and edit.end <= end), key=lambda edit: edit.start)
    moved = [Edit(edit.start - start, edit.end - start, edit.text) for edit in edits]
    return span.source.slice(span.start + start, span.start + end).edited(moved)


def _meant(escape: str) -> str:
    if escape[1] in "uU":
        code = int(escape[2:], 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "?"
    return ESCAPES[escape[1]]


def _lines(template: TemplateExpression, number: int) -> Iterator[tuple[int, int]]:
    """Yield where lines begin in a literal, and by how many blanks; a line of blanks only does not count."""
    span = template.inside[number].span
    raw = span.text
    first = number == 0 or span.source.text[span.start - 1] == "\n"
    last = number + 1 == len(template.inside)
    for at in [*([0] if first else []), *(match.end() for match in re.finditer("\n", raw))]:
        found = INDENT.match(raw, at)
        stop = found.end() if found else at
        if raw[stop : stop + 1] != "\n" and not (last and stop == len(raw)):
            yield at, stop - at


def indent(template: TemplateExpression) -> int:
    """Return how many blanks `<<-` takes from each line: as many as the least indented has."""
    least = [
        spaces
        for number, piece in enumerate(template.inside)
        if isinstance(piece, Literal)
        for _, spaces in _lines(template, number)
    ]
    if template.inside and not isinstance(template.inside[0], Literal):
        least.append(0)
    return min(least, default=0)
