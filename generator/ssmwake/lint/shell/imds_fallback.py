"""Which commands of a script run only where IMDS gave no token: the fallback of those who support both versions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ssmwake.lint.shell.command import Command

TOKEN_PATH = "/api/token"
VARIABLE = re.compile(r"\$\{?(\w+)")
# What a test about a token has in it: a variable that is called so, or the status of the request.
ABOUT = ("token", "imdsv2", "$?")


@dataclass
class _Test:
    """An `if` that is open: its words, whether they are read yet, and whether this is the branch without a token."""

    # The variables that the script keeps the token in, whatever they are called.
    names: frozenset[str] = frozenset()
    words: list[str] = field(default_factory=list)
    is_read: bool = False
    without: bool = False

    @property
    def is_about_token(self) -> bool:
        """Whether the test asks for a token at all."""
        return any(part in word.lower() for word in self.words for part in ABOUT) or any(
            _mentions(word, self.names) for word in self.words
        )

    @property
    def is_for_none(self) -> bool:
        """Whether the test is true where there is no token."""
        unequal = "!=" in self.words or "-ne" in self.words
        empty = "" in self.words and ("=" in self.words or "==" in self.words)
        status = any("$?" in word for word in self.words) and unequal
        return self.is_about_token and ("-z" in self.words or "!" in self.words or empty or status)


def without_token(commands: Sequence[Command]) -> set[int]:
    """Return the numbers of the commands that run only where no token came; none in a script that asks for none."""
    if not any(TOKEN_PATH in word.text for command in commands for word in command.words):
        return set()
    found: set[int] = set()
    tests: list[_Test] = []
    names = _kept_in(commands)
    failed = -1
    for number, command in enumerate(commands):
        words = [word.text for word in command.words]
        _enter(tests, words, names)
        if (
            command.before == "||"
            and number
            and any("token" in word.text.lower() or _mentions(word.text, names) for word in commands[number - 1].words)
        ):
            # `a=$(request) || a=$(request)`: what is replaced follows its command.
            failed = number + any("$()" in word for word in words)
        if command.before == "&&" and number:
            tested = _Test(names, [word.text for word in commands[number - 1].words])
            failed = number + any("$()" in word for word in words) if tested.is_for_none else failed
        if any(test.without for test in tests) or number <= failed:
            found.add(number)
    return found


def _kept_in(commands: Sequence[Command]) -> frozenset[str]:
    """Return the variables that are set to what a request for a token puts out."""
    return frozenset(
        word.text.partition("=")[0]
        for command, inner in pairwise(commands)
        if any(TOKEN_PATH in each.text for each in inner.words)
        for word in command.assignments
        if "$()" in word.text
    )


def _mentions(word: str, names: frozenset[str]) -> bool:
    return any(name in names for name in VARIABLE.findall(word))


def _enter(tests: list[_Test], words: list[str], names: frozenset[str]) -> None:
    """Open, go on with, or close the innermost `if`, by the first word of a command."""
    first = words[0] if words else ""
    if first == "if":
        tests.append(_Test(names))
    elif tests and first == "then":
        tests[-1].is_read, tests[-1].without = True, tests[-1].is_for_none
    elif tests and first in ("else", "elif"):
        tests[-1].without = tests[-1].is_about_token and not tests[-1].is_for_none
    elif first == "case":
        # Its patterns are not read: one of them is for no token, and the others send it.
        tests.append(_Test(names, words, is_read=True))
        tests[-1].without = tests[-1].is_about_token
    elif tests and first in ("fi", "esac"):
        tests.pop()
    if tests and not tests[-1].is_read:
        tests[-1].words += words
