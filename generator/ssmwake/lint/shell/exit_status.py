"""The exit status of a script: of a test that need not hold, and of a reboot that never ends."""

import re
from collections.abc import Iterator, Sequence

from ssmwake.lint.rules import ERROR, INFO, rule
from ssmwake.lint.shell.command import Command
from ssmwake.model import Finding
from ssmwake.text.source import Source

LAST_TEST = rule(
    "SW243", INFO, "a script that ends with a test", reason="when the test is false, the script has failed"
)
REBOOTS = rule(
    "SW346", ERROR, "exit 194 without a condition", reason="the agent reboots and runs the script again, for ever"
)

TESTS = {"test", "[", "[["}
# The agent reboots the machine for this status, and runs the script again.
REBOOT, REBOOT_OF_WINDOWS = "194", "3010"
ENDS_WELL_IN_POWERSHELL = re.compile(r"\{\s*(?:exit(?:\s+\(?0\)?)?|return)\s*;?\s*\}", re.IGNORECASE)
FAILS = re.compile(r"[1-9]\d*")
OPENS, CLOSES = {"if", "case", "while", "until", "for", "select"}, {"fi", "esac", "done"}


def last_test(source: Source, commands: Sequence[Command]) -> Iterator[Finding]:
    """Yield the test on which the exit status of the script depends."""
    last = commands[-1] if commands else None
    if last is None or last.function or last.looped or last.background or last.after not in ("", "\n", ";"):
        return
    first = _start_of_group(commands)
    if last.name in ("exit", "exec", "true", ":") or first < 1:
        return
    second = first
    while first > 0 and commands[first].before == "&&" and commands[first - 1].after == "&&":
        first -= 1
    test = commands[first]
    # One that is in parentheses, or follows a then, does not stand alone.
    alone = test.before in ("", "\n", ";") and bool(test.argv) and test.words[0] is test.argv[0]
    if first < second and test.name in TESTS and alone:
        message = "the script exits with the status of this test, which is 1 when it is false; write if ... fi"
        yield LAST_TEST.at(source.at_offset(test.argv[0].start), message)


def _start_of_group(commands: Sequence[Command]) -> int:
    """Return the number of the last command, or of the one that opens the braces which end the script."""
    depth = 0
    for number in range(len(commands) - 1, -1, -1):
        first = commands[number].words[0].text if commands[number].words else ""
        depth += (first == "}") - (first == "{")
        if depth <= 0:
            return number
    return -1


def endless_reboot(source: Source, commands: Sequence[Command]) -> Iterator[Finding]:
    """Yield an exit that asks the agent for a reboot, whatever was done before."""
    depth = 0
    may_end_before = False
    for command in commands:
        first = command.words[0].text if command.words else ""
        depth = max(depth - (first in CLOSES), 0)
        depends = depth or command.function or command.looped or command.before in ("&&", "||", "(", "|")
        # What ends well under a condition ends so after the reboot; a failure does not come with every run.
        may_end_before |= bool(depends) and command.name == "exit" and not FAILS.fullmatch(" ".join(command.arguments))
        if command.name == "exit" and not depends and first == "exit":
            if command.arguments == [REBOOT] and not may_end_before:
                message = "the agent reboots and runs this again, without end; exit 194 only when a reboot is needed"
                yield REBOOTS.at(source.at_offset(command.argv[0].start), message)
            return
        depth += first in OPENS


def endless_reboot_of_windows(source: Source) -> Iterator[Finding]:
    """Yield an exit of PowerShell that asks the agent for a reboot, outside of any braces."""
    depth = offset = 0
    for line in source.text.split("\n"):
        said = re.fullmatch(r"\s*exit\s+\(?(\d+)\)?\s*;?\s*", line, re.IGNORECASE)
        if not said and ENDS_WELL_IN_POWERSHELL.search(line):
            return
        if said and depth > 0 and said[1] == "0":
            return
        if said and depth <= 0:
            if said[1] == REBOOT_OF_WINDOWS:
                message = "the agent reboots and runs this again, without end; exit 3010 only when a reboot is needed"
                yield REBOOTS.at(source.at_offset(offset + len(line) - len(line.lstrip())), message)
            return
        depth += line.count("{") - line.count("}")
        offset += len(line) + 1
