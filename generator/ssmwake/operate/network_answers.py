"""EC2's answers about networks, taken apart into facts."""

from typing import Any

from ssmwake.operate.answers import Answer, document, fold, many, text
from ssmwake.operate.facts import (
    Acl,
    AclEntry,
    GroupRule,
    InterfaceEndpoint,
    Nat,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)

# The member of a route that names its target, and the kind of target it is.
TARGETS = {
    "NatGatewayId": "nat",
    "EgressOnlyInternetGatewayId": "eigw",
    "TransitGatewayId": "tgw",
    "VpcPeeringConnectionId": "pcx",
    "CoreNetworkArn": "core",
    "LocalGatewayId": "lgw",
    "CarrierGatewayId": "carrier",
    "NetworkInterfaceId": "eni",
    "InstanceId": "eni",
}
GATEWAYS = {"local": "local", "igw-": "igw", "vgw-": "vgw", "vpce-": "vpce", "eigw-": "eigw"}


def vpc(answer: Answer) -> Vpc:
    """Return a VPC."""
    return Vpc(
        text(answer, "VpcId"),
        text(answer, "OwnerId"),
        text(answer, "DhcpOptionsId"),
        bool(many(answer, "NetworkFirewallAssociations")),
        text(answer, "CidrBlock"),
    )


def resolvers(answer: Answer) -> tuple[str, ...]:
    """Return the resolvers that a set of DHCP options names."""
    return tuple(
        text(value, "Value")
        for one in many(answer, "DhcpConfigurations")
        if text(one, "Key") == "domain-name-servers"
        for value in many(one, "Values")
    )


def subnet(answer: Answer) -> Subnet:
    """Return a subnet."""
    return Subnet(
        text(answer, "SubnetId"),
        text(answer, "VpcId"),
        text(answer, "OwnerId"),
        text(answer, "CidrBlock"),
        bool(answer.get("Ipv6Native")),
        bool(answer.get("EnableDns64")),
        fold(answer, "BlockPublicAccessStates", "InternetGatewayBlockMode") or "off",
    )


def route_table(answer: Answer) -> RouteTable:
    """Return a route table."""
    bound = many(answer, "Associations")
    return RouteTable(
        text(answer, "RouteTableId"),
        text(answer, "VpcId"),
        any(one.get("Main") for one in bound),
        tuple(text(one, "SubnetId") for one in bound if text(one, "SubnetId")),
        tuple(_route(one) for one in many(answer, "Routes")),
    )


def _route(answer: Answer) -> Route:
    where = next(
        (
            text(answer, key)
            for key in ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
            if text(answer, key)
        ),
        "",
    )
    kind, target = _target(answer)
    if kind == "vpce" and where.startswith("pl-"):
        # A gateway endpoint, of S3 or DynamoDB: it carries nothing else.
        kind = "gateway"
    is_enforced = "enforce" in str(answer.get("IgwFirewall") or "").lower()
    return Route(where, kind, target, fold(answer, "State") == "blackhole", is_enforced)


def _target(answer: Answer) -> tuple[str, str]:
    gateway = text(answer, "GatewayId")
    if gateway:
        return next((kind for start, kind in GATEWAYS.items() if gateway.startswith(start)), "other"), gateway
    for key, kind in TARGETS.items():
        if text(answer, key):
            return kind, text(answer, key)
    # A NAT instance that was terminated leaves a route without a target.
    return "other", "nothing"


def group(answer: Answer) -> SecurityGroup:
    """Return a security group."""
    return SecurityGroup(
        text(answer, "GroupId"),
        tuple(_rule(one) for one in many(answer, "IpPermissions")),
        tuple(_rule(one) for one in many(answer, "IpPermissionsEgress")),
    )


def _rule(answer: Answer) -> GroupRule:
    protocol = text(answer, "IpProtocol")
    cidrs = [text(one, "CidrIp") for one in many(answer, "IpRanges")]
    cidrs += [text(one, "CidrIpv6") for one in many(answer, "Ipv6Ranges")]
    return GroupRule(
        protocol,
        _port(answer, "FromPort", 0),
        _port(answer, "ToPort", 65535),
        tuple(cidrs),
        tuple(text(one, "GroupId") for one in many(answer, "UserIdGroupPairs")),
        tuple(text(one, "PrefixListId") for one in many(answer, "PrefixListIds")),
    )


def _port(answer: Any, key: str, missing: int) -> int:
    value = answer.get(key)
    return value if isinstance(value, int) and value >= 0 else missing


def acl(answer: Answer) -> Acl:
    """Return a network ACL."""
    return Acl(
        text(answer, "NetworkAclId"),
        tuple(text(one, "SubnetId") for one in many(answer, "Associations")),
        tuple(_entry(one) for one in many(answer, "Entries")),
    )


def _entry(answer: Answer) -> AclEntry:
    ports = answer.get("PortRange") or {}
    number = answer.get("RuleNumber")
    return AclEntry(
        number if isinstance(number, int) else 32767,
        bool(answer.get("Egress")),
        fold(answer, "RuleAction") == "allow",
        text(answer, "Protocol"),
        text(answer, "CidrBlock") or text(answer, "Ipv6CidrBlock"),
        _port(ports, "From", 0),
        _port(ports, "To", 65535),
    )


def endpoint(answer: Answer) -> InterfaceEndpoint:
    """Return an endpoint."""
    policy = answer.get("PolicyDocument")
    return InterfaceEndpoint(
        text(answer, "VpcEndpointId"),
        text(answer, "VpcId"),
        text(answer, "ServiceName"),
        fold(answer, "State"),
        bool(answer.get("PrivateDnsEnabled")) and fold(answer, "VpcEndpointType") in ("", "interface"),
        tuple(str(one) for one in answer.get("SubnetIds") or ()),
        tuple(text(one, "GroupId") for one in many(answer, "Groups")),
        document(policy) if policy else None,
        bool(policy),
    )


def nat(answer: Answer) -> Nat:
    """Return a NAT gateway."""
    return Nat(
        text(answer, "NatGatewayId"),
        fold(answer, "State"),
        fold(answer, "ConnectivityType") != "private",
        text(answer, "SubnetId"),
        text(answer, "VpcId"),
        any("attached" in fold(one, "AttachmentState") for one in many(answer, "AttachedAppliances")),
    )
