"""SSM documents: what the service refuses, and what the agent ignores without a word."""

from ssmwake.lint.rules.rule import ERROR, WARNING, Rule

RULES = (
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
)
