"""Take user data apart: bytes in, parts out; gzip, base64 and MIME are undone, and what is no user data is refused."""

import base64
import binascii
import zlib
from dataclasses import dataclass
from enum import StrEnum

from ssmwake.model import Invalid, Location, Severity, rule

UNKNOWN_FIRST_LINE = rule(
    "SW202",
    Severity.ERROR,
    "a first line that is not known",
    reason="cloud-init ignores it, or the kernel does, and only a log says so",
)
UNREADABLE_USER_DATA = rule(
    "SW276", Severity.ERROR, "user data that is not text", reason="cloud-init sees nothing in it, and nothing runs"
)
BROKEN_USER_DATA = rule(
    "SW203",
    Severity.ERROR,
    "broken YAML or MIME in user data",
    reason="cloud-init drops the part, some versions silently",
)


class Kind(StrEnum):
    """What cloud-init does with a part; the value is its MIME type."""

    CLOUD_CONFIG = "text/cloud-config"
    SCRIPT = "text/x-shellscript"
    JINJA = "text/jinja2"
    BOOTHOOK = "text/cloud-boothook"
    ARCHIVE = "text/cloud-config-archive"
    INCLUDE = "text/x-include-url"
    INCLUDE_ONCE = "text/x-include-once-url"
    PART_HANDLER = "text/part-handler"
    JSON_PATCH = "text/cloud-config-jsonp"
    # Any other MIME type: a part of a multipart that a handler of the person's own may want.
    OTHER = "other"


# The longer of two headers comes first where one begins with the other.
HEADERS = {
    "## template: jinja": Kind.JINJA,
    "#cloud-config-archive": Kind.ARCHIVE,
    "#cloud-config-jsonp": Kind.JSON_PATCH,
    "#cloud-config": Kind.CLOUD_CONFIG,
    "#cloud-boothook": Kind.BOOTHOOK,
    "#include-once": Kind.INCLUDE_ONCE,
    "#include": Kind.INCLUDE,
    "#part-handler": Kind.PART_HANDLER,
    "#!": Kind.SCRIPT,
}

GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
# More than any user data can be, and little enough to hold in memory: a file of a few KB can unpack to gigabytes.
UNPACKED = 4 * 1024 * 1024
# gzip writes one; each costs a copy of all that follows it.
MEMBERS = 100


@dataclass(frozen=True)
class Part:
    """One part of user data: what it is, its decoded bytes, where it came from, and the MIME headers it had."""

    kind: Kind
    body: bytes
    path: str = "-"
    line: int = 1
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 become surrogates."""
        return self.body.decode("utf-8", "surrogateescape")


def kind_of(text: str) -> Kind | None:
    """Return the kind that the first line says, as cloud-init would tell it; None without a known header."""
    start = text.lstrip()[:32].lower()
    return next((kind for header, kind in HEADERS.items() if start.startswith(header)), None)


def is_mime(data: bytes) -> bool:
    """Return whether cloud-init takes the bytes for MIME: it looks for one header anywhere in the first 4 KiB."""
    return b"mime-version:" in data[:4096].lower()


def outer_parts(path: str, data: bytes) -> tuple[Part, ...]:
    """Return the parts of a file, archives whole; raise Invalid for anything cloud-init would ignore."""
    data = _unpacked(path, data)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refusal(path, "encoded as UTF-16; save it as UTF-8")
    data = data.removeprefix(BOM)
    if not data.strip():
        raise _refusal(path, "empty; leave it out or write user data into it")
    if is_mime(data):
        return _mime(path, data)
    text = data.decode("utf-8", "surrogateescape")
    kind = kind_of(text)
    if kind is None:
        raise _refusal(path, _advice(data))
    if kind is not Kind.SCRIPT:
        try:
            data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
            raise _refusal(path, "a byte that is no UTF-8; save it as UTF-8", line, column) from None
    first, newline, _ = data.partition(b"\n")
    if newline and first.endswith(b"\r"):
        # What cloud-init does to scripts, and what YAML does to line ends.
        data = data.replace(b"\r\n", b"\n")
    return (Part(kind, data, path),)


def _refusal(path: str, message: str, line: int = 1, column: int = 1) -> Invalid:
    return Invalid(UNKNOWN_FIRST_LINE.at(Location(path, line, column), message))


def _unpacked(path: str, data: bytes) -> bytes:
    if not data.startswith(GZIP):
        data = _from_base64(data)
    if not data.startswith(GZIP):
        return data
    plain, members = b"", 0
    # Several members in a row are one file, for gzip as for cloud-init; so are zeros after the last.
    while data.strip(b"\0"):
        members += 1
        if members > MEMBERS:
            raise _refusal(path, f"gzip data of more than {MEMBERS} members; compress the file again")
        if not data.startswith(GZIP):
            more = f"{len(data):,} bytes after the gzip data, so cloud-init unpacks none of it"
            raise _refusal(path, f"{more}; compress the file again")
        unpack = zlib.decompressobj(wbits=31)
        try:
            plain += unpack.decompress(data, UNPACKED + 1 - len(plain))
        except zlib.error:
            raise _refusal(path, "broken gzip data; compress the file again") from None
        if len(plain) > UNPACKED:
            raise _refusal(path, f"unpacks to more than {UNPACKED:,} bytes; no instance takes that")
        if not unpack.eof:
            raise _refusal(path, "gzip data that ends too soon; compress the file again")
        data = unpack.unused_data
    return plain


def _from_base64(data: bytes) -> bytes:
    """Return what base64 holds if that is user data, else the bytes themselves."""
    try:
        plain = base64.b64decode(b"".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return data
    known = plain.startswith(GZIP) or is_mime(plain) or kind_of(plain[:64].decode("utf-8", "replace")) is not None
    return plain if known else data


def _advice(data: bytes) -> str:
    if b"\0" in data:
        return "binary; user data is text, MIME or gzip"
    first = data.lstrip().partition(b"\n")[0].decode("utf-8", "replace")
    if first.lower().startswith(("# cloud-config", "#cloud-confg", "#cloudconfig", "#cloud config")):
        return "cloud-init would ignore it: the first line must be #cloud-config, without a blank"
    if ":" in first and not first.startswith("#"):
        return "cloud-init would ignore it; put #cloud-config on the first line"
    return "cloud-init would ignore it; begin with #cloud-config, #! and an interpreter, or MIME headers"


def _mime(path: str, data: bytes) -> tuple[Part, ...]:
    from email import message_from_bytes

    try:
        message = message_from_bytes(data)
    except RecursionError:
        raise _refusal(path, "MIME that is nested too deeply for cloud-init, too; put the parts side by side") from None
    parts: list[Part] = []
    position = 0
    for node in message.walk():
        if node.is_multipart():
            continue
        if node.get_content_maintype() == "multipart":
            raise _refusal(path, f"MIME without a boundary line for {node.get_boundary()!r}; make the file again")
        try:
            raw = node.get_payload()
        except ValueError:
            raise _refusal(path, "MIME whose charset is no name; correct the header") from None
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
        raise _refusal(path, "MIME without a part that holds anything; make the file again")
    return tuple(parts)


# Said anew when the part is written: they describe how it travels, not what it is.
NOT_KEPT = {"content-transfer-encoding", "mime-version", "content-length"}


def _mime_kind(content_type: str, body: bytes) -> Kind:
    if content_type in ("text/plain", "text/x-not-multipart"):
        return kind_of(body[:64].decode("utf-8", "replace")) or Kind.OTHER
    return next((kind for kind in Kind if kind.value == content_type), Kind.OTHER)
