"""A text and where each of its lines stands in the file that a person wrote, however deep it was found in there."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from ssmwake.model import Location


@dataclass(frozen=True)
class Source:
    """A text; `starts` holds the line and column of the outer file at which each line of the text begins."""

    path: str
    text: str
    starts: tuple[tuple[int, int], ...]

    @classmethod
    def of_file(cls, path: str, text: str) -> Source:
        """Return a whole file."""
        return cls(path, text, tuple((line + 1, 1) for line in range(text.count("\n") + 1)))

    @classmethod
    def at_place(cls, where: Location, text: str) -> Source:
        """Return a text that was decoded, such as base64: all of it stands at one place."""
        return cls(where.path, text, ((where.line, where.column),))

    def at(self, line: int, column: int = 1) -> Location:
        """Return the place of a line and column of the text, both counted from one."""
        if line > len(self.starts) or len(self.starts) == 1 < line:
            return Location(self.path, *self.starts[-1])
        first, margin = self.starts[line - 1]
        return Location(self.path, first, margin + column - 1)

    def of(self, node: yaml.Node) -> Location:
        """Return the place of a YAML node of the text."""
        return self.at(node.start_mark.line + 1, node.start_mark.column + 1)

    def inner(self, node: yaml.ScalarNode) -> Source:
        """Return the text of a scalar: line by line where it is a block, at its start where it is not."""
        if node.style != "|":
            return Source.at_place(self.of(node), node.value)
        lines = self.text.split("\n")
        row = node.start_mark.line + 1
        starts = []
        for text in node.value.split("\n"):
            outer = lines[row] if row < len(lines) else ""
            margin = len(outer) - len(text) if text and outer.endswith(text) else len(outer) - len(outer.lstrip(" "))
            starts.append((self.at(row + 1, margin + 1).line, self.at(row + 1, margin + 1).column))
            row += 1
        return Source(self.path, node.value, tuple(starts))

    def replaced(self, text: str) -> Source:
        """Return the same places with another text of the same lines."""
        return Source(self.path, text, self.starts)


def pairs(node: yaml.Node | None) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    """Return the keys and values of a mapping node by the key's text; of anything else, nothing."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: (key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def value(node: yaml.Node | None, *path: str) -> yaml.Node | None:
    """Return the node below the keys, or None."""
    for step in path:
        found = pairs(node).get(step)
        node = found[1] if found else None
    return node


def items(node: yaml.Node | None) -> list[yaml.Node]:
    """Return the items of a sequence node; of anything else, nothing."""
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def text_of(node: yaml.Node | None) -> str:
    """Return the text of a scalar; of anything else, nothing."""
    return node.value if isinstance(node, yaml.ScalarNode) else ""


def is_string(node: yaml.Node | None) -> bool:
    """Return whether a scalar is a string, and not a number or a truth value."""
    return isinstance(node, yaml.ScalarNode) and node.tag.endswith(":str")
