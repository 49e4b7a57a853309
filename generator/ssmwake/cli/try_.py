"""`ssmwake try`: the rendered runtime wakes a stand-in agent on loopback, and the time line is drawn as it happens."""

import json
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ssmwake.cli.inputs import config_option, settings
from ssmwake.cli.output import wants_color

if TYPE_CHECKING:
    from ssmwake.model import Config
    from ssmwake.simulate.trial import Moment, Setting, Trial

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
HOUR = 3600.0
BAR = 60
COLORS = {
    "agent-online": "green",
    "agent-woken": "green",
    "agent-asleep": "yellow",
    "role-attached": "cyan",
    "role-swapped": "cyan",
    "timeout": "red",
    "fault": "red",
    "fault-over": "cyan",
}


class Duration(click.ParamType[float]):
    """Seconds, written as 5, 5s, 500ms, 1.5m."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h)?", str(value))
        seconds = float(found[1]) * UNITS[found[2] or "s"] if found else -1.0
        if not 0 <= seconds <= HOUR:
            self.fail(f"{value!r} is not a time up to 1h; write 5s, 500ms or 2m", param, ctx)
        return seconds


TIME = Duration()


def complete_fault(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a fault."""
    return [name for name in known_faults() if name.startswith(incomplete)]


def known_faults() -> dict[str, str]:
    """Return what can be broken, and how, of IMDS and of SSM."""
    from ssmwake.simulate.endpoint import ENDPOINT_FAULTS
    from ssmwake.simulate.faults import FAULTS

    return {name: fault.text for name, fault in FAULTS.items()} | ENDPOINT_FAULTS


@click.command(epilog="Example: ssmwake try --fault credentials-503 --fault-for 3s")
@config_option
@click.option("--role-after", type=TIME, default="5s", show_default=True, help="Attach the role after this long.")
@click.option("--swap-after", type=TIME, help="Replace the role this long after the agent is online.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_fault,
    help="Break IMDS or SSM: see --list-faults; repeatable.",
)
@click.option("--fault-for", type=TIME, help="End the fault after this long.  [default: never]")
@click.option(
    "--iam-lag", type=TIME, default="0s", help="SSM denies a new role for this long, as while IAM is not consistent."
)
@click.option("--timeout", type=TIME, default="60s", show_default=True, help="Give up after this long.")
@click.option(
    "--shell", default="sh", show_default=True, metavar="COMMAND", help="The shell that runs the runtime, such as dash."
)
@click.option("--list-faults", is_flag=True, help="List the faults.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document at the end.")
def command(
    config: str | None, faults: tuple[str, ...], shell: str, list_faults: bool, as_json: bool, **times: float | None
) -> None:
    """Run the rendered runtime against a built-in IMDS and agent.

    No AWS, no root: everything listens on loopback, lives in a temporary folder, and ends with the command. The agent
    sleeps as long as the real one, 25 to 30 minutes, unless the runtime wakes it. Exit status 0: it came online.
    """
    from ssmwake.simulate.trial import Trial

    known = known_faults()
    if list_faults:
        width = max(map(len, known))
        for name, text in known.items():
            click.echo(f"{name:{width}}  {text}")
        return
    check_faults(faults, known)
    runner = interpreter(shell)
    made, _ = settings(config)
    trial = Trial(setting(made, faults, runner, times))
    with stopped_by_signals(), closing(trial.moments()) as moments:
        seen = list(moments) if as_json else draw(moments, trial)
    if as_json:
        click.echo(json.dumps(document(trial, seen), indent=2))
    else:
        for words in conclusion(trial):
            click.echo(words, color=wants_color())
    if not trial.ok:
        raise SystemExit(1)


def check_faults(faults: tuple[str, ...], known: dict[str, str]) -> None:
    """Refuse a fault that is not there, and a machine that has no /proc."""
    import difflib

    for name in faults:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            advice = f"did you mean {near[0]}?" if near else "see --list-faults"
            raise click.BadParameter(f"{name!r} is not a fault; {advice}", param_hint="--fault")
    if not Path("/proc/self/comm").exists():
        raise click.ClickException("the runtime reads /proc, which is not here; try it on Linux")


