"""YAML that cannot be read, and keys that are written twice."""

from collections.abc import Iterator

import yaml

from ssmwake.cloud_init.parts import BROKEN_USER_DATA
from ssmwake.lint.rules import ERROR, rule
from ssmwake.lint.text.source import Source
from ssmwake.model import Finding, Location

DUPLICATE_KEY = rule(
    "SW205", ERROR, "a key that stands twice", reason="the last one wins, and the first is gone without a word"
)


def broken(source: Source, error: yaml.YAMLError, what: str = "") -> Finding:
    """Return the finding of YAML that cannot be read, at the place where it stops making sense.

    `what` is what the text is meant to be, such as "a CloudFormation template".
    """
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if mark is None or (context and "end of stream" in str(getattr(error, "problem", ""))):
        # Where a quote was opened says more than the end of the text.
        mark = context
    meant = f" in {what}" if what else ""
    where = source.at_offset(mark.index) if mark else source.at(1)
    if mark is not None and source.text[mark.index : mark.index + 1] == "\t":
        return BROKEN_USER_DATA.at(where, f"broken YAML{meant}: a tab; indent with spaces")
    return BROKEN_USER_DATA.at(where, f"broken YAML{meant}: {getattr(error, 'problem', None) or error}; correct it")


def duplicates(source: Source, node: yaml.Node, seen: set[int]) -> Iterator[Finding]:
    """Yield each key that stands twice in one mapping, at any depth, aliases once."""
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from duplicates(source, item, seen)
        return
    keys: dict[str, Location] = {}
    for key, inner in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in keys and key.value != "<<":
                first = keys[key.value].line
                yield DUPLICATE_KEY.at(source.of(key), f"'{key.value}' stands in line {first} already; keep one")
            keys.setdefault(key.value, source.of(key))
        yield from duplicates(source, inner, seen)
