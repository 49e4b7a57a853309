"""Terraform written as JSON: the same tree, each of whose strings is a template."""

import json
from dataclasses import replace

import yaml

from ssmwake.lint.terraform.cursor import BrokenText
from ssmwake.lint.terraform.parser import parse_template
from ssmwake.lint.terraform.tree import (
    Attribute,
    Block,
    Body,
    Constant,
    Expression,
    List,
    Literal,
    Object,
    Span,
    TemplateExpression,
)
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import composed

# How many labels a block of each kind has.
LABELS = {"resource": 2, "data": 2, "module": 1, "variable": 1, "output": 1, "provider": 1, "locals": 0, "terraform": 0}
# Blocks inside, which are written as an object or a list of them.
INSIDE = frozenset({"part", "metadata_options", "iam_instance_profile", "targets"})


def parse(source: Source) -> Body:
    """Return the tree of a .tf.json file; raise BrokenText where it is not valid JSON."""
    try:
        # JSON in earnest: YAML would let aliases in, which can hold themselves, or more than there is room for.
        json.loads(source.text)
        root = composed(source.text)
    except json.JSONDecodeError as error:
        raise BrokenText(source, error.pos, f"broken JSON: {error.msg}; fix the JSON here") from None
    except yaml.YAMLError:
        raise BrokenText(source, 0, "JSON that YAML cannot read; write plain characters") from None
    blocks: list[Block] = []
    for name, key, node in _pairs(root):
        _blocks(source, name, key, node, LABELS.get(name, 0), (), blocks)
    return Body({}, tuple(blocks))


def _pairs(node: yaml.Node | None) -> list[tuple[str, yaml.Node, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        return []
    return [(key.value, key, inner) for key, inner in node.value if isinstance(key, yaml.ScalarNode)]


def _blocks(
    source: Source,
    name: str,
    key: yaml.Node,
    node: yaml.Node,
    labels: int,
    named: tuple[str, ...],
    blocks: list[Block],
) -> None:
    """Add the blocks of a node: below as many keys as they have labels, and each of a list."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _blocks(source, name, key, item, labels, named, blocks)
    elif labels:
        for label, _, inner in _pairs(node):
            _blocks(source, name, key, inner, labels - 1, (*named, label), blocks)
    elif isinstance(node, yaml.MappingNode):
        blocks.append(Block(_name(source, key), named, _body(source, node)))


def _body(source: Source, node: yaml.MappingNode) -> Body:
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    for name, key, inner in _pairs(node):
        if name in INSIDE and not isinstance(inner, yaml.ScalarNode):
            _blocks(source, name, key, inner, 0, (), blocks)
        else:
            attributes[name] = Attribute(_name(source, key), _expression(source, inner))
    return Body(attributes, tuple(blocks))


def _name(source: Source, key: yaml.Node) -> Span:
    start, end = key.start_mark.index, key.end_mark.index
    quoted = source.text[start : start + 1] == '"'
    return Span(source, start + quoted, end - quoted, quoted)


def _expression(source: Source, node: yaml.Node) -> Expression:
    span = Span(source, node.start_mark.index, node.end_mark.index)
    if isinstance(node, yaml.ScalarNode):
        return replace(parse_template(source.inner(node)), span=span) if node.style == '"' else Constant(span)
    if isinstance(node, yaml.SequenceNode):
        return List(span, tuple(_expression(source, item) for item in node.value))
    inside: list[Expression] = []
    for name, key, inner in _pairs(node):
        label = _name(source, key)
        inside += [TemplateExpression(label, (Literal(label),) if name else ()), _expression(source, inner)]
    return Object(span, tuple(inside))
