"""Read user data: bytes in, parts out; gzip, base64, MIME and archives are undone, and anything else is refused."""

from typing import TYPE_CHECKING

from ssmwake.cloud_init.archive import entries
from ssmwake.cloud_init.packing import unpacked, user_data_in
from ssmwake.cloud_init.parts import (
    BOM,
    GZIP,
    MIME_BOUNDARY,
    UNKNOWN_FIRST_LINE,
    UNREADABLE_USER_DATA,
    Part,
    PartKind,
    is_mime,
    kind_of,
)
from ssmwake.model import Invalid, Location, Rule
from ssmwake.text.unreadable import BROKEN_USER_DATA

# Said anew when the part is written: they describe how it travels, not what it is.
if TYPE_CHECKING:
    from email.message import Message

# cloud-init, and Python's reader of MIME, run out of stack at some hundred levels; how many depends on the caller.
DEEPEST = 100
TOO_DEEP = "MIME that is nested too deeply for cloud-init, too; put the parts side by side"
NOT_KEPT = {"content-transfer-encoding", "mime-version", "content-length"}


def read(path: str, data: bytes) -> tuple[Part, ...]:
    """Return the parts of a file of user data; raise Invalid, naming the path, for anything cloud-init would ignore."""
    return tuple(inner for part in _parts(path, data) for inner in _opened(part))


def _opened(part: Part) -> tuple[Part, ...]:
    return entries(part) if part.kind is PartKind.ARCHIVE else (part,)


def _parts(path: str, data: bytes) -> tuple[Part, ...]:
    """Return the parts of a file, archives whole."""
    data = data if data.startswith(GZIP) else user_data_in(data) or data
    try:
        data = unpacked(data) if data.startswith(GZIP) else data
    except ValueError as error:
        raise _refusal(path, str(error), UNREADABLE_USER_DATA) from None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refusal(path, "encoded as UTF-16; save it as UTF-8", UNREADABLE_USER_DATA)
    data = data.removeprefix(BOM)
    if not data.strip():
        raise _refusal(path, "empty; leave it out or write user data into it", UNREADABLE_USER_DATA)
    if is_mime(data):
        return _mime(path, data)
    text = data.decode("utf-8", "surrogateescape")
    kind = kind_of(text)
    if kind is None:
        if b"\0" in data:
            raise _refusal(path, "binary; user data is text, MIME or gzip", UNREADABLE_USER_DATA)
        raise _refusal(path, _advice(data))
    if kind is not PartKind.SCRIPT:
        try:
            data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
            raise Invalid(
                BROKEN_USER_DATA.at(
                    Location(path, line, column), "a byte that is not valid UTF-8; save the file as UTF-8"
                )
            ) from None
    first, newline, _ = data.partition(b"\n")
    if newline and first.endswith(b"\r"):
        # What cloud-init does to scripts, and what YAML does to line ends.
        data = data.replace(b"\r\n", b"\n")
    return (Part(kind, data, path),)


def _refusal(path: str, message: str, rule: Rule = UNKNOWN_FIRST_LINE) -> Invalid:
    return Invalid(rule.at(Location(path), message))


def _advice(data: bytes) -> str:
    first = data.lstrip().partition(b"\n")[0].decode("utf-8", "replace")
    if first.lower().startswith(("# cloud-config", "#cloud-confg", "#cloudconfig", "#cloud config")):
        return "cloud-init would ignore it: the first line must be #cloud-config, without a blank"
    if ":" in first and not first.startswith("#"):
        return "cloud-init would ignore it; put #cloud-config on the first line"
    return "cloud-init would ignore it; begin with #cloud-config, #! and an interpreter, or MIME headers"


def _is_too_deep(message: "Message") -> bool:
    """Return whether a message holds messages deeper than anybody nests them on purpose."""
    level = [message]
    for _ in range(DEEPEST):
        level = [part for each in level if each.is_multipart() for part in each.get_payload()]  # type: ignore[misc]
        if not level:
            return False
    return True


def _mime(path: str, data: bytes) -> tuple[Part, ...]:
    from email import message_from_bytes

    try:
        message = message_from_bytes(data)
    except RecursionError:
        raise _refusal(path, TOO_DEEP, UNREADABLE_USER_DATA) from None
    if _is_too_deep(message):
        raise _refusal(path, TOO_DEEP, UNREADABLE_USER_DATA)
    parts: list[Part] = []
    position = 0
    for node in message.walk():
        if node.is_multipart():
            continue
        if node.get_content_maintype() == "multipart":
            raise _refusal(
                path, f"MIME without a boundary line for {node.get_boundary()!r}; make the file again", MIME_BOUNDARY
            )
        try:
            raw = node.get_payload()
        except ValueError:
            raise _refusal(path, "MIME with a charset that is not a name; write utf-8", UNREADABLE_USER_DATA) from None
        body = node.get_payload(decode=True)
        if not isinstance(raw, str) or not isinstance(body, bytes):
            continue
        start = data.find(raw.encode("utf-8", "surrogateescape"), position)
        if start >= 0:
            position = start
        headers = tuple((name, str(value)) for name, value in node.items() if name.lower() not in NOT_KEPT)
        line = data.count(b"\n", 0, position) + 1
        parts.append(Part(_mime_kind(node.get_content_type(), body), body, path, line, headers))
    if not any(part.body.strip() for part in parts):
        raise _refusal(path, "MIME without a part that holds anything; make the file again", MIME_BOUNDARY)
    return tuple(parts)


def _mime_kind(content_type: str, body: bytes) -> PartKind:
    if content_type in ("text/plain", "text/x-not-multipart"):
        return kind_of(body[:64].decode("utf-8", "replace")) or PartKind.OTHER
    return next((kind for kind in PartKind if kind.value == content_type), PartKind.OTHER)
