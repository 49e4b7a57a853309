"""Repairs of what has one right answer; bytes in, bytes out, and nothing else in them changes."""

import base64
import re
from collections.abc import Callable, Iterable, Iterator

import yaml

from ssmwake.cloud_init.parts import BOM, is_mime
from ssmwake.lint.detect import Kind
from ssmwake.lint.text.source import Edit
from ssmwake.lint.text.yaml_nodes import composed
from ssmwake.lint.user_data.base64_text import from_base64
from ssmwake.model import Finding

HOST = re.compile(r"(?:169\.254\.169\.254|\[fd00:ec2::254\])(?::80)?(?=/)")
HEREDOC = re.compile(r"<<-?(\w+)[ \t]*\n(?s:.*?)\n[ \t]*\1(?=[ \t]*(?:\n|\Z))")
# A string without anything in it that Terraform fills in, alone or as the name of a file.
EXPRESSION = re.compile(r"""(?:"(?:[^"\\\n$%]|\\.)*"|file\("(?:[^"\\\n]|\\.)*"\))(?=[ \t]*(?:\n|\Z))""")
NUMBER = re.compile(r"[0-9]+\.[0-9]+\b")


def fixed(data: bytes, what: Kind | None, findings: Iterable[Finding]) -> bytes:
    """Return the bytes of a file with those of its findings mended that can be mended without a question."""
    found = tuple(findings)
    if any(one.rule == "SW207" for one in found) and not is_mime(data):
        data = data.removeprefix(BOM).replace(b"\r\n", b"\n")
    text = data.removeprefix(BOM).decode("utf-8", "surrogateescape")
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    edits: dict[int, Edit] = {}
    for one in found:
        if one.rule in FIXES and one.where.line <= len(starts):
            offset = starts[one.where.line - 1] + one.where.column - 1
            for edit in FIXES[one.rule](text, offset, what):
                edits.setdefault(edit.start, edit)
    if not edits:
        return data
    pieces, done = [], 0
    for edit in sorted(edits.values(), key=lambda each: each.start):
        pieces += [text[done : edit.start], edit.text]
        done = edit.end
    mended = "".join([*pieces, text[done:]]).encode("utf-8", "surrogateescape")
    return BOM + mended if data.startswith(BOM) else mended


def _quotes(text: str, offset: int, _: Kind | None) -> Iterator[Edit]:
    """A schemaVersion is a string; what stands there may be a bare number."""
    if match := NUMBER.match(text, offset):
        yield Edit(offset, match.end(), f'"{match[0]}"')


def _latest(text: str, offset: int, _: Kind | None) -> Iterator[Edit]:
    """A path of IMDS begins with /latest; the finding stands at the address, unless it was encoded."""
    if match := HOST.match(text, offset):
        yield Edit(match.end(), match.end(), "/latest")


def _base64(text: str, offset: int, what: Kind | None) -> Iterator[Edit]:
    """User data goes into Fn::Base64 in a template; launch-template data of the API holds the base64 itself."""
    found = _value_at(composed(text), offset, set())
    if found is None or from_base64(found[1].value) is not None:
        return
    key, node = found
    end = node.end_mark.index
    written = text[offset:end]
    if what is Kind.LAUNCH_TEMPLATE:
        encoded = base64.b64encode(node.value.encode("utf-8", "surrogateescape")).decode()
        # A block scalar ends after its line.
        yield Edit(offset, end, f'"{encoded}"' + "\n" * written.endswith("\n"))
    elif what is not Kind.CLOUDFORMATION:
        return
    elif node.tag.endswith(":str") and text.lstrip().startswith("{"):
        yield Edit(offset, end, f'{{"Fn::Base64": {written}}}')
    elif node.tag.endswith(":str"):
        yield Edit(offset, offset, "!Base64 ")
    elif node.tag == "!Sub" and written.startswith("!Sub") and "\n" in written:
        # A short form cannot hold another one: the long form takes a line, and what is below moves in.
        margin = " " * (key.start_mark.column + 2)
        lines = [f"  {line}" if line.strip() else line for line in written.split("\n")[1:]]
        yield Edit(
            len(text[:offset].rstrip(" ")),
            end,
            "\n".join([f"\n{margin}Fn::Base64: {written.partition(chr(10))[0]}", *lines]),
        )


def _base64encode(text: str, offset: int, _: Kind | None) -> Iterator[Edit]:
    """Terraform has a function for it; a here-document ends on a line of its own."""
    if match := HEREDOC.match(text, offset):
        margin = text[text.rfind("\n", 0, offset) + 1 : offset]
        indent = margin[: len(margin) - len(margin.lstrip())]
        yield Edit(offset, match.end(), f"base64encode({match[0]}\n{indent})")
    elif match := EXPRESSION.match(text, offset):
        yield Edit(offset, match.end(), f"base64encode({match[0]})")


def _value_at(node: yaml.Node | None, offset: int, seen: set[int]) -> tuple[yaml.Node, yaml.ScalarNode] | None:
    """Return the key and the scalar of a mapping where the scalar begins at the offset."""
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return None
    seen.add(id(node))
    for child in node.value:
        key, inner = child if isinstance(child, tuple) else (None, child)
        if key is not None and isinstance(inner, yaml.ScalarNode) and inner.start_mark.index == offset:
            return key, inner
        if found := _value_at(inner, offset, seen):
            return found
    return None


FIXES: dict[str, Callable[[str, int, Kind | None], Iterable[Edit]]] = {
    "SW211": _latest,
    "SW301": _quotes,
    "SW401": _base64,
    "SW412": _base64encode,
}
