"""When an agent that sleeps asks again, and succeeds: evidence in, the window out, with why it sleeps.

A retry before the role was right does not help, so what counts is the first one after it came or was changed.
"""

from datetime import datetime

from ssmwake.operate import retry
from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import Unseen
from ssmwake.operate.retry import Chain, Window
from ssmwake.operate.sightings import DENIED, PASSING, SLEEPS, clock
from ssmwake.operate.trail import is_refused_by_another

# A later refusal may not show yet: CloudTrail is up to a quarter of an hour late, after the longest sleep.
LATE_EVENT = 45 * retry.MINUTE


def attempt(evidence: Evidence) -> tuple[Window, str, bool] | None:
    """Return the window of the attempt that will succeed, why the agent sleeps, and whether a trace shows it."""
    assert evidence.start is not None
    start, basis = evidence.start
    now, node = evidence.now, evidence.node
    call, late = evidence.last_refused, evidence.role_since
    if call is not None:
        is_denied = bool(DENIED.search(call.code))
        if not is_denied and not PASSING.search(call.code):
            # A signature that is not accepted, or a registration of another machine, is not cured by time.
            return None
        chain = Chain.REFUSED if is_denied else Chain.ERROR
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
        if not is_denied:
            why = f"Systems Manager did not take the report of its agent at {clock(call.at)} ({call.code})."
        # What refused it may be a policy that cannot be read from here.
        return window, why, is_denied and not is_refused_by_another(call.message)
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
        why = "All that the agent needs is there, but it may have been refused when it started"
        why += ", which CloudTrail shows some minutes later only." if not evidence.trail.calls else "."
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
    instead = ", instead of another one" if evidence.is_swapped else ""
    why = f"The role came {minutes} {unit} after the agent had asked for it{instead} ({by})."
    if not has_trace:
        why = f"Its role cannot have been there at the start: {by}, {minutes} {unit} later."
    return (window, why, has_trace) if window else None
