"""`ssmwake wake`: show what would be done, ask, do the least that brings the agent back, then wait for it."""

import re
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ssmwake.cli.inputs import config_option, read_config
from ssmwake.cli.outcome import WAIT, ResultCommand, end, end_refused, json_option
from ssmwake.cli.output import wants_color
from ssmwake.cli.targets import InstanceId, RoleArn, Timeout, place_options, places
from ssmwake.cli.wait import reporter
from ssmwake.render.runbook_policy import CONSENT
from ssmwake.terminal import printable

if TYPE_CHECKING:
    from ssmwake.aws.place import Place
    from ssmwake.operate.reader import Reader
    from ssmwake.operate.wake_plan import Options, WakePlan

WAYS = ["run-command", "direct", "endpoint", "runbook"]
USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")


@click.command(cls=ResultCommand, epilog="Example: ssmwake wake i-0abc1234def567890 --region eu-west-1")
@click.argument("instance", required=False, type=InstanceId(), metavar="INSTANCE")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--connect", is_flag=True, help="Look inside by ssh where the verdict cannot tell.")
@click.option("--restart", is_flag=True, help="Restart the agent even if it is online.")
@click.option(
    "--via", type=click.Choice(WAYS), metavar="WAY", help=f"Use only this way: {', '.join(WAYS[:-1])} or {WAYS[-1]}."
)
@click.option("--user", default="", metavar="NAME", help="The user for ssh.  [default: that of the image]")
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="PORT", default=22, show_default=True, help="The port of sshd."
)
@click.option(
    "--automation-role", type=RoleArn(), default="", metavar="ARN", help="Allow the rescue runbook, with this role."
)
@click.option("--reboot", is_flag=True, help="Let the rescue runbook reboot.")
@click.option("--timeout", type=Timeout(), default="10m", show_default=True, help="Wait this long for the agent.")
@click.option("--print-policy", is_flag=True, help="Print the least IAM policy this needs; with --via, of that way.")
@click.option("--tagged", is_flag=True, help=f"With --print-policy: only for instances with the tag {CONSENT}.")
@json_option
@place_options
@config_option
@click.pass_context
def command(
    context: click.Context,
    /,
    instance: str | None,
    yes: bool,
    timeout: int,
    print_policy: bool,
    is_json: bool,
    **flags: Any,
) -> None:
    """Bring the agent of an instance back, and wait until it is online.

    It shows what it will do, and asks. It goes by Run Command, EC2 Instance Connect (also through an endpoint), or the
    rescue runbook. It repairs an agent, not IAM and not a network: for any other verdict it prints the doctor's step.
    In a pipe, stdout gets one line of JSON, however it ends. Exit status: see `ssmwake wait --help`.
    """
    options = _options(flags)
    if print_policy:
        _print_policy(instance, flags, options)
        return
    if flags["tagged"]:
        raise click.UsageError("--tagged narrows the policy; give --print-policy too")
    if instance is None:
        raise click.UsageError("Missing argument 'INSTANCE'.")
    if options.via == "runbook" and not options.automation_role:
        example = "arn:aws:iam::123456789012:role/ssmwake-rescue"
        raise click.UsageError(f"--via runbook needs the role that the runbook uses; give --automation-role {example}")
    where = places(flags["regions"], flags["profile"], flags["roles"])
    if len(where) != 1:
        raise click.UsageError("an instance is in one region of one account; give one --region and one --assume-role")
    from ssmwake.aws.client import Refused

    config = read_config(flags["config"])
    options = replace(options, runbook=config.documents.automation_name, consent=CONSENT)
    try:
        _wake(context, instance, where[0], options, config.role, is_sure=yes, timeout=timeout, is_json=is_json)
    except Refused as refused:
        end_refused(refused, [instance], where[0].region, is_json=is_json)


def _options(flags: dict[str, Any]) -> "Options":
    """Return what the user asked for, or refuse what is contradictory before anything is asked of AWS."""
    from ssmwake.operate.wake_plan import Options

    role, via = flags["automation_role"], flags["via"] or ""
    if flags["user"] and not USER.fullmatch(flags["user"]):
        raise click.BadParameter(f"{flags['user']!r} is not the name of a user", param_hint="--user")
    if flags["restart"] and (flags["connect"] or via not in ("", "run-command")):
        raise click.UsageError("--restart goes by Run Command; leave --connect and --via out")
    if flags["connect"] and via == "run-command":
        raise click.UsageError("--connect goes by ssh; leave --via run-command out")
    if role and via not in ("", "runbook"):
        raise click.UsageError(f"--automation-role is for the rescue runbook; leave it or --via {via} out")
    if flags["reboot"] and not role:
        raise click.UsageError("--reboot is for the rescue runbook; give --automation-role too")
    return Options(
        connect=flags["connect"],
        restart=flags["restart"],
        via=via,
        user=flags["user"],
        port=flags["port"],
        automation_role=role,
        reboot=flags["reboot"],
    )


