"""User data of any form: what EC2 refuses, and what cloud-init ignores; its parts go to the check of their kind."""

import gzip
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import replace

from ssmwake.cloud_init.packing import is_user_data, unpacked, user_data_in
from ssmwake.cloud_init.parts import (
    BOM,
    GZIP,
    UNKNOWN_FIRST_LINE,
    UNREADABLE_USER_DATA,
    Part,
    PartKind,
    is_mime,
    kind_of,
)
from ssmwake.cloud_init.size import LIMIT, TOO_LARGE
from ssmwake.lint.deferred import Found
from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.lint.shell import check as script
from ssmwake.lint.shell import secrets
from ssmwake.lint.shell.units import SEVERAL_IMAGES
from ssmwake.lint.user_data import cloud_config, first_line, jinja_template, mime, node_config
from ssmwake.lint.user_data.first_line import INEXACT_HEADER, INTERPRETER_LINE
from ssmwake.lint.user_data.part import Piece, entries
from ssmwake.model import Finding, Invalid, Location, Replacement, Severity
from ssmwake.text import placeholders
from ssmwake.text.source import Source

CRLF_OR_BOM = rule(
    "SW207",
    ERROR,
    "CRLF or a byte order mark",
    reason="the mark hides the first line, and a CR becomes part of a word",
    fixable=True,
)
ENCODED_TWICE = rule(
    "SW217",
    WARNING,
    "user data that is encoded twice",
    reason="older cloud-inits, or all of them, see no user data in it",
)

# With these cloud-init runs nothing of it.
IGNORED = frozenset({UNKNOWN_FIRST_LINE.id, UNREADABLE_USER_DATA.id, INTERPRETER_LINE.id, INEXACT_HEADER.id})
# Nothing that unpacks to more is linted, and nothing that is larger can be user data.
LARGEST = 4 * 1024 * 1024
# What may leave any text behind: statements of Jinja, and an expression that is a line of its own.
STATEMENTS = re.compile(r"\{%|^\s*\{\{[^\n]*\}\}\s*$", re.MULTILINE)
# A multipart or an archive can hold another one; nobody writes more of them than this.
DEEPEST = 5


def check_file(path: str, data: bytes, image: str | None = None) -> Iterator[Found]:
    """Yield what is wrong with a file of user data, which may be base64 as for the API."""
    if data.startswith(BOM):
        mark = Replacement(Location(path, 1, 0), Location(path), "")
        yield CRLF_OR_BOM.at(Location(path), "a byte order mark before the first line; save it without", fix=mark)
        data = data.removeprefix(BOM)
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield UNREADABLE_USER_DATA.at(Location(path), "encoded as UTF-16, so cloud-init ignores it; save it as UTF-8")
        return
    plain = None if len(data) > LARGEST or is_user_data(data) else user_data_in(data)
    if plain is None:
        yield from check(Source.of_file(path, data.decode("utf-8", "surrogateescape")), data, image)
    else:
        yield from check(Source.at_place(Location(path), plain.decode("utf-8", "surrogateescape")), plain, image)


def check(
    source: Source, data: bytes, image: str | None = None, *, least: int | None = None, layout_known: bool = True
) -> Iterator[Found]:
    """Yield what is wrong with user data, given as text with its places and as the bytes that EC2 would get.

    The image is a name or a parameter that says which system boots, where that is known; `least` is how many bytes
    EC2 would get at least, where words of the text stand for what only a deployment knows; where whole lines may come
    or go, the layout is not known.
    """
    if (len(data) if least is None else least) > LIMIT:
        yield TOO_LARGE.at(source.at(1), _budget(data, least))
    if len(data) > LARGEST:
        return
    for found in pieces(source, data):
        if isinstance(found, Piece):
            yield from _part(found, image, layout_known=layout_known)
        else:
            yield found


def size(source: Source) -> int:
    """Return how many bytes of EC2's limit the text takes."""
    return len(source.text.encode("utf-8", "surrogateescape"))


