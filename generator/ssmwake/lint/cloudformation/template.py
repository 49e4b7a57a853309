"""A CloudFormation template: its parameters and resources, and its functions in their long and short forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import yaml

from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import items, pairs, text_of, value

VARIABLE = re.compile(r"\$\{([^!{}\n][^{}\n]*)\}")
NO_VALUE = "AWS::NoValue"


@dataclass(frozen=True)
class Intrinsic:
    """A function and its argument, whichever form it was written in."""

    name: str
    argument: yaml.Node


@dataclass(frozen=True)
class Resource:
    """A resource of a template."""

    name: str
    kind: str
    node: yaml.Node

    def get(self, *path: str) -> yaml.Node | None:
        """Return the node of a property, or None."""
        return value(self.node, "Properties", *path)

    @property
    def at(self) -> yaml.Node:
        """The node that a finding about the whole resource points to."""
        return value(self.node, "Type") or self.node


@dataclass(frozen=True)
class Template:
    """A template with its file."""

    source: Source
    root: yaml.Node

    @cached_property
    def parameters(self) -> dict[str, yaml.Node]:
        """The parameters by name."""
        return {name: node for name, (_, node) in pairs(value(self.root, "Parameters")).items()}

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """The resources by name; those that Fn::ForEach makes are not among them."""
        found = {}
        for name, (_, node) in pairs(value(self.root, "Resources")).items():
            if isinstance(node, yaml.MappingNode):
                found[name] = Resource(name, text_of(value(node, "Type")), node)
        return found

    def of_kind(self, *kinds: str) -> list[Resource]:
        """Return the resources of some kinds."""
        return [resource for resource in self.resources.values() if resource.kind in kinds]

    def referred(self, node: yaml.Node | None, *kinds: str) -> list[Resource]:
        """Return the resources of some kinds that a node refers to."""
        found = [self.resources[name] for name in sorted(references(node)) if name in self.resources]
        return [resource for resource in found if resource.kind in kinds]

    @cached_property
    def generated(self) -> bool:
        """Whether a transform may add parameters, resources and values that the file does not show."""
        names = [*pairs(self.root), *pairs(value(self.root, "Resources"))]
        transform = value(self.root, "Transform")
        transforms = [text_of(item) for item in items(transform)] or [text_of(transform)] if transform else []
        return (
            any(name.startswith("Fn::") for name in names)
            or any(resource.kind.endswith("::MODULE") for resource in self.resources.values())
            or any(name != "AWS::LanguageExtensions" for name in transforms)
            or (bool(transforms) and "Fn::ForEach" in self.source.text)
        )


def call(node: yaml.Node | None) -> Intrinsic | None:
    """Return the function that a node calls, None for a plain value."""
    if node is None:
        return None
    if node.tag.startswith("!") and len(node.tag) > 1:
        name = node.tag[1:]
        return Intrinsic(name if name in ("Ref", "Condition") else f"Fn::{name}", _untagged(node))
    found = pairs(node)
    if len(found) == 1:
        name, (_, argument) = next(iter(found.items()))
        if name in ("Ref", "Condition") or name.startswith("Fn::"):
            return Intrinsic(name, argument)
    return None


def _untagged(node: yaml.Node) -> yaml.Node:
    marks = (node.start_mark, node.end_mark)
    if isinstance(node, yaml.ScalarNode):
        return yaml.ScalarNode("tag:yaml.org,2002:str", node.value, *marks, style=node.style)
    if isinstance(node, yaml.SequenceNode):
        return yaml.SequenceNode("tag:yaml.org,2002:seq", node.value, *marks)
    return yaml.MappingNode("tag:yaml.org,2002:map", node.value, *marks)


def is_no_value(node: yaml.Node | None) -> bool:
    """Return whether a node is the reference that stands for nothing."""
    found = call(node)
    return found is not None and found.name == "Ref" and text_of(found.argument) == NO_VALUE


def plain(node: yaml.Node | None) -> str | None:
    """Return the text of a scalar that calls no function; None of anything else."""
    return node.value if isinstance(node, yaml.ScalarNode) and call(node) is None else None


def substitution(found: Intrinsic) -> tuple[yaml.ScalarNode | None, dict[str, yaml.Node]]:
    """Return the text of a call of Fn::Sub, and the map of its own variables."""
    text, own = found.argument, {}
    if isinstance(text, yaml.SequenceNode) and text.value:
        own = {name: node for name, (_, node) in pairs(text.value[1] if len(text.value) > 1 else None).items()}
        text = text.value[0]
    # A tag of another tool, as !Rain::Embed, stands for a text that is not here yet.
    return (text if isinstance(text, yaml.ScalarNode) and call(text) is None else None), own


def calls(node: yaml.Node | None) -> Iterator[Intrinsic]:
    """Yield each call of a function in a node, at any depth, aliases once."""
    seen: set[int] = set()
    kept: list[yaml.Node] = []
    left = [node] if node is not None else []
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if found := call(one):
            yield found
            if one.tag.startswith("!") and not isinstance(one, yaml.ScalarNode):
                # What a short form holds can be a long form: `!Base64` over `Fn::Sub:`. The node is kept for its id.
                left.append(found.argument)
                kept.append(found.argument)
                continue
        if isinstance(one, yaml.SequenceNode):
            left += reversed(one.value)
        elif isinstance(one, yaml.MappingNode):
            left += [inner for _, inner in reversed(one.value)]


def references(node: yaml.Node | None) -> set[str]:
    """Return the names that the functions in a node refer to, at any depth."""
    names: set[str] = set()
    for found in calls(node):
        if found.name == "Ref":
            names.add(text_of(found.argument))
        elif found.name == "Fn::GetAtt":
            first = items(found.argument)[0] if items(found.argument) else found.argument
            names.add(text_of(first).split(".")[0])
        elif found.name == "Fn::Sub":
            text, own = substitution(found)
            variables = {match[1].strip() for match in VARIABLE.finditer(text_of(text))}
            names |= {name.split(".")[0] for name in variables - set(own)}
    return names
