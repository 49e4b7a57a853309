"""The instance profiles that a template gives to instances, as facts."""

from collections.abc import Iterator, Sequence

import yaml

from ssmwake.lint.aws import profile
from ssmwake.lint.aws.profile import Form, ProfileNames, ProfileReference
from ssmwake.lint.cloudformation.evaluate import text
from ssmwake.lint.cloudformation.instances import CONFIGURATION, INSTANCE, PROFILE, ROLE, Launch
from ssmwake.lint.cloudformation.policy_order import POLICIES
from ssmwake.lint.cloudformation.template import VARIABLE, Template, call, is_no_value, plain, substitution
from ssmwake.model import Finding
from ssmwake.text.yaml_nodes import items, text_of, value

# Attributes that take a name and have no counterpart for an ARN.
BARE, IN_TEMPLATE = ProfileNames(arn=""), ProfileNames(name="the key Name", arn="use the key Arn")


def check(template: Template, launches: Sequence[Launch]) -> Iterator[Finding]:
    """Yield each reference that is not to an instance profile, or not in the form that EC2 takes there."""
    for launch in launches:
        node = launch.profile
        if node is None or is_no_value(node):
            continue
        if launch.resource.kind in (INSTANCE, CONFIGURATION):
            # A launch configuration takes both.
            takes = Form.NAME if launch.resource.kind == INSTANCE else None
            if found := _reference(template, node):
                yield from profile.check(found, takes, BARE)
        elif isinstance(node, yaml.MappingNode) and call(node) is None:
            for key, takes in (("Name", Form.NAME), ("Arn", Form.ARN)):
                inner = value(node, key)
                if inner is not None and (found := _reference(template, inner)):
                    yield from profile.check(found, takes, IN_TEMPLATE)


def check_role_names(template: Template) -> Iterator[Finding]:
    """Yield each ARN of a role where a profile or a policy takes the names of roles."""
    for resource in template.of_kind(PROFILE, *POLICIES):
        named = resource.get("RoleName" if resource.kind == "AWS::IAM::RolePolicy" else "Roles")
        nodes = named.value if isinstance(named, yaml.SequenceNode) and call(named) is None else [named]
        for node in nodes:
            referred = template.referred(node, ROLE)
            instead = f"a Ref of {referred[0].name}" if len(referred) == 1 else "its name"
            yield from profile.check_role_name(_reference(template, node) if node is not None else None, instead)


def _reference(template: Template, node: yaml.Node) -> ProfileReference | None:
    """Return what a node refers to; None for what only the deployment knows."""
    where = template.source.of(node)
    found = call(node)
    if found is None:
        said = plain(node)
        return profile.of_text(said, where) if said else None
    if found.name == "Ref":
        return _of_resource(template, text_of(found.argument), "", node)
    if found.name == "Fn::GetAtt":
        parts = [text_of(item) for item in items(found.argument)] or text_of(found.argument).split(".")
        return _of_resource(template, parts[0], parts[-1], node)
    if found.name == "Fn::Sub":
        inside, own = substitution(found)
        whole = VARIABLE.fullmatch(text_of(inside))
        if whole and whole[1] not in own:
            name, _, attribute = whole[1].partition(".")
            return _of_resource(template, name, attribute, node)
    if found.name in ("Fn::Sub", "Fn::Join"):
        made = profile.of_text(text(template, node, {}).joined, where)
        return made if made.form is Form.ARN else None
    return None


def _of_resource(template: Template, name: str, attribute: str, node: yaml.Node) -> ProfileReference | None:
    resource = template.resources.get(name)
    if resource is None or resource.kind not in (PROFILE, ROLE):
        return None
    where = template.source.of(node)
    form = Form.ARN if attribute == "Arn" else Form.NAME
    if resource.kind == PROFILE:
        return ProfileReference(where, form=form)
    # A profile may be named by its role.
    alike = any(
        resource.name in {one.name for one in template.referred(other.get("InstanceProfileName"), ROLE)}
        or (plain(resource.get("RoleName")) or "") == plain(other.get("InstanceProfileName"))
        for other in template.of_kind(PROFILE)
    )
    return None if alike and form is Form.NAME else ProfileReference(where, is_role=True, form=form)
