"""Variables that are not set where cloud-init, or the SSM agent, runs a script: HOME, and what needs it."""

import re
from collections.abc import Iterator, Sequence

from ssmwake.lint.rules import WARNING, rule
from ssmwake.lint.shell.command import Command, Expansion, ParsedScript, Word
from ssmwake.model import Finding
from ssmwake.text.source import Source

NO_HOME = rule(
    "SW242", WARNING, "HOME where it is not set", reason="the script ends there, or writes to a folder named ~"
)
TILDE = re.compile(r"~(?:/|$)")
# Shells that leave a tilde as it is where HOME is not set; bash looks into the list of users.
WITHOUT_USERS = {"sh", "dash", "ash", "ksh"}
# They run a command of their own with a home.
LOGINS = {"su", "runuser", "login", "machinectl"}


def check(source: Source, script: ParsedScript, *, dialect: str, of: str) -> Iterator[Finding]:
    """Yield the first use of HOME that fails; `of` names what runs the script."""
    given = [at for command in script.commands if (at := _sets_home(command)) >= 0]
    first_given = min(given, default=len(source.text))
    used = _unset(source, script, first_given)
    if used is not None:
        message = f"HOME is not set in {of}, and set -u ends the script; write export HOME=/root first"
        yield NO_HOME.at(source.at_offset(used.start), message)
    elif dialect in WITHOUT_USERS:
        for command in script.commands:
            word = _tilde(source, command)
            if word is not None and word.start < first_given:
                message = f"~ needs HOME, which {of} does not have under sh; write /root, or export HOME=/root first"
                yield NO_HOME.at(source.at_offset(word.start), message)
                return


def _unset(source: Source, script: ParsedScript, first_given: int) -> Expansion | None:
    on = -1
    if re.match(r"#!\s*\S+[ \t]+-\w*u", source.text):
        on = 0
    for command in script.commands:
        if command.name == "set" and on < 0 and _nounset(command.arguments, "-"):
            on = command.argv[0].start
        elif command.name == "set" and _nounset(command.arguments, "+"):
            return None
    if on < 0:
        return None
    return next(
        (one for one in script.expansions if one.name == "HOME" and not one.defaulted and on < one.start < first_given),
        None,
    )


def _nounset(arguments: Sequence[str], sign: str) -> bool:
    """Return whether the arguments of set turn the option on, or off, in one of its spellings."""
    flags = [word for word in arguments if word.startswith(sign)]
    return any(re.fullmatch(r"[-+]\w*u\w*", word) for word in flags) or ("nounset" in arguments and bool(flags))


def _sets_home(command: Command) -> int:
    """Return the offset from which HOME is set; -1 where the command does not set it."""
    for word in command.words:
        if word.text.startswith("HOME=") or re.match(r"\$\{HOME:?=", word.text):
            return word.start
    if command.name == "read" and "HOME" in command.arguments:
        return command.argv[0].start
    return -1


def _tilde(source: Source, command: Command) -> Word | None:
    if any(word.text.rpartition("/")[2] in LOGINS for word in command.words[:1]):
        return None
    # sudo sets HOME only for the command, and the tilde is replaced before.
    for word in (*command.words, *command.writes):
        raw = source.text[word.start : word.end]
        if TILDE.match(raw):
            return word
        if word in command.assignments and TILDE.match(raw.partition("=")[2]):
            return Word(word.text, word.start + raw.index("=") + 1, word.end)
    return None
