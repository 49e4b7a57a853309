"""What lint says of a file that it does not look at."""

from ssmwake.model import Severity, rule

NOT_LINTED = rule(
    "SW200", Severity.ERROR, "not linted", reason="the file is too large or cannot be read as what it seems to be"
)
