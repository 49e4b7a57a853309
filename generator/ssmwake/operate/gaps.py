"""What was not seen, or cannot be judged, of all that an agent needs; evidence in, sentences out."""

import re

from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import Profile, Unseen
from ssmwake.operate.sightings import DENIED, PASSING, clock

# What AWS answers to a signature whose time is not its own.
SIGNATURE = re.compile(r"Signature|RequestExpired|RequestTimeTooSkewed")


def gaps(evidence: Evidence) -> list[str]:
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
            found.append("whether EC2 may assume the role: its trust policy does not settle it")
    if evidence.is_role_usable is not True and evidence.host_management is None:
        found.append(f"Default Host Management: {facts.host_management}")
    if isinstance(facts.image, Unseen) and not evidence.was_seen:
        found.append(f"whether its image brings an agent: {facts.image}")
    call = evidence.last_refused
    if call and not DENIED.search(call.code) and not PASSING.search(call.code):
        hint = "; the clock of the machine may be wrong" if SIGNATURE.search(call.code) else ""
        found.append(f"why Systems Manager refused its agent at {clock(call.at)} ({call.code}{hint})")
    right = evidence.rights.report
    if right.decision == "unknown" and right.how not in ("unseen", "") and not evidence.needs_host_management:
        found.append(f"the rights of the role: {right.detail}")
    if not evidence.is_proven_network:
        found += [f"the network: {one}" for one in evidence.way.unknowns]
    return found
