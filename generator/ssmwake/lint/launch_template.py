"""Launch-template data: the JSON, or YAML, of the EC2 API."""

import base64
import binascii
from collections.abc import Iterator

import yaml

from ssmwake.lint import user_data
from ssmwake.lint.nodes import value
from ssmwake.lint.rules import finding
from ssmwake.lint.shell import Found
from ssmwake.lint.source import Source


def check(source: Source, root: yaml.MappingNode) -> Iterator[Found]:
    """Yield what is wrong with launch-template data, bare or in a request."""
    data = value(root, "LaunchTemplateData", "UserData") or value(root, "UserData")
    if not isinstance(data, yaml.ScalarNode):
        return
    decoded = from_base64(data.value)
    if decoded is None:
        yield finding("SW401", source.of(data), "plain text, where the API wants base64; encode it")
    else:
        text = decoded.decode("utf-8", "surrogateescape")
        yield from user_data.check(Source.at_place(source.of(data), text), decoded)


def from_base64(text: str) -> bytes | None:
    """Return what the base64 says; None where it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
