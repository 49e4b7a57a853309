"""What the old tables are made of."""

from ssmwake.model import Rule, Severity

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

__all__ = ["ERROR", "INFO", "WARNING", "Rule"]
