"""Read a config from YAML: bytes in, a value by the schema out, with each fault at its line and column."""

from typing import Any

import yaml

from ssmwake.config import rules as schema_rules
from ssmwake.config.rules import BROKEN_CONFIG, DUPLICATE_SETTING, SAME_NAME, UNKNOWN_SETTING, WRONG_SETTING, Schema
from ssmwake.model import Finding, Invalid, Location, Rule


def compose(path: str, data: bytes) -> yaml.Node | None:
    """Return the YAML nodes of a config, None where it is empty; raise Invalid where it is not YAML."""

    def refuse(message: str, line: int = 0, column: int = 0) -> Invalid:
        return Invalid(BROKEN_CONFIG.at(Location(path, line + 1, column + 1), message))

    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refuse("encoded as UTF-16; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = before.count(b"\n"), len(before) - before.rfind(b"\n") - 1
        raise refuse("a byte that is not valid UTF-8; save the file as UTF-8", *place) from None
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


class YamlReader:
    """Reads nodes by the schema; collects the faults instead of stopping at one."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.findings: list[Finding] = []
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, rules: Schema, name: str) -> Any:
        """Return what the node holds; None, and a finding, where the rules refuse it."""
        rules = schema_rules.resolved(rules)
        match rules["type"]:
            case "object":
                return self._object(node, rules, name)
            case "array":
                return self._array(node, rules, name)
        value = self._scalar(node, rules, name)
        if value is None or "minimum" not in rules:
            return value
        number = value if isinstance(value, int) else schema_rules.seconds(value)
        fault = schema_rules.range_fault(number, rules, name, _described(node))
        return self._fault(node, fault) if fault else number

    def _object(self, node: yaml.Node, rules: Schema, name: str) -> Any:
        if _is_null(node):
            return {}
        if not isinstance(node, yaml.MappingNode):
            return self._fault(node, f"{name} must be a mapping of keys, not {_described(node)}")
        known: dict[str, Schema] = rules.get("properties", {})
        others = rules.get("additionalProperties", False)
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(key_node, f"a key must be text, not {_described(key_node)}", UNKNOWN_SETTING)
                continue
            key = key_node.value
            if key in found:
                self._fault(key_node, f"{key!r} is there twice; remove one", DUPLICATE_SETTING)
            elif key in known:
                found[key] = self.value(value_node, known[key], key)
                continue
            elif others is False:
                self._fault(key_node, f"unknown key {key!r}; {schema_rules.nearest(key, known)}", UNKNOWN_SETTING)
            elif self._fits(key_node, key, rules.get("propertyNames", {}), f"a key of {name}"):
                found[key] = self.value(value_node, others, f"{name}.{key}")
                continue
            found.setdefault(key, None)
        for key in rules.get("required", []):
            if key not in found:
                self._fault(node, f"{name} has no {key}; write one")
        if fault := schema_rules.keys_fault(len(found), rules, name):
            return self._fault(node, fault)
        if name == "documents":
            self._names_differ(node, found, known)
        return found

    def _names_differ(self, node: yaml.MappingNode, found: dict[str, Any], known: dict[str, Schema]) -> None:
        names = ("command-name", "automation-name")
        values = [found.get(name) or schema_rules.resolved(known[name])["default"] for name in names]
        if values[0] != values[1]:
            return
        where = next(key for key, _ in reversed(node.value) if key.value in names)
        self._fault(where, f"both documents are named {values[0]}; give each a name of its own", SAME_NAME)

    def _array(self, node: yaml.Node, rules: Schema, name: str) -> Any:
        if _is_null(node):
            return None
        if not isinstance(node, yaml.SequenceNode):
            return self._fault(node, f"{name} must be a list, not {_described(node)}; put '- ' before each item")
        if fault := schema_rules.items_fault(len(node.value), rules, name):
            return self._fault(node, fault)
        items = [self.value(item, rules["items"], f"an item of {name}") for item in node.value]
        fault = schema_rules.list_fault(name, [repr(item) if isinstance(item, dict) else item for item in items])
        return self._fault(node, fault) if fault else items

    def _scalar(self, node: yaml.Node, rules: Schema, name: str) -> Any:
        types = {"string": str, "integer": int, "boolean": bool}
        wanted = [rules["type"]] if isinstance(rules["type"], str) else rules["type"]
        words = " or ".join(
            {"string": "text", "integer": "a whole number", "boolean": "true or false"}[w] for w in wanted
        )
        if _is_null(node):
            return self._fault(node, f"{name} has no value; give it one or remove the key")
        if not isinstance(node, yaml.ScalarNode):
            return self._fault(node, f"{name} must be {words}, not {_described(node)}")
        try:
            value = self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            value = None
        if type(value) not in [types[word] for word in wanted]:
            in_quotes = schema_rules.text_fault(node.value, rules, name) if wanted == ["string"] else ""
            if in_quotes and "pattern" in rules:
                # Quotes alone would not make it right.
                return self._fault(node, in_quotes)
            advice = "; put it in quotes" if "string" in wanted and not rules.get("minimum") else ""
            advice = "; remove the quotes" if wanted == ["boolean"] and node.style else advice
            return self._fault(node, f"{name} must be {words}, not {_described(node)}{advice}")
        return value if not isinstance(value, str) or self._fits(node, value, rules, name) else None

    def _fits(self, node: yaml.Node, text: str, rules: Schema, name: str) -> bool:
        fault = schema_rules.text_fault(text, rules, name)
        if fault:
            self._fault(node, fault)
        return not fault

    def _fault(self, node: yaml.Node, message: str, rule: Rule = WRONG_SETTING) -> Any:
        """Note a fault; what is read there is None."""
        mark = node.start_mark
        self.findings.append(rule.at(Location(self.path, mark.line + 1, mark.column + 1), message))
        return None


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _described(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return schema_rules.short(node.value)
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
