"""SSM documents in a template: as an object, as a string, and as what Fn::Sub makes of either."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile

import yaml

from ssmwake.lint.aws import document
from ssmwake.lint.aws.document import DocumentResource
from ssmwake.lint.aws.setting import StatedSetting
from ssmwake.lint.cloudformation.conditions import condition_combinations
from ssmwake.lint.cloudformation.evaluate import EvaluatedText, chosen, text
from ssmwake.lint.cloudformation.template import Intrinsic, Resource, Template, call, plain, substitution
from ssmwake.lint.cloudformation.user_data import literals, not_replaced
from ssmwake.lint.deferred import Found
from ssmwake.lint.documents import dynamic
from ssmwake.lint.documents.fields import NOT_A_DOCUMENT
from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.text.json_syntax import broken_json
from ssmwake.text.placeholders import SUB, word
from ssmwake.text.source import Edit, Source
from ssmwake.text.yaml_nodes import composed, value

UPDATE_METHOD = rule(
    "SW402", WARNING, "AWS::SSM::Document without UpdateMethod", reason="a change replaces it, or fails"
)
CONTENT_FORMAT = rule(
    "SW411", ERROR, "content that does not match DocumentFormat", reason="the service refuses the document"
)

KIND = "AWS::SSM::Document"


def check(template: Template) -> Iterator[Found]:
    """Yield what is wrong with the documents of a template."""
    resources = template.of_kind(KIND)
    if not resources:
        return
    filled = _filled(template, resources)
    for resource in resources:
        if resource.get("UpdateMethod") is None and call(resource.get()) is None:
            where = template.source.of(resource.at)
            yield UPDATE_METHOD.at(where, "no UpdateMethod, so a change replaces the document; write NewVersion")
        content = resource.get("Content")
        for literal in literals(content):
            yield from not_replaced(template, template.source.inner(literal))
        for combination in condition_combinations(template, content):
            node = chosen(content, combination)
            if isinstance(node, yaml.MappingNode) and call(node) is None:
                yield from _object(template, filled, resource, node)
            elif node is not None:
                yield from _string(template, resource, node, text(template, node, combination))


def _object(template: Template, filled: Template, resource: Resource, node: yaml.Node) -> Iterator[Found]:
    if plain(resource.get("DocumentFormat")) == "TEXT":
        message = "an object, where DocumentFormat TEXT expects a string; write YAML or JSON there, or a string here"
        yield CONTENT_FORMAT.at(filled.source.of(node), message)
    properties = value(filled.root, "Resources", resource.name, "Properties")
    content = value(properties, "Content")
    described = replace(_described(filled.source, properties), beginning=_beginning(template, resource.get("Name")))
    if properties is not None and content is not None and described.runs(content):
        yield from document.check(described, filled.source, content, whole=False)


def _string(template: Template, resource: Resource, node: yaml.Node, whole: EvaluatedText) -> Iterator[Found]:
    if not whole.begins:
        return
    source = whole.source
    try:
        parsed = composed(source.text)
    except yaml.YAMLError as error:
        if whole.known:
            message = f"not YAML or JSON: {getattr(error, 'problem', None) or error}; fix the syntax here"
            yield NOT_A_DOCUMENT.at(template.source.of(node), message)
        return
    said = resource.get("DocumentFormat")
    is_yaml = isinstance(parsed, yaml.MappingNode) and not source.text.lstrip().startswith("{")
    if is_yaml and (said is None or plain(said) == "JSON"):
        where = template.source.of(said) if said else source.at(1)
        yield CONTENT_FORMAT.at(where, "the content is YAML, and DocumentFormat is JSON; write DocumentFormat: YAML")
    elif not is_yaml and (said is None or plain(said) == "JSON"):
        fault = broken_json(source, known=whole.known)
        if fault:
            yield fault
    beginning = _beginning(template, resource.get("Name"))
    described = replace(_described(template.source, resource.get()), beginning=beginning)
    if parsed is not None and described.runs(parsed):
        yield from document.check(described, source, parsed, whole=True)


def _described(source: Source, properties: yaml.Node | None) -> DocumentResource:
    def setting(name: str) -> StatedSetting | None:
        node = value(properties, name)
        return None if node is None else StatedSetting(dynamic.plain(node), source.of(node))

    unknown = StatedSetting(None, source.of(properties)) if dynamic.opaque(properties) and properties else None
    return DocumentResource(setting("Name"), setting("DocumentType") or unknown, setting("VersionName"))


def _beginning(template: Template, name: yaml.Node | None) -> str:
    """Return how a name begins, up to what only the deployment knows."""
    found = text(template, name, {}) if name is not None and call(name) else None
    pieces = takewhile(lambda piece: not piece.is_placeholder and not piece.by_default, found.pieces) if found else ()
    return "".join(piece.source.text for piece in pieces)


def _filled(template: Template, resources: list[Resource]) -> Template:
    """Return the template with the text of each Fn::Sub in an object for its call, so that a document is plain."""
    edits: list[Edit] = []
    raw = template.source.text
    seen: set[int] = set()
    for resource in resources:
        left = [resource.get("Content")]
        while left:
            node = left.pop()
            if node is None or id(node) in seen:
                continue
            seen.add(id(node))
            found = call(node)
            if found is not None and found.name == "Fn::Sub":
                edits += _edits(raw, node, found)
            elif isinstance(node, yaml.SequenceNode):
                left += node.value
            elif isinstance(node, yaml.MappingNode):
                left += [inner for _, inner in node.value]
    if not edits:
        return template
    source = template.source.edited(sorted(edits, key=lambda edit: edit.start))
    try:
        root = composed(source.text)
    except yaml.YAMLError:
        return template
    return Template(source, root) if root is not None else template


def _edits(raw: str, node: yaml.Node, found: Intrinsic) -> Iterator[Edit]:
    """Yield the edits that leave only the text of a call, each as long as what it replaces or shorter."""
    scalar, _ = substitution(found)
    if scalar is None or not isinstance(found.argument, yaml.ScalarNode):
        return
    start, end = scalar.start_mark.index, scalar.end_mark.index
    first = node.start_mark.index
    if isinstance(node, yaml.ScalarNode):
        yield Edit(first, first + len("!Sub"), " " * len("!Sub"))
        start = first + len("!Sub")
    else:
        yield Edit(first, start, re.sub(r"[^\n]", " ", raw[first:start]))
    for match in SUB.finditer(raw, start, end):
        yield Edit(match.start(), match.end(), "${" + match[2] + "}" if match[1] else word(match[0]))
    if node.end_mark.index > end and not isinstance(node, yaml.ScalarNode):
        yield Edit(end, node.end_mark.index, re.sub(r"[^\n]", " ", raw[end : node.end_mark.index]))
