"""Causes in the agent itself, once all that it needs is there: no channel, not yet, asleep, lost, cannot tell."""

from datetime import datetime, timedelta

from ssmwake.operate import retry, steps
from ssmwake.operate.causes.cause import (
    CONFIGURATION,
    NOT_YET,
    Cause,
    Confidence,
    Finding,
    known,
    likely,
    suspected,
)
from ssmwake.operate.causes.identity import denied
from ssmwake.operate.evidence import (
    DENIED,
    SETTLING,
    SLEEPS,
    Evidence,
    clock,
)
from ssmwake.operate.facts import NOT_ASKED, Profile, Unseen
from ssmwake.operate.retry import Chain, Window

# A later refusal may not show yet: CloudTrail is up to a quarter of an hour late, after the longest sleep.
LATE_EVENT = 45 * retry.MINUTE


def _no_channel(evidence: Evidence) -> Finding | None:
    if evidence.is_connected or not evidence.is_reporting or evidence.is_new:
        return None
    blocked = channel_block(evidence)
    if blocked:
        if evidence.is_connected is None and blocked.confidence is not Confidence.KNOWN:
            sentence = f"Online; whether sessions open was not seen: {evidence.facts.connected}. {blocked.sentence}"
            return suspected(sentence, *blocked.do, resource=blocked.resource, short=blocked.short)
        is_sure = blocked.confidence is Confidence.KNOWN and evidence.is_connected is False
        sentence = f"Online, but no session opens. {blocked.sentence}"
        return known(sentence, *blocked.do, resource=blocked.resource, short=blocked.short, is_sure=is_sure)
    if evidence.is_connected is None:
        return None
    facts = evidence.facts
    unseen = [*evidence.channel_way.unknowns, *([evidence.rights.channel.detail] if _is_right_open(evidence) else [])]
    why = f"what stops it was not seen: {unseen[0]}." if unseen else "nothing that can be seen stops it."
    return likely(
        f"Online, but the channel for sessions is not open, and {why}",
        steps.ssmwake(facts.scene, "wake", facts.instance.id),
        short="not connected",
    )


def _is_right_open(evidence: Evidence) -> bool:
    return evidence.rights.channel.decision == "unknown"


def channel_block(evidence: Evidence) -> Finding | None:
    """Return what keeps sessions away while reports are accepted."""
    if evidence.is_channel_denied:
        return denied(evidence, evidence.rights.channel, "open the channel for sessions")
    block = next(iter(evidence.channel_way.blocks), None)
    return known(block.sentence, *block.do, resource=block.resource, short=block.short) if block else None


def _settling(evidence: Evidence) -> Finding | None:
    facts = evidence.facts
    wait = steps.ssmwake(facts.scene, "wait", facts.instance.id)
    if evidence.is_reporting:
        if not evidence.is_connected and evidence.is_new:
            sentence = "Online since a moment ago; the channel for sessions is still opening."
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


def gates(evidence: Evidence) -> list[str]:
    """Return what was not seen, or cannot be judged, of all that an agent needs: each may be the reason."""
    facts = evidence.facts
    found = []
    if isinstance(facts.status, Unseen):
        found.append(f"the status checks: {facts.status}")
    elif facts.status is None:
        found.append("the status checks: EC2 does not list them")
    if evidence.may_be_connected:
        found.append(f"the channel for sessions: {facts.connected}")
    if evidence.needs_host_management and not evidence.version and isinstance(facts.console, Unseen):
        found.append(f"the version of its agent: {facts.console}")
    if facts.instance.profile_arn and isinstance(facts.associations, Unseen):
        found.append(f"whether the profile is still being attached: {facts.associations}")
    if facts.instance.profile_arn and not evidence.needs_host_management:
        if isinstance(facts.profile, Unseen):
            found.append(f"the profile {facts.instance.profile_name}: {facts.profile}")
        elif isinstance(facts.profile, Profile) and evidence.trusts_ec2 is None:
            found.append("whether EC2 may assume the role: its trust policy has conditions")
    if evidence.is_role_usable is not True and evidence.host_management is None:
        found.append(f"Default Host Management: {facts.host_management}")
    if isinstance(facts.image, Unseen) and not evidence.was_seen:
        found.append(f"whether its image brings an agent: {facts.image}")
    right = evidence.rights.report
    if right.decision == "unknown" and right.how not in ("unseen", "") and not evidence.needs_host_management:
        found.append(f"the rights of the role: {right.detail}")
    if not evidence.is_proven_network:
        found += [f"the network: {one}" for one in evidence.way.unknowns]
    return found


