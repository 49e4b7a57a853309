"""`ssmwake lint`: findings in files, in folders, or on stdin; files are changed only by --fix."""

import dataclasses
import difflib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ssmwake.cli.inputs import contents
from ssmwake.cli.output import data_out, findings_out, progress, wants_color
from ssmwake.cloud_init.size import TOO_LARGE
from ssmwake.dist import replace
from ssmwake.lint import File, Kind, kind, lint_all
from ssmwake.lint.fix import fixed
from ssmwake.lint.report import as_github, as_json, as_junit, as_sarif
from ssmwake.lint.rules.suppressions import settled
from ssmwake.lint.shell.secrets import SECRET
from ssmwake.model import Finding, Ignore, Invalid, Severity
from ssmwake.resources import page

# What lint reads in a folder; a file that is named is read whatever it is called.
ENDINGS = (
    *(".yaml", ".yml", ".json", ".template", ".sh", ".txt", ".cfg", ".userdata"),
    *(".tf", ".tofu", ".tftpl", ".tpl", ".mime", ".gz", ".b64", ".j2"),
)
# Folders of other people's files.
SKIPPED = ("node_modules", "__pycache__")
# Found by itself where no --config is given, as linters do.
CONFIG = "ssmwake.yaml"
NO_SCHEMA = "none"
KINDS = [each.value for each in Kind]
ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)
SEVERITIES = [severity.value for severity in ORDER]


@click.command(short_help="check user data, SSM documents and templates")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--kind", "what", type=click.Choice(KINDS), help="What the files are; else what they hold says it.")
@click.option("--skip-unknown", is_flag=True, help="Pass over named files that are none of these, as in a folder.")
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif", "junit", "github"]), default="text")
@click.option("--fail-on", type=click.Choice(SEVERITIES), default="error", help="By default error.")
@click.option("-c", "--config", metavar="FILE", help=f"Whose ignored rules count; else {CONFIG}, if it is here.")
@click.option("--cloud-init-schema", "schema", metavar="FILE", help="By default that of this machine; or none.")
@click.option("--diff", "shows", is_flag=True, help="Show what --fix would change.")
@click.option("--fix", "mends", is_flag=True, help="Show it, and change the files.")
@click.option("--list-rules", is_flag=True, help="Print every rule of ours.")
@click.option("--explain", metavar="ID", help="Print one rule: why, a bad and a good example.")
def command(
    paths: tuple[str, ...],
    what: str | None,
    skip_unknown: bool,
    form: str,
    fail_on: str,
    config: str | None,
    schema: str | None,
    shows: bool,
    mends: bool,
    list_rules: bool,
    explain: str | None,
) -> None:
    """Check user data, SSM documents, CloudFormation, launch-template data and Terraform.

    A folder is searched; - is stdin. A line with `ssmwake: ignore ID reason`, or the line below it, is spared.
    """
    if list_rules:
        from ssmwake.rules import RULES

        data_out("".join(f"{rule.id}  {rule.severity:7}  {rule.title}\n" for rule in RULES.values()).encode())
        return
    if explain:
        data_out(_explained(explain).encode())
        return
    if not paths:
        raise click.UsageError("name a file, a folder or - to lint")
    if mends and "-" in paths:
        raise click.UsageError("--fix changes files, and stdin is none; use --diff")
    ignores = _ignores(config)
    files, loose, unread = _read(_files(paths, named=not skip_unknown), None if what is None else Kind(what))

    def linted(some: Iterable[File]) -> list[Finding]:
        found = (one for one in _linted(some, schema) if not settled(one, ignores))
        return [one for one in found if one.rule != TOO_LARGE.id or one.where.path not in loose]

    findings = unread + linted(files)
    if shows or mends:
        mended = _mended(files, findings)
        for before, after in mended:
            secret = {line for path, line in _secrets(findings) if path == before.path}
            _diff_out(before, after, secret, err=form != "text")
        if mends:
            for _, after in mended:
                replace(Path(after.path).resolve(), after.data)
            again = {after.path: after for _, after in mended}
            files = [again.get(file.path, file) for file in files]
            # All of them: what Terraform refers to has findings through the file that does.
            findings = unread + linted(files)
    _report(sorted(findings), form, files)
    if any(ORDER.index(one.severity) <= ORDER.index(Severity(fail_on)) for one in findings):
        raise SystemExit(1)


def _explained(name: str) -> str:
    from ssmwake.rules import RULES

    if name not in RULES:
        near = difflib.get_close_matches(name.upper(), RULES, 1, 0.8)
        hint = f"did you mean {near[0]}?" if near else "see --list-rules"
        raise click.BadParameter(f"{name} is no rule of ours; {hint}", param_hint="--explain")
    rule = RULES[name]
    return page(name) or f"# {rule.id}: {rule.title}\n\n{rule.reason}\n"


