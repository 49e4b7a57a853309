"""What `lint --diff` shows and `lint --fix` writes."""

import dataclasses
import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from ssmwake.cli.output import wants_color
from ssmwake.dist import UNREADABLE, replace
from ssmwake.lint import File
from ssmwake.lint.fix import fixed
from ssmwake.model import Finding, Location
from ssmwake.terminal import printable


def fixed_files(files: Iterable[File], findings: Sequence[Finding]) -> list[tuple[File, File]]:
    """Return the files that change, before and after; one fix may make room for the next."""
    changed = []
    for file in files:
        data = fixed(file.data, [one for one in findings if one.where.path == file.path])
        if data != file.data:
            changed.append((file, dataclasses.replace(file, data=data)))
    return changed


def write_fixes(changed: Iterable[tuple[File, File]]) -> list[Finding]:
    """Write the files, each whole or not at all; return what was not written, because the path is a link."""
    refused = []
    for _, after in changed:
        path = Path(after.path)
        if path.is_symlink():
            # In somebody else's folder it may lead anywhere.
            message = f"a link to {path.readlink()}, through which --fix does not write; name that file"
            refused.append(UNREADABLE.at(Location(after.path), message))
        else:
            replace(path, after.data)
    return refused


def diff_out(before: File, after: File, secret: set[int], *, err: bool) -> None:
    """Show what changes, but not a line with a secret, nor anything that a terminal or a workflow would obey."""
    old, new = (each.data.decode("utf-8", "backslashreplace").split("\n") for each in (before, after))
    hidden = {old[number - 1].strip() for number in secret if number <= len(old)}
    color = wants_color()
    for line in difflib.unified_diff(old, new, f"a/{before.path}", f"b/{before.path}", lineterm=""):
        # A carriage return is what may have changed, and cannot be seen.
        shown = f"{line[0]}(a secret)" if line[1:].strip() in hidden else printable(line, keep="\t")
        click.secho(shown, fg={"+": "green", "-": "red"}.get(line[:1]), err=err, color=color)
