"""Parts of user data: their kinds, by their first lines or MIME types, and the rules about what cannot be read."""

from dataclasses import dataclass
from enum import StrEnum

from ssmwake.model import Severity, rule

UNKNOWN_FIRST_LINE = rule(
    "SW202",
    Severity.ERROR,
    "a first line that is not known",
    reason="cloud-init ignores it, or the kernel does, and only its log mentions it",
)
UNREADABLE_USER_DATA = rule(
    "SW276", Severity.ERROR, "user data that is not text", reason="cloud-init sees nothing in it, and nothing runs"
)
MIME_BOUNDARY = rule(
    "SW214", Severity.ERROR, "MIME boundaries that do not match", reason="parts are lost, and only its log mentions it"
)


class PartKind(StrEnum):
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
    # Any other MIME type: a part of a multipart that the user's own handler may want.
    OTHER = "other"


# The longer of two headers comes first where one begins with the other.
HEADERS = {
    "## template: jinja": PartKind.JINJA,
    "#cloud-config-archive": PartKind.ARCHIVE,
    "#cloud-config-jsonp": PartKind.JSON_PATCH,
    "#cloud-config": PartKind.CLOUD_CONFIG,
    "#cloud-boothook": PartKind.BOOTHOOK,
    "#include-once": PartKind.INCLUDE_ONCE,
    "#include": PartKind.INCLUDE,
    "#part-handler": PartKind.PART_HANDLER,
    "#!": PartKind.SCRIPT,
}

GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
# More than any user data can be, and little enough to hold in memory: a file of a few KB can unpack to gigabytes.
UNPACKED = 4 * 1024 * 1024


@dataclass(frozen=True)
class Part:
    """One part of user data: what it is, its decoded bytes, where it came from, and the MIME headers it had."""

    kind: PartKind
    body: bytes
    path: str = "-"
    line: int = 1
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The body as text; bytes that are not valid UTF-8 become surrogates."""
        return self.body.decode("utf-8", "surrogateescape")


def kind_of(text: str) -> PartKind | None:
    """Return the kind that the first line says, as cloud-init would tell it; None without a known header."""
    start = text.lstrip()[:32].lower()
    return next((kind for header, kind in HEADERS.items() if start.startswith(header)), None)


def is_mime(data: bytes) -> bool:
    """Return whether cloud-init takes the bytes for MIME: it looks for one header anywhere in the first 4 KiB."""
    return b"mime-version:" in data[:4096].lower()
