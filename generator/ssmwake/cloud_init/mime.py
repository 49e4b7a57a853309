"""Take a MIME message apart: its parts with their places, and what cloud-init does not get to see of it."""

import difflib
import re
from collections.abc import Iterator, Sequence
from email import errors, message_from_string
from email.message import Message as Node

from ssmwake.cloud_init.parts import MIME_BOUNDARY, NODEADM, Message, Part, kind_of
from ssmwake.model import Finding, Severity, rule
from ssmwake.text.command import looks_like_command
from ssmwake.text.source import Source
from ssmwake.text.unreadable import NOT_LINTED

PART_NOT_BASE64 = rule(
    "SW281", Severity.ERROR, "a MIME part that is not base64", reason="cloud-init decodes rubbish, or nothing"
)

ENCODED = frozenset({"base64", "quoted-printable", "x-uuencode", "uuencode"})
# Written anew when the part is written: they describe how it travels, not what it is.
NOT_KEPT = {"content-transfer-encoding", "mime-version", "content-length"}
# More than anybody writes; the time that the parser takes grows faster than its input.
DEEPEST = 20
MOST = 1000
LONGEST = 1024 * 1024
# A line that is directly above the headers of a part.
DELIMITER = re.compile(r"(?im)^(?P<line>[^\s:][^\n:]{0,200}?)[ \t]*\r?\n(?=(?:content-type|mime-version)[ \t]*:)")
# How like the boundary such a line has to be.
LIKE_BOUNDARY = 0.6
# What stands for a byte that is not valid UTF-8; the parser would put something longer there.
SURROGATES = {code: code - 0xDC80 + 0xF780 for code in range(0xDC80, 0xDD00)}
BYTES = {there: here for here, there in SURROGATES.items()}


def read_mime(source: Source) -> Iterator[Message | Part | Finding]:
    """Yield the message, then each of its parts, and what is wrong with how it is put together."""
    if refusal := _too_much(source):
        yield refusal
        return
    # As long as before, so that offsets stay what they are.
    text = source.text.translate(SURROGATES)
    root = message_from_string(text)
    nodes = list(root.walk())
    places = _places(text, nodes)
    types = frozenset(node.get_content_type() for node in nodes)
    multiparts = (
        source.at_offset(header)
        for node, (header, _) in zip(nodes, places, strict=True)
        if node.get_content_maintype() == "multipart"
    )
    message = Message(source, tuple(multiparts), types, has_headers=bool(root.keys()))
    yield message
    boundaries = [boundary for node in nodes if (boundary := node.get_boundary())]
    is_empty = not any(isinstance(raw := node.get_payload(), str) and raw.strip() for node in nodes)
    for node, (header, start) in zip(nodes, places, strict=True):
        if node.get_content_maintype() == "multipart":
            yield from _boundaries(message, node, header)
        else:
            yield from _part(message, node, header, start, boundaries)
    if is_empty:
        yield MIME_BOUNDARY.at(source.at(1), "a MIME message without content; write a part")


def _too_much(source: Source) -> Finding | None:
    """Return why a message is not read: it would take ever longer, or the parser gives up on it."""
    text = source.text
    if len(re.findall(r"(?im)^content-type[ \t]*:[ \t]*multipart/", text)) > DEEPEST:
        return NOT_LINTED.at(
            source.at(1), f"a MIME message with over {DEEPEST} multiparts is not linted; use one multipart"
        )
    if len(text) > LONGEST or text.count("\n--") > MOST:
        limit = f"{LONGEST:,} characters or {MOST:,} parts"
        return NOT_LINTED.at(source.at(1), f"MIME of over {limit}, which is not linted; split it")
    if "\0" in text:
        # Python's own parser gives up on one in the name of a character set.
        where = source.at_offset(text.index("\0"))
        return NOT_LINTED.at(where, "a NUL byte in a MIME message, which is not linted; encode its part in base64")
    return None


def _places(text: str, nodes: list[Node]) -> list[tuple[int, int]]:
    """Return where each node has its Content-Type, or begins, and where its body begins."""
    found: list[tuple[int, int]] = []
    position = 0
    for node in nodes:
        raw = node.get_payload()
        if node.get_content_maintype() == "multipart":
            header = _header(text, position, len(text), first=True)
            found.append((header, header))
            position = header + 1
        elif not isinstance(raw, str):
            found.append((position, position))
        else:
            start = max(text.find(raw, position), position)
            found.append((_header(text, position, start), start))
            position = start + len(raw)
    return found


def _header(text: str, start: int, end: int, *, first: bool = False) -> int:
    """Return the offset of the last Content-Type, or of the first one, in a stretch; else where that begins."""
    found = start + len(text[start:end]) - len(text[start:end].lstrip())
    for match in re.finditer(r"(?im)^content-type[ \t]*:", text[start:end]):
        found = start + match.start()
        if first:
            break
    return found


