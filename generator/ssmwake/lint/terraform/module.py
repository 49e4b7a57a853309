"""Terraform: a file of a module, and what its blocks give to instances and to Systems Manager."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ssmwake.cloud_init.parts import BOM
from ssmwake.lint.aws.instance import in_user_data
from ssmwake.lint.deferred import Found
from ssmwake.lint.rules import ERROR, rule
from ssmwake.lint.terraform import (
    associations,
    documents,
    escapes,
    instances,
    own_module,
    profiles,
    roles,
    tf_json,
    user_data,
)
from ssmwake.lint.terraform.cursor import BrokenText
from ssmwake.lint.terraform.escapes import BROKEN_TERRAFORM
from ssmwake.lint.terraform.evaluate import text, texts, unix
from ssmwake.lint.terraform.parser import parse, parse_template
from ssmwake.lint.terraform.referenced_files import Files
from ssmwake.lint.terraform.scope import Scope, keys
from ssmwake.lint.terraform.tree import (
    Block,
    Body,
    Call,
    Expression,
    Object,
    bodies,
    expressions,
    walk,
)
from ssmwake.lint.user_data import mime
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.unreadable import NOT_LINTED

INCOMPLETE = rule(
    "SW423", ERROR, "a templatefile() call without a required variable", reason="Terraform refuses the call"
)

# No module is nearly as large.
LIMIT = 512 * 1024
# These encode what is plain; the arguments of the others are base64 already.
ENCODES = frozenset({"aws_instance", "aws_spot_instance_request", "aws_launch_configuration"})
USER_DATA = re.compile(r"(?:^|_)user_?data(?:_|$)", re.IGNORECASE)
PARTS = re.compile(r"(?:^|_)parts$|cloud_?init", re.IGNORECASE)
# What takes the names of roles.
ROLE_TAKERS = frozenset(
    {"aws_iam_instance_profile", "aws_iam_role_policy_attachment", "aws_iam_role_policy", "aws_iam_policy_attachment"}
)
# A byte that is not valid UTF-8, as it was decoded.
NO_TEXT = re.compile("[\ud800-\udfff]")


def check_module(source: Source, files: Files) -> Iterator[Found]:
    """Yield what is wrong with a .tf file, or a .tf.json file, and with what it gives to instances and to SSM.

    The other files of its folder, as far as they are linted too, tell what its names mean.
    """
    if len(source.text) > LIMIT:
        yield NOT_LINTED.at(source.at(1), f"{len(source.text):,} characters; over {LIMIT:,} Terraform is not linted")
        return
    folder = _folder(source.path, files)
    body = folder.bodies.get(source.path)
    if not isinstance(body, Body):
        try:
            body = _parsed(source)
        except BrokenText as error:
            yield BROKEN_TERRAFORM.at(error.where, error.problem)
            return
    for expression in expressions(body):
        yield from escapes.templates(expression)
    scope = folder.scope.of_file(_scope([body], source.path, files))
    yield from _template_files(body, scope)
    for block in body.blocks:
        yield from _block(block, scope)
    yield from roles.check(body, folder.blocks, scope, user_data.scripts)


@dataclass(frozen=True)
class Folder:
    """The files of a folder as one module: each as it is read, None where it is broken, and what names mean in all."""

    bodies: dict[str, Body | None]
    scope: Scope
    blocks: roles.ModuleBlocks


def _folder(path: str, files: Files) -> Folder:
    """Return the module of a file, which is made once."""
    name = posixpath.dirname(path)
    known = files.folders.get(name)
    if isinstance(known, Folder):
        return known
    bodies: dict[str, Body | None] = {}
    for each, data in files.modules.get(name, {}).items():
        bodies[each] = None
        if len(data) <= LIMIT:
            # What is wrong with a file is reported where that is linted.
            with suppress(BrokenText, RecursionError, UnicodeEncodeError):
                bodies[each] = _parsed(Source.of_file(each, data.removeprefix(BOM).decode("utf-8", "surrogateescape")))
    whole = [body for body in bodies.values() if body is not None]
    scope = _scope(whole, path, files)
    files.folders[name] = found = Folder(bodies, scope, roles.ModuleBlocks(whole, scope))
    return found


def _parsed(source: Source) -> Body:
    source = unix(source)
    return tf_json.parse(source) if source.text.lstrip("\ufeff \t\r\n").startswith("{") else parse(source)


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
        yield from user_data.check_any(found)


def is_template(text: str) -> bool:
    """Return whether a text that is user data was written for templatefile()."""
    return escapes.looks_rendered(parse_template(Source.of_file("", text)))


def _scope(bodies: Sequence[Body], path: str, files: Files) -> Scope:
    """Return what names mean in files; where two define the same name, the first counts."""
    known: dict[str, Expression] = {}
    defaults: dict[str, Expression] = {}
    data: dict[tuple[str, str], Block] = {}
    resources: dict[tuple[str, str], Block] = {}
    modules: dict[str, Block] = {}
    for block in (block for body in bodies for block in body.blocks):
        if block.type == "locals":
            for name, attribute in block.body.attributes.items():
                known.setdefault(name, attribute.value)
        elif block.type in ("data", "resource") and len(block.labels) == 2:
            blocks = data if block.type == "data" else resources
            blocks.setdefault((block.labels[0], block.labels[1]), block)
        elif block.type == "module" and block.labels:
            modules.setdefault(block.labels[0], block)
        elif block.type == "variable" and block.labels and (default := block.body.value("default")):
            defaults.setdefault(block.labels[0], default)
    return Scope(posixpath.dirname(path), files, known, data, resources, modules, defaults=defaults)


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
    if block.type == "data" and kind in user_data.PARTS:
        yield from user_data.check_parts(block.body, scope)
    elif block.type == "resource" and kind == "aws_ssm_document":
        yield from documents.check_document(block.body, scope)
    elif block.type == "resource" and kind == "aws_ssm_association":
        yield from associations.check(block.body, scope)
    elif block.type == "resource" and kind == "aws_ssm_maintenance_window_task":
        yield from associations.check_task(block.body, scope)
    elif block.type == "resource" and kind in ROLE_TAKERS:
        yield from profiles.check_role_names(block, scope)
    elif block.type == "resource" and (kind in ENCODES or kind == instances.LAUNCH_TEMPLATE):
        yield from instances.described(block, scope, user_data.scripts(block.body, scope))
        image, tokens = instances.image(block.body, scope), instances.tokens(block.body, scope)
        for name in ("user_data", "user_data_base64"):
            if attribute := block.body.attributes.get(name):
                faults = user_data.check_user_data(
                    attribute, scope, image, encodes=kind in ENCODES and name == "user_data"
                )
                yield from in_user_data(faults, tokens)
    else:
        if own_module.is_own(block, scope):
            yield from user_data.check_module_parts(block.body, scope)
        # A module, or a resource that lint does not know: whatever is user data by its name and its first line.
        for body in bodies(block.body):
            for value in _named_user_data(body):
                for found in texts(value, scope):
                    yield from user_data.check_any(found)
            for value in _typed_parts(body):
                for found in texts(value, scope):
                    yield from user_data.check_any(found, is_part=True)


def _named_user_data(body: Body) -> Iterator[Expression]:
    """Yield each value of a body, or of an object in it, that is called user data."""
    for name, attribute in body.attributes.items():
        if USER_DATA.search(name):
            yield attribute.value
        for one in walk(attribute.value):
            if isinstance(one, Object):
                yield from (value for key, value in keys(one) if key and USER_DATA.search(key))


def _typed_parts(body: Body) -> Iterator[Expression]:
    """Yield the content of each part that a module of somebody else is given with a type of cloud-init."""
    for name, attribute in body.attributes.items():
        for one in walk(attribute.value) if PARTS.search(name) else ():
            fields = dict(keys(one)) if isinstance(one, Object) else {}
            kind, content = fields.get("content_type"), fields.get("content")
            # Any text may be text/plain, that of a mail too.
            if kind and content and kind.span.text.strip('"') in mime.TYPES - {"text/plain"}:
                yield content
