"""Our rules as a plugin of cfn-lint: `cfn-lint template.yaml -a ssmwake.cfn_rules`."""

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from cfnlint.rules import CloudFormationLintRule, RuleMatch  # type: ignore[import-untyped]

from ssmwake.lint import Kind, lint
from ssmwake.lint.text.yaml_nodes import composed
from ssmwake.model import Finding, Rule, Severity
from ssmwake.rules import RULES

# cfn-lint tells by the letter of an id how bad a finding is.
LETTERS = {Severity.ERROR: "E", Severity.WARNING: "W", Severity.INFO: "I"}
# From 9000 on numbers are free for the rules of others; cfn-lint itself gives those of a custom_rules.txt from 9001 up.
FIRST = {"SW2": 9500, "SW3": 9540, "SW4": 9580}

# Keys and indices, by which cfn-lint knows the resource that something stands in.
Steps = list[str | int]


class Ours(CloudFormationLintRule):  # type: ignore[misc]
    """A rule of ours; this class has no id, so cfn-lint takes only those below it."""

    ours: tuple[str, Severity]

    def match(self, cfn: Any) -> Iterator[Any]:
        """Yield what this rule finds in a template."""
        for one, path, places in _findings(cfn):
            if (one.rule, one.severity) == self.ours:
                yield RuleMatch(path, one.message, **places)


def cfn_id(rule: str, severity: Severity) -> str:
    """Return the id in cfn-lint of a rule of ours, where its finding is so bad."""
    return f"{LETTERS[severity]}{FIRST[rule[:3]] + int(rule[3:])}"


def _rules(rule: Rule) -> Iterator[type[Ours]]:
    """Yield the rule in each severity, for a finding may be worse or better than most of its rule."""
    for severity in Severity:
        members = {
            "__doc__": f"{rule.id}: {rule.title}.",
            "__module__": __name__,
            "ours": (rule.id, severity),
            "id": cfn_id(rule.id, severity),
            "shortdesc": f"{rule.title} ({rule.id})",
            "description": rule.reason,
            "source_url": f"docs/rules/{rule.id}.md",
            "tags": ["ssmwake"],
        }
        yield type(cfn_id(rule.id, severity), (Ours,), members)


# cfn-lint's loader makes a rule of each class that it finds in a module.
globals().update({each.__name__: each for rule in RULES.values() for each in _rules(rule)})


@lru_cache(maxsize=1)
def _findings(cfn: Any) -> tuple[tuple[Finding, Steps, dict[str, Any]], ...]:
    """Return our findings in a template, each with its path and its place; cfn-lint asks once for each rule."""
    read = Path(cfn.filename).read_bytes() if cfn.filename else None
    # What came by a pipe is read already, so it is written anew; then the steps alone say where something stands.
    data = read or json.dumps(cfn.template, indent=1, skipkeys=True, default=str).encode("utf-8")
    found = lint(cfn.filename or "-", data, Kind.CLOUDFORMATION, with_cfn_lint=False)
    root = composed(data.decode("utf-8-sig")) if found else None
    places = []
    for one in found:
        line, column = one.where.line - 1, one.where.column - 1
        exact = {"location": (line, column, line, column + 1)} if read else {}
        places.append((one, _path(root, (line, column)) or ["Resources"], exact))
    return tuple(places)


def _path(node: yaml.Node | None, place: tuple[int, int]) -> Steps:
    """Return what leads to the innermost node at a place, both counted from zero."""
    steps: list[tuple[str | int, yaml.Node, yaml.Node]] = []
    if isinstance(node, yaml.MappingNode):
        steps = [(str(key.value), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        steps = [(number, item, item) for number, item in enumerate(node.value)]
    for step, first, last in steps:
        if (first.start_mark.line, first.start_mark.column) <= place < (last.end_mark.line, last.end_mark.column):
            return [step, *_path(last, place)]
    return []
