"""A part of user data with its places, and what it is taken out of: base64, gzip, an archive."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from ssmwake.cloud_init.parts import BROKEN_USER_DATA, GZIP, UNPACKED, Kind, is_mime, kind_of
from ssmwake.lint.text.source import Source
from ssmwake.lint.text.yaml_nodes import composed, is_string, pairs, text_of, value
from ssmwake.lint.text.yaml_syntax import broken
from ssmwake.model import Finding, Location


@dataclass(frozen=True)
class Piece:
    """A part with its places, and the MIME type by which cloud-init handles it."""

    source: Source
    type: str

    @classmethod
    def decoded(cls, where: Location, content_type: str, body: bytes) -> Piece:
        """Return a part that was encoded: all of it stands at one place."""
        return cls(Source.at_place(where, body.decode("utf-8", "surrogateescape")), content_type)


def unpacked(data: bytes) -> bytes:
    """Return what gzip data holds; raise ValueError with what is wrong with it."""
    unpack = zlib.decompressobj(wbits=31)
    try:
        plain = unpack.decompress(data, UNPACKED)
    except zlib.error:
        raise ValueError("broken gzip data; make the file again") from None
    if unpack.unconsumed_tail:
        raise ValueError(f"unpacks to more than {UNPACKED:,} bytes; no instance takes that")
    if not unpack.eof:
        raise ValueError("gzip data that ends too soon; make the file again")
    return plain


def from_base64(data: bytes) -> bytes | None:
    """Return what base64 holds if that is user data, or base64 of it; None for anything else."""
    try:
        plain = base64.b64decode(b"".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return plain if known(plain) or (plain and from_base64(plain) is not None) else None


def known(data: bytes) -> bool:
    """Return whether cloud-init knows by their beginning what the bytes are."""
    return data.startswith(GZIP) or is_mime(data) or kind_of(data[:64].decode("utf-8", "replace")) is not None


def entries(source: Source) -> Iterator[Piece | Finding]:
    """Yield each part of a cloud-config-archive."""
    try:
        root = composed(source.text)
    except yaml.YAMLError as error:
        yield broken(source, error)
        return
    if not isinstance(root, yaml.SequenceNode):
        yield BROKEN_USER_DATA.at(source.at(1), "a cloud-config-archive is a list of parts; write - before each")
        return
    for item in root.value:
        content = value(item, "content") if isinstance(item, yaml.MappingNode) else item
        said = text_of(value(item, "type"))
        if isinstance(content, yaml.ScalarNode) and is_string(content):
            inner = source.inner(content)
            kind = kind_of(inner.text)
            yield Piece(inner, said or (kind.value if kind else Kind.CLOUD_CONFIG.value))
        elif content is None and "content" not in pairs(item):
            yield BROKEN_USER_DATA.at(source.of(item), "no part, as it has no content; write content: |")
        elif not isinstance(content, yaml.ScalarNode):
            yield BROKEN_USER_DATA.at(source.of(item), "no part; write its text, or a mapping with content and type")
