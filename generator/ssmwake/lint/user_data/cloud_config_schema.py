"""A cloud-config checked against the JSON schema that comes with a cloud-init; the caller chooses which one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ssmwake.lint.deferred import CloudConfig
from ssmwake.lint.rules import WARNING, rule
from ssmwake.model import Finding, Invalid, Location
from ssmwake.text.source import Source
from ssmwake.text.unreadable import NOT_LINTED
from ssmwake.text.yaml_nodes import effective, items

if TYPE_CHECKING:
    from jsonschema import Draft4Validator
from ssmwake.lint.user_data.cloud_config_keys import AMAZON
from ssmwake.lint.user_data.cloud_config_table import DEPRECATED_KEY, UNKNOWN_KEY

REFUSED_BY_SCHEMA = rule(
    "SW275", WARNING, "rejected by this cloud-init's schema", reason="that version warns, and its module may fail"
)

SCHEMA = "cloudinit/config/schemas/schema-cloud-config-v1.json"
# Where packages of Debian, Ubuntu, SUSE, Fedora and Amazon Linux put the modules of Python.
PLACES = ("python3/dist-packages", "python3.*/dist-packages", "python3.*/site-packages")
# No cloud-config holds more values, aliases counted as often as they are used.
LARGEST = 20_000
TYPES = {
    "object": "keys and values",
    "array": "a list",
    "string": "a string",
    "boolean": "true or false",
    "integer": "a whole number",
}
NAMED = re.compile(r"\*\*([^*]{1,60})\*\*|``([^`]{1,60})``")


def installed_schema(root: Path = Path("/usr")) -> Path | None:
    """Return the schema of the cloud-init that is installed on this machine, if there is one."""
    found = [path for place in PLACES for path in sorted(root.glob(f"lib/{place}/{SCHEMA}"))]
    return found[0] if found else None


def load(path: Path) -> Mapping[str, Any]:
    """Return a schema from a file; raise Invalid where it cannot be read or is not a schema."""
    from jsonschema import Draft4Validator, SchemaError

    try:
        schema = json.loads(path.read_bytes())
        if not isinstance(schema, dict) or not {"properties", "allOf"} & set(schema):
            raise ValueError("no schema of cloud-config")
        Draft4Validator.check_schema(schema)
    except OSError as error:
        raise _invalid(path, f"cannot be read: {error.strerror}; name a file that can") from None
    except (ValueError, RecursionError, SchemaError) as error:
        reason = getattr(error, "message", None) or str(error) or "nested too deeply"
        raise _invalid(path, f"{reason[:120]}; name schema-cloud-config-v1.json of a cloud-init") from None
    return schema


def _invalid(path: Path, message: str) -> Invalid:
    return Invalid(NOT_LINTED.at(Location(str(path)), message))


def schema_findings(config: CloudConfig, schema: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what the schema says against a cloud-config, and its deprecated keys, in lines that are not judged yet."""
    from jsonschema import Draft4Validator
    from jsonschema.exceptions import best_match

    source, root = config.source, config.root
    if _weight(root, {}) > LARGEST:
        return
    value = _plain(root)
    validator = Draft4Validator(schema)
    found: set[Finding] = set()
    for error in validator.iter_errors(value):
        best = best_match(iter([error]))
        if best is not None:
            found |= set(_schema_findings(source, root, best))
    for path, said in _deprecated(validator, schema, value, ()):
        if path:
            found.add(DEPRECATED_KEY.at(source.of(_node(root, path, key=True)), _advice(str(path[-1]), said)))
    yield from sorted(one for one in found if one.where.line not in config.judged)


