"""`ssmwake wake`: show what would be done, ask, do the least that brings the agent back, then wait for it."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ssmwake.cli.inputs import config_option, read_config
from ssmwake.cli.output import wants_color
from ssmwake.cli.targets import InstanceId, Timeout, place_options, places
from ssmwake.cli.wait import finish, reporter
from ssmwake.terminal import printable

if TYPE_CHECKING:
    from datetime import datetime

    from ssmwake.aws.place import Place
    from ssmwake.operate.reader import Reader
    from ssmwake.operate.verdict import Verdict
    from ssmwake.operate.wake import Options, WakePlan

WAYS = ["direct", "endpoint", "runbook"]


@click.command(epilog="Example: ssmwake wake i-0abc1234def567890 --region eu-west-1")
@click.argument("instance", required=False, type=InstanceId(), metavar="INSTANCE")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--connect", is_flag=True, help="Look inside by ssh where the verdict cannot tell.")
@click.option("--restart", is_flag=True, help="Restart the agent even if it is online.")
@click.option("--via", type=click.Choice(WAYS), metavar="WAY", help="Use only this way: direct, endpoint or runbook.")
@click.option("--user", default="", metavar="NAME", help="The user for ssh.  [default: that of the image]")
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="PORT", default=22, show_default=True, help="The port of sshd."
)
@click.option("--automation-role", default="", metavar="ARN", help="Allow the rescue runbook, with this role.")
@click.option("--reboot", is_flag=True, help="Let the rescue runbook reboot.")
@click.option("--timeout", type=Timeout(), default="10m", show_default=True, help="Wait this long for the agent.")
@click.option("--print-policy", is_flag=True, help="Print the least IAM policy this needs.")
@place_options
@config_option
def command(instance: str | None, yes: bool, timeout: int, print_policy: bool, **flags: Any) -> None:
    """Bring the agent of an instance back, and wait until it is online.

    It shows what it will do, and asks. It goes by Run Command, EC2 Instance Connect (also through an endpoint), or the
    rescue runbook. It repairs an agent, not IAM and not a network: for any other verdict it prints the doctor's step.
    At the end it prints one line of JSON. Exit status: see `ssmwake wait --help`.
    """
    if print_policy:
        import json

        from ssmwake.operate.policy import wake_policy

        click.echo(json.dumps(wake_policy(), indent=2))
        return
    if instance is None:
        raise click.UsageError("Missing argument 'INSTANCE'.")
    where = places(flags["regions"], flags["profile"], flags["roles"])
    if len(where) != 1:
        raise click.UsageError("an instance is in one region of one account; give one --region and one --assume-role")
    from ssmwake.aws.client import Refused

    config = read_config(flags["config"])
    options = replace(_options(flags), runbook=config.documents.automation_name)
    try:
        _wake(instance, where[0], options, config.role, is_sure=yes, timeout=timeout)
    except Refused as refused:
        raise click.ClickException(printable(refused.line)) from None


def _options(flags: dict[str, Any]) -> "Options":
    import re

    from ssmwake.operate.wake import Options

    if flags["user"] and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", flags["user"]):
        raise click.BadParameter(f"{flags['user']!r} is not the name of a user", param_hint="--user")
    if flags["restart"] and (flags["connect"] or flags["via"]):
        raise click.UsageError("--restart goes by Run Command; leave --connect and --via out")
    return Options(
        connect=flags["connect"],
        restart=flags["restart"],
        via=flags["via"] or "",
        user=flags["user"],
        port=flags["port"],
        automation_role=flags["automation_role"],
        reboot=flags["reboot"],
    )


def _wake(
    instance: str, place: "Place", options: "Options", expected_role: str, *, is_sure: bool, timeout: int
) -> None:
    from ssmwake.aws.session import Sessions
    from ssmwake.cli.doctor_output import instance_screen, wrapped
    from ssmwake.operate.desk import Desk
    from ssmwake.operate.read_machines import Wanted
    from ssmwake.operate.reader import Reader
    from ssmwake.operate.wait import Waited, WaitOutcome
    from ssmwake.operate.wake import RESTART_DELAY, Channel, Failed, plan, read_endpoints

    desk = Desk(place, Sessions(()), expected_role)
    # Whether an agent that is online is on the role that the instance has, only `wake` asks: it takes more calls.
    (verdict,) = desk.verdicts(Wanted((instance,)), with_role_in_use=True)
    reader = Reader(desk.services)
    found = plan(verdict, options, lambda vpc: read_endpoints(reader, vpc))
    for line in instance_screen(verdict, is_long=False, with_steps=found.way in (Channel.STEP, Channel.NONE)):
        click.echo(line, err=True, color=wants_color())
    click.echo("", err=True)
    for words in found.words if found.way is not Channel.STEP else ():
        click.echo("\n".join(wrapped(words, "  ")), err=True)
    if found.way in (Channel.NOTHING, Channel.STEP, Channel.NONE):
        finish(WaitOutcome((Waited(verdict, 0.0),), 0.0))
    if found.acts:
        _ask(found, is_sure)
        try:
            _do(found, reader, place, options, timeout)
        except Failed as failed:
            click.echo(f"ssmwake: error: {printable(str(failed))}", err=True)
            finish(WaitOutcome((Waited(verdict, 0.0),), 0.0))
    restarted = reader.now + RESTART_DELAY if found.way is Channel.RUN_COMMAND else None
    _wait(verdict, place, timeout, restarted)


def _ask(found: "WakePlan", is_sure: bool) -> None:
    from ssmwake.operate import tunnel

    if found.endpoint and not tunnel.is_installed():
        raise click.ClickException(f"an EC2 Instance Connect Endpoint needs an extra; run: {tunnel.INSTALL}")
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on; give --yes")
    if not click.confirm("Do this?", err=True):
        click.echo("nothing was done", err=True)
        sys.exit(1)


def _do(found: "WakePlan", reader: "Reader", place: "Place", options: "Options", timeout: int) -> None:
    from ssmwake.operate import wake
    from ssmwake.render.runtime import runtime

    instance = found.verdict.id
    match found.way:
        case wake.Channel.RUN_COMMAND:
            wake.run_command(reader, instance)
        case wake.Channel.RUNBOOK:
            wake.run_runbook(reader, instance, options, timeout=timeout)
        case wake.Channel.DIRECT | wake.Channel.ENDPOINT:
            proxy = _proxy(found, place, options) if found.endpoint else ()
            status = wake.connect(reader, found, runtime(), port=options.port, proxy=proxy)
            if status:
                raise wake.Failed(f"the runtime on {instance} ended with {status}; what it wrote is above")


def _proxy(found: "WakePlan", place: "Place", options: "Options") -> list[str]:
    """Return the command that ssh reaches the instance by: ours, which signs for itself."""
    assert found.endpoint is not None
    words = [sys.executable, "-m", "ssmwake", "tunnel", "--endpoint", found.endpoint.id]
    words += ["--dns-name", found.endpoint.dns_name, "--address", found.address, "--port", str(options.port)]
    words += ["--region", place.region]
    words += ["--profile", place.profile] if place.profile else []
    return words + (["--assume-role", place.role] if place.role else [])


def _wait(verdict: "Verdict", place: "Place", timeout: int, restarted: "datetime | None") -> None:
    from ssmwake.operate.wait import Wait

    with reporter() as (on_change, on_tick):
        wait = Wait(place, (verdict.id,), timeout, restarted=restarted, on_change=on_change, on_tick=on_tick)
        outcome = wait.run()
    finish(outcome)
