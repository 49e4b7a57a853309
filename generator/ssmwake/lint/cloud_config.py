"""Cloud-config: its keys, and the shell in it."""

import difflib
from collections.abc import Iterator

import yaml

from ssmwake.lint import script
from ssmwake.lint.nodes import composed, is_string, items, pairs, value
from ssmwake.lint.rules import finding
from ssmwake.lint.shell import Found, Script
from ssmwake.lint.source import Source
from ssmwake.lint.words import CLOUD_CONFIG as KEYS
from ssmwake.model import Finding, Location


def check(source: Source, *, templated: bool = False, image: str | None = None) -> Iterator[Found]:
    """Yield what is wrong with a cloud-config, and the scripts in it."""
    try:
        root = composed(source.text)
    except yaml.YAMLError as error:
        yield broken(source, error)
        return
    if not isinstance(root, yaml.MappingNode):
        yield finding("SW203", source.at(1), "not a mapping; cloud-config is keys and values")
        return
    yield from duplicates(source, root, set())
    for key, (node, _) in pairs(root).items():
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, 1)
            hint = f"; did you mean '{near[0]}'?" if near else "; remove it"
            yield finding("SW206", source.of(node), f"cloud-init knows no key '{key}'{hint}")
    for key in ("runcmd", "bootcmd"):
        for item in items(value(root, key)):
            if isinstance(item, yaml.ScalarNode) and is_string(item):
                inner = source.inner(item)
                yield from script.shell(inner, script.Run.EARLY if key == "bootcmd" else script.Run.LATE)
                yield Script("sh", inner)
    for file in items(value(root, "write_files")):
        content = value(file, "content")
        if isinstance(content, yaml.ScalarNode) and value(file, "encoding") is None:
            inner = source.inner(content)
            if inner.text.startswith("#!"):
                yield from script.check(inner, script.Run.ELSEWHERE)


def broken(source: Source, error: yaml.YAMLError) -> Finding:
    """Return the finding of YAML that cannot be read, at the place where it stops making sense."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    where = source.at_offset(mark.index) if mark else source.at(1)
    return finding("SW203", where, f"broken YAML: {getattr(error, 'problem', None) or error}; correct it")


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
                yield finding("SW205", source.of(key), f"'{key.value}' stands in line {first} already; keep one")
            keys.setdefault(key.value, source.of(key))
        yield from duplicates(source, inner, seen)