def _print_policy(instance: str | None, flags: dict[str, Any], options: "Options") -> None:
    import json

    from ssmwake.operate.policy import PolicyScope, wake_policy
    from ssmwake.render.runbook_policy import CONSENT_KEY, CONSENT_VALUE

    if flags["tagged"] and instance:
        raise click.UsageError("--tagged is for a policy on all instances; leave INSTANCE or --tagged out")

    if len(flags["regions"]) > 1 or len(flags["roles"]) > 1:
        raise click.UsageError("a policy is for one region and one account; give one --region and one --assume-role")
    region = "".join(flags["regions"])
    if region:
        places(flags["regions"], "", ())
    scope = PolicyScope(
        ways=(options.via,) if options.via else (),
        instance=instance or "*",
        region=region or "*",
        account="".join(flags["roles"]).split(":")[4] if flags["roles"] else "*",
        user=options.user,
        runbook=read_config(flags["config"]).documents.automation_name,
        automation_role=options.automation_role,
        tag=(CONSENT_KEY, CONSENT_VALUE) if flags["tagged"] else None,
    )
    if not options.automation_role and options.via in ("", "runbook"):
        note = "the policy names the role ssmwake-rescue for the runbook; --automation-role names another"
        click.echo(f"ssmwake: {note}", err=True)
    click.echo(json.dumps(wake_policy(scope), indent=2))


def _wake(
    context: click.Context,
    instance: str,
    place: "Place",
    options: "Options",
    expected_role: str,
    *,
    is_sure: bool,
    timeout: int,
    is_json: bool,
) -> None:
    from ssmwake.aws.session import Sessions
    from ssmwake.cli.doctor_output import instance_screen, wrapped
    from ssmwake.operate import steps
    from ssmwake.operate.desk import Desk
    from ssmwake.operate.read_machines import Wanted
    from ssmwake.operate.reader import Reader
    from ssmwake.operate.wait import Wait
    from ssmwake.operate.wake import RESTART_DELAY
    from ssmwake.operate.wake_plan import Channel, Failed, plan, read_endpoints

    wait = context.meta[WAIT] = Wait(place, (instance,), timeout, expected_role=expected_role)
    desk = Desk(place, Sessions(()), expected_role)
    # Whether an agent that is online is on the role that the instance has, only `wake` asks: it takes more calls.
    (verdict,) = desk.verdicts(Wanted((instance,)), with_role_in_use=True)
    if verdict.facts:
        flags = ([], ["--connect"]) if options.connect or options.via else ([],)
        wait.taken = tuple(steps.ssmwake(verdict.facts.scene, "wake", instance, *more) for more in flags)
    wait.verdicts[instance] = wait.without_taken(verdict)
    reader = Reader(desk.services)
    found = plan(verdict, options, lambda vpc: read_endpoints(reader, vpc))
    for line in instance_screen(verdict, is_long=False, with_steps=found.way is Channel.STEP):
        click.echo(line, err=True, color=wants_color())
    click.echo("", err=True)
    for words in found.words:
        click.echo("\n".join(wrapped(words, "  ")), err=True)
    if found.way in (Channel.NOTHING, Channel.STEP, Channel.NONE):
        end(wait.so_far(), is_json=is_json)
    if found.acts:
        try:
            _ask(found, is_sure)
            _do(found, reader, place, options, timeout)
        except Failed as failed:
            click.echo(f"ssmwake: error: {printable(str(failed))}", err=True)
            end(wait.so_far(), str(failed), is_json=is_json)
    wait.restarted = reader.now + RESTART_DELAY if found.way is Channel.RUN_COMMAND else None
    wait.began = time.monotonic()
    with reporter() as (wait.on_change, wait.on_tick):
        outcome = wait.run()
    end(outcome, is_json=is_json)


def _ask(found: "WakePlan", is_sure: bool) -> None:
    """Ask whether to do it; raise Failed where it cannot be done, or is not wanted."""
    from ssmwake.operate.extra import install_line, is_installed
    from ssmwake.operate.wake_plan import Failed

    if found.endpoint and not is_installed():
        raise Failed(f"an EC2 Instance Connect Endpoint needs one more package; run: {install_line()}")
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on; give --yes")
    if not click.confirm("Do this?", err=True):
        raise Failed("nothing was done, as you chose")


def _do(found: "WakePlan", reader: "Reader", place: "Place", options: "Options", timeout: int) -> None:
    from ssmwake.operate import ssh, wake
    from ssmwake.operate.wake_plan import Channel, Failed
    from ssmwake.render.runtime import runtime

    instance, unseen = found.verdict.id, ""
    match found.way:
        case Channel.RUN_COMMAND:
            unseen = wake.run_command(reader, instance)
        case Channel.RUNBOOK:
            unseen = wake.run_runbook(reader, instance, options, timeout=timeout)
        case Channel.DIRECT | Channel.ENDPOINT:
            proxy = _proxy(found, place, options) if found.endpoint else ()
            status = ssh.connect(reader, found, runtime(), port=options.port, proxy=proxy)
            if status:
                raise Failed(f"the runtime on {instance} ended with {status}; what it wrote is above")
    if unseen:
        click.echo(f"ssmwake: {printable(unseen)}", err=True)


def _proxy(found: "WakePlan", place: "Place", options: "Options") -> list[str]:
    """Return the command that ssh reaches the instance by: ours, which signs for itself."""
    assert found.endpoint is not None
    words = [sys.executable, "-m", "ssmwake", "tunnel", "--endpoint", found.endpoint.id]
    words += ["--dns-name", found.endpoint.dns_name, "--address", found.address, "--port", str(options.port)]
    words += ["--region", place.region]
    words += ["--profile", place.profile] if place.profile else []
    return words + (["--assume-role", place.role] if place.role else [])
