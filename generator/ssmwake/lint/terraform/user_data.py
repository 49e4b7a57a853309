"""User data as Terraform holds it: of instances, of launch templates, and in parts of a multipart."""

import re
from collections.abc import Iterator

from ssmwake.cloud_init.packing import from_base64
from ssmwake.cloud_init.parts import Part, is_mime, is_node_config, kind_of
from ssmwake.cloud_init.reader import ENCODED_TWICE
from ssmwake.lint import user_data
from ssmwake.lint.deferred import Found
from ssmwake.lint.rules import ERROR, INFO, rule
from ssmwake.lint.terraform import escapes, own_module
from ssmwake.lint.terraform.evaluate import text, texts
from ssmwake.lint.terraform.scope import Coding, Scope, Text
from ssmwake.lint.terraform.tree import (
    Attribute,
    Block,
    Body,
    Call,
    Expression,
    Reference,
    inner_blocks,
)
from ssmwake.lint.user_data import cloud_config, mime, node_config
from ssmwake.model import Replacement
from ssmwake.text.placeholders import is_path, is_placeholder
from ssmwake.text.source import Source

PLAIN_TEXT = rule(
    "SW412",
    ERROR,
    "plain user data where Terraform wants base64",
    reason="EC2 refuses it, or decodes rubbish",
    fixable=True,
)
ENCODED_ANYWAY = rule("SW413", INFO, "a redundant base64encode", reason="the plan shows base64 instead of the script")

PARTS = frozenset({"cloudinit_config", "template_cloudinit_config"})
HEREDOC = re.compile(r"<<-?(\w+)[ \t]*\n(?s:.*?)\n[ \t]*\1")
# A string without anything in it that Terraform fills in, alone or as the name of a file.
EXPRESSION = re.compile(r"""(?:"(?:[^"\\\n$%]|\\.)*"|file\("(?:[^"\\\n]|\\.)*"\))""")
# A part that the module of ssmwake gives the type of nodeadm.
NODE_CONFIG = re.compile(r"""(?m)^apiVersion: *["']?node\.eks\.aws/""")
NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=\s]")


def scripts(body: Body, scope: Scope) -> list[Text]:
    """Return the user data of an instance, or the parts it is made of, as far as it is known."""
    found: list[Text | None] = []
    for name in ("user_data", "user_data_base64"):
        value = body.value(name)
        rendered = _rendered(value, scope) if value else None
        if rendered is not None:
            contents = [part.value("content") for kind, part in inner_blocks(rendered.body) if kind == "part"]
            found += [text(content, scope) for content in contents if content]
        elif value is not None:
            found.append(text(value, scope))
    if block := own_module.of_instance(body, scope):
        found += [text(part["content"], scope) for part in own_module.parts(block.body, scope)]
    return [one for one in found if one is not None and one.begins]


def check_user_data(attribute: Attribute, scope: Scope, image: str | None, *, encodes: bool) -> Iterator[Found]:
    """Yield what is wrong with the user data of a resource, which encodes it or takes base64."""
    where = attribute.value.span.where
    name = attribute.name.text.strip('"')
    if not encodes and (rendered := _rendered(attribute.value, scope)) and _says(rendered, "base64_encode", "false"):
        yield PLAIN_TEXT.at(where, f"{name} is base64, and base64_encode is false in what it refers to; remove that")
    if encodes and _is_encoded(attribute.value):
        yield ENCODED_ANYWAY.at(where, "user_data is encoded anyway; leave base64encode out, or write user_data_base64")
    if _is_encoded(attribute.value) and any(map(_is_encoded, attribute.value.inside)):
        yield ENCODED_TWICE.at(where, "base64encode in base64encode encodes twice; remove one")
    for found in texts(attribute.value, scope):
        if found.coding is Coding.PLAIN and is_placeholder(found.source.text):
            continue
        if found.coding is Coding.PLAIN and not encodes and not _is_base64(found) and not is_path(found.source.text):
            message = f"plain text, where {name} is base64; write base64encode(...)"
            yield PLAIN_TEXT.at(where, message, fix=_base64encoded(attribute.value))
        decoded = from_base64(found.source.text) if found.known and found.coding is Coding.PLAIN else None
        if decoded:
            # The provider leaves alone what is base64 already.
            inner = Source.at_place(found.source.at(1), decoded.decode("utf-8", "surrogateescape"))
            yield from user_data.check(inner, decoded, image)
        else:
            yield from _checked(found, image)


def _is_encoded(value: Expression) -> bool:
    """Return whether a value is the base64 of something."""
    return isinstance(value, Call) and value.name == "base64encode"


def _base64encoded(value: Expression) -> Replacement | None:
    """Return the fix that puts a text without anything that Terraform fills in, or a file, into base64encode."""
    span = value.span
    if HEREDOC.fullmatch(span.text.rstrip()):
        # A here-document ends on a line of its own.
        line = span.source.text[span.source.text.rfind("\n", 0, span.start) + 1 : span.start]
        indent = line[: len(line) - len(line.lstrip())]
        return span.source.replacement(
            span.start, span.end, f"base64encode({span.text.rstrip()}\n{indent})" + "\n" * span.text.endswith("\n")
        )
    # In Terraform's JSON a string cannot hold a call as it is.
    if EXPRESSION.fullmatch(span.text) and not span.source.text.lstrip().startswith("{"):
        return span.source.replacement(span.start, span.end, f"base64encode({span.text})")
    return None