def parts(source: Source, data: bytes) -> Iterator[tuple[Source, Part]]:
    """Yield each part of user data with its places; raise Invalid for what cloud-init would ignore."""
    for found in pieces(source, data):
        if isinstance(found, Piece):
            kind = next((kind for kind in PartKind if kind.value == found.type), PartKind.OTHER)
            body = found.source.text.encode("utf-8", "surrogateescape")
            yield found.source, Part(PartKind.SCRIPT if found.type in mime.SCRIPTS else kind, body, source.path)
        elif found.rule in IGNORED and found.severity is Severity.ERROR:
            raise Invalid(found)


def pieces(source: Source, data: bytes) -> Iterator[Piece | Finding]:
    """Yield each part of user data as cloud-init gets to see it, and what keeps it from seeing one."""
    if not data.startswith(GZIP) and not is_user_data(data) and (plain := user_data_in(data)) is not None:
        message = "base64 twice, which cloud-init before 23.3 ignores; encode it once"
        yield ENCODED_TWICE.at(source.at(1), message)
        data = plain
        source = Source.at_place(source.at(1), data.decode("utf-8", "surrogateescape"))
    if data.startswith(GZIP):
        try:
            data = unpacked(data)
        except ValueError as error:
            yield UNREADABLE_USER_DATA.at(source.at(1), str(error))
            return
        source = Source.at_place(source.at(1), data.decode("utf-8", "surrogateescape"))
        if data.startswith(GZIP) or (not is_user_data(data) and user_data_in(data) is not None):
            inside = "gzip" if data.startswith(GZIP) else "base64"
            message = f"{inside} inside gzip, which no cloud-init opens, so nothing runs; compress the text itself"
            yield ENCODED_TWICE.at(source.at(1), message, severity=Severity.ERROR)
            return
    kind = kind_of(source.text)
    if is_mime(data) and kind is None:
        opened: Iterator[Piece | Finding] = _with_first_lines(mime.pieces(source), but=mime.begins_too_late)
    elif kind is None and node_config.ALONE.match(source.text):
        # nodeadm takes its configuration without MIME as well, and cloud-init ignores it.
        opened = iter([Piece(source, mime.NODEADM)])
    elif kind is None:
        fault = first_line.unknown(source)
        opened = iter([fault] if fault else [])
    else:
        opened = iter([*first_line.check(source), Piece(source, kind.value)])
    yield from _opened(opened, 0)


def _opened(found: Iterator[Piece | Finding], depth: int) -> Iterator[Piece | Finding]:
    """Yield the parts in archives and the compressed ones, and all others as they are."""
    for one in found:
        piece = _recognised(one) if isinstance(one, Piece) else one
        if isinstance(piece, Piece) and piece.type == PartKind.ARCHIVE.value and depth < DEEPEST:
            yield from _opened(_with_first_lines(entries(piece.source)), depth + 1)
        else:
            yield piece


def _with_first_lines(
    found: Iterator[Piece | Finding], but: Callable[[Piece], bool] | None = None
) -> Iterator[Piece | Finding]:
    """Yield parts, each with what keeps it from being run, `but` for what is reported already."""
    for one in found:
        yield one
        if isinstance(one, Piece) and not (but and but(one)):
            yield from (fault for fault in first_line.check(one.source) if fault.severity is Severity.ERROR)


def _recognised(piece: Piece) -> Piece | Finding:
    """Return a part decompressed, and with the type that its first line says where its own is empty."""
    source, what = piece.source, piece.type
    if mime.PACKED.fullmatch(what):
        try:
            body = unpacked(source.text.encode("utf-8", "surrogateescape"))
        except ValueError as error:
            return UNREADABLE_USER_DATA.at(source.at(1), str(error))
        source, what = Source.at_place(source.at(1), body.decode("utf-8", "surrogateescape")), "text/plain"
    kind = kind_of(source.text) if what in mime.LOOKED_AT else None
    return Piece(source, kind.value if kind else what)


