"""Terraform: the user data and the documents in it, through its strings, its functions and the files it reads."""

import posixpath
import re
from collections.abc import Iterator

import yaml

from ssmwake.cloud_init.packing import from_base64
from ssmwake.cloud_init.parts import Part, is_mime, kind_of
from ssmwake.cloud_init.reader import ENCODED_TWICE
from ssmwake.lint.aws import document
from ssmwake.lint.aws.document import DocumentNames, DocumentResource
from ssmwake.lint.aws.instance import in_user_data
from ssmwake.lint.aws.setting import StatedSetting
from ssmwake.lint.deferred import Found
from ssmwake.lint.documents.fields import NOT_A_DOCUMENT
from ssmwake.lint.rules import ERROR, INFO, rule
from ssmwake.lint.terraform import associations, escapes, instances, roles, tf_json
from ssmwake.lint.terraform.cursor import BrokenText
from ssmwake.lint.terraform.escapes import BROKEN_TERRAFORM
from ssmwake.lint.terraform.evaluate import text, texts, unix
from ssmwake.lint.terraform.parser import parse, parse_template
from ssmwake.lint.terraform.referenced_files import Files
from ssmwake.lint.terraform.scope import Coding, Scope, Text, keys
from ssmwake.lint.terraform.tree import (
    Attribute,
    Block,
    Body,
    Call,
    Expression,
    Object,
    Reference,
    bodies,
    expressions,
    walk,
)
from ssmwake.lint.user_data import check as user_data
from ssmwake.lint.user_data import cloud_config, mime
from ssmwake.model import Finding, Location, Replacement
from ssmwake.text.json_syntax import broken_json
from ssmwake.text.placeholders import is_path, is_placeholder
from ssmwake.text.source import Source
from ssmwake.text.unreadable import NOT_LINTED
from ssmwake.text.yaml_nodes import composed, text_of
from ssmwake.text.yaml_nodes import value as node_at

PLAIN_TEXT = rule(
    "SW412",
    ERROR,
    "plain user data where Terraform wants base64",
    reason="EC2 refuses it, or decodes rubbish",
    fixable=True,
)
ENCODED_ANYWAY = rule("SW413", INFO, "a redundant base64encode", reason="the plan shows base64 instead of the script")
DOCUMENT_FORMAT = rule(
    "SW416", ERROR, "content that does not match document_format", reason="Systems Manager refuses the document"
)

INCOMPLETE = rule(
    "SW423", ERROR, "a templatefile() call without a required variable", reason="Terraform refuses the call"
)

# No module is nearly as large.
LIMIT = 512 * 1024
DOCUMENT_NAMES = DocumentNames("document_type", "version_name")
# These encode what is plain; the arguments of the others are base64 already.
ENCODES = frozenset({"aws_instance", "aws_spot_instance_request", "aws_launch_configuration"})
PARTS = frozenset({"cloudinit_config", "template_cloudinit_config"})
HEREDOC = re.compile(r"<<-?(\w+)[ \t]*\n(?s:.*?)\n[ \t]*\1")
# A string without anything in it that Terraform fills in, alone or as the name of a file.
EXPRESSION = re.compile(r"""(?:"(?:[^"\\\n$%]|\\.)*"|file\("(?:[^"\\\n]|\\.)*"\))""")
NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=\s]")
# A byte that is not valid UTF-8, as it was decoded.
NO_TEXT = re.compile("[\ud800-\udfff]")


def check(source: Source, files: Files) -> Iterator[Found]:
    """Yield what is wrong with a .tf file, or a .tf.json file, and with what it gives to instances and to SSM."""
    if len(source.text) > LIMIT:
        yield NOT_LINTED.at(source.at(1), f"{len(source.text):,} characters; over {LIMIT:,} Terraform is not linted")
        return
    source = unix(source)
    try:
        body = tf_json.parse(source) if source.text.lstrip("\ufeff \t\r\n").startswith("{") else parse(source)
    except BrokenText as error:
        yield BROKEN_TERRAFORM.at(error.where, error.problem)
        return
    for expression in expressions(body):
        yield from escapes.templates(expression)
    scope = _scope(body, source.path, files)
    yield from _template_files(body, scope)
    for block in body.blocks:
        yield from _block(block, scope)
    yield from roles.check(body, scope, _scripts)


def check_template(source: Source) -> Iterator[Found]:
    """Yield what is wrong with a file that templatefile() reads, whatever it is given."""
    if wrong := NO_TEXT.search(source.text):
        yield BROKEN_TERRAFORM.at(
            source.at_offset(wrong.start()), "a byte that is not valid UTF-8; save the file as UTF-8"
        )
        return
    template = parse_template(unix(source))
    yield from escapes.templates(template, None)
    for found in texts(template, Scope("", Files())):
        yield from _any(found)