def _part(message: Message, node: Node, header: int, start: int, boundaries: Sequence[str]) -> Iterator[Part | Finding]:
    source, raw = message.source, node.get_payload()
    if not isinstance(raw, str):
        return
    if not raw.strip():
        if source.text[start:].strip() in {f"--{boundary}" for boundary in boundaries}:
            return
        # The part has no place of its own but its header, which may come after it where it has none.
        where = source.at_offset(_header(source.text, start, len(source.text), first=True))
        yield MIME_BOUNDARY.at(where, "an empty part; remove it", severity=Severity.WARNING)
        return
    encoding = str(node.get("Content-Transfer-Encoding", "")).lower().strip()
    if encoding in ENCODED:
        # What stands for something that only a deployment knows cannot be decoded here.
        if set(raw.strip()) == {"x"}:
            return
        decoded = bytes(node.get_payload(decode=True))
        if node.defects and encoding == "base64":
            yield PART_NOT_BASE64.at(
                source.at_offset(header), "the body is not base64, as the header says; encode it, or change the header"
            )
            return
        body = Source.at_place(source.at_offset(start), decoded.decode("utf-8", "surrogateescape"))
    else:
        end = start + len(raw)
        if (line := _misspelt(source.text, start, end, boundaries)) and boundaries:
            end = line.start()
            problem = f"this is not --{boundaries[-1]}, so what follows is text of the part above; write that"
            yield MIME_BOUNDARY.at(source.at_offset(end), problem)
        body = source.slice(start, end)
    type_ = node.get_content_type()
    headers = tuple((name, str(value)) for name, value in node.items() if name.lower() not in NOT_KEPT)
    yield Part(type_, body, headers, declared=type_, where=source.at_offset(header), message=message)


def _boundaries(message: Message, node: Node, header: int) -> Iterator[Finding]:
    source = message.source
    boundary = node.get_boundary()
    for defect in node.defects:
        if isinstance(defect, errors.NoBoundaryInMultipartDefect):
            problem = 'multipart without a boundary, so nothing runs; add boundary="..."'
            yield MIME_BOUNDARY.at(source.at_offset(header), problem)
        elif isinstance(defect, errors.StartBoundaryNotFoundDefect):
            problem = f"no line is --{boundary}, so nothing runs; {_advice(source, boundary or '')}"
            yield MIME_BOUNDARY.at(source.at_offset(header), problem)
        elif isinstance(defect, errors.CloseBoundaryNotFoundDefect) and node.is_multipart():
            end = source.at_offset(len(source.text.rstrip()))
            begun = source.text.rstrip().endswith(f"\n--{boundary}")
            cure = "write -- behind the last line" if begun else "add the line"
            problem = f"no line --{boundary}-- ends it: cloud-init tolerates that, nodeadm does not; {cure}"
            yield MIME_BOUNDARY.at(end, problem, severity=for_nodeadm(message))
    epilogue = (node.epilogue or "").strip()
    # A sentence for readers without MIME may be there.
    if kind_of(epilogue) or any(map(looks_like_command, epilogue.splitlines())):
        where = source.at_offset(source.text.rindex(epilogue.translate(BYTES)))
        problem = f"what comes after --{boundary}-- is not a part, and cloud-init drops it; put it into a part"
        yield MIME_BOUNDARY.at(where, problem)


def _misspelt(text: str, start: int, end: int, boundaries: Sequence[str]) -> re.Match[str] | None:
    """Return the first line in a stretch that was to be one of the boundaries."""
    for match in DELIMITER.finditer(text, start, end):
        line = match["line"].strip("-")
        if any(
            difflib.SequenceMatcher(None, line, boundary.strip("-")).ratio() >= LIKE_BOUNDARY for boundary in boundaries
        ):
            return match
    return None


def _advice(source: Source, boundary: str) -> str:
    """Return how the boundary of a message, and the lines that begin its parts, become the same."""
    line = next((match["line"] for match in DELIMITER.finditer(source.text)), "")
    if line.startswith("--") and len(line) > 2:
        return f'its parts begin with {line[:72]}, so write boundary="{line[2:72]}"'
    return f"write that instead of {line[:72]}" if line == boundary else "begin each part with it"


def for_nodeadm(message: Message) -> Severity:
    """Return how bad it is that only cloud-init reads a message: nodeadm may be the one that has to."""
    header = rf"(?im)^content-type[ \t]*:[ \t]*{re.escape(NODEADM)}"
    return Severity.ERROR if re.search(header, message.source.text) else Severity.WARNING
