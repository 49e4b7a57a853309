"""The roles and profiles of a module, as facts: who may assume them, and what their policies allow."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import yaml

from ssmwake.lint.aws import policy
from ssmwake.lint.aws.instance import is_about_agent
from ssmwake.lint.aws.policy import DescribedProfile, ManagedPolicy, RoleNames, Statement, closure
from ssmwake.lint.terraform import own_module
from ssmwake.lint.terraform.evaluate import text
from ssmwake.lint.terraform.scope import Coding, Scope, Text
from ssmwake.lint.terraform.tree import Block, Body, Expression, List, Reference, expressions, walk
from ssmwake.model import Finding
from ssmwake.text.placeholders import WORD
from ssmwake.text.yaml_nodes import composed, items, value

ROLE, PROFILE = "aws_iam_role", "aws_iam_instance_profile"
ATTACHMENT, INLINE = "aws_iam_role_policy_attachment", "aws_iam_role_policy"
POLICIES = frozenset({ATTACHMENT, INLINE})
# What boots when it is created.
BOOTING = frozenset({"aws_instance", "aws_spot_instance_request"})
LAUNCHES = BOOTING | {"aws_launch_template", "aws_launch_configuration"}
# Without such a permission the agent is denied, and sleeps.
FOR_AGENT = re.compile(r"AmazonSSMManagedInstanceCore|AmazonEC2RoleforSSM|ssm:UpdateInstanceInformation|ssm:\*")
NAMES = RoleNames("role", "an aws_iam_role_policy_attachment", "add depends_on = [{policy}]")

# Returns the user data of an instance, as far as it is known.
Scripts = Callable[[Body, Scope], Sequence[Text]]


class ModuleBlocks:
    """The blocks of a module by their addresses, and what refers to what."""

    def __init__(self, bodies: Sequence[Body], scope: Scope) -> None:
        self.scope = scope
        self.blocks: dict[str, Block] = {}
        for block in (block for body in bodies for block in body.blocks):
            if address := _address(block):
                self.blocks.setdefault(address, block)

    @cached_property
    def waits(self) -> dict[str, set[str]]:
        """What each block, and each local, refers to."""
        found = {address: _refers(expressions(block.body)) for address, block in self.blocks.items()}
        return found | {name: _refers([value]) for name, value in _locals(self.blocks).items()}

    def of_kind(self, *kinds: str) -> Iterator[tuple[str, Block]]:
        """Yield each resource of a kind with its address."""
        for address, block in self.blocks.items():
            if address.partition(".")[0] in kinds:
                yield address, block

    def roles_of(self, address: str) -> set[str]:
        """Return the roles in the profiles that a resource refers to, in whatever way."""
        awaited = closure(self.waits, address)
        profiles = {one for one in awaited if one.startswith(f"{PROFILE}.")}
        return {one for profile in profiles for one in self.waits.get(profile, ()) if one.startswith(f"{ROLE}.")}

    def attached_to(self, role: str, *kinds: str) -> Iterator[tuple[str, Block]]:
        """Yield each policy that is attached to a role."""
        for address, block in self.of_kind(*kinds):
            named = block.body.value("role")
            if named and role in _refers([named]):
                yield address, block

    def policy(self, expression: Expression) -> ManagedPolicy:
        """Return the policy of AWS that an ARN names."""
        found = text(expression, self.scope)
        return ManagedPolicy(policy.managed_name(found.source.text) if found else None, expression.span.where)

    def statements(self, expression: Expression | None) -> list[Statement] | None:
        """Return the statements of a policy; None where not all of them are known."""
        path = expression.path if isinstance(expression, Reference) else ()
        if path[:2] == ("data", "aws_iam_policy_document") and len(path) == 4:
            block = self.blocks.get(".".join(path[:3]))
            return self._of_document(block.body) if block else None
        found = text(expression, self.scope) if expression else None
        if found is None or found.coding is not Coding.PLAIN:
            return None
        try:
            node = value(composed(found.source.text), "Statement")
        except (yaml.YAMLError, RecursionError):
            return None
        nodes = items(node) if isinstance(node, yaml.SequenceNode) else [node]
        found_nodes = [one for one in nodes if isinstance(one, yaml.MappingNode)]
        return [_statement(one) for one in found_nodes] if len(found_nodes) == len(nodes) else None

    def _of_document(self, body: Body) -> list[Statement] | None:
        if set(body.attributes) - {"version", "policy_id"} or any(one.type != "statement" for one in body.blocks):
            return None
        return [self._of_block(block.body) for block in body.blocks]

    def _of_block(self, body: Body) -> Statement:
        principals = [block.body for block in body.blocks if block.type == "principals"]
        services: tuple[str, ...] | None = ()
        for one in principals:
            kind = self._texts(one.value("type"))
            if kind is None or kind[:1] in (("Service",), ("*",)):
                named = self._texts(one.value("identifiers"))
                services = None if kind is None or named is None or services is None else (*services, *named)
        effect = self._texts(body.value("effect")) if body.value("effect") else ("Allow",)
        others = "not_actions" in body.attributes or any(
            one.type in ("dynamic", "not_principals") for one in body.blocks
        )
        return Statement(effect[0] if effect else None, self._texts(body.value("actions")), services, others)

    def _texts(self, expression: Expression | None) -> tuple[str, ...] | None:
        """Return the texts of a string or a list of them; None where not all are known."""
        if expression is None:
            return ()
        found = [text(one, self.scope) for one in (expression.inside if isinstance(expression, List) else [expression])]
        return tuple(one.source.text for one in found if one) if all(one and one.known for one in found) else None


def check(body: Body, module: ModuleBlocks, scope: Scope, scripts: Scripts) -> Iterator[Finding]:
    """Yield what is wrong with the profiles of a file and their roles, and instances that do not wait for theirs.

    The other files of the module may hold the roles, and what is attached to them.
    """
    own = [(address, block) for block in body.blocks if (address := _address(block))]

    def in_file(*kinds: str) -> list[tuple[str, Block]]:
        return [(address, block) for address, block in own if address.partition(".")[0] in kinds]

    for address, block in in_file(PROFILE):
        if not {"role", "roles"} & set(block.body.attributes):
            yield from policy.check_profile(DescribedProfile(block.name.where, 0, NAMES))
        for role in sorted(module.waits[address]):
            if role in module.blocks and role.startswith(f"{ROLE}."):
                yield from _trust(module, module.blocks[role])
    for _, block in in_file(ATTACHMENT):
        if arn := block.body.value("policy_arn"):
            yield from policy.check_replaced(module.policy(arn))
    for _, block in in_file(ROLE):
        arns = block.body.value("managed_policy_arns")
        for one in arns.inside if isinstance(arns, List) else ():
            yield from policy.check_replaced(module.policy(one))
    yield from _agents(module, in_file(*LAUNCHES), scope, scripts)
    for address, block in in_file(*BOOTING):
        late = [
            name
            for role in sorted(module.roles_of(address))
            for name, attached in module.attached_to(role, *POLICIES)
            if any(FOR_AGENT.search(one.span.text) for one in expressions(attached.body))
        ]
        yield from policy.check_order(address, block.name.where, late, module.waits, NAMES)


def _trust(module: ModuleBlocks, role: Block) -> Iterator[Finding]:
    attribute = role.body.attributes.get("assume_role_policy")
    if attribute and (found := module.statements(attribute.value)):
        yield from policy.check_trust(found, attribute.name.where)


def _agents(
    module: ModuleBlocks, launches: Sequence[tuple[str, Block]], scope: Scope, scripts: Scripts
) -> Iterator[Finding]:
    """Yield each role of an instance with the agent that cannot register; one without any policy here has others."""
    if not launches:
        return
    about_agent = any(module.of_kind("aws_ssm_association"))
    roles: set[str] = set()
    for address, block in launches:
        texts = scripts(block.body, scope)
        ours = own_module.of_instance(block.body, scope) is not None
        if about_agent or ours or is_about_agent([one.source for one in texts]):
            roles |= module.roles_of(address)
    for role in sorted(roles & set(module.blocks)):
        body = module.blocks[role].body
        policies: list[ManagedPolicy] = []
        documents: list[list[Statement] | None] = []
        for _, attachment in module.attached_to(role, ATTACHMENT):
            arn = attachment.body.value("policy_arn")
            own = next((one for one in _refers([arn]) if one in module.blocks), None) if arn else None
            if own and own.startswith("aws_iam_policy."):
                documents.append(module.statements(module.blocks[own].body.value("policy")))
            elif arn:
                policies.append(module.policy(arn))
        inline = [block.body for _, block in module.attached_to(role, INLINE)]
        inline += [block.body for block in body.blocks if block.type == "inline_policy"]
        documents += [module.statements(one.value("policy")) for one in inline]
        arns = body.value("managed_policy_arns")
        policies += [module.policy(one) for one in arns.inside] if isinstance(arns, List) else []
        known = all(one is not None for one in documents) and (arns is None or isinstance(arns, List))
        if known and (policies or documents):
            statements = [one for each in documents for one in each or ()]
            yield from policy.check_agent(policies, statements, module.blocks[role].name.where, NAMES)


def _statement(node: yaml.Node) -> Statement:
    principal = value(node, "Principal")
    effect = _plain(value(node, "Effect"))
    opaque = principal is not None and not isinstance(principal, yaml.MappingNode)
    others = opaque or value(node, "NotAction") is not None or value(node, "NotPrincipal") is not None
    services = _plain(value(principal, "Service"))
    return Statement(effect[0] if effect else None, _plain(value(node, "Action")), services, others)


def _plain(node: yaml.Node | None) -> tuple[str, ...] | None:
    """Return the texts of a scalar or a list; None where only Terraform knows one of them."""
    found = items(node) if isinstance(node, yaml.SequenceNode) else [node] if node is not None else []
    known = all(isinstance(one, yaml.ScalarNode) and one.tag[:1] != "!" and not WORD.search(one.value) for one in found)
    return tuple(one.value for one in found if isinstance(one, yaml.ScalarNode)) if known else None


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