def is_template(text: str) -> bool:
    """Return whether a text that is user data was written for templatefile()."""
    return escapes.looks_rendered(parse_template(Source.of_file("", text)))


def _scope(body: Body, path: str, files: Files) -> Scope:
    known: dict[str, Expression] = {}
    blocks: dict[str, dict[tuple[str, str], Block]] = {"data": {}, "resource": {}}
    for block in body.blocks:
        if block.type == "locals":
            known |= {name: attribute.value for name, attribute in block.body.attributes.items()}
        elif block.type in blocks and len(block.labels) == 2:
            blocks[block.type][block.labels[0], block.labels[1]] = block
    return Scope(posixpath.dirname(path), files, known, blocks["data"], blocks["resource"])


def _template_files(body: Body, scope: Scope) -> Iterator[Finding]:
    """Yield what Terraform cannot read in the templates that it reads from files, whatever they are for."""
    for expression in expressions(body):
        for call in walk(expression):
            if isinstance(call, Call) and call.name == "templatefile" and call.inside:
                given = call.inside[1] if len(call.inside) > 1 else None
                yield from _template_file(call.inside[0], given, scope)
    for (kind, _), block in scope.data.items():
        named = block.body.value("template")
        if kind == "template_file" and isinstance(named, Call) and named.name == "file" and named.inside:
            yield from _template_file(named.inside[0], block.body.value("vars"), scope, must=False)


