"""MIME user data: its parts with their places, and what keeps them from being run."""

import difflib
import re
from collections.abc import Iterator
from email import errors, message_from_string
from email.message import Message

from ssmwake.cloud_init.parts import MIME_BOUNDARY, PartKind, kind_of
from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.lint.user_data import mime_go
from ssmwake.lint.user_data.part import Piece
from ssmwake.model import Finding, Location, Severity
from ssmwake.text.source import Source
from ssmwake.text.unreadable import NOT_LINTED

NESTED_MIME = rule(
    "SW215", WARNING, "MIME inside MIME", reason="those who read user data besides cloud-init find no part"
)
MISLABELLED_PART = rule(
    "SW216", ERROR, "a MIME part that is not what its type says", reason="it is ignored, or fails to run"
)

REFUSED_BY_GO = rule(
    "SW250",
    WARNING,
    "malformed MIME that cloud-init tolerates",
    reason="nodeadm of EKS, and others in Go, refuse all of it",
)
IGNORED_PART = rule("SW279", ERROR, "a MIME part that cloud-init ignores", reason="nothing of it runs")
HEADERS_IN_BODY = rule(
    "SW280", ERROR, "the headers of a MIME part in its body", reason="the part is taken for another type, or ignored"
)
PART_NOT_BASE64 = rule(
    "SW281", ERROR, "a MIME part that is not base64", reason="cloud-init decodes rubbish, or nothing"
)

NODEADM = "application/node.eks.aws"
SCRIPTS = {"text/x-shellscript", *(f"text/x-shellscript-per-{often}" for often in ("boot", "instance", "once"))}
# What cloud-init has a handler for, and the two of which it looks at the first line.
LOOKED_AT = {"text/plain", "text/x-not-multipart"}
TYPES = {*(kind.value for kind in PartKind if kind is not PartKind.OTHER), *SCRIPTS, *LOOKED_AT, "text/upstart-job"}
PACKED = re.compile(r"application/(?:x-)?(?:gzip|gzip-compressed|gzipped|compress|compressed|gunzip)")
HEADER = re.compile(r"(?:content-type|mime-version|content-transfer-encoding|content-disposition)\s*:", re.IGNORECASE)
ENCODED = frozenset({"base64", "quoted-printable", "x-uuencode", "uuencode"})
# More than anybody writes; the time that the parser takes grows faster than its input.
DEEPEST = 20
MOST = 1000
LONGEST = 1024 * 1024


def pieces(source: Source) -> Iterator[Piece | Finding]:
    """Yield each part of a MIME message, and what is wrong with how it is put together."""
    if refusal := _not_linted(source):
        yield refusal
    else:
        yield from _pieces(source)


def _not_linted(source: Source) -> Finding | None:
    """Return why a message is not linted: it would take ever longer, or the parser gives up on it."""
    text = source.text
    if len(re.findall(r"(?im)^content-type[ \t]*:[ \t]*multipart/", text)) > DEEPEST:
        return NOT_LINTED.at(source.at(1), f"over {DEEPEST} multiparts, which are not linted; write one")
    if len(text) > LONGEST or text.count("\n--") > MOST:
        limit = f"{LONGEST:,} characters or {MOST:,} parts"
        return NOT_LINTED.at(source.at(1), f"MIME of over {limit}, which is not linted; split it")
    if "\0" in text:
        # Python's own parser gives up on one in the name of a character set.
        where = source.at_offset(text.index("\0"))
        return NOT_LINTED.at(where, "a byte of zeros in a MIME message, which is not linted; encode its part in base64")
    return None


def _pieces(source: Source) -> Iterator[Piece | Finding]:
    text = source.text
    is_for_nodeadm = re.search(rf"(?im)^content-type[ \t]*:[ \t]*{re.escape(NODEADM)}", text) is not None
    worst = Severity.ERROR if is_for_nodeadm else Severity.WARNING
    if refused := mime_go.refusal(text):
        yield REFUSED_BY_GO.at(source.at_offset(refused.offset), refused.problem, severity=worst)
    message = message_from_string(text)
    nodes = list(message.walk())
    types = {node.get_content_type() for node in nodes}
    position = 0
    for node in nodes:
        if node.get_content_maintype() == "multipart":
            position = _header(text, position, len(text), first=True)
            yield from _container(source, node, position, worst, nested=node is not message and NODEADM in types)
            position += 1
            continue
        raw = node.get_payload()
        if not isinstance(raw, str):
            continue
        start = text.find(raw, position)
        header = _header(text, position, max(start, position))
        start = max(start, position)
        position = start + len(raw)
        where = source.at_offset(header)
        if not raw.strip():
            where = source.at_offset(_header(text, start, len(text), first=True))
            yield MIME_BOUNDARY.at(where, "a part that holds nothing; remove it", severity=Severity.WARNING)
            continue
        encoding = str(node.get("Content-Transfer-Encoding", "")).lower().strip()
        if encoding in ENCODED:
            # What stands for something that only a deployment knows cannot be decoded here.
            if set(raw.strip()) == {"x"}:
                continue
            body = node.get_payload(decode=True)
            piece = Piece.decoded(source.at_offset(start), node.get_content_type(), bytes(body))
        else:
            piece = Piece(source.slice(start, position), node.get_content_type())
        if node.defects and encoding == "base64":
            yield PART_NOT_BASE64.at(
                where, "the body is not base64, as the header says; encode it, or change the header"
            )
            continue
        if not PACKED.fullmatch(piece.type):
            # The headers of the message itself, below an empty line, are its text.
            late = node is message and not node.keys()
            yield from _contradiction(where, piece, handled="text/part-handler" in types, late=late)
        yield piece


