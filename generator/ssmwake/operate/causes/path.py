"""Causes in the network between the agent and Systems Manager, as `network` found them."""

from ssmwake.operate import steps
from ssmwake.operate.blocks import Origin
from ssmwake.operate.causes.cause import CONFIGURATION, Cause, CauseFinding, doubted, known, suspected
from ssmwake.operate.endpoints import endpoint_denied, find_endpoints
from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import NOT_ASKED, Unseen
from ssmwake.operate.network import State
from ssmwake.operate.sightings import clock
from ssmwake.operate.trail import refused_by

# name -> what it means, what helps; in the order in which a packet meets them.
MEANINGS = {
    "no-dns": ("DNS is switched off in the VPC.", "Switch it on."),
    "no-path": (
        "There is no way out: no default route, a NAT gateway that is gone, or an internet gateway without a public "
        "address.",
        "Give it a route to a NAT gateway, a public address, or interface endpoints for ssm and ssmmessages.",
    ),
    "public-access-blocked": ("VPC Block Public Access closes the internet gateway.", "Exclude the subnet from it."),
    "egress-blocked": ("The security groups of the instance let no HTTPS out.", "Let 443 out."),
    "acl-blocked": ("A network ACL stops HTTPS, or the answers to it.", "Add the entry."),
    "endpoint-refused": (
        "The security group of an interface endpoint takes no HTTPS from the instance. An endpoint with private DNS "
        "beats every route in its VPC.",
        "Let the instance's security group in.",
    ),
    "endpoint-denied": ("The policy of an interface endpoint does not allow the role.", "Add the statement."),
}


def _cause(name: str) -> Cause:
    meaning, remedy = MEANINGS[name]

    def judge(evidence: Evidence) -> CauseFinding | None:
        if evidence.is_reporting or evidence.is_connected:
            return None
        if name == "endpoint-denied" and (found := _refused_by_endpoint(evidence)):
            return found
        if evidence.is_proven_network:
            # What came through a moment ago outranks what the configuration seems to say.
            return None
        block = next((one for one in evidence.way.blocks if one.cause == name), None)
        if block is None:
            return None
        trail = evidence.facts.trail
        is_sure = block.is_sure and (not isinstance(trail, Unseen) or trail.why == NOT_ASKED)
        if evidence.last_accepted and evidence.start and evidence.last_accepted >= evidence.start[0]:
            # It was open to this machine once, and when it was closed was not seen.
            is_sure = False
        found = known(block.sentence, *block.do, resource=block.resource, short=block.short, is_sure=is_sure)
        if evidence.may_be_connected:
            return doubted(found, f"whether sessions open all the same was not seen: {evidence.facts.connected}")
        return found

    return Cause(name, CONFIGURATION, meaning, remedy, judge)


def _refused_by_endpoint(evidence: Evidence) -> CauseFinding | None:
    """Return the finding of a call that an endpoint's policy refused, as CloudTrail has it."""
    call, interface, network = evidence.last_refused, evidence.facts.instance.interface, evidence.facts.network
    if call is None or refused_by(call.message) != "endpoint":
        return None
    at = f"An endpoint's policy refused its agent at {clock(call.at)} (CloudTrail)."
    if interface is None or isinstance(network, Unseen):
        return suspected(f"{at} Whether it still does was not seen.")
    origin = Origin(evidence.facts, network, interface, "ssm")
    endpoints = find_endpoints(origin)
    if isinstance(endpoints, Unseen) or len(endpoints) != 1:
        return suspected(f"{at} Which endpoint, and whether it still does, was not seen.")
    still = any(one.cause == "endpoint-denied" for one in evidence.way.blocks)
    if not still and evidence.way.state is State.OPEN:
        return None
    block = endpoint_denied(origin, endpoints[0], "explicit deny" in call.message, steps.REPORT)
    return known(f"{block.sentence} {at}", *block.do, resource=block.resource, short=block.short, is_sure=still)


CAUSES = tuple(_cause(name) for name in MEANINGS)
