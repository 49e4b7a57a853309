"""Sleeping in the hope that the role is there afterwards."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ssmwake.lint.rules import WARNING, rule
from ssmwake.lint.shell.command import Command
from ssmwake.model import Finding
from ssmwake.text.source import Source

SLEEP_FOR_ROLE = rule(
    "SW218", WARNING, "sleeping for a role", reason="the role may come later than that, and nothing asks again"
)

CREDENTIALS = "iam/security-credentials"
# A shorter pause is for something else than a role, which takes its time.
SHORTEST = 5
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
# What the AWS CLI does without credentials.
LOCAL = {"configure", "--version", "help", "--debug"}


def check(source: Source, commands: Sequence[Command]) -> Iterator[Finding]:
    """Yield a sleep directly before the first use of the role, without a loop around it."""
    acting = [command for command in commands if len(command.assignments) != len(command.words)]
    for command, following in pairwise(acting):
        if _uses_role(command) or command.name == "ssmwake":
            return
        seconds = _seconds(command)
        free = not (command.looped or following.looped or command.in_function or command.background)
        if seconds >= SHORTEST and free and command.before != "||" and _uses_role(following):
            message = f"assumes that a role is there after {seconds} s; ask IMDS for its credentials in a loop instead"
            yield SLEEP_FOR_ROLE.at(source.at_offset(command.argv[0].start), message)


def _uses_role(command: Command) -> bool:
    if command.name == "aws":
        return not LOCAL & set(command.arguments[:1])
    return any(CREDENTIALS in word.text for word in command.words)


def _seconds(command: Command) -> int:
    if command.name != "sleep" or len(command.arguments) != 1:
        return 0
    match = re.fullmatch(r"(\d{1,6})([smh]?)", command.arguments[0])
    return int(match[1]) * UNITS[match[2]] if match else 0
