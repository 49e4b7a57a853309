"""Bring an agent back: a verdict in, a plan with the least that helps out; then the plan is carried out from the desk.

It repairs an agent, not IAM and not a network: for any other verdict the doctor's step is all that it has to say. A
restart before the role is right would cost another half hour.
"""

import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from ssmwake.operate import answers
from ssmwake.operate.causes.cause import Cure
from ssmwake.operate.causes.role_in_use import OLD_ROLE
from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import Console, Facts, Image, Unseen
from ssmwake.operate.images import login_user
from ssmwake.operate.reader import Reader
from ssmwake.operate.verdict import Verdict

# The restart comes after the reply has left, so that neither is lost.
RESTART = """\
for unit in amazon-ssm-agent.service snap.amazon-ssm-agent.amazon-ssm-agent.service; do
    [ "$(systemctl show -p LoadState --value "$unit")" = loaded ] || continue
    systemd-run --on-active=5 --timer-property=AccuracySec=100ms --collect systemctl restart "$unit" && exit 0
done
echo 'no unit of amazon-ssm-agent is loaded' >&2
exit 1
"""

# How long after the reply to RESTART the agent is restarted; and how long it all takes, in seconds. Measured: 13.3 s.
RESTART_DELAY = timedelta(seconds=5)
RESTART_TAKES = 20

ENDPOINT_STATES = ("create-complete", "update-in-progress", "update-complete", "update-failed")
ENDED = ("Success", "Failed", "Cancelled", "TimedOut", "DeliveryTimedOut", "ExecutionTimedOut", "Undeliverable")


class Channel(StrEnum):
    """How to reach the agent."""

    NOTHING = "nothing"
    WAIT = "wait"
    STEP = "step"
    RUN_COMMAND = "run-command"
    DIRECT = "direct"
    ENDPOINT = "endpoint"
    RUNBOOK = "runbook"
    NONE = "none"


class Failed(Exception):  # noqa: N818 - "FailedError" says it twice
    """A step that did not succeed, in a line for the user."""


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    connect: bool = False
    restart: bool = False
    via: str = ""
    user: str = ""
    port: int = 22
    runbook: str = "ssmwake-rescue"
    automation_role: str = ""
    reboot: bool = False


@dataclass(frozen=True)
class ConnectEndpoint:
    """An EC2 Instance Connect Endpoint."""

    id: str
    subnet: str
    dns_name: str


@dataclass(frozen=True)
class WakePlan:
    """What will be done, and in which words that is asked about."""

    way: Channel
    words: tuple[str, ...]
    verdict: Verdict
    address: str = ""
    user: str = ""
    endpoint: ConnectEndpoint | None = None

    @property
    def acts(self) -> bool:
        """Whether anything is done that has to be asked about."""
        return self.way not in (Channel.NOTHING, Channel.WAIT, Channel.STEP, Channel.NONE)


def plan(verdict: Verdict, options: Options, endpoints: Callable[[str], Sequence[ConnectEndpoint]]) -> WakePlan:
    """Return the least that helps. `endpoints` returns the Instance Connect Endpoints of a VPC."""
    facts = verdict.facts
    if verdict.is_online and not options.restart:
        return WakePlan(
            Channel.NOTHING,
            ("It is online; there is nothing to do. --restart restarts its agent all the same.",),
            verdict,
        )
    if verdict.is_online or (verdict.verdict == OLD_ROLE.name and not (options.via or options.connect)):
        restart = f"Run Command: restart the agent of {verdict.id} in 5 s (AWS-RunShellScript)."
        return WakePlan(Channel.RUN_COMMAND, (restart,), verdict)
    if verdict.cure is Cure.TIME and not options.connect:
        return WakePlan(Channel.WAIT, (verdict.sentence,), verdict)
    may_repair = verdict.cure is Cure.RESTART or (verdict.cure is Cure.LOOK and options.connect)
    if facts is None or not may_repair:
        return WakePlan(Channel.STEP, (verdict.sentence,), verdict)
    if facts.instance.platform != "linux":
        words = (f"{facts.instance.platform} is diagnosed, but not woken: its agent is waited for.",)
        return WakePlan(Channel.WAIT, words, verdict)
    return _reach(verdict, facts, options, endpoints)


