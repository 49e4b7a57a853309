"""What a rule is."""

from dataclasses import dataclass

from ssmwake.model import Severity

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


@dataclass(frozen=True)
class Rule:
    """A rule; its id never changes, and `reason` says what happens to those who ignore it."""

    id: str
    severity: Severity
    title: str
    reason: str
