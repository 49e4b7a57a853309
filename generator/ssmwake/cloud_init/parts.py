"""Parts of user data with their places: their kinds, by their first lines or MIME types, and what a message is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from ssmwake.model import Location, Severity, rule
from ssmwake.text.source import Source

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
    "SW214",
    Severity.ERROR,
    "MIME boundaries that do not match",
    reason="parts are lost, and only its log mentions it",
    also={Severity.WARNING: "where cloud-init reads the parts all the same"},
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

# What nodeadm of EKS reads, and cloud-init ignores.
NODEADM = "application/node.eks.aws"
SCRIPTS = {"text/x-shellscript", *(f"text/x-shellscript-per-{often}" for often in ("boot", "instance", "once"))}
PACKED = re.compile(r"application/(?:x-)?(?:gzip|gzip-compressed|gzipped|compress|compressed|gunzip)")
# The types that say nothing, and all those for which cloud-init looks at the first line:
# https://github.com/canonical/cloud-init, _process_msg in cloudinit/user_data.py
LOOKED_AT = {"text/plain", "text/x-not-multipart"}
DETECTED = {*LOOKED_AT, "text/x-shellscript"}

# A NodeConfig as a whole, without MIME around it.
FIELD = r"""["']?\s*:\s*["']?"""
ALONE = re.compile(
    rf"""\s*(?:---[ \t]*\r?\n\s*)?\{{?\s*["']?(?:apiVersion{FIELD}node\.eks\.aws|kind{FIELD}NodeConfig)"""
)


@dataclass(frozen=True)
class Message:
    """A MIME message: the places of its multiparts, the outermost first, and the types of all that it holds."""

    source: Source
    multiparts: tuple[Location, ...]
    types: frozenset[str]
    has_headers: bool


@dataclass(frozen=True)
class Part:
    """One part of user data: its text with its places, the MIME type by which cloud-init handles it, its MIME headers.

    `declared` is the type that the part itself states, and `where` the place of that; both are empty for a part that
    states none. `message` is the MIME message that holds it, `is_whole` if it is all of the user data.
    """

    type: str
    source: Source
    headers: tuple[tuple[str, str], ...] = ()
    declared: str = ""
    where: Location | None = None
    message: Message | None = None
    is_whole: bool = False

    @classmethod
    def of_bytes(cls, kind: PartKind, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> Part:
        """Return a part that was not read from a file."""
        return cls(kind, Source.of_file("-", body.decode("utf-8", "surrogateescape")), headers)

    @cached_property
    def kind(self) -> PartKind:
        """What cloud-init does with it."""
        return next((kind for kind in PartKind if kind == self.type), PartKind.OTHER)

    @property
    def path(self) -> str:
        """The file that holds it."""
        return self.source.path

    @property
    def text(self) -> str:
        """The body as text; bytes that are not valid UTF-8 become surrogates."""
        return self.source.text

    @cached_property
    def body(self) -> bytes:
        """The bytes that cloud-init gets."""
        return self.text.encode("utf-8", "surrogateescape")


def kind_of(text: str) -> PartKind | None:
    """Return the kind that the first line says, as cloud-init would tell it; None without a known header."""
    start = text.lstrip()[:32].lower()
    return next((kind for header, kind in HEADERS.items() if start.startswith(header)), None)


def is_mime(data: bytes) -> bool:
    """Return whether cloud-init takes the bytes for MIME: it looks for one header anywhere in the first 4 KiB."""
    return b"mime-version:" in data[:4096].lower()


def is_node_config(text: str) -> bool:
    """Return whether a text is a configuration of nodeadm, without MIME around it."""
    return ALONE.match(text) is not None
