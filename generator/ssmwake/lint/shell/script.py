"""Scripts that run on an instance: what is wrong with them beyond what shellcheck knows."""

import re
from collections.abc import Iterator
from enum import Enum

from ssmwake.lint.deferred import Found, Script
from ssmwake.lint.shell import (
    environment,
    exit_status,
    imds,
    imds_request,
    indirect_expansions,
    other_user,
    packages,
    secrets,
    sleeps,
    unfilled,
    units,
)
from ssmwake.lint.shell.argument import DIALECTS, SHELLS, script_argument
from ssmwake.lint.shell.command import Command, Here, ParsedScript
from ssmwake.lint.shell.parser import read
from ssmwake.lint.shell.shellcheck import dialect
from ssmwake.text.source import Edit, Source

PYTHON = re.compile(r"#!\s*\S*(?:/env\s+)?\S*python[\d.]*\b")
# What the shell undoes in a here-document whose end is not quoted.
ESCAPED = re.compile(r"\\([$`\\])")
# The tabs that `<<-` takes away.
MARGIN = re.compile(r"^\t+", re.MULTILINE)
# Files that are shell by their names, and the lines of others that are: in tables of cron, in units of systemd.
SHELL_FILE = re.compile(
    r"\.(?:sh|bash)$|/s?bin/[\w.-]+$|/etc/(?:profile\.d/|(?:rc\.d/)?rc\.local$|cron\.(?:hourly|daily|weekly|monthly)/)"
)
TIMES = r"^[ \t]*(?:@\w+|(?:[\w*/,-]+[ \t]+){4}[\w*/,-]+)[ \t]+"
LINES_OF = (
    (
        re.compile(r"/etc/cron\.d/|/etc/crontab$"),
        re.compile(rf"{TIMES}[\w.-]+[ \t]+(?P<command>\S[^\n]*)$", re.MULTILINE),
    ),
    (re.compile(r"crontab|/spool/cron/"), re.compile(rf"{TIMES}(?P<command>\S[^\n]*)$", re.MULTILINE)),
    (re.compile(r"\.service$"), re.compile(r"^Exec\w+=[-@:+!]*(?P<command>[^\n]+)$", re.MULTILINE)),
)


class Run(Enum):
    """When a script runs, and what runs it."""

    # cloud-init, while the boot waits for it.
    EARLY = "early"
    # cloud-init, at the end of the first boot.
    LATE = "late"
    # The SSM agent, as a command.
    COMMAND = "command"
    # Whatever and whenever; perhaps a user in a terminal.
    ELSEWHERE = "elsewhere"


BOOT = (Run.EARLY, Run.LATE)
# What runs a script, in messages.
RUNNERS = {Run.EARLY: "user data", Run.LATE: "user data", Run.COMMAND: "a command of the SSM agent"}


def check(source: Source, run: Run = Run.LATE, image: str | None = None) -> Iterator[Found]:
    """Yield what is wrong with a script, and the script itself where it is shell."""
    if PYTHON.match(source.text):
        yield from imds.in_python(source)
        yield from imds_request.in_python(source)
    if name := dialect(source.text):
        yield from shell(source, run, image, dialect=name)
        yield Script(name, source)


def anywhere(source: Source) -> Iterator[Found]:
    """Yield what is wrong with a script on an instance, whatever starts it: its requests to IMDS, and secrets in it."""
    if PYTHON.match(source.text):
        yield from imds.in_python(source)
        yield from imds_request.in_python(source)
    if dialect(source.text):
        found = read(source.text).commands
        yield from imds.check(source, found)
        yield from imds_request.check(source, found)
        yield from secrets.in_commands(source, found)


def shell(
    source: Source, run: Run = Run.LATE, image: str | None = None, *, dialect: str = "sh", complete: bool = True
) -> Iterator[Found]:
    """Yield what is wrong with a script of shell, whatever runs it; not complete where lines are not known."""
    script = read(source.text)
    yield from _lines(source, script, run, image, dialect=dialect)
    if complete and run in (Run.LATE, Run.COMMAND):
        yield from exit_status.last_test(source, script.commands)
    if complete and run is Run.COMMAND:
        yield from exit_status.endless_reboot(source, script.commands)


