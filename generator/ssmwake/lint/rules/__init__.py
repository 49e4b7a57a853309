"""The rules of lint, and the comments and settings by which a user ignores them.

A rule is a value next to the check that reports it:

    IMDSV1 = rule("SW210", ERROR, "IMDSv1", reason="the request is refused where tokens are required")
    ...
    yield IMDSV1.at(where, "no token; ...", fix=source.replacement(start, end, "text"))

The table of all rules, `ssmwake.rules`, gathers them from the modules that it lists.
"""

from ssmwake.lint.rules import documents, embedding, instances, user_data
from ssmwake.model import Finding, Location, Rule, Severity, rule

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

# The rules that are not values next to their checks yet.
OLD: dict[str, Rule] = {
    rule.id: rule for rules in (user_data.RULES, instances.RULES, documents.RULES, embedding.RULES) for rule in rules
}


def finding(rule: str, where: Location, message: str) -> Finding:
    """Return a finding of a rule that is not a value yet."""
    return OLD[rule].at(where, message)


__all__ = ["ERROR", "INFO", "WARNING", "Rule", "finding", "rule"]
