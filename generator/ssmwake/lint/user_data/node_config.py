"""NodeConfig, by which nodeadm lets an instance join a cluster of EKS: what it does not know by this name.

From https://github.com/awslabs/amazon-eks-ami, nodeadm/api.
"""

import difflib
import re
from collections.abc import Iterator, Mapping

import yaml

from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import pairs
from ssmwake.text.yaml_syntax import broken

NODE_CONFIG = rule("SW251", ERROR, "a NodeConfig that nodeadm refuses", reason="the instance never joins the cluster")
UNKNOWN_SETTING = rule(
    "SW285", WARNING, "a key that NodeConfig does not have", reason="nodeadm ignores it, and the node gets the default"
)

# The fields of v1alpha1, and what each holds; nodeadm does not look into a mapping of which nothing is said here.
Shape = Mapping[str, "Shape"] | str
TEXT, FLAG, LIST, MAPPING = "a string", "true or false", "a list", "keys and values"
FIELDS: Shape = {
    "apiVersion": TEXT,
    "kind": TEXT,
    "metadata": MAPPING,
    "spec": {
        "cluster": {
            **dict.fromkeys(("name", "apiServerEndpoint", "certificateAuthority", "cidr", "id"), TEXT),
            "enableOutpost": FLAG,
        },
        "containerd": {"config": TEXT, "baseRuntimeSpec": MAPPING},
        "instance": {
            "localStorage": {"strategy": TEXT, "mountPath": TEXT, "disabledMounts": LIST},
            "environment": MAPPING,
            "network": {"nameservers": LIST, "domains": LIST},
        },
        "kubelet": {"config": MAPPING, "flags": LIST, "maxPodsExpression": TEXT},
        "featureGates": {"InstanceIdNodeName": FLAG, "FastImagePull": FLAG},
    },
}

GROUP, VERSIONS, KIND = "node.eks.aws", ("v1alpha1",), "NodeConfig"


FILLED_IN = re.compile(r"x{4}|\$\{|\{\{")


def check(source: Source) -> Iterator[Finding]:
    """Yield why nodeadm refuses a text as its configuration."""
    text = re.sub(r"\t", " ", source.text) if source.text.lstrip().startswith("{") else source.text
    try:
        roots = list(yaml.compose_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.YAMLError as error:
        yield broken(source, error)
        return
    # nodeadm decodes the first document of a part.
    root = next((node for node in roots if not _is_nothing(node)), None)
    if root is None:
        return
    found = pairs(root)
    if not isinstance(root, yaml.MappingNode) or "<<" in found:
        return
    yield from _fields(source, root, FIELDS, "")
    known = f"{GROUP}/{VERSIONS[0]}"
    version = _text(found.get("apiVersion"))
    if "apiVersion" not in found:
        yield NODE_CONFIG.at(source.of(root), f"no apiVersion; write apiVersion: {known}")
    elif version is not None and version not in {f"{GROUP}/{each}" for each in VERSIONS}:
        message = f"nodeadm does not support apiVersion '{version[:60]}'; write {known}"
        yield NODE_CONFIG.at(source.of(found["apiVersion"][1]), message)
    kind = _text(found.get("kind"))
    if "kind" not in found:
        yield NODE_CONFIG.at(source.of(root), f"no kind; write kind: {KIND}")
    elif kind is not None and kind != KIND:
        yield NODE_CONFIG.at(source.of(found["kind"][1]), f"nodeadm does not support kind '{kind[:60]}'; write {KIND}")


def _fields(source: Source, node: yaml.Node, shape: Shape, path: str) -> Iterator[Finding]:
    """Yield each field that nodeadm does not have, and each value that it cannot decode."""
    if node.tag.endswith(":null") or not node.tag.startswith("tag:yaml.org") or _is_filled_in(node):
        return
    expected = shape if isinstance(shape, str) else MAPPING
    if not _is_a(node, expected):
        message = f"nodeadm cannot decode {path}, which takes {expected}"
        yield NODE_CONFIG.at(source.of(node), message)
    elif isinstance(shape, Mapping):
        for key, (name, inner) in pairs(node).items():
            if key in shape:
                yield from _fields(source, inner, shape[key], f"{path}.{key}".lstrip("."))
            elif not _is_filled_in(name):
                where = f" in {path}" if path else ""
                yield UNKNOWN_SETTING.at(source.of(name), f"nodeadm ignores '{key[:60]}'{where}; {_hint(key, shape)}")


def _is_a(node: yaml.Node, expected: str) -> bool:
    if expected in (MAPPING, LIST):
        return isinstance(node, yaml.MappingNode if expected == MAPPING else yaml.SequenceNode)
    kind = node.tag.rpartition(":")[2]
    return kind in ("bool",) if expected == FLAG else kind in ("str", "timestamp")


def _hint(key: str, shape: Mapping[str, Shape]) -> str:
    by_lower = {name.lower(): name for name in shape}
    near = difflib.get_close_matches(re.sub(r"[-_]", "", key[:60].lower()), by_lower, 1, 0.7)
    if near:
        return f"did you mean {by_lower[near[0]]}?"
    place = next((path for path, found in _mappings(FIELDS, "") if key in found), "")
    return f"it belongs under {place}" if place else "remove it"


def _mappings(shape: Shape, path: str) -> Iterator[tuple[str, Mapping[str, Shape]]]:
    """Yield each mapping of fields with its path, the outer before the inner."""
    if isinstance(shape, Mapping):
        yield path, shape
        for key, inner in shape.items():
            yield from _mappings(inner, f"{path}.{key}".lstrip("."))


def _is_filled_in(node: yaml.Node) -> bool:
    """Return whether another program has yet to write the value."""
    # `{{ name }}` without quotes is a mapping in a mapping.
    if isinstance(node, yaml.MappingNode):
        return any(isinstance(key, yaml.MappingNode) for key, _ in node.value)
    return isinstance(node, yaml.ScalarNode) and FILLED_IN.search(node.value) is not None


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.value.strip()


def _text(pair: tuple[yaml.Node, yaml.Node] | None) -> str | None:
    """Return the text of a value that is what is written; None for any other."""
    node = pair[1] if pair else None
    if not isinstance(node, yaml.ScalarNode) or _is_filled_in(node):
        return None
    return str(node.value)
