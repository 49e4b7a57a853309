"""The one line of JSON with which `wait` and `wake` end in a pipe, however they end: in time, refused, interrupted."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ssmwake.cli.output import findings_out
from ssmwake.model import Invalid
from ssmwake.terminal import printable

if TYPE_CHECKING:
    from ssmwake.aws.client import Refused
    from ssmwake.operate.wait import WaitOutcome

# Where the verb keeps the wait that is under way, for the case that it is interrupted.
WAIT = "ssmwake.wait"

USAGE = 2


# The names of the option are looked for in argv as well, because a command line may be wrong.
JSON = "--json"
json_option = click.option(
    JSON, "is_json", is_flag=True, help="Write the line of JSON on a terminal, too; a pipe gets it anyway."
)


class ResultCommand(click.Command):
    """A command whose stdout is one line of JSON, also where its options, its config or a signal end it."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Return the context, or write the line about what is wrong with the command line."""
        is_json = JSON in args
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.ClickException as refused:
            write(None, USAGE, refused.format_message(), is_json=is_json)
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what stops it is written as the line, too."""
        try:
            with stopped_by_signals():
                return super().invoke(ctx)
        except click.ClickException as refused:
            write(None, refused.exit_code, refused.format_message(), is_json=ctx.params["is_json"])
            raise
        except Invalid as invalid:
            findings_out(invalid.findings, err=True)
            first = invalid.findings[0]
            write(None, USAGE, f"{first.where}: {first.message}", is_json=ctx.params["is_json"])
            sys.exit(USAGE)
        except (KeyboardInterrupt, Stopped) as stopped:
            number = stopped.number if isinstance(stopped, Stopped) else int(signal.SIGINT)
            _interrupted(ctx, number)


class Stopped(BaseException):
    """A signal that asks the program to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raise Stopped at a signal that would end the program without a word."""

    def stop(number: int, _frame: object) -> NoReturn:
        raise Stopped(number)

    # One that is ignored, as under nohup, stays ignored.
    wanted = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_DFL]
    for one in wanted:
        signal.signal(one, stop)
    try:
        yield
    finally:
        for one in wanted:
            signal.signal(one, signal.SIG_DFL)


def _interrupted(ctx: click.Context, number: int) -> NoReturn:
    wait = ctx.meta.get(WAIT)
    status = 128 + number
    click.echo("ssmwake: interrupted", err=True)
    error = f"interrupted ({signal.Signals(number).name})"
    write(wait.so_far() if wait else None, status, error, is_json=ctx.params["is_json"])
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    # A call that is under way is not waited for: nothing here writes anything that could be left half-written.
    os._exit(status)


def end(outcome: "WaitOutcome", error: str = "", *, is_json: bool) -> NoReturn:
    """Write the line, and exit with the status of the wait."""
    write(outcome, outcome.exit, error, is_json=is_json)
    sys.exit(outcome.exit)


def end_refused(refused: "Refused", ids: Sequence[str], region: str, *, is_json: bool) -> NoReturn:
    """Write what refused all of it, before any instance could be looked at, to stderr and as the line; then exit."""
    from ssmwake.aws.errors import NO_PROFILE
    from ssmwake.operate.survey import not_seen
    from ssmwake.operate.wait import Waited, WaitOutcome

    click.echo(f"ssmwake: error: {printable(refused.line)}", err=True)
    found = tuple(Waited(not_seen(one, refused.line, refused.code, region=region), 0.0) for one in ids)
    outcome = WaitOutcome(found, 0.0)
    status = USAGE if refused.code == NO_PROFILE else outcome.exit
    write(outcome, status, refused.line, is_json=is_json)
    sys.exit(status)


def write(outcome: "WaitOutcome | None", status: int, error: str = "", *, is_json: bool) -> None:
    """Write the line: how it ended, with which status, and each instance; on a terminal only if it is asked for."""
    if sys.stdout is None or (sys.stdout.isatty() and not is_json):
        return
    from ssmwake.cli.doctor_output import as_value, dumps

    instances = outcome.instances if outcome else ()
    found = [{**as_value(one.verdict), "seconds": round(one.seconds, 1), "exit": one.exit} for one in instances]
    seconds = round(outcome.seconds, 1) if outcome else 0.0
    value = {"v": 1, "ok": status == 0, "exit": status, "seconds": seconds, "error": printable(error) or None}
    click.echo(dumps({**value, "instances": found}))
