"""The network parts of a region, by id; a part that could not be read is `Unseen`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ssmwake.operate.facts.unseen import Unseen


@dataclass(frozen=True)
class Subnet:
    """A subnet; `public_block` is how Block Public Access closes it."""

    id: str
    vpc: str
    owner: str = ""
    cidr: str = ""
    is_ipv6_only: bool = False
    has_dns64: bool = False
    public_block: str = "off"


@dataclass(frozen=True)
class Route:
    """A route: where to (a CIDR or a prefix list), by what kind of target, and whether that target is gone."""

    destination: str
    kind: str
    target: str
    is_blackhole: bool = False
    has_firewall: bool = False


@dataclass(frozen=True)
class RouteTable:
    """A route table, with the subnets that it is explicitly associated with."""

    id: str
    vpc: str
    is_main: bool = False
    subnets: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True)
class GroupRule:
    """A rule of a security group; protocol -1 is every protocol and port."""

    protocol: str
    first: int
    last: int
    cidrs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    prefix_lists: tuple[str, ...] = ()


@dataclass(frozen=True)
class SecurityGroup:
    """A security group."""

    id: str
    ingress: tuple[GroupRule, ...] = ()
    egress: tuple[GroupRule, ...] = ()


@dataclass(frozen=True)
class AclEntry:
    """An entry of a network ACL."""

    number: int
    is_egress: bool
    is_allow: bool
    protocol: str
    cidr: str
    first: int = 0
    last: int = 65535


@dataclass(frozen=True)
class Acl:
    """A network ACL, with the subnets it guards."""

    id: str
    subnets: tuple[str, ...] = ()
    entries: tuple[AclEntry, ...] = ()


@dataclass(frozen=True)
class InterfaceEndpoint:
    """An interface endpoint; `policy` is None where it is not JSON."""

    id: str
    vpc: str
    service: str
    state: str = "available"
    has_private_dns: bool = True
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    policy: Mapping[str, Any] | None = None
    has_policy: bool = False


@dataclass(frozen=True)
class Nat:
    """A NAT gateway; one that is regional has no subnet."""

    id: str
    state: str = "available"
    is_public: bool = True
    subnet: str = ""
    vpc: str = ""
    has_appliance: bool = False


@dataclass(frozen=True)
class Vpc:
    """A VPC: its owner, its DHCP options, whether a firewall filters it, and its first CIDR."""

    id: str
    owner: str = ""
    dhcp: str = ""
    has_firewall: bool = False
    cidr: str = ""


@dataclass(frozen=True)
class Network:
    """The network parts of a region, by id; a part that could not be read is `Unseen`."""

    vpcs: Mapping[str, Vpc] | Unseen = field(default_factory=dict)
    dns_support: Mapping[str, bool | Unseen] = field(default_factory=dict)
    # Of the VPCs whose endpoints have private DNS names, which only these answer.
    dns_hostnames: Mapping[str, bool | Unseen] = field(default_factory=dict)
    resolvers: Mapping[str, tuple[str, ...]] | Unseen = field(default_factory=dict)
    subnets: Mapping[str, Subnet] | Unseen = field(default_factory=dict)
    tables: tuple[RouteTable, ...] | Unseen = ()
    groups: Mapping[str, SecurityGroup] | Unseen = field(default_factory=dict)
    acls: tuple[Acl, ...] | Unseen = ()
    endpoints: tuple[InterfaceEndpoint, ...] | Unseen = ()
    nats: Mapping[str, Nat] | Unseen = field(default_factory=dict)
