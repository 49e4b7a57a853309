"""The instances of a template: their metadata options and profiles, wherever these are said, and their user data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import yaml

from ssmwake.lint.aws import instance
from ssmwake.lint.aws.instance import DescribedInstance
from ssmwake.lint.aws.launch_data import described_by
from ssmwake.lint.aws.setting import StatedSetting
from ssmwake.lint.cloudformation import user_data as carried
from ssmwake.lint.cloudformation.evaluate import text as evaluated
from ssmwake.lint.cloudformation.template import Resource, Template, call, is_no_value, plain, references
from ssmwake.lint.cloudformation.user_data import UserDataValue
from ssmwake.lint.deferred import Found
from ssmwake.text.yaml_nodes import items, text_of, value

INSTANCE, LAUNCH_TEMPLATE = "AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"
GROUP, CONFIGURATION = "AWS::AutoScaling::AutoScalingGroup", "AWS::AutoScaling::LaunchConfiguration"
SPOT_FLEET = "AWS::EC2::SpotFleet"
PROFILE, ROLE = "AWS::IAM::InstanceProfile", "AWS::IAM::Role"
# What launches instances of a launch template, and can state no profile itself.
LAUNCHERS = (GROUP, "AWS::EC2::EC2Fleet", SPOT_FLEET)


@dataclass(frozen=True)
class Launch:
    """What a resource says of the instances it launches: the node that says it, and the user data there."""

    resource: Resource
    node: yaml.Node
    user_data: UserDataValue | None
    profile: yaml.Node | None


def launches(template: Template) -> list[Launch]:
    """Return each description of instances in a template."""
    found = []
    for resource in template.resources.values():
        for node in _descriptions(resource):
            data = value(node, "UserData")
            image = _image(template, value(node, "ImageId"))
            text = carried.read(template, data, image) if data is not None else None
            found.append(Launch(resource, node, text, value(node, "IamInstanceProfile")))
    return found


def _image(template: Template, node: yaml.Node | None) -> str | None:
    """Return the id of an image, or the parameter of Systems Manager that holds it, if nobody can choose another."""
    found = call(node)
    if found is not None and found.name in ("Fn::Sub", "Fn::Join") and node is not None:
        # A dynamic reference with a region or a stack in it.
        return evaluated(template, node, {}).joined
    if found is None or found.name != "Ref":
        return plain(node)
    parameter = template.parameters.get(text_of(found.argument))
    if value(parameter, "AllowedValues") is not None:
        return None
    return plain(value(parameter, "Default"))


def _descriptions(resource: Resource) -> list[yaml.Node]:
    if resource.kind in (INSTANCE, CONFIGURATION):
        found = [resource.get()]
    elif resource.kind == LAUNCH_TEMPLATE:
        found = [resource.get("LaunchTemplateData")]
    elif resource.kind == SPOT_FLEET:
        found = [*items(resource.get("SpotFleetRequestConfigData", "LaunchSpecifications"))]
    else:
        found = []
    return [node for node in found if isinstance(node, yaml.MappingNode)]


def check(template: Template, found: list[Launch]) -> Iterator[Found]:
    """Yield what is wrong with user data, and with the instances for it."""
    by_name = {launch.resource.name: launch for launch in found if launch.resource.kind == LAUNCH_TEMPLATE}
    launched = {name for launcher in template.of_kind(*LAUNCHERS) for name in references(launcher.get())}
    for launch in found:
        resource = launch.resource
        is_complete = resource.kind != LAUNCH_TEMPLATE or resource.name in launched
        described = _described(template, launch.node, is_complete=is_complete and not template.generated)
        scripts = launch.user_data.scripts if launch.user_data else ()
        base = value(launch.node, "LaunchTemplate") if resource.kind == INSTANCE else None
        if base is not None and not is_no_value(base):
            inherited = [by_name[name] for name in sorted(references(base)) if name in by_name]
            if len(inherited) == 1:
                other = inherited[0]
                described = _over(described, _described(template, other.node, is_complete=False))
                scripts = scripts or (other.user_data.scripts if other.user_data else ())
            else:
                described = replace(described, is_complete=False)
        if launch.user_data is not None:
            yield from instance.in_user_data(launch.user_data.found, described.tokens)
        yield from instance.check(described, scripts)


def _described(template: Template, node: yaml.Node, *, is_complete: bool) -> DescribedInstance:
    def setting(one: yaml.Node | None) -> StatedSetting | None:
        """Return what a node says; without a value where a function says it."""
        if one is None or is_no_value(one):
            return None
        return StatedSetting(plain(one), template.source.of(one))

    described = described_by(template.source, node, setting, is_complete=is_complete)
    return replace(described, role=_role_name(template, value(node, "IamInstanceProfile")))


def _over(one: DescribedInstance, below: DescribedInstance) -> DescribedInstance:
    """Return an instance with what it does not state itself taken from its launch template."""
    return replace(
        one,
        endpoint=one.endpoint or below.endpoint,
        tokens=one.tokens or below.tokens,
        hops=one.hops or below.hops,
        ipv6=one.ipv6 or below.ipv6,
        tags=one.tags or below.tags,
        role=one.role if one.profile else below.role,
        profile=one.profile or below.profile,
        image=one.image or below.image,
    )


def _role_name(template: Template, node: yaml.Node | None) -> str | None:
    """Return the name of the role that a profile gives; empty where CloudFormation makes one up, None if not known."""
    profiles = template.referred(node, PROFILE)
    if len(profiles) != 1 or template.generated:
        return None
    given = items(profiles[0].get("Roles"))
    if len(given) != 1:
        return None
    if (said := plain(given[0])) is not None:
        return said
    roles = template.referred(given[0], ROLE)
    if len(roles) != 1:
        return None
    named = roles[0].get("RoleName")
    return "" if named is None else plain(named)
