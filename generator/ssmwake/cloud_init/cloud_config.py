"""Read a cloud-config: YAML, and a mapping, of what the safe loader of PyYAML makes values of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from ssmwake.cloud_init.parts import PartKind, kind_of
from ssmwake.model import Finding, Severity, rule
from ssmwake.text.source import Source
from ssmwake.text.unreadable import BROKEN_USER_DATA
from ssmwake.text.yaml_nodes import composed
from ssmwake.text.yaml_syntax import broken, is_filled_in

SCRIPT_BELOW_CONFIG = rule(
    "SW232", Severity.ERROR, "a script below a cloud-config", reason="YAML cannot read it, and nothing of either runs"
)
UNKNOWN_TAG = rule(
    "SW233", Severity.ERROR, "a YAML tag that cloud-init does not know", reason="nothing of the cloud-config is applied"
)

# At the margin, where no value of a key can stand.
SCRIPT_BELOW = re.compile(r"(?m)(?<=\n)#![ \t]*/\S*(?:sh|env|python[\d.]*|perl|ruby|node)\b")
# What the safe loader of PyYAML makes values of, and cloud-init besides; and what lint itself puts in for the unknown.
TAGS = {
    *("null", "bool", "int", "float", "binary", "timestamp", "omap", "pairs", "set", "str", "seq", "map", "merge"),
    *("value", "python/unicode", "!unknown", "!"),
}
FILLED_IN = re.compile(r"\s*x{4,}\s*")
# The replacement for a byte that is not valid UTF-8, which the reader reports.
NOT_UTF_8 = re.compile("[\ud800-\udfff]")
# Tags whose values can be written so that there is no such value, as in 2024-99-99.
VALUES = {f"tag:yaml.org,2002:{name}" for name in ("timestamp", "int", "float", "binary")}


@dataclass(frozen=True)
class CloudConfigText:
    """The text of a cloud-config as far as it is one, its root where it can be read, and what is wrong with it."""

    source: Source
    root: yaml.MappingNode | None
    faults: tuple[Finding, ...]


def read_cloud_config(source: Source, *, layout_known: bool = True) -> CloudConfigText:
    """Return a cloud-config; where other programs have yet to write lines of it, its layout is not known."""
    if kind_of(source.text) is PartKind.SCRIPT:
        # Whoever takes it for a cloud-config, by its MIME type, has said so.
        return CloudConfigText(source, None, ())
    faults: list[Finding] = []
    if script_below := SCRIPT_BELOW.search(source.text):
        # The rest is not part of the cloud-config, and is not read as one.
        where = source.at_offset(script_below.start())
        faults.append(SCRIPT_BELOW_CONFIG.at(where, "a script cannot follow a cloud-config; use runcmd, or MIME parts"))
        source = source.slice(0, script_below.start())
    if NOT_UTF_8.search(source.text):
        return CloudConfigText(source, None, tuple(faults))
    try:
        root = composed(source.text)
    except yaml.YAMLError as error:
        if layout_known and not is_filled_in(source, error):
            faults.append(broken(source, error))
        return CloudConfigText(source, None, tuple(faults))
    if isinstance(root, yaml.MappingNode):
        if layout_known:
            faults += _unreadable(source, root)
        return CloudConfigText(source, root, tuple(faults))
    if root is not None and layout_known and not _is_filled_in(root):
        faults.append(BROKEN_USER_DATA.at(source.of(root), "not a mapping; cloud-config is keys and values"))
    return CloudConfigText(source, None, tuple(faults))


def _is_filled_in(root: yaml.Node) -> bool:
    """Return whether a word stands for all of the text, which only another program knows."""
    return isinstance(root, yaml.ScalarNode) and (root.tag == "!unknown" or FILLED_IN.fullmatch(root.value) is not None)


def _unreadable(source: Source, root: yaml.Node) -> Iterator[Finding]:
    """Yield the first node of which cloud-init makes no value, so that it reads nothing; aliases once."""
    seen: set[int] = set()
    left = [root]
    while left:
        node = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.tag.removeprefix("tag:yaml.org,2002:") not in TAGS:
            shown = node.tag.replace("tag:yaml.org,2002:", "!!")[:60]
            message = f"cloud-init does not know the tag {shown}, and reads nothing of this cloud-config; remove it"
            yield UNKNOWN_TAG.at(source.of(node), message)
            return
        if node.tag in VALUES and isinstance(node, yaml.ScalarNode) and (problem := _problem(node)):
            yield BROKEN_USER_DATA.at(source.of(node), f"broken YAML: {problem}; quote the value")
            return
        if isinstance(node, yaml.MappingNode):
            left += [inner for pair in reversed(node.value) for inner in reversed(pair)]
        elif isinstance(node, yaml.SequenceNode):
            left += reversed(node.value)


def _problem(node: yaml.ScalarNode) -> str:
    """Return why a scalar has no value; nothing where it has one."""
    try:
        yaml.constructor.SafeConstructor().construct_document(node)
    except yaml.YAMLError as error:
        return str(getattr(error, "problem", error))
    except ValueError as error:
        return str(error)
    return ""
