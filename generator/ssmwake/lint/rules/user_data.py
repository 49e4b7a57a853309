"""User data: what EC2 refuses, what cloud-init ignores, what fails at the first boot."""

from ssmwake.lint.rules.rule import ERROR, WARNING, Rule

RULES = (
    Rule("SW200", ERROR, "not linted", "the file is too large or cannot be read as what it seems to be"),
    Rule("SW201", ERROR, "user data over 16,384 bytes", "EC2 refuses the launch"),
    Rule(
        "SW202",
        ERROR,
        "a first line that is not known",
        "cloud-init ignores it, or the kernel does, and only a log says so",
    ),
    Rule("SW203", ERROR, "broken YAML or MIME in user data", "cloud-init drops the part, some versions silently"),
    Rule("SW204", WARNING, "a deprecated key in cloud-config", "from 23.4 the status is degraded; later it is ignored"),
    Rule("SW205", ERROR, "a key that stands twice", "the last one wins, and the first is gone without a word"),
    Rule("SW206", WARNING, "unknown key in cloud-config", "nothing happens; from 23.4 the status is degraded"),
    Rule("SW207", ERROR, "CRLF or a byte order mark", "the mark hides the first line, and a CR becomes part of a word"),
    Rule("SW208", WARNING, "shell that shellcheck objects to", "it fails where nobody looks: at the first boot"),
    Rule("SW209", ERROR, "a secret in user data", "each process of the instance and each reader of the API sees it"),
    Rule("SW210", ERROR, "IMDSv1", "the request is refused where tokens are required, as they should be"),
    Rule("SW211", ERROR, "a request that IMDS refuses", "the answer is 404 or 400, and the script goes on without"),
    Rule(
        "SW212",
        WARNING,
        "a restart that waits, in user data",
        "it hangs the boot if the unit waits for it",
    ),
    Rule("SW213", ERROR, "a value of the wrong type", "the module fails or warns, and runcmd runs nothing at all"),
    Rule("SW214", ERROR, "MIME boundaries that do not match", "parts are lost, and only a log says so"),
    Rule("SW215", WARNING, "MIME inside MIME", "those who read user data besides cloud-init find no part"),
    Rule("SW216", ERROR, "a MIME part that is not what its type says", "it is ignored, or fails to run"),
    Rule("SW217", WARNING, "encoded twice", "older cloud-inits, or all of them, see no user data in it"),
    Rule("SW218", WARNING, "sleeping for a role", "the role may come later than that, and nothing asks again"),
    Rule("SW219", WARNING, "a unit that is not there", "the restart fails, and the agent sleeps on"),
)
