"""What the schema says of one value, in words for whoever wrote it; and the rules that a config can break."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from ssmwake.model import Severity, rule
from ssmwake.resources import schema

BROKEN_CONFIG = rule("SW010", Severity.ERROR, "a config that is not YAML", reason="none of its settings can be read")
UNKNOWN_SETTING = rule("SW011", Severity.ERROR, "an unknown setting", reason="a misspelt setting would have no effect")
WRONG_SETTING = rule("SW012", Severity.ERROR, "a setting with a wrong value", reason="nothing is rendered from it")
DUPLICATE_SETTING = rule("SW013", Severity.ERROR, "a duplicate setting", reason="only the last value would count")
SAME_NAME = rule("SW391", Severity.ERROR, "two documents with one name", reason="each would replace the other")

Schema = dict[str, Any]
UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}


@cache
def root() -> Schema:
    """Return the schema of the config, for nobody to change."""
    import json

    found: Schema = json.loads(schema("config"))
    return found


def resolved(rules: Schema) -> Schema:
    """Return the rules of a value with what they refer to."""
    if "$ref" not in rules:
        return rules
    return {**root()["$defs"][rules["$ref"].rpartition("/")[2]], **rules}


def is_duration(rules: Schema) -> bool:
    """Return whether a value is a time, in seconds or such as 10m."""
    return bool(rules.get("$ref") == "#/$defs/duration")


def seconds(text: str) -> int:
    """Return the seconds of a duration such as 1h30m; the schema's pattern has seen it before."""
    return sum(int(number) * UNITS.get(unit, 1) for number, unit in re.findall(r"([0-9]+)([dhms]?)", text))


def duration(number: int) -> str:
    """Return seconds as people write them."""
    text = ""
    for unit, length in UNITS.items():
        amount, number = divmod(number, length)
        text += f"{amount}{unit}" if amount else ""
    return text or "0s"


def range_fault(number: int, rules: Schema, name: str, given: str) -> str:
    """Return what is wrong with a number by its bounds, or nothing; `given` is how it was written."""
    least, most = rules["minimum"], rules["maximum"]
    if least <= number <= most:
        return ""
    if is_duration(rules):
        return f"{name} is {given}; {duration(least)} to {duration(most)} are allowed"
    return f"{name} is {number}; {least:,} to {most:,} are allowed"


def text_fault(text: str, rules: Schema, name: str) -> str:
    """Return what is wrong with a text by its pattern, length and the values that are allowed, or nothing."""
    pattern = rules.get("pattern", "^[\\s\\S]*$")
    if "\0" in text or re.search("[\ud800-\udfff]", text):
        return f"{name} holds a NUL or what UTF-8 cannot spell; remove it"
    if "enum" in rules and text not in rules["enum"]:
        return f"{name} is {short(text)}; {nearest(text, rules['enum'])}"
    if len(text) < rules.get("minLength", 0):
        return f"{name} is empty; give it a value or remove it"
    if rules is root()["properties"]["role"] and text.startswith("arn:"):
        what = "an instance profile; write the name of its role" if ":instance-profile/" in text else "a role"
        advice = "" if ";" in what else f"; write its name, {text.rpartition('/')[2]!r}"
        return f"{name} is the ARN of {what}{advice}"
    # Anchored at both ends, as each of our patterns is: `$` alone would let a line end through.
    if not re.fullmatch(pattern.removeprefix("^").removesuffix("$"), text):
        return f"{name} is {short(text)}: {rules['patternErrorMessage']}"
    return ""


def items_fault(count: int, rules: Schema, name: str) -> str:
    """Return what is wrong with the length of a list, or nothing."""
    most, least = rules.get("maxItems", count), rules.get("minItems", 0)
    return "" if least <= count <= most else f"{name} holds {count} items; {least} to {most} are allowed"


def keys_fault(count: int, rules: Schema, name: str) -> str:
    """Return what is wrong with the number of keys of a mapping, or nothing."""
    most = rules.get("maxProperties", count)
    reason = f" ({rules['maxPropertiesReason']})" if "maxPropertiesReason" in rules else ""
    return "" if count <= most else f"{name} holds {count}; {most} are allowed{reason}"


def list_fault(name: str, items: Iterable[Any]) -> str:
    """Return what is wrong with a list whose items are right each for itself, or nothing."""
    if name == "share-with" and "all" in items and len(set(items)) > 1:
        return "'all' is every account already, and AWS refuses it together with account ids; write 'all', or the ids"
    return ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a question for the name that was meant, or the known names."""
    import difflib

    known = list(known)
    dashes = any("-" in name for name in known)
    close = difflib.get_close_matches(word.lower().replace("_", "-") if dashes else word.lower(), known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"


def short(text: str) -> str:
    """Return a text in quotes, not too long for a message."""
    # Half of a character cannot be printed.
    text = text.encode("utf-8", "replace").decode()
    return repr(text if len(text) <= 40 else text[:37] + "...")
