"""Take a cloud-config-archive apart: it is a list of parts in YAML, and each can be merged as a part of its own."""

from collections.abc import Iterator

import yaml

from ssmwake.cloud_init.parts import Part, PartKind, kind_of
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.unreadable import BROKEN_USER_DATA
from ssmwake.text.yaml_nodes import composed, is_string, pairs, text_of
from ssmwake.text.yaml_syntax import broken

# What an entry says about itself; any other key of it is a MIME header of its part.
OWN = {"content", "type", "filename", "launch-index", "content-disposition", "content-type", "mime-version"}


def entries(source: Source) -> Iterator[Part | Finding]:
    """Yield the parts in an archive, and what cloud-init passes over in it, or fails on."""
    try:
        root = composed(source.text)
    except yaml.YAMLError as error:
        yield broken(source, error)
        return
    if root is None:
        return
    if not isinstance(root, yaml.SequenceNode):
        yield BROKEN_USER_DATA.at(source.of(root), "a cloud-config-archive is a list of parts; write - before each")
        return
    for item in root.value:
        found = pairs(item)
        content = found["content"][1] if "content" in found else item
        if isinstance(content, yaml.ScalarNode) and is_string(content):
            yield _entry(source, source.inner(content), found)
        elif isinstance(item, yaml.MappingNode) and "content" not in found:
            yield BROKEN_USER_DATA.at(source.of(item), "not a part, as it has no content; write content: |")
        else:
            message = "not a part; write its text, or a mapping with content and type"
            yield BROKEN_USER_DATA.at(source.of(item), message)


def _entry(source: Source, content: Source, found: dict[str, tuple[yaml.Node, yaml.Node]]) -> Part:
    stated = {key: text_of(node) for key, (_, node) in found.items()}
    type_ = stated.get("type", "") or kind_of(content.text) or PartKind.CLOUD_CONFIG.value
    headers = [(name, text) for name, text in stated.items() if name.lower() not in OWN]
    if "launch-index" in stated:
        headers.insert(0, ("Launch-Index", stated["launch-index"]))
    if "filename" in stated:
        headers.insert(0, ("Content-Disposition", f'attachment; filename="{stated["filename"]}"'))
    if "filename" in stated or type_ not in set(PartKind):
        headers.insert(0, ("Content-Type", type_))
    # Line ends in a value would begin a header of their own.
    flat = tuple((" ".join(name.split()), " ".join(text.split())) for name, text in headers)
    declared = stated.get("type", "")
    where = source.of(found["type"][1]) if declared else None
    return Part(str(type_), content, flat, declared, where)
