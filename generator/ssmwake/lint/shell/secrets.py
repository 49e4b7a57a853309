"""Secrets in user data; what is found is never repeated."""

import re
from collections.abc import Iterator, Sequence

from ssmwake.lint.rules import ERROR, rule
from ssmwake.lint.shell.command import Command, Word
from ssmwake.model import Finding, Location
from ssmwake.redact import FORMS, PRIVATE_KEY
from ssmwake.text.source import Source

SECRET = rule(
    "SW209", ERROR, "a secret in user data", reason="each process of the instance and each reader of the API sees it"
)

NAME = re.compile(r"(?:PASSWORD|PASSWD|PASSPHRASE)$|(?:^|_)PWD$", re.IGNORECASE)
# Options that take a password, by the program; the first of each are for all programs.
PASSWORD_OPTIONS = ("--password", "--db-password", "--admin-password", "--root-password")
SHORT = dict.fromkeys(("mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump", "mariadb-admin"), "-p")
APART = {"sshpass": "-p", "docker": "-p", "podman": "-p", "helm": "-p"}
USERS = {"curl": ("-u", "--user"), "http": ("-a", "--auth")}
# What people write where a secret is to be put in, and what only says where one is.
STAND_IN = re.compile(
    r"(?i)example|change.?me|change.?this|placeholder|replace|redacted|dummy|sample|your.|<|>|\$|\{\{|\*\*\*|x{4}|"
    r"0{6}|^12345|^/|^arn:|^ssm:|secretsmanager|^file:|^p(?:ass(?:word)?|w)$|^vault:|%[sdv]"
)
ADVICE = "let the instance fetch it with its role"


def check(source: Source, holder: str = "user data") -> Iterator[Finding]:
    """Yield what nobody but the instance may know, whatever the language."""
    for number, line in enumerate(source.text.split("\n"), 1):
        done: list[tuple[int, int]] = []
        for pattern, what in FORMS:
            match = pattern.search(line)
            # A token in a URL is one secret, and not a password too.
            if (
                match
                and not stands_in(match[1])
                and not any(match.start(1) < end and start < match.end(1) for start, end in done)
            ):
                done.append(match.span(1))
                yield SECRET.at(source.at(number, match.start() + 1), f"{what} in {holder}; {ADVICE}")
    for match in PRIVATE_KEY.finditer(source.text):
        yield SECRET.at(source.at_offset(match.start()), f"a private key in {holder}; {ADVICE}")


def in_commands(source: Source, commands: Sequence[Command]) -> Iterator[Finding]:
    """Yield each password that a command sets, or puts into a variable."""
    for command, following in zip(commands, [*commands[1:], Command()], strict=False):
        for word in command.assignments:
            name, _, text = word.text.partition("=")
            if NAME.search(name) and (is_password(text) or is_named_password(text)):
                yield password(source.at_offset(word.start))
        for word, text in _options(command):
            if is_password(text):
                yield password(source.at_offset(word.start))
        if command.name not in ("echo", "printf"):
            pairs = _lines(source, command) if command.name == "chpasswd" else []
        elif command.after != "|" or following.before != "|":
            pairs = []
        elif following.name == "chpasswd":
            pairs = [(word.text, word.start) for word in command.argv[1:]]
        elif following.name == "passwd" and "--stdin" in following.arguments:
            pairs = [(f":{word.text}", word.start) for word in command.argv[1:]]
        else:
            pairs = []
        hashed = "-e" in following.arguments or "--encrypted" in following.arguments
        for text, start in pairs:
            if not hashed and is_plain(text.partition(":")[2]):
                yield password(source.at_offset(start))


def _options(command: Command) -> Iterator[tuple[Word, str]]:
    """Yield the values of options that take a password, each with the word that holds it."""
    short, apart, users = SHORT.get(command.name), APART.get(command.name), USERS.get(command.name, ())
    for before, word in zip([Word("", 0), *command.argv], command.argv, strict=False):
        option, _, text = word.text.partition("=")
        if text and option in PASSWORD_OPTIONS:
            yield word, text
        elif before.text in PASSWORD_OPTIONS or (apart and before.text == apart):
            yield word, word.text
        elif before.text in users and ":" in word.text:
            yield word, word.text.partition(":")[2]
        elif short and word.text.startswith(short) and not word.text.startswith("--"):
            yield word, word.text.removeprefix(short)


def _lines(source: Source, command: Command) -> list[tuple[str, int]]:
    """Return the lines that a command reads from its here-documents, each with its offset."""
    found: list[tuple[str, int]] = []
    if {"-e", "--encrypted"} & set(command.arguments):
        return found
    for here in command.heres:
        at = here.start
        for line in source.text[here.start : here.end].split("\n"):
            found.append((line, at))
            at += len(line) + 1
    return found


def password(where: Location) -> Finding:
    """Return the finding of a password in the open."""
    return SECRET.at(where, f"a password in the open; {ADVICE}")


def stands_in(text: str) -> bool:
    """Return whether a text only shows where a secret is to be put."""
    return STAND_IN.search(text) is not None or len(set(text)) < 6


def is_plain(text: str) -> bool:
    """Return whether a text is a password and not a hash, a word for a random one, or a stand-in."""
    return len(text) >= 6 and text != "RANDOM" and not text.startswith(("$", "!", "*")) and not stands_in(text)


def is_named_password(text: str) -> bool:
    """Return whether the value of a variable that is called a password is one: a word of letters with a digit."""
    has_digit, has_letter = re.search(r"\d", text), re.search(r"[A-Za-z]", text)
    return 8 <= len(text) <= 200 and text.isalnum() and bool(has_digit and has_letter) and not stands_in(text)


def is_password(text: str) -> bool:
    """Return whether a text is a password for sure: long enough, of several kinds of characters, no stand-in."""
    kinds = (str.islower, str.isupper, str.isdigit, lambda one: not one.isalnum())
    mixed = sum(any(kind(one) for one in text) for kind in kinds)
    return 8 <= len(text) <= 200 and mixed >= 3 and not re.search(r"\s", text) and not stands_in(text)
