"""What brings an agent back: a verdict and the user's options in, a plan with the least that helps out.

It repairs an agent, not IAM and not a network: for any other verdict the doctor's step is all that it has to say. A
restart before the role is right would cost another half hour.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ssmwake.operate import answers, steps
from ssmwake.operate.causes.cause import Cure
from ssmwake.operate.causes.role_in_use import OLD_ROLE
from ssmwake.operate.facts import Console, Facts, Image, Unseen
from ssmwake.operate.filters import lets_in
from ssmwake.operate.images import login_user
from ssmwake.operate.reader import Reader
from ssmwake.operate.verdict import Verdict

ENDPOINT_STATES = ("create-complete", "update-in-progress", "update-complete", "update-failed")


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
    # The tag by which an instance's owner agrees to the runbook.
    consent: str = ""
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
    is_old = verdict.verdict == OLD_ROLE.name and not options.connect
    if verdict.is_online or (is_old and options.via in ("", Channel.RUN_COMMAND)):
        restart = f"Run Command: restart the agent of {verdict.id} in 5 s (AWS-RunShellScript)."
        return WakePlan(Channel.RUN_COMMAND, (restart,), verdict)
    if verdict.cure is Cure.TIME and not options.connect:
        return WakePlan(Channel.WAIT, (verdict.sentence,), verdict)
    # Who names a way wants it to be taken, although the verdict cannot tell whether it helps.
    is_wanted = options.connect or bool(options.via)
    may_repair = verdict.cure is Cure.RESTART or (verdict.cure is Cure.LOOK and is_wanted)
    if facts is None or not may_repair:
        words = ("Nothing was done: wake repairs an agent, and this is not a fault of the agent.",)
        if verdict.cure is Cure.LOOK:
            words = (
                "Nothing was done: whether a restart helps is not known. --connect or --via does it all the same.",
            )
        return WakePlan(Channel.STEP, words, verdict)
    if options.via == Channel.RUN_COMMAND:
        words = ("Run Command reaches an agent that is online, and this one is not. Leave --via out.",)
        return WakePlan(Channel.NONE, words, verdict)
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
        words = (push, f"{run[:-1]}, at {address}.", *_warning(facts, options.port))
        return WakePlan(Channel.DIRECT, words, verdict, address, user)
    if options.via in ("", "endpoint") and interface:
        found = sorted(endpoints(interface.vpc), key=lambda one: (one.subnet != interface.subnet, one.id))
        if found:
            words = (push, f"{run[:-1]}, through {found[0].id}.", *_warning(facts, options.port))
            return WakePlan(Channel.ENDPOINT, words, verdict, instance.address, user, found[0])
    if options.via in ("", "runbook") and options.automation_role:
        fallback = "a reboot, if nothing else helps" if options.reboot else "no reboot"
        return WakePlan(
            Channel.RUNBOOK,
            (
                f"Automation: {options.runbook} on {instance.id}, with {fallback}.",
                f"The runbook acts on an instance with the tag {options.consent} only.",
            ),
            verdict,
        )
    return WakePlan(Channel.NONE, _no_way(facts, options), verdict)


def _warning(facts: Facts, port: int) -> tuple[str, ...]:
    """Return the words about security groups that let nobody in by ssh, where they were read."""
    network, interface = facts.network, facts.instance.interface
    if isinstance(network, Unseen) or isinstance(network.groups, Unseen) or interface is None:
        return ()
    if lets_in(network.groups, interface.groups, port):
        return ()
    return (f"But {', '.join(interface.groups)} let port {port} in from nobody, so ssh will not connect.",)


def _no_way(facts: Facts, options: Options) -> tuple[str, ...]:
    """Return why no way was found, and what would make one."""
    instance, interface = facts.instance, facts.instance.interface
    missing = f"{instance.id} has no public address, and {interface.vpc if interface else 'its VPC'} no"
    if options.via == Channel.ENDPOINT:
        missing = f"{interface.vpc if interface else 'Its VPC'} has no"
    advice = [f"No way in was found: {missing} EC2 Instance Connect Endpoint that you may list."]
    if interface:
        step = steps.aws(facts.scene, "ec2", "create-instance-connect-endpoint", "--subnet-id", interface.subnet)
        advice.append(f"An endpoint makes one: {step}")
    if not options.via:
        advice += [
            "The rescue runbook acts from outside: give --automation-role, and --reboot to allow a reboot.",
            "The EC2 serial console is the last resort: on Nitro, if the account allows it, and with a password.",
        ]
    return tuple(advice)


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
