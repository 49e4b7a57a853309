"""`ssmwake doctor`: why instances are not online in Systems Manager, from the desk; it reads, and changes nothing."""

import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from ssmwake.cli.completion import complete_verdicts
from ssmwake.cli.inputs import config_option, read_config
from ssmwake.cli.output import progress, wants_color
from ssmwake.cli.targets import InstanceId, filter_option, place_options, places, wanted
from ssmwake.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ssmwake.operate.desk import PlaceReport

# Up to this many instances get a screen each; more are grouped.
SCREENS = 3

# Seconds between two looks of --watch.
PAUSE = 30.0


@click.command(
    epilog="\b\nExamples:\n  ssmwake doctor i-0abc1234def567890\n"
    "  ssmwake doctor --filter Name=tag:Team,Values=web --region eu-west-1"
)
@click.argument("ids", nargs=-1, type=InstanceId(), metavar="[INSTANCE]...")
@filter_option
@click.option("--all", "everything", is_flag=True, help="All instances of the region.")
@partial(place_options, several=True)
@config_option
@click.option(
    "--list",
    "only",
    metavar="VERDICT",
    shell_complete=complete_verdicts,
    help="Print only the ids with this verdict, one a line.",
)
@click.option("--json", "is_json", is_flag=True, help="Print one JSON document.")
@click.option("--watch", is_flag=True, help="Look again every 30 s, on a terminal, until all are online.")
@click.option("--print-policy", is_flag=True, help="Print the least IAM policy this needs; all of it reads.")
def command(
    ids: tuple[str, ...], only: str | None, is_json: bool, watch: bool, print_policy: bool, **flags: Any
) -> None:
    """Say why instances are not online in Systems Manager, and what to do; it changes nothing.

    One verdict for each, with how sure it is, a step to paste, and when the agent tries again by itself. What could
    not be seen is named, and never called a fault. Exit status: 0 all are online, 1 some are not, 2 usage.
    """
    from ssmwake.operate.policy import doctor_policy

    if print_policy:
        from ssmwake.cli.doctor_output import dumps

        click.echo(dumps(doctor_policy()) if is_json else _pretty(doctor_policy()))
        return
    if only is not None:
        _check_verdict(only)
    if watch and (is_json or only or not sys.stdout.isatty()):
        raise click.UsageError("--watch redraws a terminal; in a pipe, use ssmwake wait")
    which = wanted(ids, flags["filters"], flags["everything"])
    where = places(flags["regions"], flags["profile"], flags["roles"])
    expected_role = read_config(flags["config"]).role
    from ssmwake.operate.desk import look

    while True:
        with progress("looking in", len(where)) as on_progress:
            reports = look(which, where, expected_role=expected_role, on_progress=on_progress)
        if watch:
            click.clear()
        is_fine = _write(reports, ids, flags, only, is_json)
        if not watch or is_fine:
            sys.exit(0 if is_fine else 1)
        time.sleep(PAUSE)


def _check_verdict(name: str) -> None:
    import difflib

    from ssmwake.operate.causes import CAUSES

    names = [cause.name for cause in CAUSES]
    if name not in names:
        close = difflib.get_close_matches(name, names, 1)
        advice = f"did you mean {close[0]}?" if close else f"one of {', '.join(names)}"
        raise click.BadParameter(f"{name!r} is not a verdict; {advice}", param_hint="--list")


def _pretty(policy: dict[str, Any]) -> str:
    import json

    return json.dumps(policy, indent=2)


def _write(
    reports: "Sequence[PlaceReport]", ids: tuple[str, ...], flags: dict[str, Any], only: str | None, is_json: bool
) -> bool:
    """Write the reports; return whether all instances are online."""
    from ssmwake.cli import doctor_output as out

    color = wants_color()
    verdicts = [one for report in reports for one in report.verdicts]
    for report in reports:
        if report.failure:
            click.echo(printable(f"{report.place}: error: {report.failure}"), err=True)
    if is_json:
        click.echo(out.as_json(reports))
    elif only is not None:
        for line in out.listed(verdicts, only):
            click.echo(line)
    else:
        about = " ".join(flags["filters"])
        shown = [report for report in reports if not report.failure]
        for number, report in enumerate(shown):
            is_few = bool(ids) and len(ids) <= SCREENS
            screens = (
                [out.instance_screen(one) for one in report.verdicts] if is_few else [out.fleet_screen(report, about)]
            )
            for place, screen in enumerate(screens):
                if number or place:
                    click.echo()
                for line in screen:
                    click.echo(line, color=color)
    if not verdicts and not any(report.failure for report in reports):
        click.echo("no instance fits", err=True)
    return bool(verdicts) and all(one.is_online for one in verdicts) and not any(one.failure for one in reports)