def _lines(
    source: Source,
    script: ParsedScript,
    run: Run,
    image: str | None,
    *,
    dialect: str,
    expanded: bool = False,
    has_home: bool = False,
) -> Iterator[Found]:
    """Yield what is wrong with lines of shell; those in double quotes are `expanded` by the shell around them."""
    found = script.commands
    yield from _in_arguments(source, found, run, image)
    yield from imds.check(source, found)
    yield from imds_request.check(source, found, expanded=expanded)
    yield from secrets.in_commands(source, found)
    yield from sleeps.check(source, found)
    yield from units.absent(source, found, image)
    if dialect == "bash":
        yield from indirect_expansions.check(source, script)
    if run in BOOT:
        yield from units.waiting(source, found, early=run is Run.EARLY)
    yield from unfilled.check(source, found)
    if run is not Run.ELSEWHERE:
        yield from other_user.check(source, found)
    if run is not Run.ELSEWHERE:
        yield from packages.check(source, found, image=image, at_boot=run in BOOT)
    if run is not Run.ELSEWHERE and not has_home:
        yield from environment.check(source, script, dialect=dialect, of=RUNNERS[run])
    for number, command in enumerate(found):
        for here in command.heres:
            yield from _here(source, found[number : number + 2], here, run)


def _in_arguments(source: Source, found: list[Command], run: Run, image: str | None) -> Iterator[Found]:
    """Yield what is wrong with the scripts that shells are given as arguments."""
    for command in found:
        inner = script_argument(source, command)
        if inner is None:
            continue
        literal, script = inner
        inside = Run.ELSEWHERE if command.background else run
        read_ = read(script.text)
        home = command.is_as_user
        yield from _lines(script, read_, inside, image, dialect=command.name, expanded=not literal, has_home=home)
        if literal and command.name in DIALECTS:
            yield Script(command.name, script)


def file(source: Source, path: str, run: Run = Run.ELSEWHERE) -> Iterator[Found]:
    """Yield what is wrong with a file that is written on the instance, by its first line, or by its path."""
    if PYTHON.match(source.text) or dialect(source.text):
        yield from check(source, run)
    elif SHELL_FILE.search(path) and not source.text.startswith("#!"):
        yield from _lines(source, read(source.text), Run.ELSEWHERE, None, dialect="sh")
    elif at := next((pattern for where, pattern in LINES_OF if where.search(path)), None):
        for match in at.finditer(source.text):
            line = source.slice(match.start("command"), match.end("command"))
            found = read(line.text).commands
            yield from imds.check(line, found)
            yield from imds_request.check(line, found)
            yield from _in_arguments(line, found, Run.ELSEWHERE, None)


def _here(source: Source, found: list[Command], here: Here, run: Run) -> Iterator[Found]:
    """Yield what is wrong with a here-document that is a script, or a file of commands; any other is prose."""
    command, following = found[0], found[1] if len(found) > 1 else Command()
    inner = source.slice(here.start, here.end)
    if here.without_tabs:
        inner = inner.edited(Edit(match.start(), match.end(), "") for match in MARGIN.finditer(inner.text))
    if not here.quoted:
        inner = inner.edited(Edit(match.start(), match.end(), match[1]) for match in ESCAPED.finditer(inner.text))
    if (command.name in SHELLS and not command.arguments[1:]) or (command.after == "|" and following.name in SHELLS):
        shell_ = command if command.name in SHELLS else following
        after = command.background or following.background
        later = Run.ELSEWHERE if after else run
        script = read(inner.text)
        name, home = shell_.name, shell_.is_as_user
        yield from _lines(inner, script, later, None, dialect=name, expanded=not here.quoted, has_home=home)
    elif here.quoted or not dialect(inner.text):
        writer = following if command.after == "|" and following.name == "tee" else command
        yield from file(inner, _target(writer))
    else:
        # What the shell around it replaces is not there for shellcheck.
        yield from _lines(inner, read(inner.text), Run.ELSEWHERE, None, dialect="sh", expanded=True)


def _target(command: Command) -> str:
    """Return the path of the file that a command writes, as cat and tee do."""
    words = [*command.writes, *(command.argv[1:] if command.name == "tee" else [])]
    return next((word.text for word in words if not word.text.startswith(("-", "/dev/")) and len(word.text) > 1), "")
