"""Cloud-config: its keys, and the shell in it."""

import re
from collections.abc import Iterator

import yaml

from ssmwake.cloud_init.packing import unpacked
from ssmwake.cloud_init.parts import GZIP
from ssmwake.lint.deferred import CloudConfig, Found, Script
from ssmwake.lint.rules import ERROR, rule
from ssmwake.lint.shell import check as script
from ssmwake.lint.shell import joined_lines, secrets
from ssmwake.lint.user_data import cloud_config_table, command_lists, file_owners
from ssmwake.lint.user_data.cloud_config_table import FILE_ENCODING
from ssmwake.model import Finding
from ssmwake.text.source import Edit, Source
from ssmwake.text.unreadable import BROKEN_USER_DATA
from ssmwake.text.yaml_nodes import composed, effective, is_string, items, text_of
from ssmwake.text.yaml_syntax import broken, duplicates, is_filled_in

SCRIPT_BELOW_CONFIG = rule(
    "SW232", ERROR, "a script below a cloud-config", reason="YAML cannot read it, and nothing of either runs"
)
UNKNOWN_TAG = rule(
    "SW233", ERROR, "a YAML tag that cloud-init does not know", reason="nothing of the cloud-config is applied"
)

# At the margin, where no value of a key can stand.
SCRIPT_BELOW = re.compile(r"(?m)(?<=\n)#![ \t]*/\S*(?:sh|env|python[\d.]*|perl|ruby|node)\b")
# What the safe loader of PyYAML makes values of, and cloud-init besides; and what lint itself puts in for the unknown.
TAGS = {
    *("null", "bool", "int", "float", "binary", "timestamp", "omap", "pairs", "set", "str", "seq", "map", "merge"),
    *("value", "python/unicode", "!unknown", "!"),
}
FILLED_IN = re.compile(r"\s*x{4,}\s*")
# Characters that a shell takes as they are.
PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
# The replacement for a byte that is not valid UTF-8.
NO_TEXT = re.compile("[\ud800-\udfff]")
# Scripts here are run by cloud-init at the end of the boot.
RUN_BY_CLOUD_INIT = re.compile(r"/var/lib/cloud/scripts/per-(?:boot|instance|once)/")


def check(
    source: Source, *, templated: bool = False, layout_known: bool = True, image: str | None = None
) -> Iterator[Found]:
    """Yield what is wrong with a cloud-config, and the scripts in it.

    A template of Jinja may be anything once it is rendered; of another text whole lines may come or go, and then its
    layout is not known.
    """
    layout_known = layout_known and not templated
    if script_below := SCRIPT_BELOW.search(source.text):
        # The rest is not part of the cloud-config, and is not read as one.
        where = source.at_offset(script_below.start())
        yield SCRIPT_BELOW_CONFIG.at(where, "a script cannot follow a cloud-config; use runcmd, or MIME parts")
        source = source.slice(0, script_below.start())
    if match := NO_TEXT.search(source.text):
        yield BROKEN_USER_DATA.at(
            source.at_offset(match.start()), "a byte that is not valid UTF-8; save the file as UTF-8"
        )
        return
    try:
        root = composed(source.text)
    except yaml.YAMLError as error:
        if layout_known and not is_filled_in(source, error):
            yield broken(source, error)
        return
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        if layout_known and not _is_filled_in(root):
            yield BROKEN_USER_DATA.at(source.at(1), "not a mapping; cloud-config is keys and values")
        return
    by_table = list(cloud_config_table.check(source, root))
    yield from by_table
    if layout_known:
        yield from duplicates(source, root, set())
        yield from _unknown_tags(source, root)
    if not templated:
        yield CloudConfig(source, root, frozenset(one.where.line for one in by_table))
    yield from command_lists.check(source, root)
    yield from file_owners.check(source, root)
    keys = {key: node for key, (_, node) in effective(root).items()}
    for key, run in (("bootcmd", script.Run.EARLY), ("runcmd", script.Run.LATE)):
        if shell := _joined(source, keys.get(key)):
            strings = [
                source.inner(item) for item in items(keys[key]) if isinstance(item, yaml.ScalarNode) and is_string(item)
            ]
            yield from joined_lines.folded(strings)
            yield from script.shell(shell, run, image)
            yield Script("sh", shell)
    for file in items(keys.get("write_files")):
        yield from _file(source, file)
    yield from _passwords(source, keys)