def _is_base64(found: Text) -> bool:
    """Return whether a text may be base64; it has no placeholders where it is known."""
    if NOT_BASE64.search(found.source.text):
        return False
    return not found.known or from_base64(found.source.text) is not None


def _rendered(expression: Expression, scope: Scope) -> Block | None:
    path = expression.path if isinstance(expression, Reference) else ()
    if len(path) == 4 and path[0] == "data" and path[1] in PARTS and path[3] == "rendered":
        return scope.data.get((path[1], path[2]))
    return None


def _says(block: Block, name: str, said: str) -> bool:
    found = block.body.value(name)
    return found is not None and found.span.text.strip('"') == said


def check_any(found: Text, *, is_part: bool = False) -> Iterator[Found]:
    """Yield what is wrong with a text if it is user data or a document, by its first line."""
    start = found.source.text[:4096]
    if kind_of(start) or is_mime(start.encode("utf-8", "surrogateescape")):
        yield from _checked(found, is_part=is_part)


def _checked(found: Text, image: str | None = None, *, is_part: bool = False) -> Iterator[Found]:
    """Yield what is wrong with user data; each check asks whether a text is what its author wrote, or a word for it."""
    if not found.begins or not found.source.text.strip():
        return
    if found.file is not None and found.coding is not Coding.GZIP:
        yield from user_data.check_file(found.source.path, found.file, image, is_part=is_part)
    else:
        data = found.source.text.encode("utf-8", "surrogateescape")
        # What only Terraform knows, or packs, has a size that nobody knows here.
        least = len(data) if found.known and found.coding is not Coding.GZIP and not is_part else 0
        yield from user_data.check(found.source, data, image, least=least, layout_known=not found.layout_unknown)
    if found.file is not None and found.file.startswith(b"#!"):
        yield from escapes.doubled(found.source)


def check_parts(body: Body, scope: Scope) -> Iterator[Found]:
    """Yield what is wrong with the parts of a multipart, each by what it is said to be."""
    gzip, plain = body.value("gzip"), body.value("base64_encode")
    compressed = gzip is None or gzip.span.text.strip('"') == "true"
    if compressed and plain is not None and plain.span.text.strip('"') == "false":
        message = "what is compressed has to be base64, too; write gzip = false as well, or remove this"
        yield PLAIN_TEXT.at(plain.span.where, message)
    for block_type, part in inner_blocks(body):
        content = part.value("content")
        if block_type == "part" and content is not None:
            yield from _part(content, part.value("content_type"), scope, compressed=compressed)


def check_module_parts(body: Body, scope: Scope) -> Iterator[Found]:
    """Yield what is wrong with the parts that a module of ssmwake is given, each by its type, or its first line."""
    gzip = body.value("gzip")
    compressed = gzip is None or gzip.span.text.strip('"') != "false"
    for part in own_module.parts(body, scope):
        content, kind = part["content"], part.get("content_type")
        said = text(kind, scope) if kind else None
        if kind is None or kind.span.text == "null" or (said and said.known and said.source.text == "text/plain"):
            for found in texts(content, scope):
                if found.begins and found.coding is Coding.PLAIN and not is_placeholder(found.source.text):
                    yield from _untyped(found, compressed=compressed)
        else:
            yield from _part(content, kind, scope, compressed=compressed)


def _untyped(found: Text, *, compressed: bool) -> Iterator[Found]:
    """Yield what is wrong with a part whose type cloud-init, or the module, gets from the text."""
    source = found.source
    if NODE_CONFIG.search(source.text):
        yield from node_config.check(source)
    elif mime.HEADER.match(source.text.lstrip()) or is_node_config(source.text):
        yield from mime.check_part(Part("text/plain", source, (), "text/plain", source.at(1)))
    else:
        yield from _checked(found, is_part=compressed)


def _part(content: Expression, kind: Expression | None, scope: Scope, *, compressed: bool) -> Iterator[Found]:
    """Yield what is wrong with a part, by what it is said to be and by its first line."""
    said = text(kind, scope) if kind else None
    known = [one for one in texts(content, scope) if one.begins and one.coding is Coding.PLAIN]
    if kind and said and said.known:
        # An empty part, under a condition, is none.
        type_, where = said.source.text, kind.span.where
        parts = [Part(type_, one.source, (), type_, where) for one in known if one.source.text.strip()]
        yield from mime.unhandled(where, type_) if not parts else ()
        yield from {one for part in parts for one in mime.check_part(part)}
    for found in known:
        if kind_of(found.source.text):
            yield from _checked(found, is_part=compressed)
        elif said and said.source.text == "text/cloud-config":
            yield from cloud_config.check(found.source, layout_known=not found.layout_unknown)
