"""Placeholders of an example that are still in a command: `<your-bucket>` where the name of the bucket belongs."""

import re
from collections.abc import Iterator, Sequence

from ssmwake.lint.rules import ERROR, rule
from ssmwake.lint.shell.command import Command
from ssmwake.model import Finding
from ssmwake.text.source import Source

UNFILLED = rule(
    "SW282", ERROR, "a placeholder that is still there", reason="the command fails, as there is no such thing"
)

# What an example calls that which its reader has to write: hardly a file that a command reads.
ASKED_FOR = (
    r"(?:your|my|the|insert|replace|enter|change|put|add)[-_ ][\w .-]{1,40}"
    r"|[A-Z][A-Z0-9]{0,40}(?:[-_ ][A-Z0-9]{1,40}){1,8}"
    r"|(?:[a-z0-9]{1,40}[-_ ]){1,8}"
    r"(?:name|id|arn|region|bucket|key|token|password|url|uri|ip|account|address|path|endpoint|domain)"
)
# In a word the shell takes the brackets as they are; only what addresses the reader is a placeholder for sure.
IN_WORD = re.compile(r"<(?:your|insert|replace|enter|put)[-_ ][\w .-]{1,40}>", re.IGNORECASE)
# Bare, they are two redirections, of which the first reads a file that is not there. Without a word after the second
# the shell does not even get that far.
BARE = re.compile(rf"<({ASKED_FOR})>[ \t]*[^\s;|&<>()]")
# They replace placeholders, or show them.
WORK_WITH_THEM = {
    "sed",
    "awk",
    "perl",
    "grep",
    "egrep",
    "echo",
    "printf",
    "cat",
    "tee",
    "python",
    "python3",
    "envsubst",
}


def check(source: Source, commands: Sequence[Command]) -> Iterator[Finding]:
    """Yield each placeholder that a command is given."""
    for command in commands:
        if command.name in WORK_WITH_THEM:
            continue
        for word in command.words:
            if match := IN_WORD.search(word.text):
                at = source.text.find(match[0], word.start, word.end)
                yield UNFILLED.at(source.at_offset(max(at, word.start)), _message(match[0]))
        for word in command.writes:
            match = BARE.match(source.text, word.start - 1) if word.start else None
            if match:
                yield UNFILLED.at(source.at_offset(match.start()), _message(f"<{match[1]}>"))


def _message(placeholder: str) -> str:
    return f"{placeholder[:60]} is still a placeholder; write the value"
