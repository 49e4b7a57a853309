"""`ssmwake lint`: findings in files, in folders, or on stdin; nothing is changed."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from ssmwake.cli.inputs import contents
from ssmwake.cli.streams import data_out, findings_out
from ssmwake.lint import File, Kind, kind, lint_all
from ssmwake.lint.report import as_github, as_json, as_junit, as_sarif
from ssmwake.lint.rules import RULES
from ssmwake.model import Finding, Severity

# What lint reads in a folder; a file that is named is read whatever it is called.
ENDINGS = (".yaml", ".yml", ".json", ".template", ".sh", ".txt", ".cfg", ".userdata")
KINDS = [each.value for each in Kind]
ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)
SEVERITIES = [severity.value for severity in ORDER]


@click.command(short_help="check user data, SSM documents and templates")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option(
    "--kind",
    "what",
    type=click.Choice(KINDS),
    help="What the files are; else what they hold says it.",
)
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif", "junit", "github"]), default="text")
@click.option("--fail-on", type=click.Choice(SEVERITIES), default="error", help="By default error.")
@click.option("--list-rules", is_flag=True, help="Print every rule of ours.")
@click.option("--explain", metavar="ID", help="Print one rule, and what happens without it.")
def command(
    paths: tuple[str, ...], what: str | None, form: str, fail_on: str, list_rules: bool, explain: str | None
) -> None:
    """Check user data, SSM documents, CloudFormation templates and launch-template data.

    A folder is searched; - is stdin. A line with `ssmwake: ignore ID reason`, or the line below it, is spared.
    """
    if list_rules:
        data_out("".join(f"{rule.id}  {rule.severity:7}  {rule.title}\n" for rule in RULES.values()).encode())
        return
    if explain:
        if explain not in RULES:
            raise click.BadParameter(f"{explain} is no rule of ours; see --list-rules", param_hint="--explain")
        rule = RULES[explain]
        data_out(f"{rule.id} ({rule.severity}): {rule.title}\n{rule.reason}\n".encode())
        return
    if not paths:
        raise click.UsageError("name a file, a folder or - to lint")
    files = tuple(_files(paths))
    linted = []
    for path, named in files:
        data = contents(path)
        found = kind(data) if what is None else Kind(what)
        if found is not None or named:
            linted.append((File(path, data, found), named))
    # A script in a folder may be anybody's; only one that is named is user data for sure.
    others = {file.path for file, named in linted if not named and file.data.startswith(b"#!")}
    found_in_all = lint_all(file for file, _ in linted)
    findings = [one for one in found_in_all if one.rule != "SW201" or one.where.path not in others]
    _report(findings, form, [path for path, _ in files])
    if any(ORDER.index(one.severity) <= ORDER.index(Severity(fail_on)) for one in findings):
        raise SystemExit(1)


def _files(paths: Iterable[str]) -> Iterable[tuple[str, bool]]:
    """Yield each file, and whether it was named and not found in a folder."""
    for path in paths:
        if path == "-" or not Path(path).is_dir():
            yield path, True
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if name.endswith(ENDINGS):
                    yield str(Path(folder) / name), False


def _report(findings: Sequence[Finding], form: str, paths: Sequence[str]) -> None:
    if form == "text":
        findings_out(findings)
        return
    texts = {
        "json": lambda: as_json(findings),
        "sarif": lambda: as_sarif(findings),
        "junit": lambda: as_junit(findings, paths),
        "github": lambda: as_github(findings),
    }
    data_out(texts[form]().encode())