def _template_file(name: Expression, given: Expression | None, scope: Scope, *, must: bool = True) -> Iterator[Finding]:
    path = text(name, scope)
    if path is None or not path.known:
        return
    found = scope.files.get(scope.folder, path.source.text)
    if found is None or len(found[1]) > LIMIT:
        return
    scope.files.templates.add(found[0])
    names: set[str] | None = set() if given is None and must else None
    if isinstance(given, Object):
        names = {key for key, _ in keys(given) if key is not None}
        names = None if any(key is None for key, _ in keys(given)) else names
    source = Source.of_file(found[0], found[1].decode("utf-8", "surrogateescape"))
    template = parse_template(source)
    yield from escapes.templates(template, None)
    missing: dict[str, None] = {}
    own = escapes.of_the_shell(source.text)
    for piece, unknown in escapes.unknown(template, frozenset(names)) if names is not None else ():
        if unknown in own:
            yield escapes.for_the_shell(piece)
        else:
            missing[unknown] = None
    if missing:
        listed = ", ".join(list(missing)[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        file, them = posixpath.basename(found[0]), "them" if len(missing) > 1 else "it"
        message = f"{file} reads {listed}, not given here; add {them}, or write $${{...}} there"
        yield INCOMPLETE.at((given or name).span.where, message)


def _block(block: Block, scope: Scope) -> Iterator[Found]:
    kind = block.labels[0] if block.type in ("resource", "data") and block.labels else ""
    if block.type == "data" and kind in PARTS:
        yield from _parts(block.body, scope)
    elif block.type == "resource" and kind == "aws_ssm_document":
        yield from _document(block.body, scope)
    elif block.type == "resource" and kind == "aws_ssm_association":
        yield from associations.check(block.body, scope)
    elif block.type == "resource" and (kind in ENCODES or kind == instances.LAUNCH_TEMPLATE):
        yield from instances.described(block, scope, _scripts(block.body, scope))
        image, tokens = instances.image(block.body, scope), instances.tokens(block.body, scope)
        for name in ("user_data", "user_data_base64"):
            if attribute := block.body.attributes.get(name):
                faults = _user_data(attribute, scope, image, encodes=kind in ENCODES and name == "user_data")
                yield from in_user_data(faults, tokens)
    else:
        # A module, or a resource that lint does not know: whatever is user data by its first line.
        for body in bodies(block.body):
            for name in ("user_data", "user_data_base64"):
                if value := body.value(name):
                    for found in texts(value, scope):
                        yield from _any(found)


def _scripts(body: Body, scope: Scope) -> list[Text]:
    """Return the user data of an instance, or the parts it is made of, as far as it is known."""
    found: list[Text | None] = []
    for name in ("user_data", "user_data_base64"):
        value = body.value(name)
        rendered = _rendered(value, scope) if value else None
        if rendered is not None:
            contents = [block.body.value("content") for block in rendered.body.blocks if block.type == "part"]
            found += [text(content, scope) for content in contents if content]
        elif value is not None:
            found.append(text(value, scope))
    return [one for one in found if one is not None and one.begins]


def _user_data(attribute: Attribute, scope: Scope, image: str | None, *, encodes: bool) -> Iterator[Found]:
    where = attribute.value.span.where
    name = attribute.name.text.strip('"')
    if not encodes and (rendered := _rendered(attribute.value, scope)) and _says(rendered, "base64_encode", "false"):
        yield PLAIN_TEXT.at(where, f"{name} is base64, and base64_encode is false in what it refers to; remove that")
    if encodes and _is_encoded(attribute.value):
        yield ENCODED_ANYWAY.at(where, "user_data is encoded anyway; leave base64encode out, or write user_data_base64")
    if _is_encoded(attribute.value) and any(map(_is_encoded, attribute.value.inside)):
        yield ENCODED_TWICE.at(where, "base64encode in base64encode encodes twice; take one away")
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
    if EXPRESSION.fullmatch(span.text):
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


def _any(found: Text) -> Iterator[Found]:
    """Yield what is wrong with a text if it is user data or a document, by its first line."""
    start = found.source.text[:4096]
    if kind_of(start) or is_mime(start.encode("utf-8", "surrogateescape")):
        yield from _checked(found)


def _checked(found: Text, image: str | None = None) -> Iterator[Found]:
    """Yield what is wrong with user data; each check asks whether a text is what its author wrote, or a word for it."""
    if not found.begins or not found.source.text.strip():
        return
    if found.file is not None and found.coding is not Coding.GZIP:
        yield from user_data.check_file(found.source.path, found.file, image)
    else:
        data = found.source.text.encode("utf-8", "surrogateescape")
        # What only Terraform knows, or packs, has a size that nobody knows here.
        least = len(data) if found.known and found.coding is not Coding.GZIP else 0
        yield from user_data.check(found.source, data, image, least=least, layout_known=not found.layout_unknown)
    if found.file is not None and found.file.startswith(b"#!"):
        yield from escapes.doubled(found.source)


def _parts(body: Body, scope: Scope) -> Iterator[Found]:
    """Yield what is wrong with the parts of a multipart, each by what it is said to be."""
    gzip, plain = body.value("gzip"), body.value("base64_encode")
    compressed = gzip is None or gzip.span.text.strip('"') == "true"
    if compressed and plain is not None and plain.span.text.strip('"') == "false":
        message = "what is compressed has to be base64, too; write gzip = false as well, or remove this"
        yield PLAIN_TEXT.at(plain.span.where, message)
    for block in body.blocks:
        content = block.body.value("content")
        if block.type != "part" or content is None:
            continue
        kind = block.body.value("content_type")
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
                yield from _checked(found)
            elif said and said.source.text == "text/cloud-config":
                yield from cloud_config.check(found.source, layout_known=not found.layout_unknown)


def _document(body: Body, scope: Scope) -> Iterator[Found]:
    content, form = body.attributes.get("content"), body.value("document_format")
    if content is None:
        return
    said = "JSON" if form is None else (text(form, scope) or Text(Source.at_place(form.span.where, ""))).source.text
    for found in texts(content.value, scope):
        if found.coding is not Coding.PLAIN or not found.begins:
            continue
        start = found.source.text.lstrip()[:1]
        if said == "JSON" and start and (found.yaml or start != "{"):
            where = form.span.where if form else content.name.where
            what = "document_format is JSON" if form else "without document_format the content is JSON"
            yield DOCUMENT_FORMAT.at(where, f'{what}, and this is YAML; write document_format = "YAML"')
        elif said == "JSON" and not found.layout_unknown and (fault := broken_json(found.source, known=found.known)):
            yield fault
        yield from _composed(found, content.value.span.where, _described(body, scope))


def _described(body: Body, scope: Scope) -> DocumentResource:
    """Return what a resource says about its document."""

    def setting(name: str) -> StatedSetting | None:
        value = body.value(name)
        said = text(value, scope) if value else None
        return StatedSetting(said.source.text if said and said.known else None, value.span.where) if value else None

    return DocumentResource(setting("name"), setting("document_type"), setting("version_name"), DOCUMENT_NAMES)


def _composed(found: Text, where: Location, described: DocumentResource) -> Iterator[Found]:
    try:
        root = composed(found.source.text)
    except yaml.YAMLError as error:
        if found.layout_unknown:
            return
        mark = getattr(error, "problem_mark", None)
        place = found.source.at_offset(mark.index) if mark else where
        message = f"not YAML or JSON: {getattr(error, 'problem', None) or error}; fix the syntax here"
        yield NOT_A_DOCUMENT.at(place, message)
        return
    if root is not None and (node_at(root, "mainSteps") is not None or text_of(node_at(root, "schemaVersion"))):
        size_known, layout_known = found.known, not found.layout_unknown
        yield from document.check(
            described, found.source, root, whole=True, size_known=size_known, layout_known=layout_known
        )
