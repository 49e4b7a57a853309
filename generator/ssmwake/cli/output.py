"""What the verbs write: artifacts and findings; colour only where a person looks and wants it."""

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ssmwake.model import Finding, Severity
from ssmwake.terminal import printable

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Command = TypeVar("Command", bound=Callable[..., Any])

COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def complete_files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Let the shell complete the name of a file."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def output_option(command: Command) -> Command:
    """Give a command -o; its parameter is `output`, None for stdout."""
    return click.option(
        "-o",
        "--output",
        metavar="FILE",
        shell_complete=complete_files,
        help="Write to FILE.  [default: stdout]",
    )(command)


def data_out(data: bytes, output: str | None = None) -> None:
    """Write an artifact, whole: to a file, or to stdout."""
    if output is not None and output != "-":
        _file_out(output, data)
        return
    if sys.stdout is None:
        raise OSError(errno.EBADF, "stdout is closed")
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _file_out(output: str, data: bytes) -> None:
    """Write a file, whole or not at all; a link is written through, and so is a device or a pipe.

    A file is moved into its place. Root must not do that to /dev/null, which the whole machine writes to.
    """
    from ssmwake.dist import replace, unwritable

    path = Path(output)
    try:
        is_special = not stat.S_ISREG(mode := path.stat().st_mode) and not stat.S_ISDIR(mode)
    except (OSError, ValueError):
        is_special = False
    if not is_special:
        replace(Path(os.path.realpath(output)) if path.is_symlink() else path, data)
        return
    try:
        with path.open("wb") as file:
            file.write(data)
    except OSError as error:
        raise unwritable(path, error, "written") from error


def findings_out(
    findings: Iterable[Finding], *, err: bool = False, lines: Mapping[str, list[str]] | None = None
) -> None:
    """Write findings, one a line; below each the line of its file with a caret, where the lines are given."""
    color = wants_color()
    for finding in findings:
        place = printable(str(finding.where))
        line = f"{place}: {click.style(finding.severity, COLORS[finding.severity])}: {printable(finding.message)}"
        click.echo(f"{line} {click.style(f'[{finding.rule}]', dim=True)}", err=err, color=color)
        if lines:
            click.echo(_caret(finding, lines.get(finding.where.path, [])), err=err, color=color, nl=False)


# As much of a line as is shown, with what is found in the middle of it.
SHOWN = 100


def _caret(finding: Finding, lines: list[str]) -> str:
    """Return the line of a finding and a caret under its column; nothing where the file has fewer lines."""
    where = finding.where
    if not where.line <= len(lines) or not lines[where.line - 1].strip():
        return ""
    line, column = lines[where.line - 1], where.column - 1
    first = max(0, column - SHOWN // 2) if len(line) > SHOWN else 0
    shown = "".join(char if char.isprintable() else " " for char in line[first : first + SHOWN])
    if column - first > len(shown):
        return f"  {shown}\n"
    caret = click.style("^", COLORS[finding.severity])
    return f"  {shown}\n  {' ' * (column - first)}{caret}\n"


@contextlib.contextmanager
def progress(word: str, total: int) -> Iterator[Callable[[object], None]]:
    """Show how many of the places are done, and which one was last, on a terminal."""
    if sys.stderr is None or not sys.stderr.isatty() or total < 2:
        yield lambda place: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(word, total=total)
        # Square brackets are markup to rich.
        yield lambda place: bar.update(
            task, advance=1, description=f"{word} {printable(str(place))}".replace("[", r"\[")
        )


def wants_color() -> bool | None:
    """Return what --color or the environment ask for; None leaves it to whether the stream is a terminal."""
    context = click.get_current_context(silent=True)
    if context is not None and context.find_root().color is not None:
        return context.find_root().color
    return color_of_environment()


def color_of_environment() -> bool | None:
    """Return what NO_COLOR (no-color.org) or FORCE_COLOR (force-color.org) ask for; the first wins."""
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR", "0") not in ("", "0", "false") else None


def discard_stdout() -> None:
    """Send what is still unwritten nowhere: without this, Python complains at exit about a pipe that is gone."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
