"""`ssmwake explain`: the page of a rule of ssmwake, of its plugin for cfn-lint, of shellcheck or of cfn-lint."""

import difflib
import re

import click

from ssmwake.cli.completion import complete_rules
from ssmwake.cli.output import data_out
from ssmwake.resources import page
from ssmwake.rules import RULES

SHELLCHECK = re.compile(r"SC[0-9]{4}")
CFN_LINT = re.compile(r"[EWI][0-9]{4}")


@click.command(epilog="Example: ssmwake explain SW210", short_help="explain a lint rule, with a bad and a good example")
@click.argument("name", metavar="ID", shell_complete=complete_rules)
def command(name: str) -> None:
    """Explain a rule: SW210, shellcheck's SC2164, cfn-lint's E3012, or the plugin's W9508."""
    data_out(explanation(name).encode())


def explanation(name: str) -> str:
    """Return the page of a rule in Markdown; raise BadParameter for an id that nobody reports."""
    name = name.strip().upper()
    if name in RULES:
        rule = RULES[name]
        return page(name) or f"# {rule.id}: {rule.title}\n\n{rule.severity.capitalize()}: {rule.reason}.\n"
    if SHELLCHECK.fullmatch(name):
        return _of_shellcheck(name)
    if CFN_LINT.fullmatch(name) and (text := _of_cfn_lint(name)):
        return text
    if len(name) == 4 and (family := [known for known in RULES if known.startswith(name)]):
        hint = f"ids that begin with it: {', '.join(family)}"
    elif near := difflib.get_close_matches(name, RULES, 1, 0.8):
        hint = f"did you mean {near[0]}?"
    else:
        hint = "see ssmwake lint --list-rules"
    raise click.BadParameter(f"no rule is called {name}; {hint}", param_hint="ID")


def _of_shellcheck(code: str) -> str:
    from ssmwake.lint.shell.comments import GIVES_UP, NOT_WANTED, UNPARSABLE
    from ssmwake.lint.shell.shellcheck import SHELLCHECK

    number = int(code[2:])
    if number in NOT_WANTED:
        passed_on = "ssmwake does not report it: it is a matter of taste, or cannot be known from one file."
    else:
        rule = UNPARSABLE if number in GIVES_UP else SHELLCHECK
        passed_on = f"ssmwake passes it on as {rule.id} (`ssmwake explain {rule.id}`)."
    return (
        f"# {code}: a finding of shellcheck\n\n"
        f"{passed_on} Its page is https://www.shellcheck.net/wiki/{code}\n\n"
        f"`# shellcheck disable={code}` above the line silences it, and so does `--ignore {code}`.\n"
    )


def _of_cfn_lint(name: str) -> str:
    """Return cfn-lint's description of its own rule, or ssmwake's page for a rule of the plugin."""
    from ssmwake import cfn_rules

    if ours := getattr(cfn_rules, name, None):
        return explanation(ours.ours[0])
    from cfnlint.config import _DEFAULT_RULESDIR  # type: ignore[import-untyped]
    from cfnlint.rules import Rules  # type: ignore[import-untyped]

    found = Rules.create_from_directory(_DEFAULT_RULESDIR).get(name)
    if found is None:
        return ""
    return (
        f"# {name}: {found.shortdesc}\n\n{found.description}\n\n"
        f"This rule is cfn-lint's own: {found.source_url or 'https://github.com/aws-cloudformation/cfn-lint'}\n\n"
        f"To silence it, use `--ignore {name}`, .cfnlintrc, or the template's Metadata.\n"
    )
