"""Whether an instance reaches a service of AWS, as far as its VPC decides: facts in, a `Way` out.

DNS first, then an interface endpoint with private DNS, which beats every route of its VPC, else the default route. What
only another account, a transit gateway or the inside of the machine shows is `unknown`, and never a fault.
"""

from dataclasses import dataclass
from enum import StrEnum

from ssmwake.operate import steps
from ssmwake.operate.addresses import PUBLIC
from ssmwake.operate.blocks import NetworkFault, Notes, Origin, acl_block, egress_block
from ssmwake.operate.endpoints import find_endpoints, judge_endpoint
from ssmwake.operate.facts import Facts, Subnet, Unseen
from ssmwake.operate.filters import EPHEMERAL, Passage, all_of, may_pass_somewhere, pass_acl, pass_groups
from ssmwake.operate.routes import NAT64, judge_exit, judge_nat64

AMAZON_RESOLVER = "AmazonProvidedDNS"
# What DescribeVpcs answers for a VPC that no DHCP options are associated with.
WITHOUT_OPTIONS = ("", "default")


class State(StrEnum):
    """How a way stands."""

    OPEN = "open"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Way:
    """How an instance reaches a service. `is_certain` is false where something that is not listed may change it."""

    state: State
    text: str
    blocks: tuple[NetworkFault, ...] = ()
    unknowns: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    is_certain: bool = True


def find_way(facts: Facts, service: str) -> Way:
    """Return the way to a service such as `ssm`."""
    network, interface = facts.network, facts.instance.interface
    if isinstance(network, Unseen):
        return Way(State.UNKNOWN, "not looked at", unknowns=(str(network),), unseen=(network,))
    if interface is None:
        return Way(State.UNKNOWN, "no network interface is listed", unknowns=("the instance lists no interface",))
    origin, notes = Origin(facts, network, interface, service), Notes()
    text = _follow(origin, notes)
    if notes.blocks and len({one.subnet for one in facts.instance.interfaces}) > 1:
        notes.blocks.clear()
        notes.unknowns.append("another network interface, in another subnet, may carry the traffic")
    if notes.blocks:
        state = State.BLOCKED
        text = notes.blocks[0].short or text
    else:
        state = State.UNKNOWN if notes.unknowns else State.OPEN
        text = notes.unknowns[0] if notes.unknowns else text
    unknowns = tuple(dict.fromkeys(notes.unknowns))
    return Way(state, text, tuple(notes.blocks), unknowns, tuple(notes.unseen), notes.is_certain and notes.has_resolver)


def _follow(origin: Origin, notes: Notes) -> str:
    """Follow the way from DNS on; note what is found, and return it in words."""
    resolver = _judge_names(origin, notes)
    if notes.blocks:
        return "no DNS"
    groups = origin.network.groups
    if not isinstance(groups, Unseen) and not may_pass_somewhere(groups, origin.interface.groups):
        notes.blocks.append(egress_block(origin, "0.0.0.0/0"))
        return notes.blocks[-1].short
    subnet = _subnet(origin, notes)
    if subnet is None or _is_of_another_account(origin, subnet, notes):
        return "not visible from this account"
    if subnet.is_ipv6_only:
        return _judge_ipv6(origin, subnet, notes)
    endpoints = find_endpoints(origin)
    if isinstance(endpoints, Unseen):
        notes.miss(endpoints)
        return "endpoints not seen"
    if not endpoints:
        return _judge_exit(origin, subnet, notes, resolver)
    judged = [(one, judge_endpoint(origin, one, subnet)) for one in endpoints]
    text = ", ".join(f"{one.id} ({one.state}, private DNS)" for one in endpoints)
    if any(found.is_clear for _, found in judged):
        if resolver:
            notes.unknowns.append(resolver)
        return text
    for _, found in judged:
        for unseen in found.unseen:
            notes.miss(unseen)
        notes.unknowns += [one for one in found.unknowns if one not in notes.unknowns]
        # With resolvers of its own, the instance may never meet the endpoint.
        notes.blocks += [] if resolver else found.blocks
    if resolver:
        notes.unknowns.append(resolver)
    return text


