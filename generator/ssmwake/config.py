"""Load a config: bytes in, a Config out, or Invalid with every fault at its place.

schemas/config.json says what is allowed, to editors and here; a new setting is a field of `model.Config` and a property
of the schema, with no code in between.
"""

import dataclasses
import difflib
import json
import re
import typing
from enum import StrEnum
from typing import Any

import yaml

from ssmwake.model import Config, Finding, Invalid, Location, Rule, Severity, rule
from ssmwake.resources import schema

BROKEN_CONFIG = rule("SW010", Severity.ERROR, "a config that is not YAML", reason="none of its settings can be read")
UNKNOWN_SETTING = rule("SW011", Severity.ERROR, "an unknown setting", reason="a misspelt setting would have no effect")
WRONG_SETTING = rule("SW012", Severity.ERROR, "a setting with a wrong value", reason="nothing is rendered from it")
DUPLICATE_SETTING = rule("SW013", Severity.ERROR, "a duplicate setting", reason="only the last value would count")

Schema = dict[str, Any]


def load(path: str, data: bytes) -> Config:
    """Return the config that the bytes hold; the path only names the place of a fault."""
    root = _compose(path, data)
    if root is None:
        return Config()
    reader = _Reader(path, json.loads(schema("config")))
    value = reader.value(root, reader.schema, "the config")
    if reader.findings:
        raise Invalid(*sorted(reader.findings))
    config: Config = _built(Config, value)
    return config


UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}


def option(name: str, text: str, section: str = "") -> Any:
    """Return the value of a setting that came as text, such as an option of the command line; raise Invalid."""
    reader = _Reader(f"--{name}", json.loads(schema("config")))
    mark = yaml.Mark(name, 0, 0, 0, "", 0)
    properties = reader.schema["properties"]
    rules = (properties[section]["properties"] if section else properties)[name]
    found = reader.value(yaml.ScalarNode("tag:yaml.org,2002:str", text, mark), rules.get("items", rules), name)
    if reader.findings:
        raise Invalid(*reader.findings)
    return found


def from_settings(settings: dict[str, Any]) -> Config:
    """Return the config of settings named as in Python; those of `user-data` may stand beside the others."""
    rules = json.loads(schema("config"))["properties"]
    found: dict[str, Any] = {}
    for name, value in settings.items():
        key = name.replace("_", "-")
        inner = key in rules["user-data"]["properties"]
        plain = list(value) if isinstance(value, tuple) else str(value) if isinstance(value, StrEnum) else value
        (found.setdefault("user-data", {}) if inner else found)[key] = plain
    try:
        return load("settings", yaml.safe_dump(found).encode())
    except yaml.representer.RepresenterError as error:
        raise TypeError(f"no setting can hold {error.args[-1]!r}") from error


def seconds(text: str) -> int:
    """Return the seconds of a duration such as 1h30m; the schema's pattern has seen it before."""
    return sum(int(number) * UNITS.get(unit, 1) for number, unit in re.findall(r"([0-9]+)([dhms]?)", text))


def duration(number: int) -> str:
    """Return seconds as a person would write them."""
    said = ""
    for unit, length in UNITS.items():
        amount, number = divmod(number, length)
        said += f"{amount}{unit}" if amount else ""
    return said or "0s"


