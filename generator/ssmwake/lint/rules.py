"""Every rule of lint: its permanent id, how bad a finding is, and why."""

from dataclasses import dataclass

from ssmwake.model import Finding, Location, Severity


@dataclass(frozen=True)
class Rule:
    """A rule; `reason` says what happens to those who ignore it."""

    id: str
    severity: Severity
    title: str
    reason: str


ERROR, WARNING = Severity.ERROR, Severity.WARNING

RULES = {
    rule.id: rule
    for rule in (
        Rule("SW200", ERROR, "not linted", "the file is too large or cannot be read as what it seems to be"),
        Rule("SW201", ERROR, "user data over 16,384 bytes", "EC2 refuses the launch"),
        Rule("SW202", ERROR, "not user data", "cloud-init ignores it, and says so only in its log"),
        Rule("SW203", ERROR, "broken YAML or MIME in user data", "cloud-init drops the part, some versions silently"),
        Rule("SW205", ERROR, "a key that stands twice", "the last one wins, and the first is gone without a word"),
        Rule("SW206", WARNING, "unknown key in cloud-config", "nothing happens; from 23.4 the status is degraded"),
        Rule("SW207", ERROR, "CRLF or a byte order mark", "the kernel looks for an interpreter that ends in a CR"),
        Rule("SW208", WARNING, "shell that shellcheck objects to", "it fails where nobody looks: at the first boot"),
        Rule(
            "SW209", ERROR, "a secret in user data", "each process of the instance and each reader of the API sees it"
        ),
        Rule("SW210", ERROR, "IMDSv1", "the request is refused where tokens are required, as they should be"),
        Rule("SW211", ERROR, "a path of IMDS without /latest", "there is nothing at that path"),
        Rule(
            "SW212",
            WARNING,
            "a restart that waits, in user data",
            "it hangs the boot if the unit waits for it",
        ),
        Rule("SW300", ERROR, "not an SSM document", "the service refuses it"),
        Rule("SW301", ERROR, "schemaVersion", "the service wants a string that it knows"),
        Rule("SW302", ERROR, "a field that is missing", "the service refuses the document"),
        Rule("SW303", ERROR, "a field that is unknown", "the service refuses it, or the agent ignores it"),
        Rule("SW304", ERROR, "two steps of one name", "the service refuses the document"),
        Rule("SW305", ERROR, "an action that is unknown", "the step fails on every instance"),
        Rule("SW306", ERROR, "a parameter that is not declared", "the service refuses the document"),
        Rule("SW307", ERROR, "a parameter pasted into a script", "its value is code: x; reboot"),
        Rule(
            "SW308",
            WARNING,
            "an allowedPattern that is not anchored",
            "it is searched for: 5; reboot passes",
        ),
        Rule("SW309", ERROR, "an allowedPattern that does not compile", "every run fails"),
        Rule("SW310", ERROR, "a default that is not allowed", "every run with the default fails"),
        Rule("SW311", ERROR, "a step that leads nowhere", "the execution fails there"),
        Rule("SW312", ERROR, "over 64 KB", "the service refuses the document"),
        Rule("SW313", WARNING, "timeoutSeconds out of range", "the agent takes 3600 instead, silently"),
        Rule("SW314", WARNING, "a field of inputs beside them", "the agent ignores it there"),
        Rule("SW315", WARNING, "the agent restarted under its own command", "the command never ends, or runs twice"),
        Rule("SW316", ERROR, "the name of a parameter", "the agent drops a parameter that is not letters and digits"),
        Rule("SW317", WARNING, "a step that nothing reaches", "it never runs"),
        Rule("SW401", ERROR, "user data that is not base64", "EC2 refuses it, or decodes rubbish"),
        Rule("SW402", WARNING, "AWS::SSM::Document without UpdateMethod", "a change replaces it, or fails"),
        Rule(
            "SW403",
            WARNING,
            "permissions that the instance does not wait for",
            "the agent is denied, and sleeps",
        ),
    )
}


def finding(rule: str, where: Location, message: str) -> Finding:
    """Return a finding of the rule."""
    return Finding(where, rule, message, RULES[rule].severity)
