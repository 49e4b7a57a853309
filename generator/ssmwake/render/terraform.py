"""What the Terraform module holds that depends on the config; its variables are those of the schema."""

import json
from dataclasses import dataclass
from typing import Any

from ssmwake.model import Config
from ssmwake.resources import schema


@dataclass(frozen=True)
class Seconds:
    """A variable for a duration: whole seconds between two bounds."""

    name: str
    description: str
    default: int
    minimum: int
    maximum: int


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
