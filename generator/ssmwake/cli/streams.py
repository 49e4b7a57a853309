"""What the verbs write: artifacts and findings; colour only where a person looks and wants it."""

import errno
import os
import sys
from collections.abc import Iterable

import click

from ssmwake.model import Finding, Severity

COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def data_out(data: bytes) -> None:
    """Write an artifact to stdout, whole."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, "stdout is closed")
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def findings_out(findings: Iterable[Finding], *, err: bool = False) -> None:
    """Write findings, one a line."""
    color = wants_color()
    for finding in findings:
        line = f"{finding.where}: {click.style(finding.severity, COLORS[finding.severity])}: {finding.message}"
        click.echo(f"{line} {click.style(f'[{finding.rule}]', dim=True)}", err=err, color=color)


def wants_color() -> bool | None:
    """Return what --color or NO_COLOR (no-color.org) say; None leaves it to whether the stream is a terminal."""
    context = click.get_current_context(silent=True)
    if context is not None and context.find_root().color is not None:
        return context.find_root().color
    return False if os.environ.get("NO_COLOR") else None


def discard_stdout() -> None:
    """Send what is still unwritten nowhere: without this, Python complains at exit about a pipe that is gone."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