def _judge_names(origin: Origin, notes: Notes) -> str:
    """Note a VPC without DNS; return the sentence about resolvers of its own, which nothing outside shows."""
    vpcs, resolvers = origin.network.vpcs, origin.network.resolvers
    for part in (vpcs, resolvers):
        if isinstance(part, Unseen):
            notes.miss(part)
            return f"{part.action}: {part.why}"
    assert not isinstance(vpcs, Unseen)
    assert not isinstance(resolvers, Unseen)
    vpc = vpcs.get(origin.interface.vpc)
    servers = resolvers.get(vpc.dhcp) if vpc else None
    if vpc and vpc.dhcp in WITHOUT_OPTIONS:
        # Amazon's resolver is there, but whether the machine asks it, only the machine knows.
        servers = (AMAZON_RESOLVER,)
        notes.has_resolver = False
    if vpc is None or servers is None:
        return f"the DHCP options of {origin.interface.vpc or 'its VPC'} are not listed"
    if vpc.has_firewall:
        notes.unknowns.append(f"a network firewall filters {vpc.id}")
    if AMAZON_RESOLVER not in servers:
        return f"names are resolved by {', '.join(servers) or 'nobody that the DHCP options name'}"
    support = origin.network.dns_support.get(vpc.id, Unseen("ec2:DescribeVpcAttribute", "not asked"))
    if isinstance(support, Unseen):
        notes.miss(support)
    elif not support:
        words = ["--vpc-id", vpc.id, "--enable-dns-support", '{"Value":true}']
        step = steps.aws(origin.scene, "ec2", "modify-vpc-attribute", *words)
        sentence = f"DNS is switched off in {vpc.id}, so the agent cannot resolve the name of {origin.service}."
        notes.blocks.append(NetworkFault("no-dns", vpc.id, sentence, (step,), f"no DNS in {vpc.id}"))
    return ""


def _subnet(origin: Origin, notes: Notes) -> Subnet | None:
    if isinstance(origin.network.subnets, Unseen):
        notes.miss(origin.network.subnets)
        return None
    found = origin.network.subnets.get(origin.interface.subnet)
    if found is None:
        notes.unknowns.append(f"{origin.interface.subnet or 'its subnet'} is not listed")
    return found


def _is_of_another_account(origin: Origin, subnet: Subnet, notes: Notes) -> bool:
    ours = origin.scene.account or origin.instance.owner
    if not subnet.owner or not ours or subnet.owner == ours:
        return False
    notes.unknowns.append(f"{subnet.id} belongs to {subnet.owner}, which alone sees its endpoints, NATs and gateways")
    return True


def _judge_exit(origin: Origin, subnet: Subnet, notes: Notes, resolver: str) -> str:
    """Judge the default route, then the groups and the ACLs on it."""
    text, nat_subnet = judge_exit(origin, subnet, notes)
    if resolver:
        # Whatever answers may lead to a proxy or to endpoints elsewhere.
        notes.blocks.clear()
        notes.unknowns.append(resolver)
    groups = origin.network.groups
    if isinstance(groups, Unseen):
        notes.miss(groups)
    else:
        answer = pass_groups(groups, origin.interface.groups, is_egress=True, target=PUBLIC)
        if answer is Passage.NO and notes.is_definite:
            notes.blocks.append(egress_block(origin, "0.0.0.0/0"))
        elif answer is not Passage.YES:
            names = ", ".join(origin.interface.groups)
            what = f"{names} lets 443 out to some addresses only" if names else "no security group is listed"
            notes.unknowns.append(what)
        elif origin.interface.groups:
            text = f"{text}; {origin.interface.groups[0]} lets 443 out"
    _judge_acls(origin, subnet, nat_subnet, notes)
    return text


def _judge_acls(origin: Origin, subnet: Subnet, nat_subnet: str, notes: Notes) -> None:
    acls = origin.network.acls
    if isinstance(acls, Unseen):
        notes.miss(acls)
        return
    ends = {subnet.id: EPHEMERAL.get(origin.instance.platform, EPHEMERAL["linux"])}
    if nat_subnet:
        ends.setdefault(nat_subnet, EPHEMERAL["nat"])
    for where, ports in ends.items():
        acl = next((one for one in acls if where in one.subnets), None)
        if acl is None:
            notes.unknowns.append(f"the network ACL of {where} is not listed")
            continue
        out = pass_acl(acl, is_egress=True, target=PUBLIC)
        answer = all_of((out, pass_acl(acl, is_egress=False, target=PUBLIC, ports=ports)))
        if answer is Passage.NO and notes.is_definite:
            is_request = out is Passage.NO
            cidr = "0.0.0.0/0"
            notes.blocks.append(acl_block(origin, acl, where, is_egress=is_request, is_request=is_request, cidr=cidr))
        elif answer is not Passage.YES:
            notes.unknowns.append(f"{acl.id} lets only some of it pass")


def _judge_ipv6(origin: Origin, subnet: Subnet, notes: Notes) -> str:
    """Judge a subnet without IPv4: by DNS64 it reaches IPv4, and else only the agent knows whether it uses IPv6."""
    text = judge_nat64(origin, subnet, notes)
    groups = origin.network.groups
    if text and not isinstance(groups, Unseen) and not find_endpoints(origin):
        answer = pass_groups(groups, origin.interface.groups, is_egress=True, target=NAT64)
        if answer is not Passage.YES:
            notes.unknowns.append(
                f"whether {', '.join(origin.interface.groups)} lets 443 out to {NAT64} is not visible"
            )
        # ACLs of IPv6 and the agent's own settings are left.
        notes.is_certain = False
        return f"{text}, by DNS64"
    notes.unknowns.append(
        f"{subnet.id} has IPv6 only; the agent then needs UseDualStackEndpoint (3.3.3270.0), which only it knows"
    )
    return f"{subnet.id} has IPv6 only"
