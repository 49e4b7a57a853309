"""`ssmwake wait`: wait at the desk until instances are Online and connected; the exit status says why not."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from ssmwake.cli.inputs import config_option, read_config
from ssmwake.cli.outcome import WAIT, ResultCommand, end, end_refused, json_option
from ssmwake.cli.output import wants_color
from ssmwake.cli.targets import InstanceId, Timeout, filter_option, parsed_filters, place_options, places
from ssmwake.terminal import printable

if TYPE_CHECKING:
    from ssmwake.operate.verdict import Verdict
    from ssmwake.operate.wait import Wait


@click.command(cls=ResultCommand, epilog="Example: ssmwake wait i-0abc1234def567890 --timeout 5m")
@click.argument("ids", nargs=-1, type=InstanceId(), metavar="[INSTANCE]...")
@filter_option
@click.option(
    "--timeout", type=Timeout(), default="10m", show_default=True, help="Give up after this long, such as 90s or 1h30m."
)
@click.option("--patient", is_flag=True, help="Go on, even if a fault is known that waiting does not cure.")
@json_option
@place_options
@config_option
@click.pass_context
def command(
    context: click.Context, /, ids: tuple[str, ...], timeout: int, patient: bool, is_json: bool, **flags: Any
) -> None:
    """Wait until instances are online in Systems Manager, and sessions open.

    It ends early, but not in the first minute, when a fault is known that waiting does not cure, such as a role without
    rights. In a pipe, stdout gets one line of JSON, however it ends. This waits on your own machine; on the instance,
    `ssmwake wait` of the runtime waits for the role.

    Exit status: 0 all are online, 69 one is gone, 71 its agent or machine is at fault, 75 not in time, 77 you may not
    look, 78 somebody must change something. With several, the most serious: 77, 69, 78, 71, 75.
    """
    from ssmwake.aws.client import Refused
    from ssmwake.operate.wait import Wait

    if bool(ids) + bool(flags["filters"]) != 1:
        raise click.UsageError("name instances, or give --filter; one of the two")
    filters = parsed_filters(flags["filters"])
    where = places(flags["regions"], flags["profile"], flags["roles"])
    if len(where) != 1:
        raise click.UsageError("instances are in one region of one account; give one --region and one --assume-role")
    expected_role = read_config(flags["config"]).role
    with reporter() as (on_change, on_tick):
        wait = Wait(where[0], tuple(dict.fromkeys(ids)), timeout, patient, expected_role=expected_role, filters=filters)
        wait.on_change, wait.on_tick = on_change, on_tick
        context.meta[WAIT] = wait
        try:
            outcome = wait.run()
        except Refused as refused:
            end_refused(refused, ids, where[0].region, is_json=is_json)
    if outcome.instances:
        end(outcome, is_json=is_json)
    click.echo("no instance fits", err=True)
    end(outcome, "no instance fits", is_json=is_json)


@contextlib.contextmanager
def reporter() -> Iterator[tuple[Callable[["Verdict"], None], Callable[["Wait"], None]]]:
    """Write each change to stderr; on a terminal, a last line says what is being waited for."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield (lambda verdict: click.echo("\n".join(changed(verdict)), err=True)), lambda wait: None
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True, highlight=False, no_color=wants_color() is False)
    with console.status("looking") as status:

        def on_change(verdict: "Verdict") -> None:
            for line in changed(verdict):
                console.print(escape(line), soft_wrap=True)

        yield on_change, lambda wait: status.update(escape(waiting(wait)))


def changed(verdict: "Verdict") -> Iterator[str]:
    """Yield the lines about a new verdict: what it is, and the step that helps."""
    sure = "" if verdict.confidence in ("known", "cannot tell") else f" ({verdict.confidence})"
    yield printable(f"{verdict.id} {verdict.verdict}{sure}: {verdict.sentence}")
    for step in verdict.do:
        if step.startswith("#"):
            yield printable(f"  {step}")
        elif not step.startswith("ssmwake wait "):
            yield printable(f"  do: {step}")


def waiting(wait: "Wait") -> str:
    """Return what is being waited for."""
    minutes, seconds = divmod(int(wait.seconds), 60)
    some = ", ".join(f"{one} {wait.verdicts[one].verdict}" for one in wait.open[:2] if one in wait.verdicts)
    more = f" and {len(wait.open) - 2} more" if len(wait.open) > 2 else ""
    return printable(f"{minutes}:{seconds:02} waiting for {some or 'the first look'}{more}")
