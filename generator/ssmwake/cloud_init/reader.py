"""Read user data as cloud-init does: base64, gzip, MIME and archives are undone; parts come out, with their places.

Lint judges the parts, and what is rendered takes them in: both know user data by this reader only.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from ssmwake.cloud_init.packing import is_user_data, unpacked, user_data_in
from ssmwake.cloud_init.parts import (
    BOM,
    DETECTED,
    GZIP,
    NODEADM,
    PACKED,
    UNKNOWN_FIRST_LINE,
    UNREADABLE_USER_DATA,
    Message,
    Part,
    PartKind,
    is_mime,
    is_node_config,
    kind_of,
)
from ssmwake.cloud_init.size import TOO_LARGE
from ssmwake.model import Finding, Invalid, Location, Severity, rule
from ssmwake.text.source import Source
from ssmwake.text.unreadable import BROKEN_USER_DATA, NOT_LINTED

ENCODED_TWICE = rule(
    "SW217",
    Severity.WARNING,
    "user data that is encoded twice",
    reason="older cloud-inits, or all of them, see no user data in it",
    also={Severity.ERROR: "where it is gzip or base64 within gzip"},
)

UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# Nothing that is larger, or unpacks to more, can be user data.
LARGEST = 4 * 1024 * 1024
# What cloud-init decodes; a script may hold any bytes.
TEXTS = frozenset(PartKind) - {PartKind.SCRIPT, PartKind.BOOTHOOK, PartKind.OTHER}
# What stands for a byte that is not valid UTF-8.
NOT_UTF_8 = re.compile("[\ud800-\udfff]")
# An archive can hold another one; nobody writes more of them than this.
DEEPEST = 5

Read = Message | Part | Finding


def read(path: str, data: bytes) -> tuple[Part, ...]:
    """Return the parts of a file of user data, to be put together anew; raise Invalid for what cloud-init ignores."""
    if len(data) > LARGEST:
        message = f"{len(data):,} bytes, which no instance takes; is it the right file?"
        raise Invalid(TOO_LARGE.at(Location(path), message))
    found = decoded(path, data)
    if isinstance(found, Finding):
        raise Invalid(found)
    source, data = found
    all_found = list(parts(source, data))
    faults = [one for one in all_found if isinstance(one, Finding) and one.severity is Severity.ERROR]
    if faults:
        raise Invalid(*faults)
    # What an archive holds comes after it.
    result = [one for one in all_found if isinstance(one, Part) and one.kind is not PartKind.ARCHIVE]
    if not any(isinstance(one, Part) for one in all_found):
        from ssmwake.cloud_init.unrecognized import WINDOWS

        message = "nothing in it is for cloud-init, so ssmwake cannot be added to it; leave it as it is"
        if WINDOWS.match(source.text):
            message = "it is for Windows, which ssmwake does not wake; leave it as it is"
        raise Invalid(UNKNOWN_FIRST_LINE.at(source.at(1), message))
    return tuple(replace(part, source=part.source.with_lf()) if _ends_in_crlf(part) else part for part in result)


def decoded(path: str, data: bytes) -> tuple[Source, bytes] | Finding:
    """Return the text of a file of user data, which may be base64 as for the API, and what EC2 gets of it."""
    if data.startswith(UTF_16):
        message = "encoded as UTF-16, so cloud-init ignores it; save it as UTF-8"
        return UNREADABLE_USER_DATA.at(Location(path), message)
    data = data.removeprefix(BOM)
    plain = None if len(data) > LARGEST or is_user_data(data) else user_data_in(data)
    if plain is None:
        return Source.of_file(path, _text(data)), data
    return Source.at_place(Location(path), _text(plain)), plain


def parts(source: Source, data: bytes) -> Iterator[Read]:
    """Yield each part of user data, and what keeps cloud-init from seeing one; `data` is what EC2 gets of the text.

    A MIME message comes before its parts, and an archive before what it holds.
    """
    if not data.startswith(GZIP) and not is_user_data(data) and (plain := user_data_in(data)) is not None:
        message = "base64 twice, which cloud-init before 23.3 ignores; encode it once"
        yield ENCODED_TWICE.at(source.at(1), message)
        data = plain
        source = Source.at_place(source.at(1), _text(data))
    if data.startswith(GZIP):
        try:
            data = unpacked(data)
        except ValueError as error:
            yield UNREADABLE_USER_DATA.at(source.at(1), str(error))
            return
        source = Source.at_place(source.at(1), _text(data))
        if data.startswith(GZIP) or (not is_user_data(data) and user_data_in(data) is not None):
            inside = "gzip" if data.startswith(GZIP) else "base64"
            message = f"{inside} inside gzip, which no cloud-init opens, so nothing runs; compress the text itself"
            yield ENCODED_TWICE.at(source.at(1), message, severity=Severity.ERROR)
            return
    yield from _with_entries(_at_the_top(source, data), 0)


def _at_the_top(source: Source, data: bytes) -> Iterator[Read]:
    kind = kind_of(source.text)
    if kind is not None:
        yield Part(kind.value, source, is_whole=True)
    elif is_mime(data):
        # The parser of MIME takes as long to import as rendering user data.
        from ssmwake.cloud_init.mime import read_mime

        yield from read_mime(source)
    elif is_node_config(source.text):
        # nodeadm takes its configuration without MIME as well, and cloud-init ignores it.
        yield Part(NODEADM, source, (("Content-Type", NODEADM),), is_whole=True)
    else:
        from ssmwake.cloud_init.unrecognized import fault_of

        if fault := fault_of(source):
            yield fault


def _with_entries(found: Iterator[Read], depth: int) -> Iterator[Read]:
    """Yield the parts, each as what it is, and after an archive what it holds."""
    for one in found:
        part = _recognised(one) if isinstance(one, Part) else one
        yield part
        if not isinstance(part, Part):
            continue
        if part.kind in TEXTS and (match := NOT_UTF_8.search(part.text)):
            where = part.source.at_offset(match.start())
            yield BROKEN_USER_DATA.at(where, "a byte that is not valid UTF-8; save the file as UTF-8")
            continue
        if part.kind is not PartKind.ARCHIVE:
            continue
        if depth == DEEPEST:
            yield NOT_LINTED.at(part.source.at(1), f"over {DEEPEST} archives in each other; write one")
            continue
        from ssmwake.cloud_init.archive import entries

        yield from _with_entries(entries(part.source), depth + 1)


def _recognised(part: Part) -> Part | Finding:
    """Return a part decompressed, and with the type that its first line says where its own is empty."""
    source, what, headers = part.source, part.type, part.headers
    if PACKED.fullmatch(what):
        try:
            source = Source.at_place(source.at(1), _text(unpacked(part.body)))
        except ValueError as error:
            return UNREADABLE_USER_DATA.at(source.at(1), str(error))
        what = "text/plain"
        headers = tuple((name, value) for name, value in headers if name.lower() != "content-type")
    kind = kind_of(source.text) if what in DETECTED else None
    return replace(part, source=source, type=kind.value if kind else what, headers=headers)


def _ends_in_crlf(part: Part) -> bool:
    """Return whether cloud-init undoes the CR LF of a part that has no headers: its first line ends in it."""
    return not part.headers and part.text.partition("\n")[0].endswith("\r")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
