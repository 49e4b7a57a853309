"""Causes in the role that is used: an agent that is online on an old one, a watcher that waits for another one."""

from ssmwake.operate import retry, steps
from ssmwake.operate.causes.cause import CONFIGURATION, NOT_YET, Cause, CauseFinding, Cure, doubted, known, likely
from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import Unseen
from ssmwake.operate.sightings import clock

# The worker of an agent keeps the credentials that it has got for this long; measured on 3.3.987.
KEEPS = 30 * retry.MINUTE

# A report and its event in CloudTrail are the same call when they are no further apart than this.
SAME_CALL = retry.MINUTE


def _old_role(evidence: Evidence) -> CauseFinding | None:
    facts, role, swapped = evidence.facts, evidence.role, evidence.attached
    if facts.instance.state != "running" or not (evidence.is_reporting or evidence.is_connected):
        return None
    # An agent on Default Host Management keeps its key over a restart.
    if not role or swapped is None or (evidence.node and evidence.node.role):
        return None
    if any(at > swapped for at, _ in evidence.console.agents):
        return None
    call = max((one for one in evidence.trail.calls if one.role and not one.code), key=lambda one: one.at, default=None)
    if call is None or call.role == role:
        return None
    wake = steps.ssmwake(facts.scene, "wake", facts.instance.id)
    short = f"role {call.role}, not {role}"
    if call.at < swapped:
        # It may have been started again since, which only the console shows.
        if evidence.now - swapped > KEEPS or isinstance(facts.console, Unseen):
            return None
        return likely(
            f"Online, but its agent reported as the role {call.role} at {clock(call.at)}, and the role {role} came at "
            f"{clock(swapped)} (CloudTrail); it keeps the old credentials for up to half an hour.",
            wake,
            resource=role,
            short=short,
        )
    pinged = evidence.node.pinged if evidence.node else None
    return known(
        f"Online, but on an old role: the role {role} came at {clock(swapped)}, and its agent reported as the role "
        f"{call.role} at {clock(call.at)} (CloudTrail).",
        wake,
        resource=role,
        short=short,
        is_sure=pinged is not None and abs(pinged - call.at) <= SAME_CALL,
    )


def _other_role(evidence: Evidence) -> CauseFinding | None:
    """Judge a watcher of ssmwake that does not wake the agent, because it waits for a role that is not there."""
    facts, role = evidence.facts, evidence.role
    if evidence.is_reporting or evidence.is_connected or not role or evidence.is_role_usable:
        return None
    wanted, is_said = evidence.awaited_role, True
    if not wanted and evidence.console.watcher:
        wanted, is_said = facts.scene.expected_role, False
    if not wanted or wanted == role:
        return None
    associations = () if isinstance(facts.associations, Unseen) else facts.associations
    ids = [one.id for one in associations if one.state == "associated"]
    do = []
    if ids:
        words = ["--association-id", ids[0], "--iam-instance-profile", "Name=PROFILE"]
        do.append(steps.aws(facts.scene, "ec2", "replace-iam-instance-profile-association", *words))
    by = "console" if is_said else "config"
    sentence = (
        f"ssmwake's watcher on the instance waits for the role {wanted} ({by}), and the instance has the role {role}. "
        f"Write the name of the profile that holds {wanted} for PROFILE, or launch with another `role`."
    )
    found = known(sentence, *do, resource=role, short=f"waits for role {wanted}", is_sure=is_said)
    if evidence.is_role_usable is None:
        return doubted(found, f"whether the role {role} is enough for the agent was not seen")
    return found


OLD_ROLE = Cause(
    "old-role",
    NOT_YET,
    "The agent is online, but still on the role that the instance had before. Only `wake` looks for this.",
    "`ssmwake wake` restarts the agent by Run Command.",
    _old_role,
    cure=Cure.RESTART,
    is_final=True,
)
OTHER_ROLE = Cause(
    "other-role",
    CONFIGURATION,
    "ssmwake's watcher on the instance waits for another role than the instance has, and that role is not enough.",
    "Attach the profile that holds the role, or launch with another `role`.",
    _other_role,
)