def _part(piece: Piece, image: str | None, *, layout_known: bool) -> Iterator[Found]:
    source = piece.source
    yield from secrets.check(source)
    what = piece.type
    if what == "text/x-shellscript" and (kind := kind_of(source.text)):
        what = kind.value
    templated = False
    if what == PartKind.CLOUD_CONFIG.value or what in mime.SCRIPTS:
        yield from jinja_template.not_rendered(source)
    if what == PartKind.JINJA.value:
        _, _, rest = source.text.partition("\n")
        templated = STATEMENTS.search(rest) is not None
        source = source.slice(len(source.text) - len(rest), len(source.text))
        yield from jinja_template.check(source)
        source = placeholders.jinja(source)
        kind = kind_of(source.text)
        what = kind.value if kind else ""
    if what == PartKind.CLOUD_CONFIG.value:
        # The branches of a template are for one system each.
        image = SEVERAL_IMAGES if templated else image
        yield from cloud_config.check(source, templated=templated, layout_known=layout_known, image=image)
        return
    if what == mime.NODEADM:
        yield from node_config.check(source)
    if what not in mime.SCRIPTS and what != PartKind.BOOTHOOK.value:
        return
    yield from _line_ends(source)
    source = _with_lf(source)
    blanks = len(source.text) - len(source.text.lstrip())
    if what == PartKind.BOOTHOOK.value:
        hook = _without_header(source)
        yield from _boothook(hook)
        yield from script.check(hook, script.Run.EARLY, image)
    elif not first_line.swallowed(source.text[blanks:].partition("\n")[0]):
        yield from script.check(source.slice(blanks, len(source.text)), script.Run.LATE, image)


def _boothook(source: Source) -> Iterator[Finding]:
    """Yield what keeps the kernel from running a boothook, given without its header."""
    if source.text.startswith("#!"):
        yield from (fault for fault in first_line.check(source) if fault.severity is Severity.ERROR)
    elif source.text.strip():
        message = "a boothook is executed, and this is not an interpreter; write #!/bin/sh on the line after the header"
        yield UNKNOWN_FIRST_LINE.at(source.at(1), message)


def _line_ends(source: Source) -> Iterator[Finding]:
    """Yield CR LF, which cloud-init undoes for the whole script if the first line ends in it."""
    first = source.text.find("\r\n")
    if first < 0:
        return
    if first < source.text.find("\n"):
        message = "lines end in CR LF, which cloud-init undoes, but hardly anything else does; save it with LF"
        yield CRLF_OR_BOM.at(source.at(1), message, severity=Severity.INFO, fix=_without_cr(source))
    else:
        message = "ends in CR LF unlike the first line, so the shell gets a CR at the end of words; save it with LF"
        where = source.at_offset(source.text.rfind("\n", 0, first) + 1)
        yield CRLF_OR_BOM.at(where, message, fix=_without_cr(source))


def _without_cr(source: Source) -> list[Replacement]:
    """Return the fix that takes away the CR of each line; nothing where one of them is not in the file as it is."""
    found = [source.replacement(match.start(), match.start() + 1, "") for match in re.finditer("\r\n", source.text)]
    return [each for each in found if each] if all(found) else []


def _with_lf(source: Source) -> Source:
    """Return the text without the CR before LF; each line has a mark of its own, so the others only move."""
    found = [match.start() for match in re.finditer("\r\n", source.text)]
    marks = (replace(mark, offset=mark.offset - bisect_left(found, mark.offset)) for mark in source.marks)
    return Source(source.path, source.text.replace("\r\n", "\n"), tuple(marks)) if found else source


def _without_header(source: Source) -> Source:
    """Return the script of a boothook, which begins after the first line."""
    start = len(source.text) - len(source.text.lstrip())
    _, _, rest = source.text[start:].partition("\n")
    if not source.text.startswith("#c", start):
        return source
    return source.slice(len(source.text) - len(rest.lstrip()), len(source.text))


def _budget(data: bytes, least: int | None = None) -> str:
    packed = data if data.startswith(GZIP) or len(data) > LARGEST else gzip.compress(data, mtime=0)
    if len(packed) <= LIMIT:
        advice = f"gzip makes {len(packed):,} of them"
    elif packed is data:
        advice = "let it fetch a part"
    else:
        advice = f"gzip leaves {len(packed):,}, so let it fetch a part"
    return f"{len(data) if least is None else least:,} bytes, EC2 takes {LIMIT:,}; {advice}"
