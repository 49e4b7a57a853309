"""Where the default route of a subnet leads: to AWS's public endpoints, to nowhere, or out of sight."""

from ssmwake.operate import steps
from ssmwake.operate.addresses import PUBLIC, Cover, cover
from ssmwake.operate.blocks import NetworkFault, Notes, Origin
from ssmwake.operate.facts import Nat, Route, RouteTable, Subnet, Unseen

DEFAULT = "0.0.0.0/0"
HALVES = ("0.0.0.0/1", "128.0.0.0/1")

# The prefix under which DNS64 gives the addresses of IPv4 (RFC 6052).
NAT64 = "64:ff9b::/96"

# What leads to places that are not described here: another VPC, a data centre, an appliance.
ELSEWHERE = {
    "tgw": "a transit gateway",
    "pcx": "a VPC peering",
    "vgw": "a virtual private gateway",
    "vpce": "a gateway load balancer or firewall endpoint",
    "eni": "a NAT instance or an appliance",
    "core": "a core network",
    "lgw": "a local gateway",
    "carrier": "a carrier gateway",
    "other": "a target that ssmwake does not know",
}


def find_table(tables: tuple[RouteTable, ...], subnet: Subnet) -> RouteTable | None:
    """Return the table of a subnet: the one it is associated with, else the main one of its VPC."""
    explicit = next((table for table in tables if subnet.id in table.subnets), None)
    return explicit or next((table for table in tables if table.is_main and table.vpc == subnet.vpc), None)


def judge_exit(origin: Origin, subnet: Subnet, notes: Notes) -> tuple[str, str]:
    """Note what is wrong with the way out of a subnet; return the way in words, and the subnet of its NAT gateway."""
    tables = origin.network.tables
    if isinstance(tables, Unseen):
        notes.miss(tables)
        return "routes not seen", ""
    table = find_table(tables, subnet)
    if table is None:
        notes.unknowns.append(f"the route table of {subnet.id} is not listed")
        return "routes not seen", ""
    before = len(notes.blocks)
    text, nat_subnet = _judge(origin, subnet, table, notes)
    others = [one for one in table.routes if one.kind in ELSEWHERE and one.destination != DEFAULT]
    others = [one for one in others if not one.is_blackhole]
    if len(notes.blocks) > before:
        doubt = _doubt(origin, table, others)
        if doubt:
            del notes.blocks[before:]
            notes.unknowns.append(doubt)
    elif others:
        # A private hosted zone may lead the names of the service through one of these.
        notes.is_certain = False
    return text, nat_subnet


def judge_nat64(origin: Origin, subnet: Subnet, notes: Notes) -> str:
    """Note what is wrong with the way from a subnet without IPv4 to IPv4; return it in words, if there is one."""
    tables = origin.network.tables
    table = None if isinstance(tables, Unseen) else find_table(tables, subnet)
    route = next((one for one in (table.routes if table else ()) if one.destination == NAT64), None)
    if table is None or route is None or not subnet.has_dns64 or route.kind != "nat" or route.is_blackhole:
        return ""
    text, _ = _judge_nat(origin, subnet, table, route, notes)
    return text


def _doubt(origin: Origin, table: RouteTable, others: list[Route]) -> str:
    """Return why a way that looks closed may be open all the same."""
    if others:
        one = others[0]
        return f"{one.destination} leads to {one.target} ({ELSEWHERE[one.kind]}); what is behind it is not visible"
    ipv6 = [one for one in table.routes if one.destination == "::/0" and one.kind in ("igw", "eigw")]
    if origin.interface.ipv6 and any(not one.is_blackhole for one in ipv6):
        return (
            f"IPv6 leads out by {ipv6[0].target}; whether the agent uses dual-stack endpoints, the machine alone shows"
        )
    public = _public_routes(table)
    return f"{public[0].destination} leads to {public[0].target}" if public else ""


def _judge(origin: Origin, subnet: Subnet, table: RouteTable, notes: Notes) -> tuple[str, str]:
    route = _default_route(table)
    if route is None:
        sentence = (
            f"{table.id}, the route table of {subnet.id}, has no default route, and {subnet.vpc} has no endpoint for "
            f"{origin.service}."
        )
        notes.blocks.append(_no_path(origin, table, sentence, "no default route"))
        return f"{table.id} has no default route", ""
    text = f"{route.destination} to {route.target}"
    if route.is_blackhole:
        sentence = f"The default route of {table.id} leads to {route.target}, which is gone (blackhole)."
        notes.blocks.append(_no_path(origin, table, sentence, f"{route.target} is a blackhole", replace=True))
        return f"{text} (blackhole)", ""
    if route.has_firewall:
        notes.unknowns.append(f"a firewall filters what {route.target} sends")
    if route.kind == "igw":
        _judge_internet_gateway(origin, subnet, notes)
        return text, ""
    if route.kind == "nat":
        return _judge_nat(origin, subnet, table, route, notes)
    notes.unknowns.append(
        f"the default route leads to {route.target} ({ELSEWHERE.get(route.kind, ELSEWHERE['other'])})"
    )
    return text, ""


def _default_route(table: RouteTable) -> Route | None:
    """Return the default route of a table, which may be written in two halves."""
    route = next((one for one in table.routes if one.destination == DEFAULT), None)
    halves = [one for one in table.routes if one.kind != "local" and one.destination in HALVES]
    if route is None and len(halves) == 2 and halves[0].target == halves[1].target:
        return halves[0]
    return route


