"""A command that restarts, or stops, the very agent that runs it and has to report its end."""

import re
from collections.abc import Iterator

from ssmwake.lint.rules import finding
from ssmwake.lint.source import Source
from ssmwake.model import Finding

AGENT = r"(?:snap\.)?amazon-ssm-agent(?:\.amazon-ssm-agent)?(?:\.service)?"
SUDO = r"(?:sudo(?:\s-[A-Za-z]+)*\s+)?"
FOREGROUND = re.compile(
    rf"""(?:^|;|&&|\|\||\b(?:then|do|else)\b)\s*(?P<at>{SUDO}(?:
    /?(?:\w+/){{0,4}}systemctl(?:\s+-\S+)*\s+(?:try-|reload-or-|force-reload-or-)?(?:restart|stop)(?:\s+-\S+)*\s+{AGENT}
    | service\s+{AGENT}\s+(?:restart|stop)
    | snap\s+(?:restart|stop)\s+{AGENT}
    | (?:initctl\s+)?(?:restart|stop)\s+{AGENT}
    | /etc/init\.d/{AGENT}\s+(?:restart|stop)
    | (?i:Restart|Stop)-Service(?:\s+-\w+)*\s+['"]?AmazonSSMAgent\b
    ))""",
    re.VERBOSE,
)
# What lets the agent report first: it is told not to wait, or somebody else does it later.
LATER = re.compile(
    r"--no-block\b|\b(?:systemd-run|nohup|setsid|at\s+now|batch|crontab|schtasks|Start-Process)\b|[^&]&\s*$"
)
HERE = re.compile(r"<<-?\s*[\\'\"]?([A-Za-z_][A-Za-z0-9_]*)")


def restarts(script: Source) -> Iterator[Finding]:
    """Yield each line of a script that restarts or stops the agent while the agent waits for the script."""
    if "ssm" not in script.text.lower() or any(_goes_on(line) for line in script.text.split("\n")):
        return
    offset, end = 0, ""
    for line in script.text.split("\n"):
        start, offset = offset, offset + len(line) + 1
        if end:
            # A file that is written here runs when somebody runs it.
            end = "" if line.strip() == end else end
            continue
        if (match := FOREGROUND.search(line[:2000])) and not LATER.search(line[:2000]) and not _quoted(line, match):
            done = "stops" if "stop" in match["at"].lower() else "restarts"
            windows = "-service" in match["at"].lower()
            cure = "a scheduled task" if windows else "systemd-run --on-active=10 systemctl restart amazon-ssm-agent"
            message = f"{done} the agent that runs it; use {cure}"
            yield finding("SW315", script.at_offset(start + match.start("at")), message)
        if here := HERE.search(line[:2000]):
            end = here[1]


def _quoted(line: str, match: re.Match[str]) -> bool:
    """Return whether the command is inside quotes, or behind a comment sign."""
    before = line[: match.start("at")]
    return before.count('"') % 2 == 1 or before.count("'") % 2 == 1 or "#" in before


def _goes_on(line: str) -> bool:
    """Return whether the line ends a group of commands that goes on by itself: lint does not look into it."""
    text = line.rstrip()
    return text.endswith("&") and not text.endswith("&&") and any(sign in text for sign in ")}'\"")
