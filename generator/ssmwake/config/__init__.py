"""Load a config: bytes or Python values in, a Config out, or Invalid with every fault at its place.

schemas/config.json says what is allowed, to editors and here; a new setting is a field of `model.Config` and a property
of the schema, with no code in between. `yaml_reader` and `python_reader` read by it, `rules` has its words.
"""

import dataclasses
import typing
from enum import StrEnum
from typing import Any

import yaml

from ssmwake.config.commented_example import example
from ssmwake.config.rules import duration, root, seconds
from ssmwake.config.yaml_reader import YamlReader, compose
from ssmwake.model import Config, Invalid, Location
from ssmwake.text.source import Source

__all__ = ["commands_of", "duration", "example", "from_settings", "load", "option", "place_of", "seconds"]


def load(path: str, data: bytes) -> Config:
    """Return the config that the bytes hold; the path only names the place of a fault."""
    node = compose(path, data)
    if node is None:
        return Config()
    reader = YamlReader(path)
    value = reader.value(node, root(), "the config")
    if reader.findings:
        raise Invalid(*sorted(reader.findings))
    config: Config = _built(Config, value)
    return config


def place_of(path: str, data: bytes, *keys: str | int) -> Location:
    """Return the place of a value in a config that was loaded, by its keys and numbers; the first line without one."""
    node = compose(path, data)
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            node = next((value for name, value in node.value if name.value == key), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
        else:
            node = None
    mark = node.start_mark if node else None
    return Location(path, mark.line + 1, mark.column + 1) if mark else Location(path)


def commands_of(path: str, data: bytes) -> tuple[Source, ...]:
    """Return the commands of `on-ready` in a config that was loaded, with their places."""
    node = compose(path, data)
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    listed = next((value for name, value in pairs if name.value == "on-ready"), None)
    source = Source.of_file(path, data.decode("utf-8-sig"))
    return tuple(source.inner(item) for item in listed.value) if isinstance(listed, yaml.SequenceNode) else ()


def option(name: str, text: str, section: str = "") -> Any:
    """Return the value of a setting that came as text, such as an option of the command line; raise Invalid."""
    reader = YamlReader(f"--{name}")
    mark = yaml.Mark(name, 0, 0, 0, "", 0)
    properties = root()["properties"]
    rules = (properties[section]["properties"] if section else properties)[name]
    found = reader.value(yaml.ScalarNode("tag:yaml.org,2002:str", text, mark), rules.get("items", rules), name)
    if reader.findings:
        raise Invalid(*reader.findings)
    return found


def from_settings(settings: typing.Mapping[str, Any]) -> Config:
    """Return the config of settings as Python names them; those of `user_data` may be given next to the others.

    None stands for the default. Raises Invalid, whose places are the names of the arguments.
    """
    from ssmwake.config import python_reader

    properties = root()["properties"]
    inner = properties["user-data"]["properties"]
    reader = python_reader.PythonReader()
    found: dict[str, Any] = {}
    for name, given in settings.items():
        key = name.replace("_", "-")
        if given is None:
            continue
        if key in inner:
            found.setdefault("user-data", {})[key] = reader.value(given, inner[key], name)
        elif key in properties:
            value = reader.value(given, properties[key], name)
            found[key] = {**found.get(key, {}), **(value or {})} if key == "user-data" else value
        else:
            reader.unknown(name, [word.replace("-", "_") for word in (*properties, *inner)])
    if reader.findings:
        raise Invalid(*reader.findings)
    config: Config = _built(Config, found)
    return config


def _built(cls: Any, value: dict[str, Any]) -> Any:
    """Return the dataclass of the value; keys are its fields with dashes, and None means that it was left out."""
    hints = typing.get_type_hints(cls)
    given: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        found = value.get(field.name.replace("_", "-"))
        if found is None:
            continue
        hint = hints[field.name]
        if dataclasses.is_dataclass(hint):
            found = _built(hint, found)
        elif isinstance(found, list):
            inner = typing.get_args(hint)[0]
            found = tuple(_built(inner, each) for each in found) if dataclasses.is_dataclass(inner) else tuple(found)
        elif isinstance(found, dict) and dataclasses.is_dataclass(inner := typing.get_args(hint)[-1]):
            found = {key: _built(inner, each) for key, each in found.items()}
        elif isinstance(hint, type) and issubclass(hint, StrEnum):
            found = hint(found)
        given[field.name] = found
    return cls(**given)
