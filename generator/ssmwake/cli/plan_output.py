"""How plans and their results are said: words, diffs and a table for a person, JSON for a program."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click

from ssmwake.cli.output import wants_color
from ssmwake.publish import Outcome, Place, PlacePlan, Plan, Result

COLORS = {Outcome.DONE: "green", Outcome.UNCHANGED: "dim", Outcome.FAILED: "red", Outcome.SKIPPED: "yellow"}


def plan_out(plan: Plan, *, err: bool = False) -> None:
    """Say what a plan will do; places with the same plan are said once."""
    color = wants_color()
    for places, one in _alike(plan.places):
        click.secho(_named(places), bold=True, err=err, color=color)
        if one.failure:
            click.secho(f"  {one.failure}", fg="red", err=err, color=color)
        elif not one.actions:
            click.echo("  no change", err=err)
        for action in one.actions:
            click.echo(f"  {action}", err=err)
        for difference in one.diffs:
            for line in str(difference).splitlines():
                click.secho(f"    {line}", fg={"+": "green", "-": "red"}.get(line[:1]), err=err, color=color)


def plan_json(plan: Plan) -> str:
    """Return a plan for a program."""
    said = [
        {
            **_place(one.place),
            "outcome": "failed" if one.failure else "planned" if one.actions else "unchanged",
            "actions": [str(action) for action in one.actions],
            "diffs": {difference.name: str(difference) for difference in one.diffs},
            "error": one.failure,
        }
        for one in plan.places
    ]
    return json.dumps({"changes": plan.changes, "places": said}, indent=2)


def results_json(results: Sequence[Result]) -> str:
    """Return how it went, for a program."""
    said = [
        {
            **_place(result.place),
            "outcome": result.outcome.value,
            "actions": [str(action) for action in result.done],
            "error": result.failure,
        }
        for result in results
    ]
    return json.dumps({"ok": all(result.outcome in GOOD for result in results), "places": said}, indent=2)


GOOD = (Outcome.DONE, Outcome.UNCHANGED)


def results_out(results: Sequence[Result]) -> None:
    """Say how it went, in a table; a reason that places share stands below it once."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("account", "region", "result", "changes", box=None, pad_edge=False, header_style="bold")
    for result in results:
        outcome = Text(result.outcome.value, style=COLORS[result.outcome])
        table.add_row(result.place.account or "-", result.place.region, outcome, str(len(result.done)))
    color = wants_color()
    Console(force_terminal=color, no_color=color is False, highlight=False, soft_wrap=True).print(table)
    reasons: dict[str, list[Place]] = {}
    for result in results:
        if result.failure:
            reasons.setdefault(result.failure, []).append(result.place)
    for reason, places in reasons.items():
        click.echo(f"{_named(places)}: {click.style('error', 'red')}: {reason}", err=True, color=color)


def _alike(plans: Sequence[PlacePlan]) -> Iterator[tuple[list[Place], PlacePlan]]:
    groups: dict[str, tuple[list[Place], PlacePlan]] = {}
    for one in plans:
        said = "\n".join([one.failure, *map(str, one.actions), *map(str, one.diffs)])
        groups.setdefault(said, ([], one))[0].append(one.place)
    yield from groups.values()


def _named(places: Sequence[Place]) -> str:
    return ", ".join(map(str, places))


def _place(place: Place) -> dict[str, Any]:
    return {"account": place.account, "region": place.region, "role": place.role}
