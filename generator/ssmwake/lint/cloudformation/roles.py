"""The roles and profiles of a template, as facts: who may assume them, and what their policies allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import yaml

from ssmwake.lint.aws import policy
from ssmwake.lint.aws.instance import is_about_agent
from ssmwake.lint.aws.policy import DescribedProfile, ManagedPolicy, Statement
from ssmwake.lint.cloudformation.evaluate import text
from ssmwake.lint.cloudformation.instances import PROFILE, Launch
from ssmwake.lint.cloudformation.policy_order import POLICIES, attached_to, roles_of
from ssmwake.lint.cloudformation.template import Resource, Template, call, plain
from ssmwake.model import Finding
from ssmwake.text.yaml_nodes import items, pairs, value

ROLE = "AWS::IAM::Role"


def check(template: Template, launches: Sequence[Launch]) -> Iterator[Finding]:
    """Yield what is wrong with the profiles of a template and their roles."""
    for profile in template.of_kind(PROFILE):
        yield from policy.check_profile(_profile(template, profile))
        for role in template.referred(profile.get("Roles"), ROLE):
            yield from _trust(template, role)
    about_agent = bool(template.of_kind("AWS::SSM::Association"))
    for launch in launches:
        scripts = launch.user_data.scripts if launch.user_data else ()
        if about_agent or is_about_agent(scripts):
            for role in roles_of(template, launch.profile):
                yield from _agent(template, role)
    for role in template.of_kind(ROLE):
        for node in items(role.get("ManagedPolicyArns")):
            yield from policy.check_replaced(_managed(template, node))


def _profile(template: Template, profile: Resource) -> DescribedProfile:
    roles = profile.get("Roles")
    if roles is None and profile.get() is not None and call(profile.get()) is None:
        return DescribedProfile(template.source.of(pairs(profile.node)["Properties"][0]), 0)
    count = None
    if isinstance(roles, yaml.SequenceNode) and not call(roles):
        functions = {found.name for item in roles.value if (found := call(item))}
        # Fn::If and Fn::Transform can stand for nothing.
        known = not functions - {"Ref", "Fn::Sub", "Fn::GetAtt", "Fn::ImportValue"}
        count = len(roles.value) if known else None
    return DescribedProfile(template.source.of(roles or profile.at), count)


def _trust(template: Template, role: Resource) -> Iterator[Finding]:
    nodes = _statements(role.get("AssumeRolePolicyDocument"))
    if nodes and not template.generated:
        where = template.source.of(value(nodes[0], "Principal") or nodes[0])
        yield from policy.check_trust([_statement(template, node, trust=True) for node in nodes], where)


def _agent(template: Template, role: Resource) -> Iterator[Finding]:
    lists = [role.get("ManagedPolicyArns"), role.get("Policies")]
    if template.generated or any(node is not None and not _is_list(node) for node in lists):
        return
    documents = [value(item, "PolicyDocument") for item in items(lists[1])]
    for own in template.of_kind(*POLICIES):
        if role.name in {one.name for one in attached_to(template, own)}:
            documents.append(own.get("PolicyDocument"))
    found = [_statements(document) for document in documents]
    if any(nodes is None for nodes in found):
        return
    statements = [_statement(template, node) for nodes in found for node in nodes or ()]
    where = template.source.of(pairs(value(role.node, "Properties")).get("ManagedPolicyArns", (role.at,))[0])
    yield from policy.check_agent([_managed(template, node) for node in items(lists[0])], statements, where)


def _is_list(node: yaml.Node) -> bool:
    return isinstance(node, yaml.SequenceNode) and call(node) is None


def _statement(template: Template, node: yaml.Node, *, trust: bool = False) -> Statement:
    """Return a statement, with the principals of one that says who may assume a role."""
    principal = value(node, "Principal") if trust else None
    return Statement(
        plain(value(node, "Effect")),
        _texts(template, value(node, "Action")),
        _texts(template, value(principal, "Service")),
        others=bool(call(principal)) or plain(principal) is not None if trust else value(node, "NotAction") is not None,
    )


def _managed(template: Template, node: yaml.Node) -> ManagedPolicy:
    """Return the policy of AWS that a node says."""
    found = call(node)
    known = isinstance(node, yaml.ScalarNode | yaml.MappingNode) and (
        found is None or found.name in ("Fn::Sub", "Fn::Join")
    )
    return ManagedPolicy(
        policy.managed_name(text(template, node, {}).joined) if known else None, template.source.of(node)
    )


def _statements(document: yaml.Node | None) -> list[yaml.Node] | None:
    """Return the statements of a policy; None where not all of them are known."""
    node = value(document, "Statement")
    if call(document) or node is None or call(node):
        return None
    found = items(node) if isinstance(node, yaml.SequenceNode) else [node]
    return found if all(isinstance(one, yaml.MappingNode) and not call(one) for one in found) else None


def _texts(template: Template, node: yaml.Node | None) -> tuple[str, ...] | None:
    """Return the texts of a scalar or a list, words for what Fn::Sub fills in; None where not all are known."""
    if node is None:
        return ()
    found = []
    for one in [node] if not isinstance(node, yaml.SequenceNode) or call(node) else node.value:
        inner = call(one)
        if not (isinstance(one, yaml.ScalarNode) or inner) or (inner and inner.name not in ("Fn::Sub", "Fn::Join")):
            return None
        found.append(text(template, one, {}).joined)
    return tuple(found)