def _sarif(findings: Sequence[Finding]) -> str:
    from ssmwake.rules import RULES

    return as_sarif(findings, RULES)


def _ignores(config: str | None) -> tuple[Ignore, ...]:
    if config is None and not Path(CONFIG).is_file():
        return ()
    from ssmwake.config import load

    path = config or CONFIG
    return load(path, contents(path)).lint.ignore


def _read(paths: Iterable[tuple[str, bool]], what: Kind | None) -> tuple[list[File], set[str], list[Finding]]:
    """Return the files that lint knows, each once; the paths of those that may be no user data; what cannot be read."""
    files: dict[str, File] = {}
    loose: set[str] = set()
    findings: list[Finding] = []
    for path, named in paths:
        try:
            data = contents(path)
        except Invalid as invalid:
            findings += invalid.findings
            continue
        found = what or kind(data, path)
        if found is not None or named:
            files.setdefault(path, File(path, data, found))
        # A script in a folder may be anybody's; only one that is named is user data for sure.
        if not named and data.startswith(b"#!"):
            loose.add(path)
    return list(files.values()), loose, findings


def _files(paths: Iterable[str], *, named: bool) -> Iterator[tuple[str, bool]]:
    """Yield each file, and whether a person named it and no program, nor was it found in a folder."""
    for path in paths:
        if path == "-" or not Path(path).is_dir():
            yield path, named
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in SKIPPED)
            for name in sorted(names):
                if name.endswith(ENDINGS):
                    yield str(Path(folder) / name), False


def _linted(files: Iterable[File], schema: str | None) -> tuple[Finding, ...]:
    every = tuple(files)
    with progress("linting", len(every)) as told:
        return lint_all(every, read=_beside, cloud_init_schema=lambda: _schema(schema), told=told)


def _beside(path: str) -> bytes | None:
    """Return a file that Terraform refers to; None where it cannot be read, which Terraform will say itself."""
    try:
        return contents(path)
    except Invalid:
        return None


def _schema(name: str | None) -> Mapping[str, Any] | None:
    """Return the schema of the cloud-init that is named, or installed; None for none."""
    from ssmwake.lint.user_data.cloud_config_schema import installed_schema, load

    path = installed_schema() if name is None else Path(name)
    return None if path is None or name == NO_SCHEMA else load(path)


def _mended(files: Iterable[File], findings: Sequence[Finding]) -> list[tuple[File, File]]:
    """Return the files that change, before and after; a mend that lets another be seen is followed by it."""
    changed = []
    for file in files:
        data = fixed(file.data, [one for one in findings if one.where.path == file.path])
        if data != file.data:
            changed.append((file, dataclasses.replace(file, data=data)))
    return changed


def _diff_out(before: File, after: File, secret: set[int], *, err: bool) -> None:
    """Show what changes, but not a line with a secret."""
    old, new = (each.data.decode("utf-8", "backslashreplace").split("\n") for each in (before, after))
    hidden = {old[number - 1].strip() for number in secret if number <= len(old)}
    color = wants_color()
    for line in difflib.unified_diff(old, new, f"a/{before.path}", f"b/{before.path}", lineterm=""):
        # A carriage return is what may have changed, and cannot be seen.
        shown = f"{line[0]}(a secret)" if line[1:].strip() in hidden else line.replace("\r", "\\r")
        click.secho(shown, fg={"+": "green", "-": "red"}.get(line[:1]), err=err, color=color)


def _report(findings: Sequence[Finding], form: str, files: Sequence[File]) -> None:
    if form == "text":
        terminal = sys.stdout is not None and sys.stdout.isatty()
        findings_out(findings, lines=_lines(findings, files) if terminal else None)
        return
    paths = [file.path for file in files]
    texts = {
        "json": lambda: as_json(findings),
        "sarif": lambda: _sarif(findings),
        # A file that Terraform reads was not named, and may have findings all the same.
        "junit": lambda: as_junit(findings, list(dict.fromkeys([*paths, *(one.where.path for one in findings)]))),
        "github": lambda: as_github(findings),
    }
    data_out(texts[form]().encode())


def _lines(findings: Sequence[Finding], files: Sequence[File]) -> dict[str, list[str]]:
    """Return the lines of the files with findings, but none that holds a secret."""
    secret = _secrets(findings)
    found = {one.where.path for one in findings}
    return {
        file.path: [
            "" if (file.path, number) in secret else line
            for number, line in enumerate(file.data.decode("utf-8", "replace").split("\n"), 1)
        ]
        for file in files
        if file.path in found
    }


def _secrets(findings: Iterable[Finding]) -> set[tuple[str, int]]:
    """Return the paths and lines that nobody may read over a shoulder, or in the log of a build."""
    return {(one.where.path, one.where.line) for one in findings if one.rule == SECRET.id}