def _reach(
    verdict: Verdict, facts: Facts, options: Options, endpoints: Callable[[str], Sequence[ConnectEndpoint]]
) -> WakePlan:
    instance, interface = facts.instance, facts.instance.interface
    image = facts.image if isinstance(facts.image, Image) else None
    user = options.user or login_user(image)
    keys = facts.console.host_keys if isinstance(facts.console, Console) else ()
    checked = "its host key is checked against the console" if keys else "its host key is not known, and accepted"
    push = f"EC2 Instance Connect: a key for {user}, good for 60 s."
    run = f"ssh: run ssmwake's runtime as root on {instance.id}, which restarts the agent and verifies it; {checked}."
    if options.via in ("", "direct") and (instance.public_address or options.via == "direct"):
        address = instance.public_address or instance.address
        words = (push, f"{run[:-1]}, at {address}.")
        return WakePlan(Channel.DIRECT, words, verdict, address, user)
    if options.via in ("", "endpoint") and interface:
        found = sorted(endpoints(interface.vpc), key=lambda one: (one.subnet != interface.subnet, one.id))
        if found:
            words = (push, f"{run[:-1]}, through {found[0].id}.")
            return WakePlan(Channel.ENDPOINT, words, verdict, instance.address, user, found[0])
    if options.via in ("", "runbook") and options.automation_role:
        fallback = "a reboot, if nothing else helps" if options.reboot else "no reboot"
        return WakePlan(
            Channel.RUNBOOK, (f"Automation: {options.runbook} on {instance.id}, with {fallback}.",), verdict
        )
    advice = (
        "No way in was found: no public address, and no EC2 Instance Connect Endpoint in its VPC.",
        "The rescue runbook acts from outside: give --automation-role, and --reboot to allow a reboot.",
        "The EC2 serial console is the last resort: on Nitro, if the account allows it, and with a password.",
    )
    return WakePlan(Channel.NONE, advice, verdict)


def read_endpoints(reader: Reader, vpc: str) -> list[ConnectEndpoint]:
    """Return the Instance Connect Endpoints of a VPC that are in service; none where they may not be listed."""
    listed = reader.all(
        "ec2",
        "DescribeInstanceConnectEndpoints",
        "InstanceConnectEndpoints",
        Filters=[{"Name": "vpc-id", "Values": [vpc]}],
        MaxResults=50,
    )
    if isinstance(listed, Unseen):
        return []
    return [
        ConnectEndpoint(
            answers.text(one, "InstanceConnectEndpointId"), answers.text(one, "SubnetId"), answers.text(one, "DnsName")
        )
        for one in listed
        if answers.fold(one, "State") in ENDPOINT_STATES
    ]


def run_command(reader: Reader, instance: str, *, timeout: float = 60, pause: float = 2) -> None:
    """Restart the agent by Run Command, or raise Failed."""
    sent = reader.ask(
        "ssm",
        "SendCommand",
        InstanceIds=[instance],
        DocumentName="AWS-RunShellScript",
        Comment="ssmwake wake",
        TimeoutSeconds=60,
        Parameters={"commands": [RESTART]},
    )
    if isinstance(sent, Unseen):
        raise Failed(reader.lines.get(sent.action, str(sent)))
    command = answers.text(sent, "Command", "CommandId")
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        time.sleep(pause)
        got = reader.ask("ssm", "GetCommandInvocation", CommandId=command, InstanceId=instance)
        # An invocation that is not there yet is one that was sent a moment ago.
        status = "Pending" if isinstance(got, Unseen) else answers.text(got, "Status")
        if status == "Success":
            return
        if status in ENDED:
            raise Failed(f"Run Command {command} ended as {status}; an agent before 3.3.40.0 may take none any more")
    raise Failed(f"Run Command {command} was not answered within {timeout:.0f} s")


def run_runbook(reader: Reader, instance: str, options: Options, *, timeout: float, pause: float = 5) -> None:
    """Run the rescue runbook, and wait for its end; raise Failed where it does not succeed."""
    started = reader.ask(
        "ssm",
        "StartAutomationExecution",
        DocumentName=options.runbook,
        Parameters={
            "InstanceId": [instance],
            "Fallback": ["reboot" if options.reboot else "none"],
            "AutomationAssumeRole": [options.automation_role],
        },
    )
    if isinstance(started, Unseen):
        raise Failed(reader.lines.get(started.action, str(started)))
    execution = answers.text(started, "AutomationExecutionId")
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        time.sleep(pause)
        got = reader.ask("ssm", "GetAutomationExecution", AutomationExecutionId=execution)
        status = (
            "Pending"
            if isinstance(got, Unseen)
            else answers.text(got, "AutomationExecution", "AutomationExecutionStatus")
        )
        if status == "Success":
            return
        if status in ENDED:
            raise Failed(f"the runbook {options.runbook} ended as {status} ({execution})")
    raise Failed(f"the runbook {options.runbook} has not ended within {timeout:.0f} s ({execution})")


