"""An instance as launch-template data, a request of the EC2 API or a CloudFormation resource describes it."""

from collections.abc import Callable

import yaml

from ssmwake.lint.aws.instance import DescribedInstance
from ssmwake.lint.aws.setting import StatedSetting
from ssmwake.lint.rules import ERROR, rule
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import value

PLAIN_USER_DATA = rule(
    "SW401", ERROR, "user data that is not base64", reason="EC2 refuses it, or decodes rubbish", fixable=True
)

PATH_AS_USER_DATA = (
    "a path, where the base64 of the file belongs; only the AWS CLI reads files, and only on its own command line"
)

Read = Callable[[yaml.Node | None], StatedSetting | None]


def described_by(source: Source, node: yaml.Node, setting: Read, *, is_complete: bool) -> DescribedInstance:
    """Return the instance that the properties, or launch-template data, describe; `setting` reads a value."""
    options = value(node, "MetadataOptions")
    known = isinstance(options, yaml.MappingNode) or options is None
    profile = setting(value(node, "IamInstanceProfile"))
    image = setting(value(node, "ImageId"))
    return DescribedInstance(
        where=source.of(node),
        endpoint=setting(value(options, "HttpEndpoint")),
        tokens=setting(value(options, "HttpTokens")),
        hops=setting(value(options, "HttpPutResponseHopLimit")),
        ipv6=setting(value(options, "HttpProtocolIpv6")),
        tags=setting(value(options, "InstanceMetadataTags")),
        profile=profile,
        image=image.value if image else None,
        is_complete=is_complete and known,
    )
