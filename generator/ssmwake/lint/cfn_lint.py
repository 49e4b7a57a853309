"""What cfn-lint has to say about a template, once, and without its false alarm on documents that are strings."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from ssmwake.lint.source import Source
from ssmwake.model import Finding, Location, Severity

SEVERITIES = {"E": Severity.ERROR, "W": Severity.WARNING, "I": Severity.INFO}


def check(source: Source) -> Iterator[Finding]:
    """Yield the findings of cfn-lint with its default rules."""
    from cfnlint.api import lint  # type: ignore[import-untyped]

    matches: list[Any] = lint(source.text, rules=_rules())
    for match in matches:
        if match.rule.id == "E3051" and "string or stream input is required" in match.message:
            continue
        where = Location(source.path, match.linenumber, match.columnnumber)
        yield Finding(where, match.rule.id, match.message, SEVERITIES.get(match.rule.id[0], Severity.WARNING))


@cache
def _rules() -> Any:
    """Return cfn-lint's rules, which take longer to make than a template to check."""
    from cfnlint.core import get_rules  # type: ignore[import-untyped]

    return get_rules([], [], ["I", "W", "E"])
