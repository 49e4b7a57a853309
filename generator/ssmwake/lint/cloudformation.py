"""CloudFormation templates: the user data and the SSM documents in them, and what cfn-lint has to say."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

import yaml

from ssmwake.lint import document
from ssmwake.lint.rules import finding
from ssmwake.lint.source import Source, items, pairs, text_of, value
from ssmwake.model import Finding, Location, Severity

# Where a resource holds user data.
USER_DATA = {
    "AWS::EC2::Instance": ("UserData",),
    "AWS::EC2::LaunchTemplate": ("LaunchTemplateData", "UserData"),
    "AWS::AutoScaling::LaunchConfiguration": ("UserData",),
}
SEVERITIES = {"E": Severity.ERROR, "W": Severity.WARNING, "I": Severity.INFO}


def check(source: Source, root: yaml.Node) -> Iterator[Finding]:
    """Yield what is wrong with the template itself; user_data_of gives the user data in it."""
    resources = {name: node for name, (_, node) in pairs(value(root, "Resources")).items()}
    for node in resources.values():
        if text_of(value(node, "Type")) != "AWS::SSM::Document":
            continue
        if value(node, "Properties", "UpdateMethod") is None:
            where = source.of(value(node, "Type") or node)
            yield finding("SW402", where, "no UpdateMethod, so a change replaces the document; write NewVersion")
        content = value(node, "Properties", "Content")
        if isinstance(content, yaml.MappingNode) and value(content, "mainSteps") is not None:
            yield from document.check(source, content)
        elif isinstance(content, yaml.ScalarNode):
            inner = source.inner(content)
            try:
                parsed = yaml.compose(inner.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            except yaml.YAMLError as error:
                message = f"not YAML or JSON: {getattr(error, 'problem', None) or error}; correct it"
                yield finding("SW300", source.of(content), message)
                continue
            if parsed is not None and value(parsed, "mainSteps") is not None:
                yield from document.check(inner, parsed)
    yield from _race(source, resources)


def user_data_of(source: Source, root: yaml.Node) -> Iterator[tuple[Source, bytes] | Finding]:
    """Yield each user data of the template that can be known: its text with its places, and its decoded bytes."""
    for _, node in pairs(value(root, "Resources")).values():
        path = USER_DATA.get(text_of(value(node, "Type")))
        data = value(node, "Properties", *path) if path else None
        if data is None:
            continue
        inside = value(data, "Fn::Base64") or (data if data.tag == "!Base64" else None)
        if inside is not None:
            text = _literal(inside)
            if text is not None:
                inner = source.inner(text)
                yield inner, inner.text.encode("utf-8", "surrogateescape")
        elif isinstance(data, yaml.ScalarNode) and not data.tag.startswith("!"):
            decoded = decode(data.value)
            where = source.of(data)
            if decoded is None:
                yield finding("SW401", where, "plain text, where EC2 wants base64; put it in Fn::Base64")
            else:
                yield Source.at_place(where, decoded.decode("utf-8", "surrogateescape")), decoded


def decode(text: str) -> bytes | None:
    """Return what the base64 says; None where it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _literal(node: yaml.Node) -> yaml.ScalarNode | None:
    """Return the text below Fn::Base64, through Fn::Sub; None where only CloudFormation can know it."""
    inner = value(node, "Fn::Sub") or node
    if isinstance(inner, yaml.SequenceNode) and inner.value and (inner.tag == "!Sub" or inner is not node):
        inner = inner.value[0]
    if isinstance(inner, yaml.ScalarNode) and inner.tag in ("!Base64", "!Sub", "tag:yaml.org,2002:str"):
        return inner
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


def cfn_lint(source: Source) -> Iterator[Finding]:
    """Yield what cfn-lint finds, without its false alarm on every document whose content is a string."""
    from cfnlint.api import lint as run  # type: ignore[import-untyped]

    matches: list[Any] = run(source.text)
    for match in matches:
        if match.rule.id == "E3051" and "string or stream input is required" in match.message:
            continue
        where = Location(source.path, match.linenumber, match.columnnumber)
        yield Finding(where, match.rule.id, match.message, SEVERITIES.get(match.rule.id[0], Severity.WARNING))
