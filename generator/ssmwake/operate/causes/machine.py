"""Causes that the machine itself shows: it is gone, off, sick, booting, somebody else's, or it is online."""

from ssmwake.operate import steps
from ssmwake.operate.causes.cause import (
    AGENT,
    CONFIGURATION,
    FINE,
    FORBIDDEN,
    NOT_YET,
    UNAVAILABLE,
    Cause,
    CauseFinding,
    Cure,
    known,
    likely,
)
from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import NOT_ASKED, Unseen
from ssmwake.operate.sightings import BOOTING, clock


def _gone(evidence: Evidence) -> CauseFinding | None:
    instance = evidence.facts.instance
    if instance.state not in ("shutting-down", "terminated"):
        return None
    return known(f"The instance is {instance.state}; it does not come back.", short=instance.state)


def _online(evidence: Evidence) -> CauseFinding | None:
    connected = evidence.facts.connected
    if evidence.facts.instance.state != "running":
        return None
    if evidence.is_connected:
        if evidence.is_reporting:
            return known("The agent reports, and the channel for sessions is open.", short="connected")
        seen = f"since {clock(evidence.last_accepted)}" if evidence.last_accepted else "yet"
        return likely(f"The channel for sessions is open, but no report was accepted {seen}.", short="connected")
    if not evidence.is_reporting or not isinstance(connected, Unseen):
        return None
    if connected.why != NOT_ASKED and evidence.is_new:
        # The channel may still be opening.
        return None
    is_blocked = evidence.is_channel_denied or evidence.channel_way.blocks
    if connected.why != NOT_ASKED and is_blocked:
        return None
    sentence = "The agent reports; whether the channel for sessions is open was not asked."
    if connected.why != NOT_ASKED:
        sentence = f"The agent reports; whether the channel for sessions is open was not seen ({connected})."
    return likely(sentence, short="reports")


def _not_running(evidence: Evidence) -> CauseFinding | None:
    instance, scene = evidence.facts.instance, evidence.facts.scene
    if instance.state not in ("stopped", "stopping"):
        return None
    step = steps.aws(scene, "ec2", "start-instances", "--instance-ids", instance.id)
    return known(f"The instance is {instance.state}.", step, short=instance.state)


def _managed(evidence: Evidence) -> CauseFinding | None:
    manager = evidence.facts.instance.manager
    if not manager or evidence.node or evidence.is_connected:
        return None
    return likely(
        f"{manager} manages this instance, and does not register it in Systems Manager; ask that service for a shell.",
        short=f"managed by {manager}",
    )


def _hybrid(evidence: Evidence) -> CauseFinding | None:
    other, scene = evidence.facts.hybrid, evidence.facts.scene
    if other is None or isinstance(other, Unseen) or other.ping != "Online" or evidence.is_reporting:
        return None
    node = evidence.node
    if node and not (node.computer == other.computer and node.pinged and other.pinged and other.pinged > node.pinged):
        # Another machine may have the same address; this one was registered as the instance.
        return None
    step = steps.aws(scene, "ssm", "start-session", "--target", other.id)
    return likely(
        f"The managed node {other.id}, which is online, has its address {other.address}: the agent was registered by a "
        "hybrid activation, and never uses the instance's role.",
        step,
        resource=other.id,
        short=f"online as {other.id}",
    )


def _sick(evidence: Evidence) -> CauseFinding | None:
    status, instance, scene = evidence.facts.status, evidence.facts.instance, evidence.facts.scene
    if evidence.is_reporting:
        return None
    reboot = steps.aws(scene, "ec2", "reboot-instances", "--instance-ids", instance.id)
    stop = steps.aws(scene, "ec2", "stop-instances", "--instance-ids", instance.id)
    wait = steps.aws(scene, "ec2", "wait", "instance-stopped", "--instance-ids", instance.id)
    start = steps.aws(scene, "ec2", "start-instances", "--instance-ids", instance.id)
    seen = None if isinstance(status, Unseen) else status
    if seen and seen.system == "impaired":
        sentence = (
            "EC2's system status check fails: the host is at fault; a stop and a start moves the instance to another."
        )
        return known(sentence, f"{stop} && {wait} && {start}", short="system check impaired")
    dead = evidence.console.is_dead
    if seen and "impaired" in (seen.instance, seen.volumes):
        what = "instance status check" if seen.instance == "impaired" else "check of the attached volumes"
        on_console = f" The console shows {dead}." if dead else ""
        return known(f"EC2's {what} fails.{on_console}", reboot, short=dead or f"{what} impaired")
    if dead and not (seen and seen.instance == "ok"):
        return known(f"The console shows {dead}.", reboot, short=dead, is_sure=seen is not None)
    return None


