"""NodeConfig, by which nodeadm lets an instance join a cluster of EKS: what it does not know by this name.

From https://github.com/awslabs/amazon-eks-ami, nodeadm/api.
"""

import re
from collections.abc import Iterator

import yaml

from ssmwake.lint.rules import ERROR, rule
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import pairs
from ssmwake.text.yaml_syntax import broken

NODE_CONFIG = rule("SW251", ERROR, "a NodeConfig that nodeadm refuses", reason="the instance never joins the cluster")

GROUP, VERSIONS, KIND = "node.eks.aws", ("v1alpha1",), "NodeConfig"


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


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.value.strip()


def _text(pair: tuple[yaml.Node, yaml.Node] | None) -> str | None:
    """Return the text of a value that is what is written; None for any other."""
    node = pair[1] if pair else None
    if not isinstance(node, yaml.ScalarNode) or re.search(r"x{4}|\$\{|\{\{", node.value):
        return None
    return str(node.value)
