"""A part of user data with its places, and those that an archive holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from ssmwake.cloud_init.parts import PartKind, kind_of
from ssmwake.model import Finding, Location
from ssmwake.text.source import Source
from ssmwake.text.unreadable import BROKEN_USER_DATA
from ssmwake.text.yaml_nodes import composed, is_string, pairs, text_of, value
from ssmwake.text.yaml_syntax import broken


@dataclass(frozen=True)
class Piece:
    """A part with its places, and the MIME type by which cloud-init handles it."""

    source: Source
    type: str

    @classmethod
    def decoded(cls, where: Location, content_type: str, body: bytes) -> Piece:
        """Return a part that was encoded: all of it has one place."""
        return cls(Source.at_place(where, body.decode("utf-8", "surrogateescape")), content_type)


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
            yield Piece(inner, said or (kind.value if kind else PartKind.CLOUD_CONFIG.value))
        elif content is None and "content" not in pairs(item):
            yield BROKEN_USER_DATA.at(source.of(item), "not a part, as it has no content; write content: |")
        elif not isinstance(content, yaml.ScalarNode):
            yield BROKEN_USER_DATA.at(source.of(item), "not a part; write its text, or a mapping with content and type")
