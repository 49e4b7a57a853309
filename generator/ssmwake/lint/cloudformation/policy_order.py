"""The race between an instance and its permissions: it may boot before a policy of its own is attached to its role."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from ssmwake.lint.aws.policy import check_order
from ssmwake.lint.cloudformation.instances import CONFIGURATION, GROUP, INSTANCE, LAUNCH_TEMPLATE, PROFILE, ROLE, Launch
from ssmwake.lint.cloudformation.template import Resource, Template, plain, references
from ssmwake.model import Finding
from ssmwake.text.yaml_nodes import items, text_of, value

POLICIES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")


def check(template: Template, launches: list[Launch]) -> Iterator[Finding]:
    """Yield each resource that launches instances before a policy of their role is attached."""
    policies = [(policy, _names(attached_to(template, policy))) for policy in template.of_kind(*POLICIES)]
    if not policies:
        return
    waits = {name: _waits(resource) for name, resource in template.resources.items()}
    for resource, described in _booting(template, launches):
        roles = {name for launch in described for name in _names(roles_of(template, launch.profile))}
        late = [policy.name for policy, attached in policies if roles & attached]
        yield from check_order(resource.name, template.source.of(resource.at), late, waits)


def _names(resources: list[Resource]) -> set[str]:
    return {resource.name for resource in resources}


def _booting(template: Template, launches: list[Launch]) -> Iterator[tuple[Resource, list[Launch]]]:
    """Yield each resource that boots instances when it is created, with what describes them."""
    for resource in template.of_kind(INSTANCE, GROUP):
        if plain(resource.get("DesiredCapacity") or resource.get("MinSize")) == "0":
            continue
        names = {resource.name} | references(resource.get())
        kinds = (LAUNCH_TEMPLATE, CONFIGURATION)
        yield (
            resource,
            [
                launch
                for launch in launches
                if launch.resource is resource or (launch.resource.kind in kinds and launch.resource.name in names)
            ],
        )


def roles_of(template: Template, profile: yaml.Node | None) -> list[Resource]:
    """Return the roles of the template in the profile that a node refers to."""
    profiles = template.referred(profile, PROFILE)
    return [role for one in profiles for role in template.referred(one.get("Roles"), ROLE)]


def attached_to(template: Template, policy: Resource) -> list[Resource]:
    """Return the roles of the template that a policy of its own is attached to."""
    node = policy.get("RoleName" if policy.kind == "AWS::IAM::RolePolicy" else "Roles")
    return template.referred(node, ROLE)


def _waits(resource: Resource) -> set[str]:
    """Return the names that must be complete before a resource is made."""
    depends = value(resource.node, "DependsOn")
    return {text_of(item) for item in items(depends)} | {text_of(depends)} | references(resource.get())
