"""What the Terraform module holds that depends on the config; its variables are those of the schema."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ssmwake.cloud_init.multipart import BOUNDARY
from ssmwake.cloud_init.parts import Part
from ssmwake.model import Config
from ssmwake.render.user_data import split_for_parameters
from ssmwake.resources import schema


@dataclass(frozen=True)
class Seconds:
    """A variable for a duration: whole seconds between two bounds."""

    name: str
    description: str
    default: int
    minimum: int
    maximum: int


@dataclass(frozen=True)
class Multipart:
    """User data in pieces: the module puts the parts of its user after the head, and the settings before the tail.

    The plain tail is for what is compressed as a whole: what is packed twice is larger.
    """

    head: str
    ours: str
    tail: str
    plain_tail: str

    @property
    def boundary(self) -> str:
        """The line before each part."""
        return self.ours.partition("\n")[0]


def multipart(config: Config, parts: Sequence[Part]) -> Multipart:
    """Return the user data that the module completes where it is given parts."""
    head, tail = split_for_parameters(config, parts, multipart=True)
    place = head.rindex(f"\n--{BOUNDARY}") + 1
    _, plain_tail = split_for_parameters(config, parts, multipart=True, plain=True)
    return Multipart(head[:place], head[place:], tail, plain_tail)


def durations(config: Config) -> tuple[Seconds, ...]:
    """Return the durations of the schema, with what the config sets for default."""
    return tuple(
        Seconds(key.replace("-", "_"), description(key), getattr(config, key.replace("-", "_")), *_bounds(rules))
        for key, rules in _properties().items()
        if rules.get("$ref", "").endswith("/duration")
    )


def restart_after(config: Config) -> Seconds:
    """Return the bounds of an item of restart-after."""
    items = _properties()["restart-after"]["items"]
    return Seconds("restart_after", description("restart-after"), 0, *_bounds(items))


def description(key: str) -> str:
    """Return what the schema says of a setting."""
    return str(_properties()[key]["description"])


def pattern(key: str) -> str:
    """Return the pattern of the schema for a setting."""
    return str(_properties()[key]["pattern"])


def most(key: str) -> int:
    """Return how many items a list of the schema holds."""
    return int(_properties()[key]["maxItems"])


def _bounds(rules: dict[str, Any]) -> tuple[int, int]:
    return rules["minimum"], rules["maximum"]


def _properties() -> dict[str, Any]:
    properties: dict[str, Any] = json.loads(schema("config"))["properties"]
    return properties
