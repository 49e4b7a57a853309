"""CloudFormation templates: the user data and the SSM documents in them, and what is around them."""

from collections.abc import Iterator

import yaml

from ssmwake.lint.cloudformation import associations, documents, instances, policy_order, profiles, roles, signals, sub
from ssmwake.lint.cloudformation.template import Template
from ssmwake.lint.deferred import Found
from ssmwake.text.source import Source


def check(source: Source, root: yaml.Node) -> Iterator[Found]:
    """Yield what is wrong with a template, and with the user data and the documents in it."""
    template = Template(source, root)
    yield from documents.check(template)
    yield from sub.check(template)
    yield from associations.check(template)
    yield from associations.check_commands(template)
    launches = instances.launches(template)
    yield from instances.check(template, launches)
    yield from policy_order.check(template, launches)
    yield from roles.check(template, launches)
    yield from profiles.check(template, launches)
    yield from profiles.check_role_names(template)
    yield from signals.check(template, launches)


def sizes(source: Source, root: yaml.Node) -> dict[str, tuple[int, int]]:
    """Return the bytes of user data in a template by resource: with defaults, and with the longest parameters."""
    found: dict[str, tuple[int, int]] = {}
    for launch in instances.launches(Template(source, root)):
        if launch.user_data is not None:
            found[launch.resource.name] = (launch.user_data.base, launch.user_data.most)
    return found
