"""Launch-template data, and requests that launch instances: the JSON, or YAML, of the EC2 API."""

import base64
from collections.abc import Iterator

import yaml

from ssmwake.cloud_init.packing import from_base64
from ssmwake.lint import user_data
from ssmwake.lint.aws import instance, profile
from ssmwake.lint.aws.launch_data import PATH_AS_USER_DATA, PLAIN_USER_DATA, described_by
from ssmwake.lint.aws.profile import Form
from ssmwake.lint.aws.setting import StatedSetting
from ssmwake.lint.deferred import Found
from ssmwake.model import Replacement
from ssmwake.text.placeholders import has_placeholder, is_path, is_placeholder
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import is_string, items, pairs, value

# A request of this form launches by itself, and the AWS CLI and the SDKs encode its user data when it is sent.
LAUNCHES = frozenset({"MinCount", "MaxCount", "LaunchConfigurationName"})


def check(source: Source, root: yaml.MappingNode) -> Iterator[Found]:
    """Yield what is wrong with launch-template data, bare, in a request or in an answer, or with a launch."""
    versions = items(value(root, "LaunchTemplateVersions"))
    for holder in [*versions, root]:
        data = value(holder, "LaunchTemplateData")
        if isinstance(data, yaml.MappingNode):
            yield from _described(source, data, launched=False)
    if value(root, "LaunchTemplateData") is None and not versions:
        yield from _described(source, root, launched=bool(LAUNCHES & set(pairs(root))))


def _described(source: Source, node: yaml.Node, *, launched: bool) -> Iterator[Found]:
    def setting(one: yaml.Node | None) -> StatedSetting | None:
        return (
            None
            if one is None
            else StatedSetting(
                one.value if isinstance(one, yaml.ScalarNode) and one.tag.startswith("tag:") else None, source.of(one)
            )
        )

    described = described_by(source, node, setting, is_complete=launched and value(node, "LaunchTemplate") is None)
    data = value(node, "UserData")
    scripts: list[Source] = []
    if isinstance(data, yaml.ScalarNode) and is_path(data.value):
        yield PLAIN_USER_DATA.at(source.of(data), PATH_AS_USER_DATA)
    elif (
        isinstance(data, yaml.ScalarNode) and data.value.strip() and is_string(data) and not is_placeholder(data.value)
    ):
        decoded = from_base64(data.value)
        if decoded is not None:
            script = Source.at_place(source.of(data), decoded.decode("utf-8", "surrogateescape"))
        else:
            script = source.inner(data)
            decoded = script.text.encode("utf-8", "surrogateescape")
            if not launched:
                message = "plain text, where the API expects base64; encode it"
                yield PLAIN_USER_DATA.at(source.of(data), message, fix=_encoded(source, data))
        yield from instance.in_user_data(user_data.check(script, decoded, described.image), described.tokens)
        scripts.append(script)
    yield from instance.check(described, scripts)
    named = value(node, "IamInstanceProfile")
    # A launch configuration is the only one that takes a text.
    is_text = isinstance(named, yaml.ScalarNode) and is_string(named) and value(node, "LaunchConfigurationName") is None
    if isinstance(named, yaml.ScalarNode) and is_text and named.value and not is_placeholder(named.value):
        yield profile.wrong_shape(source.of(named), is_text=True, instead="it below Name, or Arn")
    for key, takes in (("Name", Form.NAME), ("Arn", Form.ARN)):
        said = setting(value(named, key))
        if said and said.value:
            yield from profile.check(profile.of_text(said.value, said.where), takes)


def _encoded(source: Source, node: yaml.ScalarNode) -> Replacement | None:
    """Return the fix that writes the base64 of a text in its place."""
    start, end = node.start_mark.index, node.end_mark.index
    if has_placeholder(node.value):
        # Nobody could fill that in any more.
        return None
    encoded = base64.b64encode(node.value.encode("utf-8", "surrogateescape")).decode()
    # A block scalar ends after its line.
    return source.replacement(start, end, f'"{encoded}"' + "\n" * source.text[start:end].endswith("\n"))
