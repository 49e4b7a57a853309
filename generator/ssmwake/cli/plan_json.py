"""What `publish --json` prints: one JSON document, however the run ends. docs/publish.md describes its fields."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ssmwake.model import Finding
from ssmwake.publish import PlacePlan, Plan, Result
from ssmwake.publish.actions import (
    Action,
    AddTemplateVersion,
    AddVersion,
    Await,
    Create,
    DeleteVersion,
    Promote,
    PromoteTemplate,
    Share,
    Tag,
)

# Goes up when a field changes its meaning or disappears; new fields may come at any time.
FORMAT = 1


@dataclass
class Report:
    """What is known of a run when it ends, at whatever point that is."""

    check: bool
    plan: Plan | None = None
    results: Sequence[Result] = ()
    findings: list[Finding] = field(default_factory=list)
    code: str = ""
    message: str = ""

    def text(self, status: int) -> str:
        """Return the JSON document of a run that ends with the exit status."""
        if self.results:
            places = [_result(result, one) for result, one in zip(self.results, _plans(self.plan), strict=True)]
        else:
            places = [_planned(one) for one in _plans(self.plan)]
        return json.dumps(
            {
                "format": FORMAT,
                "ok": status == 0,
                "status": status,
                "check": self.check,
                "changes": self.plan.changes if self.plan else None,
                "places": places,
                "findings": [_finding(finding) for finding in self.findings],
                "error": _error(self.code, self.message),
            },
            indent=2,
        )


def action_fields(action: Action) -> dict[str, Any]:
    """Return what an action does, field by field; `text` is the line that people read."""
    fields: dict[str, Any]
    match action:
        case Create(document):
            fields = {"action": "create", "document": document.name, "type": document.type.value}
            fields["version"] = document.version_name
        case AddVersion(document, onto):
            fields = {"action": "update", "document": document.name, "type": document.type.value}
            fields |= {"version": document.version_name, "onto": onto}
        case Await(name, number):
            fields = {"action": "wait", "document": name, "number": number}
        case DeleteVersion(name, number):
            fields = {"action": "delete-version", "document": name, "number": number}
        case Tag(name):
            fields = {"action": "tag", "document": name, "set": dict(action.set), "remove": list(action.remove)}
        case Share(name, add, remove):
            fields = {"action": "share", "document": name, "add": list(add), "remove": list(remove)}
        case Promote(name, version_name, number, previous):
            fields = {"action": "promote", "document": name, "version": version_name}
            fields |= {"number": number or None, "previous": previous}
        case AddTemplateVersion():
            fields = {"action": "update", "launch_template": action.template, "version": action.version_name}
            fields |= {"onto": str(action.base)}
        case PromoteTemplate():
            fields = {"action": "promote", "launch_template": action.template}
            fields |= {"number": str(action.number) if action.number else None, "previous": str(action.previous)}
    return {**fields, "text": str(action)}


def _plans(plan: Plan | None) -> tuple[PlacePlan, ...]:
    return plan.places if plan else ()


def _planned(one: PlacePlan) -> dict[str, Any]:
    outcome = "failed" if one.failure else "planned" if one.actions else "unchanged"
    return {
        **_place(one),
        "outcome": outcome,
        "actions": [action_fields(action) for action in one.actions],
        "unplanned": list(one.unplanned),
        "left_alone": list(one.left_alone),
        "diffs": _diffs(one),
        "error": _error(one.code, one.failure),
    }


def _result(result: Result, one: PlacePlan) -> dict[str, Any]:
    return {
        **_place(result),
        "outcome": result.outcome.value,
        "actions": [action_fields(action) for action in result.done],
        "not_done": [action_fields(action) for action in one.actions[len(result.done) :]],
        "unplanned": list(one.unplanned),
        "left_alone": list(one.left_alone),
        "diffs": _diffs(one),
        "error": _error(result.code, result.failure),
    }


def _place(one: PlacePlan | Result) -> dict[str, Any]:
    return {
        "account": one.account or None,
        "alias": one.caller.alias or None,
        "caller": one.caller.arn or None,
        "region": one.place.region,
        "role": one.place.role or None,
    }


def _diffs(one: PlacePlan) -> dict[str, str]:
    return {diff.name: str(diff) for diff in one.diffs}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "path": finding.where.path,
        "line": finding.where.line,
        "column": finding.where.column,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
    }


def _error(code: str, message: str) -> dict[str, str] | None:
    return {"code": code or "Error", "message": message} if message else None
