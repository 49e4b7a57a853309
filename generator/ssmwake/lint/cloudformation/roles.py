"""The roles and profiles of instances: who may assume them, and whether the SSM agent can use them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import yaml

from ssmwake.lint.aws.policy import (
    DEPRECATED,
    LACKING,
    MANAGED,
    PROFILE_ROLES,
    REPLACED_POLICY,
    ROLE_NOT_FOR_EC2,
    ROLE_WITHOUT_AGENT,
    allows,
)
from ssmwake.lint.cloudformation.evaluate import text
from ssmwake.lint.cloudformation.instances import Launch
from ssmwake.lint.cloudformation.policy_order import POLICIES, PROFILE, attached_to, roles_of
from ssmwake.lint.cloudformation.template import Resource, Template, call, plain
from ssmwake.lint.text.yaml_nodes import items, pairs, value
from ssmwake.model import Finding

REGISTERS = "ssm:updateinstanceinformation"


def check(template: Template, launches: Sequence[Launch]) -> Iterator[Finding]:
    """Yield what is wrong with the profiles of a template and their roles."""
    for profile in template.of_kind(PROFILE):
        yield from _one_role(template, profile)
        for role in template.referred(profile.get("Roles"), "AWS::IAM::Role"):
            yield from _trust(template, role)
    about_agent = bool(template.of_kind("AWS::SSM::Association"))
    for launch in launches:
        scripts = launch.user_data.scripts if launch.user_data else ()
        if about_agent or any("amazon-ssm-agent" in script.text for script in scripts):
            for role in roles_of(template, launch.profile):
                yield from _registers(template, role)
    for role in template.of_kind("AWS::IAM::Role"):
        for node in items(role.get("ManagedPolicyArns")):
            name = _managed(template, node)
            if name in DEPRECATED:
                message = f"{name} is deprecated, and gives more than the agent needs; use {DEPRECATED[name]}"
                yield REPLACED_POLICY.at(template.source.of(node), message)


def _one_role(template: Template, profile: Resource) -> Iterator[Finding]:
    roles = profile.get("Roles")
    if roles is None and profile.get() is not None and call(profile.get()) is None:
        key = pairs(profile.node)["Properties"][0]
        yield PROFILE_ROLES.at(template.source.of(key), "a profile without a role; name one in Roles")
    if not isinstance(roles, yaml.SequenceNode) or call(roles):
        return
    functions = [found.name for item in roles.value if (found := call(item))]
    # Fn::If and Fn::Transform can stand for nothing.
    if len(roles.value) != 1 and not set(functions) - {"Ref", "Fn::Sub", "Fn::GetAtt", "Fn::ImportValue"}:
        message = f"{len(roles.value)} roles, and a profile has exactly one; " + (
            "make one role of their policies" if roles.value else "name one"
        )
        yield PROFILE_ROLES.at(template.source.of(roles), message)


def _trust(template: Template, role: Resource) -> Iterator[Finding]:
    document = role.get("AssumeRolePolicyDocument")
    statements = _statements(document)
    if statements is None or not statements or template.generated:
        return
    for statement in statements:
        effect, actions = plain(value(statement, "Effect")), _texts(template, value(statement, "Action"))
        principal = value(statement, "Principal")
        services = _texts(template, value(principal, "Service"))
        if effect is None or actions is None or services is None or call(principal) or plain(principal) is not None:
            return
        if effect != "Allow" or not any(allows(action, "sts:assumerole") for action in actions):
            continue
        if not services or any(re.match(r"ec2\.|\*|x+$", service) for service in services):
            return
    where = value(statements[0], "Principal") or statements[0]
    message = "EC2 may not assume this role of an instance profile; add the service ec2.amazonaws.com"
    yield ROLE_NOT_FOR_EC2.at(template.source.of(where), message)


def _registers(template: Template, role: Resource) -> Iterator[Finding]:
    arns = role.get("ManagedPolicyArns")
    if arns is not None and (call(arns) or not isinstance(arns, yaml.SequenceNode)):
        return
    if any(_managed(template, node) not in LACKING for node in items(arns)) or template.generated:
        return
    inline = role.get("Policies")
    if inline is not None and (call(inline) or not isinstance(inline, yaml.SequenceNode)):
        return
    documents = [value(item, "PolicyDocument") for item in items(inline)]
    for policy in template.of_kind(*POLICIES):
        if role.name in {one.name for one in attached_to(template, policy)}:
            documents.append(policy.get("PolicyDocument"))
    for document in documents:
        statements = _statements(document)
        if statements is None:
            return
        for statement in statements:
            effect, actions = plain(value(statement, "Effect")), _texts(template, value(statement, "Action"))
            if effect is None or actions is None or value(statement, "NotAction") is not None:
                return
            if effect == "Allow" and any(allows(action, REGISTERS) for action in actions):
                return
    where = template.source.of(pairs(value(role.node, "Properties")).get("ManagedPolicyArns", (role.at,))[0])
    message = "no policy lets the SSM agent register; add AmazonSSMManagedInstanceCore to ManagedPolicyArns"
    yield ROLE_WITHOUT_AGENT.at(where, message)


def _managed(template: Template, node: yaml.Node) -> str | None:
    """Return the name of the policy of AWS that a node says; None for any other, and for what is not known."""
    found = call(node)
    if not isinstance(node, yaml.ScalarNode | yaml.MappingNode) or (
        found and found.name not in ("Fn::Sub", "Fn::Join")
    ):
        return None
    match = MANAGED.search(text(template, node, {}).joined)
    return match[1] if match else None


def _statements(document: yaml.Node | None) -> list[yaml.Node] | None:
    """Return the statements of a policy; None where not all of them are known."""
    node = value(document, "Statement")
    if call(document) or node is None or call(node):
        return None
    found = items(node) if isinstance(node, yaml.SequenceNode) else [node]
    return found if all(isinstance(one, yaml.MappingNode) and not call(one) for one in found) else None


def _texts(template: Template, node: yaml.Node | None) -> list[str] | None:
    """Return the texts of a scalar or a list, words for what Fn::Sub fills in; None where not all are known."""
    if node is None:
        return []
    found = []
    for one in [node] if not isinstance(node, yaml.SequenceNode) or call(node) else node.value:
        inner = call(one)
        if not (isinstance(one, yaml.ScalarNode) or inner) or (inner and inner.name not in ("Fn::Sub", "Fn::Join")):
            return None
        found.append(text(template, one, {}).joined)
    return found
