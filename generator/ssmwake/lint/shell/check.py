"""Scripts that run on an instance: what is wrong with them beyond what shellcheck knows."""

import re
from collections.abc import Iterator
from enum import Enum
from itertools import pairwise

from ssmwake.lint.deferred import Found, Script
from ssmwake.lint.shell import imds, secrets, sleeps, units
from ssmwake.lint.shell.command import Command, Here
from ssmwake.lint.shell.parser import commands
from ssmwake.lint.shell.shellcheck import dialect
from ssmwake.lint.text.source import Source

PYTHON = re.compile(r"#!\s*\S*(?:/env\s+)?\S*python[\d.]*\b")
DIALECTS = {"sh", "bash", "dash", "ksh"}
SHELLS = {"ash", *DIALECTS}


class Run(Enum):
    """When a script runs: while the boot waits for it, at the end of the first boot, or some other time."""

    EARLY = "early"
    LATE = "late"
    ELSEWHERE = "elsewhere"


def check(source: Source, run: Run = Run.LATE, image: str | None = None) -> Iterator[Found]:
    """Yield what is wrong with a script, and the script itself where it is shell."""
    if PYTHON.match(source.text):
        yield from imds.in_python(source)
    if name := dialect(source.text):
        yield from shell(source, run, image)
        yield Script(name, source)


def anywhere(source: Source) -> Iterator[Found]:
    """Yield what is wrong with a script on an instance, whatever starts it: its requests to IMDS, and secrets in it."""
    if PYTHON.match(source.text):
        yield from imds.in_python(source)
    if dialect(source.text):
        found = commands(source.text)
        yield from imds.check(source, found)
        yield from secrets.in_commands(source, found)


def shell(source: Source, run: Run = Run.LATE, image: str | None = None) -> Iterator[Found]:
    """Yield what is wrong with lines of shell, whatever runs them."""
    found = commands(source.text)
    yield from of_commands(source, found, run, image)
    for number, command in enumerate(found):
        for here in command.heres:
            yield from _here(source, found[number : number + 2], here, run)


def of_commands(source: Source, found: list[Command], run: Run, image: str | None = None) -> Iterator[Found]:
    """Yield what is wrong with commands whose words stand in the source."""
    for command in found:
        inner = _inner(source, command)
        if inner is None:
            continue
        yield from shell(inner[1], Run.ELSEWHERE if command.background else run, image)
        if inner[0] and command.name in DIALECTS:
            yield Script(command.name, inner[1])
    yield from imds.check(source, found)
    yield from secrets.in_commands(source, found)
    yield from sleeps.check(source, found)
    yield from units.absent(source, found, image)
    if run is not Run.ELSEWHERE:
        yield from units.waiting(source, found, early=run is Run.EARLY)


def _here(source: Source, found: list[Command], here: Here, run: Run) -> Iterator[Found]:
    """Yield what is wrong with a here-document that is a script; any other is prose."""
    command, following = found[0], found[1] if len(found) > 1 else Command()
    inner = source.slice(here.start, here.end)
    if (command.name in SHELLS and not command.arguments[1:]) or (command.after == "|" and following.name in SHELLS):
        yield from shell(inner, Run.ELSEWHERE if command.background or following.background else run)
    elif PYTHON.match(inner.text):
        yield from imds.in_python(inner)
    elif dialect(inner.text) and here.quoted:
        yield from check(inner, Run.ELSEWHERE)
    elif dialect(inner.text):
        yield from shell(inner, Run.ELSEWHERE)


def _inner(source: Source, command: Command) -> tuple[bool, Source] | None:
    """Return the script that a shell is given as an argument, where it stands there as it is, and whether literally."""
    if command.name not in SHELLS:
        return None
    for option, word in pairwise(command.argv):
        if re.fullmatch(r"-[a-z]*c", option.text):
            quote = source.text[word.start : word.start + 1]
            start = word.start + (quote in ("'", '"'))
            inner = source.slice(start, start + len(word.text))
            return (quote == "'", inner) if inner.text == word.text else None
    return None