def _asleep(evidence: Evidence) -> Finding | None:
    facts = evidence.facts
    if evidence.is_reporting or evidence.is_connected or evidence.start is None or gates(evidence):
        return None
    if facts.instance.state != "running":
        return None
    found = _attempt(evidence)
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
    )
    rights = "" if are_rights_seen else " Its rights were not seen."
    if right.how == "read":
        rights = " Its policies allow it; service control policies were not seen."
    fine = "Nothing is wrong any more" if is_sure else "Nothing that can be seen is wrong"
    sentence = f"{why}{rights} {fine}; the agent asks again by itself {spell(window, evidence.now)}."
    do = steps.ssmwake(facts.scene, "wake" if facts.instance.platform == "linux" else "wait", facts.instance.id)
    short = f"next try {clock(window.first)}-{clock(_ceiling(window.last))}"
    if evidence.attached:
        short = f"role attached {clock(evidence.attached)}, {short}"
    return known(sentence, do, short=short, retry=window, is_sure=is_sure)


def spell(window: Window, now: datetime) -> str:
    """Return a window in words."""
    if window.first <= now:
        minutes = max(1, -(-int((window.last - now).total_seconds()) // 60))
        return f"within {minutes} minutes" if minutes > 1 else "within a minute"
    return f"between {clock(window.first)} and {clock(_ceiling(window.last))} UTC"


def _ceiling(at: datetime) -> datetime:
    """Return the end of a window as its minute has it; seconds are of no use to anybody."""
    return at


def _attempt(evidence: Evidence) -> tuple[Window, str, bool] | None:
    """Return the window of the attempt that will succeed, why the agent sleeps, and whether a trace shows it."""
    assert evidence.start is not None
    start, basis = evidence.start
    now, node = evidence.now, evidence.node
    call, late = evidence.last_refused, evidence.role_since
    if call is not None:
        chain = Chain.REFUSED if DENIED.search(call.code) else Chain.ERROR
        fixed = max(
            (one for one in (evidence.attached, evidence.trail.role_changed) if one and one > call.at), default=None
        )
        if node and fixed:
            # The worker lives on the old role's credentials, which it keeps for up to 30 minutes.
            if now > fixed + 30 * retry.MINUTE + retry.GRACE:
                return None
            window = Window(now, max(now, fixed + 30 * retry.MINUTE), "the swap of the role (CloudTrail)")
            why = f"The role was swapped at {clock(fixed)}, after its agent had been refused at {clock(call.at)}."
            return window, why, True
        basis = "the last refused call (CloudTrail)"
        next_one = retry.window(chain, call.at, now, role=fixed, basis=basis)
        if next_one is None and now - call.at > LATE_EVENT:
            return None
        window = next_one or retry.next_attempt(chain, call.at, now, basis)
        why = f"Systems Manager refused its agent at {clock(call.at)} ({call.code}), and the role is allowed to now."
        return window, why, True
    if node and node.pinged and node.pinged >= start and not evidence.attached:
        # It was online since this start, and nothing shows that it was refused.
        return None
    chain = Chain.HIBERNATION if evidence.version and evidence.version < SLEEPS else Chain.REFUSED
    if chain is Chain.HIBERNATION and evidence.console.agents:
        start, basis = evidence.console.agents[-1][0], "the agent's start (console)"
    if late:
        return _late(evidence, chain, start, basis)
    if isinstance(evidence.facts.trail, Unseen):
        return None
    if evidence.was_launched_with_role or now <= start + retry.REFUSED_MOST * retry.MINUTE + retry.GRACE:
        first = retry.window(chain, start, now, role=None, basis=basis)
        why = "All that the agent needs is there, but it may have been refused when it started."
        return (first, why, False) if first else None
    most = now + retry.REFUSED_MOST * retry.MINUTE
    why = f"When the role came does not show yet; it was started at {clock(start)}."
    return Window(now, most, "the longest sleep of an agent"), why, False


def _late(evidence: Evidence, chain: Chain, start: datetime, basis: str) -> tuple[Window, str, bool] | None:
    assert evidence.role_since is not None
    at, by = evidence.role_since
    has_trace = evidence.attached is not None
    node = evidence.node
    if node and node.pinged and node.pinged >= start:
        # Its worker was online on another role, whose credentials it keeps for up to 30 minutes.
        last = at + retry.REFUSED_MOST * retry.MINUTE
        if evidence.now > last + retry.GRACE:
            return None
        why = f"The role was swapped at {clock(at)}, while its agent was online on another one ({by})."
        return Window(evidence.now, max(evidence.now, last), by), why, False
    if has_trace:
        window = retry.window(chain, start, evidence.now, role=at, basis=basis)
    else:
        # It came at that time or later, so the attempt is the next one, or one of those after it.
        window = Window(evidence.now, evidence.now + retry.REFUSED_MOST * retry.MINUTE, by)
    minutes = max(1, round((at - start) / retry.MINUTE))
    unit = "minute" if minutes == 1 else "minutes"
    why = f"The role came {minutes} {unit} after the agent had asked for it ({by})."
    if not has_trace:
        why = f"Its role cannot have been there at the start: {by}, {minutes} {unit} later."
    return (window, why, has_trace) if window else None


def _lost(evidence: Evidence) -> Finding | None:
    facts, node = evidence.facts, evidence.node
    if node is None or evidence.is_reporting or evidence.is_connected or gates(evidence):
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


def _cannot_tell(evidence: Evidence) -> Finding | None:
    facts = evidence.facts
    missing = gates(evidence)
    if evidence.rights.report.decision == "unknown" and evidence.rights.report.how == "unseen":
        missing.append(f"the rights of the role: {evidence.rights.report.detail}")
    if isinstance(facts.trail, Unseen) and facts.trail.why != NOT_ASKED:
        missing.append(f"the calls of the agent: {facts.trail}")
    words = [facts.instance.id, *(["--connect"] if facts.instance.platform == "linux" else [])]
    do = steps.ssmwake(facts.scene, "wake" if facts.instance.platform == "linux" else "wait", *words)
    if missing and missing[-1].startswith("the calls of the agent") and len(missing) == 1 and evidence.start:
        window = retry.next_attempt(Chain.REFUSED, evidence.start[0], evidence.now, evidence.start[1])
        sentence = (
            f"All that was seen is in place. If it was refused when it started, its agent asks again by itself "
            f"{spell(window, evidence.now)}; CloudTrail shows that, which was not seen: {facts.trail}."
        )
        return suspected(sentence, do, short=missing[0])
    if missing:
        return suspected(f"This was not seen, or cannot be judged: {'; '.join(missing)}.", do, short=missing[0])
    last = f" Its last report was at {evidence.last_accepted:%Y-%m-%d %H:%M} UTC." if evidence.last_accepted else ""
    return suspected(
        "All that can be seen from outside is in place, and the agent has had time to try again. What is left is "
        f"inside: a unit that is stopped or masked, a proxy, a firewall on the host.{last}",
        do,
        short="something inside",
    )


CAUSES = (
    Cause(
        "no-channel",
        CONFIGURATION,
        "The agent reports, so it is Online, but the channel for sessions (ssmmessages) is not open.",
        "Allow ssmmessages: the role, its boundary, or the endpoint for ssmmessages.",
        _no_channel,
    ),
    Cause(
        "settling",
        NOT_YET,
        "The profile is being attached, the role was changed less than two minutes ago, or the agent is online since a "
        "moment.",
        "Wait: `ssmwake wait`.",
        _settling,
    ),
    Cause(
        "asleep",
        NOT_YET,
        "All that the agent needs is there now, but was not when it asked; it sleeps, and asks again by itself.",
        "`ssmwake wake`, or wait for the time that is named.",
        _asleep,
    ),
    Cause(
        "lost",
        NOT_YET,
        "The agent was online, and its reports stopped; nothing that can be seen from outside stops them.",
        "`ssmwake wake`.",
        _lost,
    ),
    Cause(
        "cannot-tell",
        NOT_YET,
        "Something that decides was not seen, or is inside the machine; the sentence says what, and who sees it.",
        "Ask for the action that is named, or look inside: `ssmwake wake --connect`.",
        _cannot_tell,
    ),
)
