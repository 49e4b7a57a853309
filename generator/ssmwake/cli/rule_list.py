"""`ssmwake lint --list-rules`: every rule with its severities, as lines for people or as JSON."""

import json

import click

from ssmwake.model import Rule
from ssmwake.rules import RULES


def rule_list(output_format: str) -> str:
    """Return all rules as text or JSON; raise UsageError for another format, which is for findings."""
    if output_format not in ("text", "json"):
        raise click.UsageError("--list-rules prints text or json")
    if output_format == "text":
        return "".join(f"{rule.id}  {rule.severity:7}  {_described(rule)}\n" for rule in RULES.values())
    return json.dumps([_plain(rule) for rule in RULES.values()], indent=2) + "\n"


def _described(rule: Rule) -> str:
    """Return the title of a rule, and where it has another severity."""
    also = "; ".join(f"{severity} {where}" for severity, where in rule.also)
    return f"{rule.title} ({also})" if also else rule.title


def _plain(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "severity": rule.severity.value,
        "also": [{"severity": severity.value, "where": where} for severity, where in rule.also],
        "title": rule.title,
        "reason": rule.reason,
        "fix": rule.fixable,
    }
