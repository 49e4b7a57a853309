"""Cloud-config: its keys, and the shell in it."""

import re
from collections.abc import Iterator

import yaml

from ssmwake.cloud_init.cloud_config import read_cloud_config
from ssmwake.cloud_init.packing import unpacked
from ssmwake.cloud_init.parts import GZIP
from ssmwake.lint.deferred import CloudConfig, Found, Script
from ssmwake.lint.shell import joined_lines, script, secrets
from ssmwake.lint.user_data import cloud_config_table, command_lists, file_owners, first_line, list_items
from ssmwake.lint.user_data.cloud_config_table import FILE_ENCODING
from ssmwake.model import Finding
from ssmwake.text.source import Edit, Source
from ssmwake.text.yaml_nodes import effective, is_string, items, text_of
from ssmwake.text.yaml_syntax import duplicates

# Characters that a shell takes as they are.
PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
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
    found = read_cloud_config(source, layout_known=layout_known)
    yield from found.faults
    if found.root is None:
        return
    source, root = found.source, found.root
    by_table = list(cloud_config_table.check(source, root))
    yield from by_table
    if layout_known:
        yield from duplicates(source, root, set())
        yield from list_items.check(source, root)
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


def _joined(source: Source, commands: yaml.Node | None) -> Source | None:
    """Return commands as the one script that cloud-init makes of them."""
    lines = []
    for item in items(commands):
        if isinstance(item, yaml.ScalarNode) and is_string(item):
            lines.append(source.inner(item))
        elif words := [_quoted(source.inner(word)) for word in items(item) if isinstance(word, yaml.ScalarNode)]:
            # What shellcheck advises for a cd that may fail cannot be written in a list.
            if words[0].text == "cd":
                words.append(Source.at_place(words[0].at(1), "|| exit"))
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
        yield from _written(source.inner(content), text_of(found.get("path")), run)
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
    yield from _written(inner, text_of(found.get("path")), run)


def _written(text: Source, path: str, run: script.Run) -> Iterator[Found]:
    """Yield what is wrong with a file that is written; of one whose first line runs nothing, only that."""
    faults = list(first_line.check(text)) if text.text.startswith("#!") else []
    yield from faults
    if not any(fault.rule == first_line.ON_FIRST_LINE.id for fault in faults):
        yield from script.file(text, path, run)


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
