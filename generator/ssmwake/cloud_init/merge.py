"""Merge two cloud-configs as text, so that comments, order and spelling of the user's survive."""

import re
from typing import Any

import yaml

from ssmwake.cloud_init.parts import Part


def merged(ours: str, theirs: Part) -> str | None:
    """Return both as one cloud-config, our list items before theirs; None where text cannot be merged safely.

    Ours is what we rendered: block lists at the left margin. Theirs is anything, so the result is parsed back, and
    given up unless it holds exactly what both hold.
    """
    mine = yaml.safe_load(ours)
    text = theirs.text
    try:
        other = yaml.safe_load(text) or {}
    except (yaml.YAMLError, ValueError, RecursionError):
        # The placeholder of another tool, or a key that is a mapping: whatever it is, it stays as it is.
        return None
    root = yaml.compose(text, yaml.SafeLoader)
    head, blocks = _blocks(ours)
    if root is None:
        return ours + _without_header(text)
    if not isinstance(root, yaml.MappingNode) or root.flow_style or root.start_mark.column:
        return None
    insertions: dict[int, str] = {}
    for key_node, value_node in root.value:
        key = key_node.value
        if key not in blocks:
            continue
        if not isinstance(value_node, yaml.SequenceNode) or value_node.flow_style or not value_node.value:
            return None
        start = value_node.start_mark
        indent = " " * start.column
        line_start = text.rfind("\n", 0, start.index) + 1
        insertions[line_start] = "".join(f"{indent}{line}" for line in blocks.pop(key).splitlines(keepends=True))
    if blocks:
        line_start = text.rfind("\n", 0, root.start_mark.index) + 1
        added = "".join(f"{key}:\n{items}" for key, items in blocks.items())
        insertions[line_start] = added + insertions.get(line_start, "")
    for place in sorted(insertions, reverse=True):
        text = text[:place] + insertions[place] + text[place:]
    result = head + _without_header(text)
    wanted = {**other, **{key: [*mine[key], *(other.get(key) or [])] for key in mine}}
    try:
        return result if _same(yaml.safe_load(result), wanted) else None
    except yaml.YAMLError:
        return None


def _same(one: Any, other: Any) -> bool:
    """Return whether two values are equal; each pair is looked at once, since aliases can nest, or hold themselves."""
    waiting, seen = [(one, other)], set()
    while waiting:
        one, other = waiting.pop()
        if (id(one), id(other)) in seen:
            continue
        seen.add((id(one), id(other)))
        if isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            waiting += [(one[key], other[key]) for key in one]
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            waiting += zip(one, other, strict=True)
        elif type(one) is not type(other) or (one != other and not (one != one and other != other)):
            return False
    return True


def _without_header(text: str) -> str:
    return re.sub(r"\A\s*#cloud-config[^\n]*(\n|\Z)", "", text, flags=re.IGNORECASE)


def _blocks(ours: str) -> tuple[str, dict[str, str]]:
    """Split our own cloud-config into its comment lines and, per key, the lines of its items."""
    pieces = re.split(r"^([a-z_]+):\n", ours, flags=re.MULTILINE)
    return pieces[0], dict(zip(pieces[1::2], pieces[2::2], strict=True))
