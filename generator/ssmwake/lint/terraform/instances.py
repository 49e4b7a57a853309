"""The instances of a module: what their options, profiles and policies mean for the user data they run."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ssmwake.lint.aws import instance
from ssmwake.lint.aws.instance import Instance, Setting
from ssmwake.lint.aws.policy import DEPRECATED, POLICY_NOT_AWAITED, PROFILE_ROLES, REPLACED_POLICY, closure
from ssmwake.lint.terraform.evaluate import text
from ssmwake.lint.terraform.scope import Scope, Text
from ssmwake.lint.terraform.tree import Block, Body, Expression, Reference, expressions, walk
from ssmwake.model import Finding

LAUNCH_TEMPLATE = "aws_launch_template"
POLICIES = frozenset({"aws_iam_role_policy_attachment", "aws_iam_role_policy"})
# Without such a permission the agent is denied, and sleeps.
FOR_AGENT = re.compile(r"AmazonSSMManagedInstanceCore|AmazonEC2RoleforSSM|ssm:UpdateInstanceInformation|ssm:\*")
# What our messages call by the name that CloudFormation has for it.
NAMES = {
    "HttpTokens: required": 'http_tokens = "required"',
    "HttpEndpoint": "http_endpoint",
    "HttpProtocolIpv6": "http_protocol_ipv6",
    "IamInstanceProfile": "iam_instance_profile",
}


def described(block: Block, scope: Scope, user_data: Sequence[Text]) -> Iterator[Finding]:
    """Yield where an instance does not fit the user data it is given, of which the texts are known."""
    body = block.body
    options = [one.body for one in body.blocks if one.type == "metadata_options"]
    generated = any(one.type in ("dynamic", "launch_template") for one in body.blocks)
    whole = not any(one.loose for one in user_data)
    template = block.labels[0] == LAUNCH_TEMPLATE
    one = Instance(
        where=block.name.where,
        profile=_profile(body, scope),
        # Who launches from a template can state what it leaves out.
        settled=whole and not (generated or template),
    )
    for option in options[:1]:
        one = replace(
            one,
            endpoint=_setting(option, "http_endpoint", scope),
            tokens=_setting(option, "http_tokens", scope),
            hops=_setting(option, "http_put_response_hop_limit", scope),
            ipv6=_setting(option, "http_protocol_ipv6", scope),
        )
    for found in instance.check(one, [each.source for each in user_data]):
        message = found.message
        for name, here in NAMES.items():
            message = message.replace(name, here)
        yield replace(found, message=message)


def _setting(body: Body, name: str, scope: Scope) -> Setting | None:
    attribute = body.attributes.get(name)
    if attribute is None:
        return None
    said = text(attribute.value, scope)
    return Setting(said.source.text if said and said.known else None, attribute.name.where)


def _profile(body: Body, scope: Scope) -> Setting | None:
    for block in body.blocks:
        if block.type == "iam_instance_profile":
            return Setting(None, block.name.where)
    return _setting(body, "iam_instance_profile", scope)


def roles(body: Body, scope: Scope) -> Iterator[Finding]:
    """Yield profiles without a role, policies that were replaced, and instances that do not wait for theirs."""
    blocks = {address: block for block in body.blocks if (address := _address(block))}
    for block in body.blocks:
        kind = block.labels[0] if block.type == "resource" and block.labels else ""
        if kind == "aws_iam_instance_profile" and not {"role", "roles"} & set(block.body.attributes):
            yield PROFILE_ROLES.at(block.name.where, "a profile without a role; name one in role")
        policy = block.body.value("policy_arn")
        said = text(policy, scope) if policy and kind == "aws_iam_role_policy_attachment" else None
        name = said.source.text.rpartition("/")[2] if said else ""
        if policy and name in DEPRECATED:
            message = f"{name} is deprecated, and gives more than the agent needs; use {DEPRECATED[name]}"
            yield REPLACED_POLICY.at(policy.span.where, message)
    yield from _race(blocks)


def _race(blocks: dict[str, Block]) -> Iterator[Finding]:
    """Yield each instance that can boot before the policy that its agent needs is attached."""
    waits = {address: _refers(expressions(block.body)) for address, block in blocks.items()}
    for name, value in _locals(blocks).items():
        waits[name] = _refers([value])
    for address, block in blocks.items():
        if not address.startswith("aws_instance."):
            continue
        awaited = closure(waits, address)
        for policy, attached in blocks.items():
            if policy.partition(".")[0] not in POLICIES or policy in awaited or not _is_for_agent(attached):
                continue
            role = attached.body.value("role")
            of_role = _refers([role]) if role else set()
            profiles = {one for one in awaited if one.startswith("aws_iam_instance_profile.")}
            given = {one for profile in profiles for one in waits.get(profile, ()) if one.startswith("aws_iam_role.")}
            if of_role & given and address not in closure(waits, policy):
                message = f"may boot before {policy} is attached; add depends_on = [{policy}]"
                yield POLICY_NOT_AWAITED.at(block.name.where, message)


def _is_for_agent(policy: Block) -> bool:
    return any(FOR_AGENT.search(one.span.text) for one in expressions(policy.body))


def _address(block: Block) -> str | None:
    if block.type == "resource" and len(block.labels) == 2:
        return ".".join(block.labels)
    if block.type in ("data", "module"):
        return ".".join((block.type, *block.labels))
    return f"locals {block.name.where}" if block.type == "locals" else None


def _locals(blocks: dict[str, Block]) -> dict[str, Expression]:
    return {
        f"local.{name}": attribute.value
        for block in blocks.values()
        if block.type == "locals"
        for name, attribute in block.body.attributes.items()
    }


def _refers(all_of: Iterator[Expression] | Sequence[Expression]) -> set[str]:
    """Return the addresses of what expressions refer to."""
    found = set()
    for expression in all_of:
        for one in walk(expression):
            if isinstance(one, Reference) and len(one.path) > 1:
                long = one.path[0] == "data"
                found.add(".".join(one.path[: 3 if long else 2]))
    return found