def _public_routes(table: RouteTable) -> list[Route]:
    """Return the routes to some public addresses only, by a gateway: those of AWS may be among them."""
    return [
        one
        for one in table.routes
        if one.destination not in (DEFAULT, "::/0")
        and one.kind in ("igw", "nat")
        and not one.is_blackhole
        and (one.destination.startswith("pl-") or cover([one.destination], PUBLIC) is not Cover.NONE)
    ]


def _judge_internet_gateway(origin: Origin, subnet: Subnet, notes: Notes) -> None:
    if not origin.interface.is_public:
        allocation = (
            f'"$({steps.aws(origin.scene, "ec2", "allocate-address", "--query", "AllocationId", "--output", "text")})"'
        )
        step = steps.aws(origin.scene, "ec2", "associate-address", "--network-interface-id", origin.interface.id)
        notes.blocks.append(
            NetworkFault(
                "no-path",
                origin.interface.id,
                f"{subnet.id} leads to an internet gateway, but {origin.interface.id} has no public address.",
                (f"{step} --allocation-id {allocation}",),
                "no public address",
            )
        )
    if subnet.public_block in ("block-bidirectional", "block-ingress"):
        notes.blocks.append(_public_block(origin, subnet, "allow-bidirectional"))


def _public_block(origin: Origin, subnet: Subnet, mode: str) -> NetworkFault:
    step = steps.aws(
        origin.scene,
        "ec2",
        "create-vpc-block-public-access-exclusion",
        "--subnet-id",
        subnet.id,
        "--internet-gateway-exclusion-mode",
        mode,
    )
    return NetworkFault(
        "public-access-blocked",
        subnet.id,
        f"VPC Block Public Access ({subnet.public_block}) closes the internet gateway for {subnet.id}.",
        (step,),
        f"{subnet.public_block} on {subnet.id}",
    )


def _judge_nat(origin: Origin, subnet: Subnet, table: RouteTable, route: Route, notes: Notes) -> tuple[str, str]:
    text = f"{route.destination} to {route.target}"
    nats = origin.network.nats
    if isinstance(nats, Unseen):
        notes.miss(nats)
        return text, ""
    nat = nats.get(route.target)
    if nat is None:
        notes.unknowns.append(f"{route.target} is not listed")
        return text, ""
    text = f"{text} ({nat.state})"
    if nat.state in ("failed", "deleting", "deleted"):
        sentence = f"The default route of {table.id} leads to {nat.id}, which is {nat.state}."
        notes.blocks.append(_no_path(origin, table, sentence, f"{nat.id} is {nat.state}", replace=True))
    elif nat.state != "available":
        notes.unknowns.append(f"{nat.id} is {nat.state}")
    elif not nat.is_public:
        notes.unknowns.append(f"{nat.id} is a private NAT gateway")
    elif nat.has_appliance:
        notes.unknowns.append(f"{nat.id} sends through a firewall proxy")
    elif nat.subnet:
        _judge_nat_subnet(origin, subnet, nat, notes)
    return text, nat.subnet


def _judge_nat_subnet(origin: Origin, subnet: Subnet, nat: Nat, notes: Notes) -> None:
    """Note what keeps a NAT gateway itself from the internet."""
    subnets, tables = origin.network.subnets, origin.network.tables
    assert not isinstance(subnets, Unseen)
    assert not isinstance(tables, Unseen)
    own = subnets.get(nat.subnet)
    table = find_table(tables, own) if own else None
    if own is None or table is None:
        notes.unknowns.append(f"the route table of {nat.subnet}, where {nat.id} is, is not listed")
        return
    route = _default_route(table)
    if route is None and (public := _public_routes(table)):
        notes.unknowns.append(f"{nat.id} reaches {public[0].destination} by {public[0].target}, and no other address")
    elif route is None or route.is_blackhole:
        sentence = f"{nat.id} is in {own.id}, whose route table {table.id} has no way to the internet."
        notes.blocks.append(_no_path(origin, table, sentence, f"{nat.id} reaches no internet gateway", nat=nat))
    elif route.kind != "igw":
        notes.unknowns.append(f"{nat.id} is routed to {route.target}")
    elif route.has_firewall:
        notes.unknowns.append(f"a firewall filters what {route.target} sends")
    if own.public_block == "block-bidirectional":
        notes.blocks.append(_public_block(origin, own, "allow-egress"))
    elif subnet.public_block == "block-bidirectional":
        notes.unknowns.append(f"VPC Block Public Access closes {subnet.id}, but not {own.id}, where {nat.id} is")


def _no_path(
    origin: Origin, table: RouteTable, sentence: str, short: str, *, replace: bool = False, nat: Nat | None = None
) -> NetworkFault:
    """Return the fault of a table without a way; a NAT gateway of the VPC that works is offered as its target."""
    do = steps.aws(origin.scene, "ec2", "describe-route-tables", "--route-table-ids", table.id)
    nats = {} if isinstance(origin.network.nats, Unseen) or nat else origin.network.nats
    usable = [one for one in nats.values() if one.vpc == table.vpc and one.state == "available" and one.is_public]
    usable = [one for one in usable if _reaches_internet(origin, one)]
    if usable:
        words = ["--route-table-id", table.id, "--destination-cidr-block", DEFAULT, "--nat-gateway-id", usable[0].id]
        do = steps.aws(origin.scene, "ec2", "replace-route" if replace else "create-route", *words)
    return NetworkFault("no-path", table.id, sentence, (do,), short)


def _reaches_internet(origin: Origin, nat: Nat) -> bool:
    subnets, tables = origin.network.subnets, origin.network.tables
    if isinstance(subnets, Unseen) or isinstance(tables, Unseen) or nat.subnet not in subnets:
        return False
    table = find_table(tables, subnets[nat.subnet])
    route = _default_route(table) if table else None
    return bool(route and route.kind == "igw" and not route.is_blackhole)
