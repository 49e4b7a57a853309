"""The rules about texts that cannot be read as what they seem to be."""

from ssmwake.model import Severity, rule

# What messages call it; the place of some faults is where CloudFormation reports them.
TEMPLATE = "a CloudFormation template"

NOT_LINTED = rule(
    "SW200", Severity.ERROR, "not linted", reason="the file is too large or cannot be read as what it seems to be"
)
BROKEN_USER_DATA = rule(
    "SW203",
    Severity.ERROR,
    "broken YAML or MIME in user data",
    reason="cloud-init drops the part, some versions silently",
)
