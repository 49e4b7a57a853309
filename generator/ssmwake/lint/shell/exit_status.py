"""The exit status of a script: of a test that need not hold, and of a reboot that never ends."""

from collections.abc import Iterator, Sequence

from ssmwake.lint.rules import ERROR, INFO, rule
from ssmwake.lint.shell.command import Command
from ssmwake.lint.text.source import Source
from ssmwake.model import Finding

LAST_TEST = rule(
    "SW243", INFO, "a script that ends with a test", reason="where it does not hold, the script has failed"
)
REBOOTS = rule(
    "SW346", ERROR, "exit 194 without a condition", reason="the agent reboots and runs the script again, for ever"
)

TESTS = {"test", "[", "[["}
# The agent reboots the machine for this status, and runs the script again.
REBOOT = "194"
OPENS, CLOSES = {"if", "case", "while", "until", "for", "select"}, {"fi", "esac", "done"}


def last_test(source: Source, commands: Sequence[Command]) -> Iterator[Finding]:
    """Yield the test on which the exit status of the script depends."""
    number = len(commands) - 1
    if number < 1 or commands[number].function or commands[number].looped or commands[number].background:
        return
    if commands[number].name in ("exit", "exec", "true", ":") or commands[number].after not in ("", "\n", ";"):
        return
    first = number
    while first > 0 and commands[first].before == "&&" and commands[first - 1].after == "&&":
        first -= 1
    test = commands[first]
    # One that is in parentheses, or follows a then, does not stand alone.
    alone = test.before in ("", "\n", ";") and bool(test.argv) and test.words[0] is test.argv[0]
    if first < number and test.name in TESTS and alone:
        message = "the script exits with the status of this test, which is 1 when it is false; write if ... fi"
        yield LAST_TEST.at(source.at_offset(test.argv[0].start), message)


def endless_reboot(source: Source, commands: Sequence[Command]) -> Iterator[Finding]:
    """Yield an exit that asks the agent for a reboot, whatever was done before."""
    depth = 0
    for command in commands:
        first = command.words[0].text if command.words else ""
        depth = max(depth - (first in CLOSES), 0)
        depends = depth or command.function or command.looped or command.before in ("&&", "||", "(", "|")
        if command.name == "exit" and not depends and first == "exit":
            if command.arguments == [REBOOT]:
                message = "the agent reboots and runs this again, without end; exit 194 only when a reboot is needed"
                yield REBOOTS.at(source.at_offset(command.argv[0].start), message)
            return
        depth += first in OPENS
