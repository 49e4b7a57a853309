"""Read settings from Python values, by the same schema as YAML; each fault names the argument that is wrong."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from ssmwake.config import rules as schema_rules
from ssmwake.config.rules import SAME_NAME, UNKNOWN_SETTING, WRONG_SETTING, Schema
from ssmwake.model import Finding, Location, Rule

TYPES: dict[str, tuple[type, str]] = {"string": (str, "a str"), "integer": (int, "an int"), "boolean": (bool, "a bool")}


class PythonReader:
    """Reads values by the schema; collects the faults instead of stopping at one.

    Settings have underscores where YAML has dashes; `path` is the expression that leads to a value.
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def value(self, given: Any, rules: Schema, path: str) -> Any:
        """Return what was given as the schema has it; None, and a finding, where the rules refuse it."""
        rules = schema_rules.resolved(rules)
        match rules["type"]:
            case "object":
                return self._object(given, rules, path)
            case "array":
                return self._array(given, rules, path)
        value = self._scalar(given, rules, path)
        if value is None or "minimum" not in rules:
            return value
        number = value if isinstance(value, int) else schema_rules.seconds(value)
        fault = schema_rules.range_fault(number, rules, "", _described(given))
        return self._fault(path, fault) if fault else number

    def unknown(self, path: str, names: list[str]) -> None:
        """Note a setting that does not exist."""
        word = path.rpartition("['")[2].removesuffix("']")
        self._fault(path, f"unknown; {schema_rules.nearest(word, names)}", UNKNOWN_SETTING)

    def _object(self, given: Any, rules: Schema, path: str) -> Any:
        if not isinstance(given, Mapping):
            return self._fault(path, f"must be a dict, not {_described(given)}")
        known: dict[str, Schema] = rules.get("properties", {})
        others = rules.get("additionalProperties", False)
        found: dict[str, Any] = {}
        for name, value in given.items():
            inner = f"{path}[{name!r}]"
            if not isinstance(name, str):
                self._fault(path, f"has a key that is not a str: {_described(name)}", UNKNOWN_SETTING)
            elif (key := name.replace("_", "-")) in known:
                found[key] = self.value(value, known[key], inner) if value is not None else None
            elif others is False:
                names = [word.replace("-", "_") for word in known]
                self.unknown(inner, names)
            elif fault := schema_rules.text_fault(name, rules.get("propertyNames", {}), "the key"):
                self._fault(inner, fault)
            else:
                found[name] = self.value(value, others, inner)
        for key in rules.get("required", []):
            if found.get(key) is None:
                self._fault(path, f"has no {key!r}; add it")
        if fault := schema_rules.keys_fault(len(found), rules, ""):
            return self._fault(path, fault)
        if {"command-name", "automation-name"} <= set(known):
            self._names_differ(found, known, path)
        return found

    def _names_differ(self, found: dict[str, Any], known: dict[str, Schema], path: str) -> None:
        names = ("command-name", "automation-name")
        values = [found.get(name) or schema_rules.resolved(known[name])["default"] for name in names]
        if values[0] == values[1]:
            self._fault(path, f"both documents are named {values[0]}; give each a name of its own", SAME_NAME)

    def _array(self, given: Any, rules: Schema, path: str) -> Any:
        if not isinstance(given, list | tuple):
            return self._fault(path, f"must be a list or a tuple, not {_described(given)}")
        if fault := schema_rules.items_fault(len(given), rules, ""):
            return self._fault(path, fault)
        items = [self.value(item, rules["items"], f"{path}[{number}]") for number, item in enumerate(given)]
        plain = [item for item in items if isinstance(item, str)]
        fault = schema_rules.list_fault("share-with" if path.endswith("['share_with']") else "", plain)
        return self._fault(path, fault) if fault else items

    def _scalar(self, given: Any, rules: Schema, path: str) -> Any:
        wanted = [rules["type"]] if isinstance(rules["type"], str) else rules["type"]
        if isinstance(given, StrEnum):
            given = given.value
        if isinstance(given, timedelta) and "minimum" in rules and "string" in wanted:
            given = int(given.total_seconds())
        if type(given) not in [TYPES[word][0] for word in wanted]:
            words = " or ".join(TYPES[word][1] for word in wanted)
            return self._fault(path, f"must be {words}, not {_described(given)}")
        if isinstance(given, str) and (fault := schema_rules.text_fault(given, rules, "")):
            return self._fault(path, fault)
        return given

    def _fault(self, path: str, message: str, rule: Rule = WRONG_SETTING) -> Any:
        """Note a fault; what is read there is None."""
        # The path names the value: what is said of it needs no name.
        self.findings.append(rule.at(Location(path, 0), message.strip()))
        return None


def _described(given: Any) -> str:
    if isinstance(given, str | int | float | timedelta) or given is None:
        return schema_rules.short(given) if isinstance(given, str) else repr(given)
    return type(given).__name__