def connect(
    reader: Reader, found: WakePlan, runtime: str, *, port: int, proxy: Sequence[str] = (), timeout: float = 300
) -> int:
    """Run the runtime on the instance by ssh with a key of this minute; return its exit status, or raise Failed."""
    instance = found.verdict.id
    facts = found.verdict.facts
    keys = facts.console.host_keys if facts and isinstance(facts.console, Console) else ()
    with tempfile.TemporaryDirectory(prefix="ssmwake-") as folder:
        key = Path(folder) / "key"
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ssmwake", "-f", str(key)]
        _run(made, timeout=30)
        known = Path(folder) / "known_hosts"
        known.write_text("".join(f"{instance} {one}\n" for one in keys), encoding="ascii")
        zone = found.verdict.zone
        sent = reader.ask(
            "ec2-instance-connect",
            "SendSSHPublicKey",
            InstanceId=instance,
            InstanceOSUser=found.user,
            SSHPublicKey=key.with_suffix(".pub").read_text(encoding="ascii").strip(),
            **({"AvailabilityZone": zone} if zone else {}),
        )
        if isinstance(sent, Unseen):
            raise Failed(reader.lines.get(sent.action, str(sent)))
        options = ssh_options(key, known, instance, is_known=bool(keys), proxy=proxy)
        host = instance if proxy else found.address
        # No -T: stdin is the runtime, so ssh asks for no terminal by itself.
        argv = ["ssh", *options, "-p", str(port), "-l", found.user, host, remote_command(found.verdict)]
        done = _run(argv, timeout=timeout, stdin=runtime)
    if done == 255:
        raise Failed(f"ssh did not reach {instance}; the lines above say why")
    return done


def remote_command(verdict: Verdict) -> str:
    """Return what runs on the instance, and reads the runtime from stdin; -n, because nobody can type a password there.

    The instance may be set to wait for another role than the one that is there, and a restart is wanted now.
    """
    evidence = Evidence(verdict.facts) if verdict.facts else None
    runs = "sh -s run"
    if evidence and evidence.awaited_role:
        runs += f" --role {shlex.quote(evidence.role)}"
    return f'if [ "$(id -u)" = 0 ]; then exec {runs}; else exec sudo -n {runs}; fi'


def ssh_options(key: Path, known: Path, instance: str, *, is_known: bool, proxy: Sequence[str]) -> list[str]:
    """Return the options of ssh: nothing of the user's own, and only keys that the console showed."""
    settings: Mapping[str, str] = {
        "BatchMode": "yes",
        "ConnectTimeout": "20",
        "GlobalKnownHostsFile": "/dev/null",
        "HostKeyAlias": instance,
        "IdentitiesOnly": "yes",
        "ServerAliveInterval": "15",
        "StrictHostKeyChecking": "yes" if is_known else "accept-new",
        "UserKnownHostsFile": _quoted(str(known)),
    }
    options = ["-F", "none", "-i", str(key)]
    for name, value in settings.items():
        options += ["-o", f"{name}={value}"]
    if proxy:
        # ssh reads % as its own in ProxyCommand.
        options += ["-o", f"ProxyCommand={shlex.join(proxy).replace('%', '%%')}"]
    return options


def _quoted(path: str) -> str:
    return '"' + path.replace("%", "%%") + '"'


def _run(argv: Sequence[str], *, timeout: float, stdin: str = "") -> int:
    try:
        # What the other side writes goes to stderr: stdout is for the one line of JSON.
        done = subprocess.run(argv, input=stdin, text=True, stdout=subprocess.PIPE, timeout=timeout, check=False)
    except FileNotFoundError:
        raise Failed(f"{argv[0]} is not installed; install OpenSSH's client") from None
    except subprocess.TimeoutExpired:
        raise Failed(f"{argv[0]} did not end within {timeout:.0f} s") from None
    return done.returncode