def _schema_findings(source: Source, root: yaml.Node, error: Any) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    node = _node(root, path)
    name = ".".join(str(step) for step in path if isinstance(step, str)) or "cloud-config"
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = set(error.schema.get("properties", {}))
        patterns = error.schema.get("patternProperties", {})
        for key in error.instance:
            if key not in known | AMAZON.keys() and not any(re.search(pattern, key) for pattern in patterns):
                where = source.of(_node(root, (*path, key), key=True))
                yield UNKNOWN_KEY.at(where, f"this cloud-init has no key '{key[:60]}' in {name}; remove it")
        return
    limit = error.validator_value
    match error.validator:
        case "type":
            wanted = [limit] if isinstance(limit, str) else limit
            message = f"is not {' or '.join(TYPES.get(each, each) for each in wanted)}; write one"
        case "enum":
            message = f"is not one of {', '.join(str(each) for each in limit)[:80]}; write one of them"
        case "required":
            missing = [key for key in limit if key not in error.instance]
            message = f"has no {', '.join(missing)}; add it"
        case "pattern":
            message = f"does not match {limit[:60]}; write a value that does"
        case "minItems" | "minProperties":
            message = "holds nothing; remove it"
        case other:
            message = f"is not what its schema expects ({other}); see the module's documentation"
    # The module may well do what is meant: a number for a string is one of these.
    yield REFUSED_BY_SCHEMA.at(source.of(node), f"{name} {message}")


def _advice(key: str, said: Mapping[str, Any]) -> str:
    since = f" since {said['deprecated_version']}" if "deprecated_version" in said else ""
    text = str(said.get("deprecated_description") or said.get("description") or "")
    named = NAMED.search(text) if re.search(r"\b[Uu]se\b", text) else None
    advice = f"write {named[1] or named[2]} instead" if named else "see the module's documentation"
    return f"'{key}' as it stands is deprecated{since}; {advice}"


def _deprecated(
    validator: Draft4Validator, schema: Mapping[str, Any], value: object, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    """Yield the paths of values that a schema takes and calls deprecated."""
    if "$ref" in schema:
        target: Any = validator.schema
        for step in str(schema["$ref"]).lstrip("#/").split("/"):
            target = target.get(step, {}) if isinstance(target, dict) else {}
        schema = target
    if schema.get("deprecated") is True:
        yield path, schema
    for each in schema.get("allOf", ()):
        yield from _deprecated(validator, each, value, path)
    for key in ("oneOf", "anyOf"):
        fitting = [each for each in schema.get(key, ()) if validator.evolve(schema=each).is_valid(value)]
        fitting.sort(key=lambda each: each.get("deprecated") is True)
        if fitting:
            yield from _deprecated(validator, fitting[0], value, path)
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in schema.get("properties", {}):
                yield from _deprecated(validator, schema["properties"][name], inner, (*path, name))
            for pattern, each in schema.get("patternProperties", {}).items():
                if name not in schema.get("properties", {}) and re.search(pattern, name):
                    yield from _deprecated(validator, each, inner, (*path, name))
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for number, inner in enumerate(value):
            yield from _deprecated(validator, schema["items"], inner, (*path, number))


def _node(node: yaml.Node, path: tuple[str | int, ...], *, key: bool = False) -> yaml.Node:
    """Return the node at a path, or the key that leads there; the last one on the way where there is no more."""
    name = node
    for step in path:
        inner: yaml.Node | None = None
        if isinstance(step, int) and step < len(items(node)):
            name = inner = items(node)[step]
        elif isinstance(step, str) and step in effective(node):
            name, inner = effective(node)[step]
        if inner is None:
            break
        node = inner
    return name if key else node


def _weight(node: yaml.Node, known: dict[int, int]) -> int:
    """Return how many values a node holds, without bound for one that holds itself."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = LARGEST + 1
        inner = [each[1] for each in node.value] if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = 1 + sum(_weight(each, known) for each in inner)
    return known[id(node)]


def _plain(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return {key: _plain(inner) for key, (_, inner) in effective(node).items()}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(inner) for inner in node.value]
    if node.tag.endswith((":str", ":binary", ":timestamp")):
        return node.value
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError, OverflowError):
        return node.value