def _booting(evidence: Evidence) -> CauseFinding | None:
    status, instance, scene = evidence.facts.status, evidence.facts.instance, evidence.facts.scene
    if evidence.is_reporting:
        return None
    wait = steps.ssmwake(scene, "wait", instance.id)
    if instance.state == "pending":
        return known("The instance is starting.", wait, short="pending")
    if evidence.age is None or evidence.age >= BOOTING or evidence.start is None:
        return None
    is_checked = not isinstance(status, Unseen) and status is not None
    if is_checked and "initializing" not in (status.instance, status.system):  # type: ignore[union-attr]
        return None
    at = evidence.start[0]
    return known(
        f"It was started at {at:%H:%M:%S}, and its status checks are not through yet.", wait, is_sure=is_checked
    )


def _imds_off(evidence: Evidence) -> CauseFinding | None:
    instance, scene = evidence.facts.instance, evidence.facts.scene
    if instance.metadata_on or evidence.is_reporting:
        return None
    words = ["--instance-id", instance.id, "--http-endpoint", "enabled", "--http-tokens", "required"]
    return known(
        "The instance metadata service (IMDS) is switched off, so the agent finds neither its region nor its role. "
        "It follows within 90 seconds after IMDS is on.",
        steps.aws(scene, "ec2", "modify-instance-metadata-options", *words),
        short="IMDS is off",
    )


NO_LOOK = Cause(
    "no-look",
    FORBIDDEN,
    "You may not look: the credentials are missing, expired or not accepted, or may not read the instances or their "
    "node entries.",
    "Sign in, or ask for the action that is named; `ssmwake doctor --print-policy` prints all of them.",
    is_final=True,
)
NOT_FOUND = Cause(
    "not-found",
    UNAVAILABLE,
    "No instance has this id in this account and region.",
    "Look in another region or account: `--region`, `--profile`, `--assume-role`.",
    is_final=True,
)
FAILED = Cause(
    "failed",
    NOT_YET,
    "AWS or the network failed before the instance could be looked at.",
    "Do what the line says, and ask again.",
    is_final=True,
)
GONE = Cause(
    "gone",
    UNAVAILABLE,
    "The instance is terminated, or about to be.",
    "Nothing brings it back.",
    _gone,
    is_final=True,
)
CAUSES = (
    Cause(
        "online",
        FINE,
        "The agent reports, and the channel for sessions is open. In a large fleet only the reports are read, and the "
        "verdict is likely.",
        "Nothing to do.",
        _online,
        is_final=True,
    ),
    Cause("not-running", CONFIGURATION, "The instance is stopped, or about to be.", "Start it.", _not_running),
    Cause(
        "managed-by-service",
        UNAVAILABLE,
        "An AWS service, such as EKS Auto Mode, manages the instance and offers no shell.",
        "Ask that service.",
        _managed,
    ),
    Cause(
        "hybrid",
        CONFIGURATION,
        "The agent is registered by a hybrid activation, as `mi-...`, and not as this instance.",
        "Start the session on that node.",
        _hybrid,
        is_beyond_traces=True,
    ),
    Cause(
        "sick",
        AGENT,
        "A status check of EC2 fails, or the console ends in a kernel panic or in emergency mode.",
        "Reboot; for the system check, stop and start.",
        _sick,
        is_settled=True,
    ),
    Cause(
        "booting",
        NOT_YET,
        "The instance is starting.",
        "Wait: `ssmwake wait`.",
        _booting,
        cure=Cure.TIME,
        is_settled=True,
    ),
    Cause(
        "imds-off",
        CONFIGURATION,
        "The instance metadata service is switched off.",
        "Switch it on.",
        _imds_off,
        is_settled=True,
    ),
)
