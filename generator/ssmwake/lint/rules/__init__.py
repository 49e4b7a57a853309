"""The rules of lint, and the comments and settings by which a user ignores them.

A rule is a value next to the check that reports it:

    IMDSV1 = rule("SW210", ERROR, "an IMDSv1 request", reason="the request is refused where tokens are required")
    ...
    yield IMDSV1.at(where, "no token; ...", fix=source.replacement(start, end, "text"))

The table of all rules, `ssmwake.rules`, gathers them from the modules that it lists.
"""

from ssmwake.model import Rule, Severity, rule

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

__all__ = ["ERROR", "INFO", "WARNING", "Rule", "rule"]