def interpreter(shell: str) -> tuple[str, ...]:
    """Return the words of the command that runs the runtime, such as `busybox ash`."""
    import shutil

    try:
        words = tuple(shlex.split(shell))
    except ValueError as error:
        raise click.BadParameter(f"{shell!r}: {str(error).lower()}", param_hint="--shell") from None
    if not words or shutil.which(words[0]) is None:
        raise click.BadParameter(f"{shell!r} is not installed", param_hint="--shell")
    return words


def setting(
    config: "Config", faults: tuple[str, ...], shell: tuple[str, ...], times: dict[str, float | None]
) -> "Setting":
    """Return what the trial puts in place: the files of the config, as user data writes them, and what happens."""
    from ssmwake.render.carriers import HOME, instance_files
    from ssmwake.simulate.trial import Setting

    swap_after = times["swap_after"]
    # A named role is waited for by name, so its successor must be called the same; a new profile is a swap as well.
    successor = config.role or "db"
    # Nobody wants to wait for the minute between the polls of a healthy agent.
    hasty = {"SSMWAKE_POLL_HEALTHY": "1"} if swap_after is not None else {}
    return Setting(
        files={file.path: file.text for file in instance_files(config)},
        runtime=HOME,
        role=config.role or "web",
        role_after=times["role_after"] or 0.0,
        swap_to=successor if swap_after is not None else "",
        swap_after=swap_after or 0.0,
        faults=faults,
        fault_for=float("inf") if times["fault_for"] is None else times["fault_for"],
        iam_lag=times["iam_lag"] or 0.0,
        timeout=times["timeout"] or 0.0,
        shell=shell,
        environment=hasty,
    )


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the trial as Ctrl-C does, so that nothing outlives it."""

    def stop(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def draw(moments: Iterator["Moment"], trial: "Trial") -> list["Moment"]:
    """Print each moment as it comes; on a terminal, the last line says what is being waited for."""
    seen = []
    if not sys.stdout.isatty() or wants_color() is False:
        for moment in moments:
            click.echo(line(moment), color=wants_color())
            seen.append(moment)
        return seen
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    with console.status(trial.state) as status:
        for moment in moments:
            console.print(Text.from_ansi(line(moment)))
            status.update(trial.state)
            seen.append(moment)
    return seen


def line(moment: "Moment") -> str:
    """Return a line of the picture."""
    text = click.style(moment.text, fg=COLORS.get(moment.what), dim=moment.what == "runtime")
    return f"{moment.at:6.1f} s  {text}"


def conclusion(trial: "Trial") -> Iterator[str]:
    """Say how long it took, next to what the agent alone would have taken."""
    from ssmwake.simulate.trial import waits

    for name, ours, alone in waits(trial):
        least = max(1, round(BAR * ours / max(ours, alone)))
        yield ""
        yield f"{name}, until the agent is online:"
        yield f"  with ssmwake     {format_seconds(ours):>11}  {click.style('#' * least, fg='green')}"
        yield f"  the agent alone  {format_seconds(alone):>11}  {click.style('#' * BAR, fg='yellow')}"
    if not trial.ok:
        yield ""
        yield click.style(f"not online: {trial.state}", fg="red")
    elif trial.starts == 1:
        yield ""
        yield "the agent never slept: there was nothing to wake"


def format_seconds(seconds: float) -> str:
    """Write seconds for people."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{seconds:.1f} s" if seconds < 60 else f"{minutes} min {rest:02d} s"


def document(trial: "Trial", seen: list["Moment"]) -> dict[str, object]:
    """Return the trial as JSON has it."""
    from ssmwake.simulate.trial import waits

    compared = [
        {"from": name, "ssmwake_s": round(ours, 2), "agent_alone_s": round(alone)} for name, ours, alone in waits(trial)
    ]
    lines = [asdict(moment) | {"at": round(moment.at, 2)} for moment in seen]
    return {"v": 1, "ok": trial.ok, "state": trial.state, "waits": compared, "moments": lines}
