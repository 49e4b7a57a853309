"""What `lint --diff` shows and `lint --fix` writes."""

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

from ssmwake.cli.output import wants_color
from ssmwake.dist import UNREADABLE, replace
from ssmwake.lint import File, Kind
from ssmwake.lint.fix import fixed
from ssmwake.model import Finding, Location
from ssmwake.terminal import printable

# A fix makes room for another one, and hardly ever for a third.
ROUNDS = 5


def fixed_files(
    files: Sequence[File], findings: Sequence[Finding], linted: Callable[[Sequence[File]], Sequence[Finding]]
) -> list[tuple[File, File]]:
    """Return the files that change, before and after, with all that can be fixed; `linted` lints them in between."""
    now = {file.path: file for file in files}
    for _ in range(ROUNDS):
        changed = False
        for file in now.values():
            data = fixed(file.data, [one for one in findings if one.where.path == file.path])
            changed |= data != file.data
            now[file.path] = dataclasses.replace(file, data=data)
        if not changed:
            break
        # A template depends on no other file, and takes the most time.
        again = [
            now[file.path] for file in files if file.kind is not Kind.CLOUDFORMATION or now[file.path].data != file.data
        ]
        findings = linted(again)
    return [(file, now[file.path]) for file in files if now[file.path].data != file.data]


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
