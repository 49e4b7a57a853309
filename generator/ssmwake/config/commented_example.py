"""A config in which every setting is explained and none is set."""

import yaml

from ssmwake.config.rules import Schema, root


def example() -> str:
    """Return a config in which every setting is a comment: what it does, and its default or an example."""
    lines = ["# Settings of ssmwake. Each has a default; remove the # of the lines that you change."]
    for key, rules in root()["properties"].items():
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
