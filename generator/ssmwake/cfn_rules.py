"""Our rules as a plugin of cfn-lint: `cfn-lint template.yaml -a ssmwake.cfn_rules`."""

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from cfnlint.rules import CloudFormationLintRule, RuleMatch  # type: ignore[import-untyped]

from ssmwake.lint import Kind, lint
from ssmwake.model import Finding, Rule, Severity
from ssmwake.rules import LINT_RULES
from ssmwake.text.yaml_nodes import composed

# cfn-lint tells by the letter of an id how bad a finding is.
LETTERS = {Severity.ERROR: "E", Severity.WARNING: "W", Severity.INFO: "I"}
# From 9000 on numbers are free for the rules of others; cfn-lint itself gives those of a custom_rules.txt from 9001 up.
# These are published, and in templates that ignore them: none of them ever changes.
# fmt: off
PUBLISHED = {
    "SW200": 9500, "SW201": 9501, "SW202": 9502, "SW203": 9503, "SW204": 9504, "SW205": 9505,
    "SW206": 9506, "SW207": 9507, "SW208": 9508, "SW209": 9509, "SW210": 9510, "SW211": 9511,
    "SW212": 9512, "SW213": 9513, "SW214": 9514, "SW215": 9515, "SW216": 9516, "SW217": 9517,
    "SW218": 9518, "SW219": 9519, "SW220": 9520, "SW221": 9521, "SW222": 9522, "SW223": 9523,
    "SW224": 9524, "SW225": 9525, "SW226": 9526, "SW227": 9527, "SW228": 9528, "SW229": 9529,
    "SW300": 9540, "SW301": 9541, "SW302": 9542, "SW303": 9543, "SW304": 9544, "SW305": 9545,
    "SW306": 9546, "SW307": 9547, "SW308": 9548, "SW309": 9549, "SW310": 9550, "SW311": 9551,
    "SW312": 9552, "SW313": 9553, "SW314": 9554, "SW315": 9555, "SW316": 9556, "SW317": 9557,
    "SW318": 9558, "SW319": 9559, "SW320": 9560, "SW321": 9561, "SW322": 9562, "SW323": 9563,
    "SW324": 9564, "SW325": 9565, "SW326": 9566, "SW327": 9567, "SW328": 9568, "SW329": 9569,
    "SW330": 9570, "SW331": 9571, "SW332": 9572, "SW333": 9573, "SW334": 9574, "SW335": 9575,
    "SW336": 9576, "SW337": 9577, "SW338": 9578, "SW339": 9579, "SW401": 9581, "SW402": 9582,
    "SW403": 9583, "SW404": 9584, "SW405": 9585, "SW406": 9586, "SW408": 9588, "SW409": 9589,
    "SW410": 9590, "SW411": 9591, "SW412": 9592, "SW413": 9593, "SW414": 9594, "SW415": 9595,
    "SW416": 9596, "SW417": 9597, "SW418": 9598,
}
# fmt: on
# The number of every other rule is that of its own id plus 9,400: SW230 is 9630, SW419 is 9819.
REST = 9400

# Keys and indices, by which cfn-lint knows the resource that something belongs to.
Steps = list[str | int]


class Ours(CloudFormationLintRule):  # type: ignore[misc]
    """A rule of ssmwake; this class has no id, so cfn-lint takes only those below it."""

    ours: tuple[str, Severity]

    def match(self, cfn: Any) -> Iterator[Any]:
        """Yield what this rule finds in a template."""
        for one, path, places in _findings(cfn):
            if (one.rule, one.severity) == self.ours:
                yield RuleMatch(path, one.message, **places)


def cfn_id(rule: str, severity: Severity) -> str:
    """Return the id in cfn-lint of a rule, where its finding has that severity."""
    return f"{LETTERS[severity]}{PUBLISHED.get(rule) or REST + int(rule[2:])}"


def _rules(rule: Rule) -> Iterator[type[Ours]]:
    """Yield the rule in each severity that its findings have."""
    for severity in (rule.severity, *dict(rule.also)):
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
globals().update({each.__name__: each for rule in LINT_RULES.values() for each in _rules(rule)})


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
