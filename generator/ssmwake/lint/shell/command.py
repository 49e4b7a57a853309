"""Simple commands of a shell: their words, what they read and write, and what is around them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

LOOPS = {"while", "until", "for", "select"}
# Words before a command that change nothing about what it is.
LEADS = {"if", "then", "elif", "else", "do", "!", "{", "time"} | LOOPS
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[[^]]*\])?\+?=")
# Commands that run the command that follows, and which of their options take a word.
RUNNERS = {
    "sudo": "ugCDhpRrTt",
    "env": "uCS",
    "nohup": "",
    "exec": "a",
    "command": "",
    "nice": "n",
    "ionice": "cn",
    "setsid": "",
    "timeout": "ks",
    "stdbuf": "ioe",
    "export": "",
    "local": "",
    "readonly": "",
    "declare": "",
    "cloud-init-per": "",
}
# How many words they take before the command.
WORDS_BEFORE = {"timeout": 1, "cloud-init-per": 2}


@dataclass(frozen=True)
class Word:
    """A word of a command without its quotes, and the offsets between which it stands."""

    text: str
    start: int
    end: int = 0


@dataclass(frozen=True)
class Here:
    """The body of a here-document by its offsets; a quoted one is taken as it is, but for tabs where those go."""

    start: int
    end: int
    quoted: bool
    without_tabs: bool = False


@dataclass(frozen=True)
class Expansion:
    """A variable that the shell replaces: where its dollar stands, and whether it has a default for being unset.

    An indirect one, `${!x}`, is replaced by the value of the variable that it names.
    """

    name: str
    start: int
    defaulted: bool = False
    indirect: bool = False


@dataclass
class Command:
    """A simple command, and what is around it: loops, functions, the operators before and after, what it reads."""

    words: list[Word] = field(default_factory=list)
    writes: list[Word] = field(default_factory=list)
    heres: list[Here] = field(default_factory=list)
    looped: bool = False
    # The function that it belongs to; empty for none.
    function: str = ""
    background: bool = False
    before: str = ""
    after: str = ""

    @property
    def in_function(self) -> bool:
        """Whether it runs only when a function is called."""
        return bool(self.function)

    @cached_property
    def assignments(self) -> list[Word]:
        """The words that set a variable, before a command or without one."""
        return [word for word in self.words if ASSIGNMENT.match(word.text)]

    @cached_property
    def argv(self) -> list[Word]:
        """The words from the name of the program on, without sudo and the like."""
        first = 0
        while first < len(self.words):
            text = self.words[first].text
            name = text.rpartition("/")[2]
            if text in LEADS or ASSIGNMENT.match(text):
                first += 1
            elif name in RUNNERS:
                first = self._after_options(first + 1, RUNNERS[name]) + WORDS_BEFORE.get(name, 0)
            else:
                break
        return self.words[first:]

    @cached_property
    def name(self) -> str:
        """The name of the program without its folder; empty for none."""
        return self.argv[0].text.rpartition("/")[2] if self.argv else ""

    @cached_property
    def is_as_user(self) -> bool:
        """Whether sudo, or what is like it, runs it: with the HOME of a user."""
        return any(word.text.rpartition("/")[2] in ("sudo", "su", "runuser") for word in self.words[:8])

    @cached_property
    def arguments(self) -> list[str]:
        """The texts of the words after the name."""
        return [word.text for word in self.argv[1:]]

    def _after_options(self, first: int, with_value: str) -> int:
        while first < len(self.words) and len(text := self.words[first].text) > 1 and text.startswith("-"):
            first += 2 if not text.startswith("--") and text[-1] in with_value else 1
        return first


@dataclass
class ParsedScript:
    """What a script runs, and the variables that it reads."""

    commands: list[Command]
    expansions: list[Expansion]
