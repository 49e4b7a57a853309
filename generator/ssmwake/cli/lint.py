"""`ssmwake lint`: findings in files, in folders, or on stdin; files are changed only by --fix."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ssmwake.cli.completion import complete_rules
from ssmwake.cli.fixes import diff_out, fixed_files, write_fixes
from ssmwake.cli.inputs import CONFIG, config_option, contents
from ssmwake.cli.lint_summary import ORDER, not_read, skipped, summary
from ssmwake.cli.output import complete_files, data_out, findings_out, progress
from ssmwake.cli.search import FileReader, Search, search
from ssmwake.cli.selection import selection
from ssmwake.lint import File, Kind, lint_all
from ssmwake.lint.rules.suppressions import is_ignored_by_config
from ssmwake.lint.shell.secrets import SECRET
from ssmwake.model import Finding, Ignore, Invalid, Rule, Severity

NO_SCHEMA = "none"
KINDS = [each.value for each in Kind]
SEVERITIES = [severity.value for severity in ORDER]


class LintCommand(click.Command):
    """A command that does not take a file of the folder for one of its options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # A program, or `*`, that names files may name one that somebody called --config=x.yaml.
        if "--" not in args:
            for each in args:
                if each.startswith("-") and each != "-" and Path(each).exists():
                    hint = f"put -- before the files, or write ./{each}"
                    raise click.UsageError(f"{each} is an option, and a file here; {hint}", ctx)
        return super().parse_args(ctx, args)


@click.command(
    cls=LintCommand,
    short_help="check user data, SSM documents and templates",
    epilog="\b\nExamples:\n  ssmwake lint\n  ssmwake lint --diff user-data.sh template.yaml",
)
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=complete_files)
@click.option(
    "--kind",
    "what",
    type=click.Choice(KINDS),
    metavar="KIND",
    help="What the files are.  [default: detected from the content]",
)
@click.option(
    "--skip-unknown", is_flag=True, help="Treat named files as those found in a folder: skip what is unknown."
)
@click.option(
    "--select",
    multiple=True,
    metavar="IDS",
    shell_complete=complete_rules,
    help="Report only these rules: ids or their beginnings, such as SW3,E3012.",
)
@click.option(
    "--ignore", multiple=True, metavar="IDS", shell_complete=complete_rules, help="Do not report these rules."
)
@click.option("--exclude", multiple=True, metavar="GLOB", help="Skip files and folders that match.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "sarif", "junit", "github"]),
    metavar="FORMAT",
    default="text",
    show_default=True,
    help="text, json, sarif, junit or github.",
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    metavar="SEVERITY",
    default="error",
    show_default=True,
    help="Exit with 1 for error, for warning too, or for info too.",
)
@config_option
@click.option(
    "--cloud-init-schema",
    "schema",
    metavar="FILE",
    shell_complete=complete_files,
    help="The schema of cloud-config, or none.  [default: that of the installed cloud-init]",
)
@click.option(
    "--cfn-lint-append-rules", "append_rules", is_flag=True, help="Run the programs that .cfnlintrc appends as rules."
)
@click.option("--diff", "show_diff", is_flag=True, help="Show what --fix would change; write nothing.")
@click.option("--fix", "fix", is_flag=True, help="Show the changes, and write them.")
@click.option("--list-rules", is_flag=True, help="Print every rule, with --format json as JSON.")
@click.option("--explain", "rule", metavar="ID", shell_complete=complete_rules, help="Same as ssmwake explain ID.")
def command(
    paths: tuple[str, ...],
    what: str | None,
    skip_unknown: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    exclude: tuple[str, ...],
    output_format: str,
    fail_on: str,
    config: str | None,
    schema: str | None,
    append_rules: bool,
    show_diff: bool,
    fix: bool,
    list_rules: bool,
    rule: str | None,
) -> None:
    """Check user data, SSM documents, CloudFormation, launch-template data and Terraform.

    Without a PATH the current folder is searched; - is stdin. The comment `ssmwake: ignore ID reason` silences a rule
    on its line and the next. KIND is user-data, script, ssm, cloudformation, launch-template, terraform or
    templatefile.
    """
    if list_rules:
        from ssmwake.cli.rule_list import rule_list

        data_out(rule_list(output_format).encode())
        return
    if rule:
        from ssmwake.cli.explain import explanation

        data_out(explanation(rule).encode())
        return
    if fix and "-" in paths:
        raise click.UsageError("--fix changes files, and stdin is not a file; use --diff")
    ignores = _ignores(config)
    selected = _selected(select, ignore, ignores)
    kind = None if what is None else Kind(what)
    found = search(paths or (".",), kind, skip_unknown=skip_unknown, exclude=exclude)
    read = FileReader(found.roots)

    def linted(files: Sequence[File]) -> list[Finding]:
        read.fixed = {os.path.normpath(file.path): file.data for file in files}
        every = _linted(files, read, schema, append_rules)
        return [one for one in (*every, *_useless(config, ignores, every, everywhere=not paths)) if selected(one)]

    configs, faults = _configs(found)
    found.unread += faults
    files, findings = found.files, found.unread + linted(found.files)
    if show_diff or fix:
        changed = fixed_files(files, findings, linted)
        for before, after in changed:
            secret = {line for path, line in _secrets(findings) if path == before.path}
            diff_out(before, after, secret, err=output_format != "text")
        if fix and not show_diff:
            files, refused = _fixed(files, changed)
            # All of them: what Terraform refers to has findings through the file that does.
            findings = found.unread + refused + linted(files)
    _report(sorted(findings), output_format, files)
    click.echo(summary(files, findings, configs), err=True)
    if found.skipped:
        click.echo(f"ssmwake: {skipped(found.skipped)}", err=True)
    if read.outside:
        click.echo(f"ssmwake: {not_read(read.outside, read.folder_of_all())}", err=True)
    if any(ORDER.index(one.severity) <= ORDER.index(Severity(fail_on)) for one in findings):
        raise SystemExit(1)