def _is_filled_in(root: yaml.Node) -> bool:
    """Return whether a word stands for all of the text, which only another program knows."""
    return isinstance(root, yaml.ScalarNode) and (root.tag == "!unknown" or FILLED_IN.fullmatch(root.value) is not None)


def _unknown_tags(source: Source, root: yaml.Node) -> Iterator[Finding]:
    """Yield the first tag that cloud-init has no meaning for, so that it reads nothing; aliases once."""
    seen: set[int] = set()
    left = [root]
    while left:
        node = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        name = node.tag.removeprefix("tag:yaml.org,2002:")
        if name not in TAGS:
            shown = node.tag.replace("tag:yaml.org,2002:", "!!")[:60]
            message = f"cloud-init does not know the tag {shown}, and reads nothing of this cloud-config; remove it"
            yield UNKNOWN_TAG.at(source.of(node), message)
            return
        if isinstance(node, yaml.MappingNode):
            left += [inner for pair in reversed(node.value) for inner in reversed(pair)]
        elif isinstance(node, yaml.SequenceNode):
            left += reversed(node.value)


def _joined(source: Source, commands: yaml.Node | None) -> Source | None:
    """Return commands as the one script that cloud-init makes of them."""
    lines = []
    for item in items(commands):
        if isinstance(item, yaml.ScalarNode) and is_string(item):
            lines.append(source.inner(item))
        elif words := [_quoted(source.inner(word)) for word in items(item) if isinstance(word, yaml.ScalarNode)]:
            lines.append(Source.joined(words, " "))
    return Source.joined(lines, "\n") if lines else None


def _quoted(word: Source) -> Source:
    """Return a word of a list as the shell gets it: it is taken literally."""
    if PLAIN.fullmatch(word.text):
        return word
    quote = Source.at_place(word.at(1), "'")
    escaped = word.edited(Edit(match.start(), match.end(), "'\\''") for match in re.finditer("'", word.text))
    return Source.joined([quote, escaped, quote])


def _file(source: Source, file: yaml.Node) -> Iterator[Found]:
    found = {key: node for key, (_, node) in effective(file).items()}
    content = found.get("content")
    if not isinstance(content, yaml.ScalarNode):
        return
    run = script.Run.LATE if RUN_BY_CLOUD_INIT.match(text_of(found.get("path"))) else script.Run.ELSEWHERE
    encoding = text_of(found.get("encoding")).lower().strip()
    if encoding in ("", "text/plain"):
        yield from script.file(source.inner(content), text_of(found.get("path")), run)
        return
    data = cloud_config_table.decoded(content, encoding)
    if data is None:
        return
    if data.startswith(GZIP):
        try:
            data = unpacked(data)
        except ValueError as error:
            yield FILE_ENCODING.at(source.of(content), str(error))
            return
    inner = Source.at_place(source.of(content), data.decode("utf-8", "surrogateescape"))
    yield from secrets.check(inner)
    yield from script.file(inner, text_of(found.get("path")), run)


def _passwords(source: Source, keys: dict[str, yaml.Node]) -> Iterator[Finding]:
    """Yield each password of a user that anybody could read."""
    nodes: list[yaml.Node | None] = [keys.get("password")]
    for item in (*items(keys.get("users")), keys.get("user")):
        user = effective(item)
        nodes += [user[key][1] for key in ("plain_text_passwd", "plain-text-passwd") if key in user]
    said = effective(keys.get("chpasswd"))
    for item in items(said["users"][1]) if "users" in said else []:
        user = effective(item)
        if "type" in user and "password" in user and text_of(user["type"][1]) == "text":
            nodes.append(user["password"][1])
    for node in nodes:
        if isinstance(node, yaml.ScalarNode) and secrets.is_plain(node.value):
            yield secrets.password(source.of(node))
    listed = said["list"][1] if "list" in said else None
    for node in (listed, *items(listed)):
        if not isinstance(node, yaml.ScalarNode):
            continue
        inner = source.inner(node)
        for match in re.finditer(r"^[^:\n]{1,64}:([^\n]*)$", inner.text, re.MULTILINE):
            if secrets.is_plain(match[1].strip()):
                yield secrets.password(inner.at_offset(match.start()))