def begins_too_late(piece: Piece) -> bool:
    """Return whether something stands before the #! of a script."""
    text = piece.source.text
    return piece.type in SCRIPTS | LOOKED_AT and kind_of(text) is PartKind.SCRIPT and not text.startswith("#!")


def _container(source: Source, node: Message, position: int, worst: Severity, *, nested: bool) -> Iterator[Finding]:
    text = source.text
    where = source.at_offset(position)
    boundary = node.get_boundary()
    if nested:
        yield NESTED_MIME.at(where, "nodeadm reads no multipart within another; put its parts into the outer one")
    for defect in node.defects:
        if isinstance(defect, errors.NoBoundaryInMultipartDefect):
            yield MIME_BOUNDARY.at(where, 'multipart without a boundary, so nothing runs; add boundary="..."')
        elif isinstance(defect, errors.StartBoundaryNotFoundDefect):
            yield MIME_BOUNDARY.at(where, f"no line is --{boundary}, so nothing runs; begin each part with it")
        elif isinstance(defect, errors.CloseBoundaryNotFoundDefect) and node.is_multipart():
            end = source.at_offset(len(text.rstrip()))
            message = f"no line --{boundary}-- ends it: cloud-init makes do, nodeadm does not; add the line"
            yield MIME_BOUNDARY.at(end, message, severity=worst)


def _header(text: str, start: int, end: int, *, first: bool = False) -> int:
    """Return the offset of the last Content-Type, or of the first one, in a stretch; else where that begins."""
    found = start + len(text[start:end]) - len(text[start:end].lstrip())
    for match in re.finditer(r"(?im)^content-type[ \t]*:", text[start:end]):
        found = start + match.start()
        if first:
            break
    return found


def _contradiction(place: Location, piece: Piece, *, handled: bool, late: bool) -> Iterator[Finding]:
    text = piece.source.text
    body = piece.source.at_offset(len(text) - len(text.lstrip()))
    kind = kind_of(text)
    if begins_too_late(piece):
        message = "the body does not begin with #!, so the kernel does not run it; remove the empty line"
        yield MISLABELLED_PART.at(piece.source.at_offset(0), message)
    elif HEADER.match(text.lstrip()) and piece.type in LOOKED_AT | SCRIPTS | {"text/cloud-config"}:
        if late:
            message = "an empty line before the headers makes text of them, and nothing runs; remove it"
            yield HEADERS_IN_BODY.at(body, message)
        elif re.search(r"(?i)multipart/", text[:400]):
            yield NESTED_MIME.at(body, "a whole MIME message is the body of a part, and nobody opens it; take it apart")
        else:
            message = "headers are in the body, so nobody reads them; remove the empty line above"
            yield HEADERS_IN_BODY.at(body, message)
    elif piece.type in SCRIPTS and kind is None:
        yield MISLABELLED_PART.at(body, "a script that does not begin with #!, so it cannot be run; add #!/bin/sh")
    elif piece.type in SCRIPTS and kind is not PartKind.SCRIPT and kind is not None:
        if piece.type != "text/x-shellscript":
            yield MISLABELLED_PART.at(place, f"{kind.value} that is run as a script; write its type")
        else:
            message = f"{kind.value} by its first line, which cloud-init goes by; write its type"
            yield MISLABELLED_PART.at(place, message, severity=Severity.INFO)
    elif piece.type == "text/cloud-config" and kind is PartKind.SCRIPT:
        yield MISLABELLED_PART.at(place, "a script that is read as YAML, and dropped; write text/x-shellscript")
    elif piece.type in LOOKED_AT and kind is None and not handled:
        yield IGNORED_PART.at(place, "cloud-init ignores text/plain without a header that it knows; write its type")
    elif not handled:
        yield from unhandled(place, piece.type)


def unhandled(place: Location, content_type: str) -> Iterator[Finding]:
    """Yield that cloud-init has no handler for a type of text."""
    if content_type.startswith("text/") and content_type not in TYPES:
        near = difflib.get_close_matches(content_type, TYPES, 1)
        hint = f"did you mean {near[0]}?" if near else "write one that it knows"
        yield IGNORED_PART.at(place, f"cloud-init ignores {content_type[:60]}; {hint}")
