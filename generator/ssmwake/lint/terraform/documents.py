"""SSM documents as Terraform holds them, against what the resource says about them."""

from collections.abc import Iterator

import yaml

from ssmwake.lint.aws import document
from ssmwake.lint.aws.document import DocumentNames, DocumentResource
from ssmwake.lint.aws.setting import StatedSetting
from ssmwake.lint.deferred import Found
from ssmwake.lint.documents import scripts
from ssmwake.lint.documents.fields import NOT_A_DOCUMENT
from ssmwake.lint.rules import ERROR, rule
from ssmwake.lint.terraform.evaluate import text, texts
from ssmwake.lint.terraform.scope import Coding, Scope, Text, keys
from ssmwake.lint.terraform.tree import Body, Call, Expression, List, Object, Reference, walk
from ssmwake.model import Location
from ssmwake.text.json_syntax import broken_json
from ssmwake.text.placeholders import WORD
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import composed

DOCUMENT_FORMAT = rule(
    "SW416", ERROR, "content that does not match document_format", reason="Systems Manager refuses the document"
)

DOCUMENT_NAMES = DocumentNames("document_type", "version_name")


def check_document(body: Body, scope: Scope) -> Iterator[Found]:
    """Yield what is wrong with the document that a resource holds, and with what the resource says about it."""
    content, form = body.attributes.get("content"), body.value("document_format")
    if content is None:
        return
    said = "JSON" if form is None else (text(form, scope) or Text(Source.at_place(form.span.where, ""))).source.text
    for found in texts(content.value, scope):
        if found.coding is not Coding.PLAIN or not found.begins:
            continue
        start = found.source.text.lstrip()[:1]
        is_yaml = start != "{" if found.yaml is None else found.yaml
        if said == "JSON" and start and is_yaml:
            where = form.span.where if form else content.name.where
            what = "document_format is JSON" if form else "without document_format the content is JSON"
            yield DOCUMENT_FORMAT.at(where, f'{what}, and this is YAML; write document_format = "YAML"')
        elif (
            said == "JSON"
            and start == "{"
            and not found.layout_unknown
            and (fault := broken_json(found.source, known=found.known))
        ):
            yield fault
        yield from _composed(found, content.value.span.where, _described(body, scope))
    yield from _scripts(content.value, scope, set())


def _scripts(expression: Expression, scope: Scope, seen: set[str]) -> Iterator[Found]:
    """Yield what is wrong with the scripts of a document that are files of their own, each where it stands."""
    for one in walk(expression):
        if isinstance(one, Reference) and one.path[:1] == ("local",) and len(one.path) == 2 and one.path[1] not in seen:
            seen.add(one.path[1])
            if held := scope.locals.get(one.path[1]):
                yield from _scripts(held, scope, seen)
        for key, value in keys(one) if isinstance(one, Object) else ():
            if key == "runCommand":
                for item in value.inside if isinstance(value, List) else [value]:
                    yield from _of_file(item, scope)


def _of_file(item: Expression, scope: Scope) -> Iterator[Found]:
    if isinstance(item, Call) and item.name == "split" and len(item.inside) == 2:
        # Lines, which the agent puts together again.
        item = item.inside[1]
    found = text(item, scope)
    if found and found.coding is Coding.PLAIN and found.source.path != item.span.source.path:
        runner = "AWS-RunPowerShellScript" if ".ps1" in found.source.path else "AWS-RunShellScript"
        yield from scripts.check_commands([found.source], runner, complete=found.known and not found.layout_unknown)


def _described(body: Body, scope: Scope) -> DocumentResource:
    """Return what a resource says about its document."""

    def setting(name: str) -> StatedSetting | None:
        value = body.value(name)
        said = text(value, scope) if value else None
        return StatedSetting(said.source.text if said and said.known else None, value.span.where) if value else None

    name = body.value("name")
    said = text(name, scope) if name else None
    beginning = WORD.split(said.source.text)[0] if said and said.begins else ""
    return DocumentResource(
        setting("name"), setting("document_type"), setting("version_name"), beginning, names=DOCUMENT_NAMES
    )


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
    if root is not None and described.runs(root):
        size_known, layout_known = found.known, not found.layout_unknown
        yield from document.check(
            described, found.source, root, whole=True, size_known=size_known, layout_known=layout_known
        )
