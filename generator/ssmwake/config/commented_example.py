"""A config in which every setting is explained and none is set."""

import yaml

from ssmwake.config.rules import Schema, root

INTRODUCTION = """\
# Settings of ssmwake. Remove the # of a section and of a line in it to set it. What follows "Default:" changes nothing
# as it is; what follows "For example:" is yours to replace.
"""


def example() -> str:
    """Return a config in which every setting is a comment: what it does, and its default or an example."""
    lines = INTRODUCTION.splitlines()
    for key, rules in root()["properties"].items():
        lines += ["", *(f"# {line}" for line in _setting(key, rules))]
    return "\n".join([*lines, ""])


def _setting(key: str, rules: Schema) -> list[str]:
    """Return the lines of a setting or a section; an example in a section stays a comment when the section is none."""
    if "properties" not in rules:
        return [_description(rules), *_shown(key, rules)]
    lines = [rules["description"], f"{key}:"]
    for name, inner in rules["properties"].items():
        sign = "# " if "examples" in inner else ""
        lines += [f"  # {_description(inner)}", *(f"  {sign}{line}" for line in _shown(name, inner))]
    return lines


def _description(rules: Schema) -> str:
    return f"{rules['description']} {'For example:' if 'examples' in rules else 'Default:'}"


def _shown(key: str, rules: Schema) -> list[str]:
    value = rules.get("examples", [rules.get("default")])[0]
    flow = None if isinstance(value, list) and not isinstance(value[0], dict) else False
    return yaml.safe_dump({key: value}, default_flow_style=flow, width=200).splitlines()
