"""Commands that were to run as another user: `su` and its like without a command end at once in a script."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ssmwake.lint.rules import WARNING, rule
from ssmwake.lint.shell.command import Command
from ssmwake.model import Finding
from ssmwake.text.source import Source

STAYS_ROOT = rule("SW283", WARNING, "su without a command", reason="what follows runs as root, in the folder of root")

# Options of su and sudo that take a word, and those that give a command.
WITH_WORD = {"-g", "-G", "-s", "--shell", "--group", "-p", "-C", "-h", "-T"}
GIVES_COMMAND = ("-c", "--command", "--session-command")


def check(source: Source, commands: Sequence[Command]) -> Iterator[Finding]:
    """Yield each change of the user that is meant for what follows it."""
    for command, following in pairwise(commands):
        user = _user(command)
        # With something to read it runs that; in a function or a pipe it is another matter.
        if user is None or command.heres or command.before == "|" or command.after == "|" or command.function:
            continue
        start, end = command.words[0].start, following.words[0].start if following.words else len(source.text)
        if following.function or "<" in source.text[start:end]:
            continue
        message = f"su without a command ends at once, and what follows runs as root; write su - {user} -c '...'"
        yield STAYS_ROOT.at(source.at_offset(start), message)


def _user(command: Command) -> str | None:
    """Return the user that a command changes to without running anything as that user; None for another command."""
    words = [word.text for word in command.words]
    if words[:1] == ["sudo"]:
        words = words[1:]
        if words[:1] and words[0] in ("-iu", "-u", "-su") and len(words) == 2:
            return _name(words[1])
        if words[:1] == ["-u"] and words[2:] in (["-i"], ["-s"], ["bash"], ["sh"]):
            return _name(words[1])
        if words[:2] == ["-i", "-u"] and len(words) == 3:
            return _name(words[2])
    if words[:1] != ["su"]:
        return None
    names: list[str] = []
    before = ""
    for word in words[1:]:
        if word.startswith(GIVES_COMMAND):
            return None
        if before not in WITH_WORD and word != "-" and not word.startswith("-"):
            names.append(word)
        before = word
    return _name(names[0]) if len(names) == 1 else None


def _name(user: str) -> str | None:
    return None if user in ("root", "$()") or not user.strip("$_{}-") else user
