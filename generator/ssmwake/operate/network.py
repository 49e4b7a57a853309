"""Whether an instance reaches a service of AWS, as far as its VPC decides: facts in, a `Way` out.

DNS first, then an interface endpoint with private DNS, which beats every route of its VPC, else the default route. What
only another account, a transit gateway or the inside of the machine shows is `unknown`, and never a fault.
"""

from dataclasses import dataclass
from enum import StrEnum

from ssmwake.operate import steps
from ssmwake.operate.addresses import PUBLIC, network
from ssmwake.operate.blocks import NetworkFault, Notes, Origin, acl_block, egress_block
from ssmwake.operate.endpoints import find_endpoints, find_nameless, judge_endpoint
from ssmwake.operate.facts import Facts, InterfaceEndpoint, Subnet, Unseen, Vpc
from ssmwake.operate.filters import EPHEMERAL, Passage, may_pass_somewhere, pass_acl, pass_groups
from ssmwake.operate.routes import NAT64, judge_exit, judge_nat64

AMAZON_RESOLVER = "AmazonProvidedDNS"
AMAZON_RESOLVERS = (AMAZON_RESOLVER, "169.254.169.253", "fd00:ec2::253")
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
        text = _judge_exit(origin, subnet, notes, resolver)
        _doubt_nameless(origin, notes)
        return text
    hostnames = origin.network.dns_hostnames.get(origin.interface.vpc, True)
    if hostnames is False:
        return _judge_without_hostnames(origin, endpoints, subnet, notes, resolver)
    text = _judge_endpoints(origin, endpoints, subnet, notes, resolver)
    if isinstance(hostnames, Unseen):
        # Without them the names would not lead to the endpoints.
        notes.miss(hostnames)
        notes.blocks.clear()
    return text


def _judge_endpoints(
    origin: Origin, endpoints: tuple[InterfaceEndpoint, ...], subnet: Subnet, notes: Notes, resolver: str
) -> str:
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


def _judge_without_hostnames(
    origin: Origin, endpoints: tuple[InterfaceEndpoint, ...], subnet: Subnet, notes: Notes, resolver: str
) -> str:
    """Judge a VPC whose endpoints have names that its DNS answers with DNS hostnames only, and these are off.

    What happens to names that were answered before they were switched off is documented nowhere, so nothing is sure.
    """
    vpc = origin.interface.vpc
    through, out = Notes(), Notes()
    text = _judge_endpoints(origin, endpoints, subnet, through, resolver)
    out_text = _judge_exit(origin, subnet, out, resolver)
    if through.is_clear and out.is_clear:
        notes.is_certain = False
        return f"{text} or {out_text}"
    off = f"DNS hostnames are off in {vpc}"
    if through.is_clear and out.blocks and out.is_certain and not out.unknowns:
        words = ["--vpc-id", vpc, "--enable-dns-hostnames", '{"Value":true}']
        step = steps.aws(origin.scene, "ec2", "modify-vpc-attribute", *words)
        sentence = f"{off}, so the private DNS name of {endpoints[0].id} is not answered there, and no route leads out."
        notes.blocks.append(NetworkFault("no-dns", vpc, sentence, (step,), f"no DNS hostnames in {vpc}", is_sure=False))
        return notes.blocks[-1].short
    notes.unknowns.append(f"{off}, so whether the names of {origin.service} lead to {endpoints[0].id} is not certain")
    return text


def _doubt_nameless(origin: Origin, notes: Notes) -> None:
    """Note that a hosted zone of one's own may lead the name of the service to an endpoint without private DNS."""
    nameless = find_nameless(origin)
    if not nameless:
        return
    notes.is_certain = False
    if notes.blocks:
        notes.blocks.clear()
        notes.unknowns.append(
            f"{nameless[0].id} has no private DNS, and whether a hosted zone of your own leads {origin.service} to it "
            "is not visible (route53:ListHostedZonesByVPC)"
        )


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
    if not servers or not all(_is_amazons(one, vpc) for one in servers):
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


def _is_amazons(server: str, vpc: Vpc) -> bool:
    """Return whether a resolver is Amazon's, by its name or by one of its addresses."""
    if server in AMAZON_RESOLVERS:
        return True
    # In each VPC it also answers at the second address after the first one of the CIDR.
    net, address = network(vpc.cidr), network(server)
    return bool(net and address and address.network_address == net.network_address + 2)


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
    answers = EPHEMERAL.get(origin.instance.platform, EPHEMERAL["linux"])
    here, anywhere = f"{origin.interface.address}/32", "0.0.0.0/0"
    # Where, the request or the answer to it, out or in, the other side, and the ports.
    legs = [(subnet.id, True, True, PUBLIC, (443, 443)), (subnet.id, False, False, PUBLIC, answers)]
    if nat_subnet and nat_subnet != subnet.id:
        legs += [(nat_subnet, True, False, here, (443, 443)), (nat_subnet, True, True, PUBLIC, (443, 443))]
        legs += [(nat_subnet, False, False, PUBLIC, EPHEMERAL["nat"]), (nat_subnet, False, True, here, answers)]
    for where, is_request, is_egress, target, ports in legs:
        acl = next((one for one in acls if where in one.subnets), None)
        if acl is None:
            unlisted = f"the network ACL of {where} is not listed"
            notes.unknowns += [] if unlisted in notes.unknowns else [unlisted]
            continue
        answer = pass_acl(acl, is_egress=is_egress, target=target, ports=ports)
        if answer is Passage.NO and notes.is_definite:
            cidr = anywhere if target == PUBLIC else target
            notes.blocks.append(acl_block(origin, acl, where, is_egress=is_egress, is_request=is_request, cidr=cidr))
            return
        if answer is not Passage.YES:
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
