"""CloudFormation templates: the user data and the SSM documents in them, and what is around them."""

from collections.abc import Iterator

import yaml

from ssmwake.lint import documents, placeholders, user_data
from ssmwake.lint.launch_template import from_base64
from ssmwake.lint.nodes import composed, items, pairs, text_of, value
from ssmwake.lint.rules import finding
from ssmwake.lint.shell import Found
from ssmwake.lint.source import Source
from ssmwake.model import Finding

# Where a resource holds user data.
USER_DATA = {
    "AWS::EC2::Instance": ("UserData",),
    "AWS::EC2::LaunchTemplate": ("LaunchTemplateData", "UserData"),
    "AWS::AutoScaling::LaunchConfiguration": ("UserData",),
}


def check(source: Source, root: yaml.Node) -> Iterator[Found]:
    """Yield what is wrong with a template, and with the user data and the documents in it."""
    resources = {name: node for name, (_, node) in pairs(value(root, "Resources")).items()}
    for node in resources.values():
        if text_of(value(node, "Type")) != "AWS::SSM::Document":
            continue
        if value(node, "Properties", "UpdateMethod") is None:
            where = source.of(value(node, "Type") or node)
            yield finding("SW402", where, "no UpdateMethod, so a change replaces the document; write NewVersion")
        properties = value(node, "Properties") or node
        content = value(properties, "Content")
        if isinstance(content, yaml.MappingNode) and documents.runs(properties, content):
            yield from documents.resource(source, properties, source, content)
        elif isinstance(content, yaml.ScalarNode):
            inner = source.inner(content)
            try:
                parsed = composed(inner.text)
            except yaml.YAMLError as error:
                message = f"not YAML or JSON: {getattr(error, 'problem', None) or error}; correct it"
                yield finding("SW300", source.of(content), message)
                continue
            if parsed is not None and documents.runs(properties, parsed):
                yield from documents.resource(source, properties, inner, parsed)
    yield from _race(source, resources)
    yield from _user_data(source, resources)


def _user_data(source: Source, resources: dict[str, yaml.Node]) -> Iterator[Found]:
    for node in resources.values():
        path = USER_DATA.get(text_of(value(node, "Type")))
        data = value(node, "Properties", *path) if path else None
        if data is None:
            continue
        inside = value(data, "Fn::Base64") or (data if data.tag == "!Base64" else None)
        if inside is not None:
            text = _text(source, inside)
            if text is not None:
                yield from user_data.check(text, text.text.encode("utf-8", "surrogateescape"))
        elif isinstance(data, yaml.ScalarNode) and not data.tag.startswith("!"):
            decoded = from_base64(data.value)
            where = source.of(data)
            if decoded is None:
                yield finding("SW401", where, "plain text, where EC2 wants base64; put it in Fn::Base64")
            else:
                inner = Source.at_place(where, decoded.decode("utf-8", "surrogateescape"))
                yield from user_data.check(inner, decoded)


def _text(source: Source, node: yaml.Node) -> Source | None:
    """Return the text below Fn::Base64, through Fn::Sub; None where only CloudFormation can know it."""
    inner = value(node, "Fn::Sub") or node
    substituted = inner is not node or node.tag == "!Sub"
    if isinstance(inner, yaml.SequenceNode) and inner.value and substituted:
        inner = inner.value[0]
    if isinstance(inner, yaml.ScalarNode) and inner.tag in ("!Base64", "!Sub", "tag:yaml.org,2002:str"):
        text = source.inner(inner)
        return placeholders.fn_sub(text) if substituted else text
    return None


def _refs(node: yaml.Node | None) -> set[str]:
    if isinstance(node, yaml.SequenceNode):
        return {name for item in node.value for name in _refs(item)}
    if isinstance(node, yaml.ScalarNode):
        return {node.value.split(".")[0]} if node.tag in ("!Ref", "!GetAtt") else set()
    return {text_of(value(node, "Ref"))} if value(node, "Ref") is not None else set()


def _race(source: Source, resources: dict[str, yaml.Node]) -> Iterator[Finding]:
    """Yield each instance that can boot before a policy of its own is attached to its role."""
    kinds = {name: text_of(value(node, "Type")) for name, node in resources.items()}
    for name, node in resources.items():
        profiles = _refs(value(node, "Properties", "IamInstanceProfile"))
        if kinds[name] != "AWS::EC2::Instance" or not profiles:
            continue
        roles = {role for profile in profiles & set(resources) for role in _roles(resources[profile])}
        depends = {text_of(item) for item in items(value(node, "DependsOn"))} | {text_of(value(node, "DependsOn"))}
        for policy, other in resources.items():
            late = kinds[policy] in ("AWS::IAM::Policy", "AWS::IAM::RolePolicy") and policy not in depends
            if late and roles & (_roles(other) | _refs(value(other, "Properties", "RoleName"))):
                message = f"may boot before {policy} is attached; put it on the role, or add DependsOn: {policy}"
                yield finding("SW403", source.of(value(node, "Type") or node), message)


def _roles(node: yaml.Node) -> set[str]:
    return _refs(value(node, "Properties", "Roles"))
