"""A command that restarts, or stops, the very agent that runs it and has to report its end."""

import re
from collections.abc import Iterator

from ssmwake.lint.rules import WARNING, rule
from ssmwake.lint.shell.command import Command
from ssmwake.lint.shell.parser import commands
from ssmwake.model import Finding
from ssmwake.text.source import Source

AGENT_RESTARTED = rule(
    "SW315", WARNING, "the agent restarted under its own command", reason="the command never ends, or runs twice"
)

UNITS = {"amazon-ssm-agent", "snap.amazon-ssm-agent.amazon-ssm-agent"}
STOPS = {"stop"}
RESTARTS = {"restart", "try-restart", "reload-or-restart", "try-reload-or-restart", "force-reload"}
# What starts the command for somebody else to run it, or lets it live on without the agent.
LATER = {"systemd-run", "nohup", "setsid", "at", "batch"}
WINDOWS = re.compile(
    r"^[ \t]*(?P<verb>Restart|Stop)-Service(?:[ \t]+-\w+)*[ \t]+['\"]?AmazonSSMAgent\b", re.IGNORECASE | re.MULTILINE
)


def in_shell(script: Source) -> Iterator[Finding]:
    """Yield each command that restarts or stops the agent while the agent waits for the script."""
    if "ssm-agent" not in script.text:
        return
    for command in commands(script.text):
        verb = _verb(command)
        # A function may be called by what goes on by itself.
        if verb and not command.background and not command.in_function:
            done = "stops" if verb in STOPS else "restarts"
            message = (
                f"{done} the agent that runs it; use systemd-run --on-active=10 systemctl restart amazon-ssm-agent"
            )
            yield AGENT_RESTARTED.at(script.at_offset(command.argv[0].start), message)


def in_powershell(script: Source) -> Iterator[Finding]:
    """Yield each line that restarts or stops the agent of Windows."""
    for match in WINDOWS.finditer(script.text):
        done = "stops" if match["verb"].lower() in STOPS else "restarts"
        where = script.at_offset(match.start("verb"))
        yield AGENT_RESTARTED.at(where, f"{done} the agent that runs it; use a scheduled task that does it later")


def _verb(command: Command) -> str:
    """Return what a command does to the agent, and waits for; nothing for any other command."""
    words = [word for word in command.arguments if not word.startswith("-")]
    if "--no-block" in command.arguments or LATER & {word.text.rpartition("/")[2] for word in command.words}:
        return ""
    if command.name in ("systemctl", "snap", "initctl"):
        verb, units = (words or [""])[0], words[1:]
    elif command.name == "service":
        verb, units = (words[1:2] or [""])[0], words[:1]
    elif command.name in (*STOPS, *RESTARTS):
        verb, units = command.name, words
    else:
        # A script in /etc/init.d is named like the unit.
        verb, units = (words or [""])[0], [command.name]
    mine = any(unit.removesuffix(".service") in UNITS for unit in units)
    return verb if mine and verb in STOPS | RESTARTS else ""