def _compose(path: str, data: bytes) -> yaml.Node | None:
    def refuse(message: str, line: int = 0, column: int = 0) -> Invalid:
        return Invalid(BROKEN_CONFIG.at(Location(path, line + 1, column + 1), message))

    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refuse("encoded as UTF-16; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = before.count(b"\n"), len(before) - before.rfind(b"\n") - 1
        raise refuse("a byte that is no UTF-8; save it as UTF-8", *place) from None
    try:
        node: yaml.Node | None = yaml.compose(text, yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        before_it = text[: error.position]
        place = before_it.count("\n"), len(before_it) - before_it.rfind("\n") - 1
        raise refuse(f"character #x{ord(text[error.position]):04x} is not allowed in YAML; remove it", *place) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        raise refuse(f"broken YAML: {' '.join((error.problem or 'not understood').split())}", line, column) from None
    except RecursionError:
        raise refuse("nested too deeply; no setting is") from None
    empty = isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"
    return None if empty else node


class _Reader:
    """Reads nodes by a schema; collects the faults instead of stopping at one."""

    def __init__(self, path: str, root: Schema) -> None:
        self.path = path
        self.schema = root
        self.findings: list[Finding] = []
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, rules: Schema, name: str) -> Any:
        """Return what the node holds; None, and a finding, where the rules refuse it."""
        is_duration = rules.get("$ref") == "#/$defs/duration"
        if "$ref" in rules:
            rules = {**self.schema["$defs"][rules["$ref"].rpartition("/")[2]], **rules}
        match rules["type"]:
            case "object":
                return self._object(node, rules, name)
            case "array":
                return self._array(node, rules, name)
        value = self._scalar(node, rules, name)
        if value is None or "minimum" not in rules:
            return value
        number = value if isinstance(value, int) else seconds(value)
        least, most = rules["minimum"], rules["maximum"]
        if least <= number <= most:
            return number
        if is_duration:
            return self._fault(node, f"{name} is {_said(node)}; {duration(least)} to {duration(most)} are allowed")
        return self._fault(node, f"{name} is {number}; {least:,} to {most:,} are allowed")

    def _object(self, node: yaml.Node, rules: Schema, name: str) -> Any:
        if _is_null(node):
            return {}
        if not isinstance(node, yaml.MappingNode):
            return self._fault(node, f"{name} must be a mapping of keys, not {_said(node)}")
        known: dict[str, Schema] = rules.get("properties", {})
        others = rules.get("additionalProperties", False)
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(key_node, f"a key must be text, not {_said(key_node)}", UNKNOWN_SETTING)
                continue
            key = key_node.value
            if key in found:
                self._fault(key_node, f"{key!r} is there twice; remove one", DUPLICATE_SETTING)
            elif key in known:
                found[key] = self.value(value_node, known[key], key)
                continue
            elif others is False:
                self._fault(key_node, f"unknown key {key!r}; {_nearest(key, known)}", UNKNOWN_SETTING)
            elif self._fits(key_node, key, rules.get("propertyNames", {}), f"a key of {name}"):
                found[key] = self.value(value_node, others, f"{name}.{key}")
                continue
            found.setdefault(key, None)
        for key in rules.get("required", []):
            if key not in found:
                self._fault(node, f"{name} has no {key}; write one")
        if len(found) > rules.get("maxProperties", len(found)):
            return self._fault(node, f"{name} holds {len(found)}; {rules['maxProperties']} are allowed")
        return found

    def _array(self, node: yaml.Node, rules: Schema, name: str) -> Any:
        if _is_null(node):
            return None
        if not isinstance(node, yaml.SequenceNode):
            return self._fault(node, f"{name} must be a list, not {_said(node)}; put '- ' before each item")
        most, least = rules.get("maxItems", len(node.value)), rules.get("minItems", 0)
        if not least <= len(node.value) <= most:
            return self._fault(node, f"{name} holds {len(node.value)} items; {least} to {most} are allowed")
        return [self.value(item, rules["items"], f"an item of {name}") for item in node.value]

    def _scalar(self, node: yaml.Node, rules: Schema, name: str) -> Any:
        types = {"string": str, "integer": int, "boolean": bool}
        wanted = [rules["type"]] if isinstance(rules["type"], str) else rules["type"]
        words = " or ".join(
            {"string": "text", "integer": "a whole number", "boolean": "true or false"}[w] for w in wanted
        )
        if _is_null(node):
            return self._fault(node, f"{name} has no value; give it one or remove the key")
        if not isinstance(node, yaml.ScalarNode):
            return self._fault(node, f"{name} must be {words}, not {_said(node)}")
        try:
            value = self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            value = None
        if type(value) not in [types[word] for word in wanted]:
            advice = "; put it in quotes" if "string" in wanted and not rules.get("minimum") else ""
            advice = "; remove the quotes" if wanted == ["boolean"] and node.style else advice
            return self._fault(node, f"{name} must be {words}, not {_said(node)}{advice}")
        return value if not isinstance(value, str) or self._fits(node, value, rules, name) else None

    def _fits(self, node: yaml.Node, text: str, rules: Schema, name: str) -> bool:
        before = len(self.findings)
        pattern = rules.get("pattern", "^[\\s\\S]*$")
        if "\0" in text or re.search("[\ud800-\udfff]", text):
            self._fault(node, f"{name} holds a NUL or what UTF-8 cannot spell; remove it")
        elif "enum" in rules and text not in rules["enum"]:
            self._fault(node, f"{name} is {_short(text)}; {_nearest(text, rules['enum'])}")
        elif len(text) < rules.get("minLength", 0):
            self._fault(node, f"{name} is empty; give it a value or remove it")
        # Anchored at both ends, as each pattern of ours says: `$` alone would let a line end through.
        elif not re.fullmatch(pattern.removeprefix("^").removesuffix("$"), text):
            self._fault(node, f"{name} is {_short(text)}: {rules['patternErrorMessage']}")
        return len(self.findings) == before

    def _fault(self, node: yaml.Node, message: str, rule: Rule = WRONG_SETTING) -> Any:
        """Note a fault; what is read there is None."""
        mark = node.start_mark
        self.findings.append(rule.at(Location(self.path, mark.line + 1, mark.column + 1), message))
        return None


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


def _nearest(word: str, known: typing.Iterable[str]) -> str:
    close = difflib.get_close_matches(word.lower().replace("_", "-"), known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _said(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return _short(node.value)
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"


def _short(text: str) -> str:
    # Half of a character cannot be printed.
    text = text.encode("utf-8", "replace").decode()
    return repr(text if len(text) <= 40 else text[:37] + "...")


def example() -> str:
    """Return a config in which every setting is a comment: what it does, and its default or an example."""
    lines = ["# Settings of ssmwake. Each has a default; remove the # of the lines that you change."]
    for key, rules in json.loads(schema("config"))["properties"].items():
        lines += ["", f"# {rules['description']}", *(f"# {line}" for line in _shown(key, rules))]
    return "\n".join([*lines, ""])


def _shown(key: str, rules: Schema) -> list[str]:
    if "properties" in rules:
        lines = [f"{key}:"]
        for name, inner in rules["properties"].items():
            lines += [f"  # {inner['description']}", *(f"  {line}" for line in _shown(name, inner))]
        return lines
    value = rules.get("examples", [rules.get("default")])[0]
    flow = None if isinstance(value, list) and not isinstance(value[0], dict) else False
    return yaml.safe_dump({key: value}, default_flow_style=flow, width=200).splitlines()