def _fixed(files: Sequence[File], changed: Sequence[tuple[File, File]]) -> tuple[list[File], list[Finding]]:
    """Write what the fixes have changed; return the files as they are now, and why some could not be written."""
    refused = write_fixes(changed)
    unchanged = {one.where.path for one in refused}
    again = {after.path: after for _, after in changed if after.path not in unchanged}
    return [again.get(file.path, file) for file in files], refused


def _known_rules() -> Mapping[str, Rule]:
    """Return the table of rules, whose gathering imports what holds them."""
    from ssmwake.rules import RULES

    return RULES


def _selected(select: Sequence[str], ignore: Sequence[str], ignores: Sequence[Ignore]) -> Callable[[Finding], bool]:
    """Return whether a finding is to be reported, by the command line and the config."""
    try:
        by_id = selection(select, ignore)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    return lambda one: by_id(one) and not is_ignored_by_config(one, ignores)


def _ignores(config: str | None) -> tuple[Ignore, ...]:
    if config is None:
        return ()
    from ssmwake.config import load

    data = contents(config)
    found = load(config, data).lint.ignore
    if found:
        from ssmwake.cli.ignores import unknown_rules

        if unknown := list(unknown_rules(config, data, found)):
            raise Invalid(*unknown)
    return found


def _useless(
    config: str | None, ignores: Sequence[Ignore], findings: Sequence[Finding], *, everywhere: bool
) -> Iterator[Finding]:
    # Only where everything is linted, an entry that fits nothing is of no use.
    if config is not None and ignores and everywhere:
        from ssmwake.cli.ignores import useless

        yield from useless(config, contents(config), ignores, findings)


def _configs(found: Search) -> tuple[int, list[Finding]]:
    """Take ssmwake's own configs out of the files that were found; return how many, and what is wrong with them."""
    faults: list[Finding] = []
    configs = [file for file in found.files if Path(file.path).name == CONFIG]
    for file in configs:
        from ssmwake.config import load

        found.files.remove(file)
        try:
            load(file.path, file.data)
        except Invalid as invalid:
            faults += invalid.findings
    return len(configs), faults


def _linted(files: Sequence[File], read: FileReader, schema: str | None, append_rules: bool) -> tuple[Finding, ...]:
    with progress("linting", len(files)) as on_progress:
        return lint_all(
            files,
            read=read,
            cloud_init_schema=lambda: _schema(schema),
            append_rules=append_rules,
            on_progress=on_progress,
        )


def _schema(name: str | None) -> Mapping[str, Any] | None:
    """Return the schema of the cloud-init that is named, or installed; None for none."""
    from ssmwake.lint.user_data.cloud_config_schema import installed_schema, load

    path = installed_schema() if name is None else Path(name)
    return None if path is None or name == NO_SCHEMA else load(path)


def _report(findings: Sequence[Finding], output_format: str, files: Sequence[File]) -> None:
    if output_format == "text":
        terminal = sys.stdout is not None and sys.stdout.isatty()
        findings_out(findings, lines=_lines(findings, files) if terminal else None)
        return
    from ssmwake.lint.report import as_github, as_json, as_junit, as_sarif

    paths = [file.path for file in files]
    texts = {
        "json": lambda: as_json(findings),
        "sarif": lambda: as_sarif(findings, _known_rules()),
        "junit": lambda: as_junit(findings, paths),
        "github": lambda: as_github(findings, _known_rules()),
    }
    data_out(texts[output_format]().encode())


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
