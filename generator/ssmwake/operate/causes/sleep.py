"""Causes in the agent itself, once all that it needs is there: not yet, asleep, lost."""

from datetime import timedelta

from ssmwake.operate import steps
from ssmwake.operate.attempt import attempt
from ssmwake.operate.causes.cause import NOT_YET, Cause, CauseFinding, Cure, known, likely
from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import Profile, Unseen
from ssmwake.operate.gaps import gaps
from ssmwake.operate.sightings import SETTLING, clock

# Agents before this one may not speak IMDSv2; which release learned it was not verified.
TOKENS = (3,)


def _settling(evidence: Evidence) -> CauseFinding | None:
    facts = evidence.facts
    wait = steps.ssmwake(facts.scene, "wait", facts.instance.id)
    if evidence.is_reporting:
        if not evidence.is_connected and evidence.is_new:
            sentence = "It has just come online; the channel for sessions is still opening."
            return known(sentence, wait, short="opening", is_sure=evidence.is_connected is False)
        return None
    if evidence.is_connected:
        return None
    associations = () if isinstance(facts.associations, Unseen) else facts.associations
    if any(one.state == "associating" for one in associations):
        return known("Its instance profile is being attached.", wait, short="profile is being attached")
    changed = [(evidence.attached, "attached")]
    if isinstance(facts.profile, Profile):
        changed += [(facts.profile.created, "made"), *((role.created, "made") for role in facts.profile.roles)]
    changed.append((evidence.trail.role_changed, "changed"))
    for at, what in changed:
        if at and timedelta() <= evidence.now - at < SETTLING:
            sentence = (
                f"Its role was {what} at {at:%H:%M:%S}; IAM needs up to two minutes until that counts everywhere."
            )
            return known(sentence, wait, short=f"role {what} {clock(at)}")
    return None


def _asleep(evidence: Evidence) -> CauseFinding | None:
    facts = evidence.facts
    if evidence.is_reporting or evidence.is_connected or evidence.start is None or gaps(evidence):
        return None
    if facts.instance.state != "running":
        return None
    found = attempt(evidence)
    if found is None:
        return None
    window, why, has_trace = found
    right = evidence.rights.report
    # Policies that were read show no SCP.
    are_rights_seen = evidence.needs_host_management or (right.decision == "allowed" and right.how != "read")
    if not are_rights_seen and not has_trace:
        return None
    is_sure = (
        has_trace
        and right.decision == "allowed"
        and right.how != "read"
        and evidence.way.is_certain
        and bool(evidence.has_agent)
        and not isinstance(facts.console, Unseen)
        and not evidence.may_be_hybrid
        and not (evidence.version and evidence.version < TOKENS and facts.instance.tokens_required)
    )
    rights = "" if are_rights_seen else " Its rights were not seen."
    if right.how == "read":
        rights = " Its policies allow it; service control policies were not seen."
    if evidence.awaited_role:
        rights += f" ssmwake's watcher leaves it alone, because it waits for the role {evidence.awaited_role}."
    fine = "Nothing is wrong any more" if is_sure else "Nothing that can be seen is wrong"
    sentence = f"{why}{rights} {fine}; the agent asks again by itself {window.spelled(evidence.now)}."
    do = steps.ssmwake(facts.scene, "wake" if facts.instance.platform == "linux" else "wait", facts.instance.id)
    short = f"next try {clock(window.first)}-{clock(window.last)}"
    if evidence.attached:
        short = f"role attached {clock(evidence.attached)}, {short}"
    return known(sentence, do, short=short, retry=window, is_sure=is_sure)


def _lost(evidence: Evidence) -> CauseFinding | None:
    facts, node = evidence.facts, evidence.node
    if node is None or evidence.is_reporting or evidence.is_connected or gaps(evidence):
        return None
    if isinstance(facts.trail, Unseen):
        # A refusal would say that it sleeps.
        return None
    right = evidence.rights.report
    if not evidence.needs_host_management and (right.decision != "allowed" or right.how == "read"):
        # Policies that were read show no SCP.
        return None
    seen = (
        f"its last report was at {node.pinged:%Y-%m-%d %H:%M} UTC"
        if node.pinged
        else "when it reported last is not known"
    )
    verb = "wake" if facts.instance.platform == "linux" else "wait"
    return likely(
        f"Systems Manager lost it: {seen}. Nothing that can be seen from outside stops it; see if its agent runs.",
        steps.ssmwake(facts.scene, verb, facts.instance.id),
        short=f"last report {clock(node.pinged)}" if node.pinged else "no report",
    )


CAUSES = (
    Cause(
        "settling",
        NOT_YET,
        "The profile is being attached, the role was changed less than two minutes ago, or the agent is online since a "
        "moment.",
        "Wait: `ssmwake wait`.",
        _settling,
        cure=Cure.TIME,
    ),
    Cause(
        "asleep",
        NOT_YET,
        "All that the agent needs is there now, but was not when it asked; it sleeps, and asks again by itself.",
        "`ssmwake wake`, or wait for the time that is named.",
        _asleep,
        cure=Cure.RESTART,
    ),
    Cause(
        "lost",
        NOT_YET,
        "The agent was online, and its reports stopped; nothing that can be seen from outside stops them.",
        "`ssmwake wake`.",
        _lost,
        cure=Cure.RESTART,
    ),
)
