"""Items of a list in a cloud-config that YAML reads as a part of the item above, because of their indentation."""

import re
from collections.abc import Iterator

import yaml

from ssmwake.lint.rules import ERROR, rule
from ssmwake.model import Finding
from ssmwake.text.source import Source

LIST_ITEM_IN_TEXT = rule(
    "SW284", ERROR, "a list item inside the one above", reason="the item above gets it as words, and nothing else does"
)

# A dash that begins a further line of a plain scalar.
DASH = re.compile(r"\n[ \t]*(?=- \S)")


def check(source: Source, root: yaml.MappingNode) -> Iterator[Finding]:
    """Yield the first dash in each plain item of a list that is written over several lines."""
    seen: set[int] = set()
    left: list[yaml.Node] = [root]
    while left:
        node = left.pop()
        if id(node) in seen or isinstance(node, yaml.ScalarNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            left += [inner for _, inner in node.value]
            continue
        left += node.value
        for item in node.value:
            if not isinstance(item, yaml.ScalarNode) or item.style:
                continue
            dash = DASH.search(source.text, item.start_mark.index, item.end_mark.index)
            # What a shell has in quotes is a text of several lines.
            if dash and not _is_quoted(source.text[item.start_mark.index : dash.end()]):
                message = "this dash is further in than the one above, so the line is appended to that item; align them"
                yield LIST_ITEM_IN_TEXT.at(source.at_offset(dash.end()), message)


def _is_quoted(before: str) -> bool:
    return before.count('"') % 2 == 1 or before.count("'") % 2 == 1
