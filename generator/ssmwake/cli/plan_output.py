"""Plans and their results for people: words, diffs and a table; what programs read is in `plan_json`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import click

from ssmwake.cli.output import wants_color
from ssmwake.publish import Outcome, PlacePlan, Plan, Result, RollBack
from ssmwake.publish.actions import (
    Action,
    AddTemplateVersion,
    AddVersion,
    Await,
    Create,
    DeleteVersion,
    Promote,
    PromoteTemplate,
    Share,
    Tag,
)
from ssmwake.publish.promotions import time_of
from ssmwake.terminal import printable

COLORS = {
    Outcome.DONE: "green",
    Outcome.UNCHANGED: "dim",
    Outcome.FAILED: "red",
    Outcome.INCOMPLETE: "yellow",
    Outcome.SKIPPED: "yellow",
    Outcome.INTERRUPTED: "yellow",
}
GOOD = (Outcome.DONE, Outcome.UNCHANGED)

# The first lines of a diff are shown; all of it would push the question off the screen.
DIFF_LINES = 20

# In the order of the summary.
VERBS: dict[str, tuple[type[Action], ...]] = {
    "create": (Create,),
    "update": (AddVersion, AddTemplateVersion),
    "promote": (Promote, PromoteTemplate),
    "tag": (Tag,),
    "share": (Share,),
    "wait for": (Await,),
    "delete": (DeleteVersion,),
}


def plan_out(plan: Plan, *, whole: bool = False, err: bool = False) -> None:
    """Print what a plan will do, places with the same plan together; `whole` prints every diff in full."""
    color = wants_color()
    for places, one in _alike(plan.places):
        click.secho(where(places), bold=True, err=err, color=color)
        for arn in dict.fromkeys(place.caller.arn for place in places if place.caller.arn):
            click.echo(f"  as {arn}", err=err)
        if one.failure:
            click.secho(f"  {printable(one.failure)}", fg="red", err=err, color=color)
        elif not one.actions and not one.unplanned:
            click.echo("  no change", err=err)
        for action in one.actions:
            click.echo(f"  {printable(str(action))}", err=err)
        for line in one.unplanned:
            click.secho(f"  cannot be planned: {printable(line)}", fg="red", err=err, color=color)
        for line in one.left_alone:
            click.secho(f"  left alone: {printable(line)}", fg="yellow", err=err, color=color)
        for line in _diff_lines(one, whole):
            click.secho(f"    {line}", fg={"+": "green", "-": "red"}.get(line[:1]), err=err, color=color)


def summary(plan: Plan) -> str:
    """Return what a plan does, in one line: `2 to create, 1 to update in 123456789012, eu-west-1`."""
    counts = Counter(
        verb
        for one in plan.places
        for action in one.actions
        for verb, kinds in VERBS.items()
        if isinstance(action, kinds)
    )
    failed = len(plan.failures)
    if failed == len(plan.places):
        return "nothing was changed, because no place could be planned"
    said = ", ".join(f"{counts[verb]} to {verb}" for verb in VERBS if counts[verb]) or "nothing to do"
    changed = [one for one in plan.places if one.actions] or [one for one in plan.places if not one.failure]
    said += f" in {where(changed)}"
    if isinstance(plan.purpose, RollBack) and plan.changes:
        said += f", which reverts the promotion of {time_of(plan.purpose.promotion)}"
    if failed:
        said += f"; {failed} of {len(plan.places)} places cannot be planned"
    if templates := sum(len(one.unplanned) for one in plan.places):
        said += f"; {templates} launch template{'s' * (templates > 1)} cannot be planned"
    return said


def where(places: Iterable[PlacePlan | Result]) -> str:
    """Return accounts, each with its regions: `123456789012 (web), eu-west-1, us-east-1; 210987654321, eu-west-1`."""
    accounts: dict[str, list[str]] = {}
    for place in places:
        alias = f" ({place.caller.alias})" if place.caller.alias else ""
        accounts.setdefault(f"{place.account or 'unknown account'}{alias}", []).append(place.place.region)
    return "; ".join(", ".join([account, *dict.fromkeys(regions)]) for account, regions in accounts.items())


def results_out(results: Sequence[Result], plan: Plan) -> None:
    """Print how it went, in a table; a reason that places share follows below it once, unless it is in the plan."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("account", "region", "result", "changes", box=None, pad_edge=False, header_style="bold")
    for result in results:
        outcome = Text(result.outcome.value, style=COLORS[result.outcome])
        table.add_row(result.account or "unknown", result.place.region, outcome, str(len(result.done)))
    color = wants_color()
    Console(force_terminal=color, no_color=color is False, highlight=False, soft_wrap=True).print(table)
    reasons: dict[str, list[Result]] = {}
    for result, planned in zip(results, plan.places, strict=True):
        if result.failure and not planned.failure:
            reasons.setdefault(result.failure, []).append(result)
    for reason, places in reasons.items():
        click.echo(f"{where(places)}: {click.style('error', 'red')}: {printable(reason)}", err=True, color=color)


def _diff_lines(one: PlacePlan, whole: bool) -> Iterator[str]:
    """Yield the lines of the diffs; a new document has none unless all is asked for."""
    new = {action.document.name for action in one.actions if isinstance(action, Create)}
    for diff in one.diffs:
        lines = str(diff).splitlines() if whole or diff.name not in new else []
        shown = lines if whole else lines[:DIFF_LINES]
        yield from map(printable, shown)
        if len(lines) > len(shown):
            yield f"({len(lines) - len(shown)} more lines; --diff prints them all)"


def _alike(plans: Sequence[PlacePlan]) -> Iterator[tuple[list[PlacePlan], PlacePlan]]:
    groups: dict[str, tuple[list[PlacePlan], PlacePlan]] = {}
    for one in plans:
        content = "\n".join(
            [one.failure, *map(str, one.actions), *one.unplanned, *one.left_alone, *map(str, one.diffs)]
        )
        groups.setdefault(content, ([], one))[0].append(one)
    yield from groups.values()
