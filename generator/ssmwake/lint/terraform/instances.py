"""The instances of a module: what their options, profiles and profiles mean for the user data they run."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ssmwake.lint.aws import instance
from ssmwake.lint.aws.instance import DescribedInstance, InstanceNames
from ssmwake.lint.aws.setting import StatedSetting
from ssmwake.lint.terraform import own_module, profiles
from ssmwake.lint.terraform.evaluate import text
from ssmwake.lint.terraform.scope import Scope, Text
from ssmwake.lint.terraform.tree import Block, Body, Reference
from ssmwake.model import Finding

LAUNCH_TEMPLATE = "aws_launch_template"
NAMES = InstanceNames(
    "http_endpoint",
    'http_tokens = "required"',
    "http_protocol_ipv6",
    "iam_instance_profile",
    'instance_metadata_tags = "enabled"',
)


def described(block: Block, scope: Scope, user_data: Sequence[Text]) -> Iterator[Finding]:
    """Yield where an instance does not fit the user data it is given, of which the texts are known."""
    body = block.body
    options = [one.body for one in body.blocks if one.type == "metadata_options"]
    generated = any(one.type in ("dynamic", "launch_template") for one in body.blocks)
    whole = not any(one.layout_unknown for one in user_data)
    template = block.labels[0] == LAUNCH_TEMPLATE
    one = DescribedInstance(
        where=block.name.where,
        profile=_profile(body, scope),
        role=profiles.role_name(body, scope),
        awaited=_awaited(body, scope),
        image=image(body, scope),
        # Who launches from a template can state what it leaves out.
        is_complete=whole and not (generated or template),
        names=NAMES,
    )
    for option in options[:1]:
        one = replace(
            one,
            endpoint=_setting(option, "http_endpoint", scope),
            tokens=_setting(option, "http_tokens", scope),
            hops=_setting(option, "http_put_response_hop_limit", scope),
            ipv6=_setting(option, "http_protocol_ipv6", scope),
            tags=_setting(option, "instance_metadata_tags", scope),
        )
    yield from instance.check(one, [each.source for each in user_data])
    yield from profiles.check(block, scope)


def tokens(body: Body, scope: Scope) -> StatedSetting | None:
    """Return whether requests to IMDS need a token, if the module sets it."""
    options = [one.body for one in body.blocks if one.type == "metadata_options"]
    return _setting(options[0], "http_tokens", scope) if options else None


def image(body: Body, scope: Scope) -> str | None:
    """Return the id of the image, the parameter that holds it or the name it is looked up by, if the module sets it."""
    for name in ("ami", "image_id"):
        value = body.value(name)
        if value is None:
            continue
        found = text(value, scope)
        if found is not None:
            return found.source.text if found.known else None
        if isinstance(value, Reference) and len(value.path) == 4 and value.path[0] == "data":
            return _looked_up(scope.data.get((value.path[1], value.path[2])), scope)
    return None


def _looked_up(block: Block | None, scope: Scope) -> str | None:
    """Return the parameter of Systems Manager, or the pattern of names, by which a block looks for an image."""
    if block is None:
        return None
    if block.labels[0] == "aws_ssm_parameter":
        found = _setting(block.body, "name", scope)
        return found.value if found else None
    for one in block.body.blocks:
        values = one.body.value("values")
        name = _setting(one.body, "name", scope)
        if block.labels[0] == "aws_ami" and name and name.value == "name" and values and values.inside:
            found_text = text(values.inside[0], scope)
            return found_text.source.text if found_text and found_text.known else None
    return None


def _setting(body: Body, name: str, scope: Scope) -> StatedSetting | None:
    attribute = body.attributes.get(name)
    if attribute is None:
        return None
    said = text(attribute.value, scope)
    return StatedSetting(said.source.text if said and said.known else None, attribute.name.where)


def _awaited(body: Body, scope: Scope) -> StatedSetting | None:
    """Return the role that a module of ssmwake is to wait for, if the user data is that of one."""
    block = own_module.of_instance(body, scope)
    return _setting(block.body, "role", scope) if block else None


def _profile(body: Body, scope: Scope) -> StatedSetting | None:
    for block in body.blocks:
        if block.type == "iam_instance_profile":
            return StatedSetting(None, block.name.where)
    return _setting(body, "iam_instance_profile", scope)
