"""What was read about one instance, as frozen typed values; what could not be read is `Unseen`, with its action.

Nothing here judges. A value of `None` was looked for and is not there; `Unseen` was not looked at, and proves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Unseen:
    """A fact that could not be read: the action that would, and why it did not."""

    action: str
    why: str = "not allowed"

    def __str__(self) -> str:
        return f"{self.action} ({self.why})"


NOT_ASKED = "not asked"


@dataclass(frozen=True)
class Interface:
    """A network interface of an instance; the one with index 0 carries its default route."""

    id: str
    subnet: str
    vpc: str
    index: int = 0
    groups: tuple[str, ...] = ()
    address: str = ""
    is_public: bool = False
    ipv6: tuple[str, ...] = ()


@dataclass(frozen=True)
class Instance:
    """What DescribeInstances says of one instance."""

    id: str
    name: str = ""
    state: str = ""
    started: datetime | None = None
    first_started: datetime | None = None
    image: str = ""
    platform: str = "linux"
    type: str = ""
    zone: str = ""
    profile_arn: str = ""
    profile_id: str = ""
    metadata_on: bool = True
    tokens_required: bool = False
    manager: str = ""
    address: str = ""
    public_address: str = ""
    private_name: str = ""
    owner: str = ""
    interfaces: tuple[Interface, ...] = ()

    @property
    def interface(self) -> Interface | None:
        """The primary network interface."""
        return min(self.interfaces, key=lambda one: one.index, default=None)

    @property
    def profile_name(self) -> str:
        """The name of the instance profile, without its path."""
        return self.profile_arn.rpartition("/")[2]


@dataclass(frozen=True)
class Status:
    """The status checks: ok, impaired, initializing, insufficient-data or not-applicable."""

    system: str = ""
    instance: str = ""
    volumes: str = ""


@dataclass(frozen=True)
class Node:
    """An entry of a managed node in Systems Manager."""

    id: str
    ping: str = ""
    pinged: datetime | None = None
    registered: datetime | None = None
    version: str = ""
    platform: str = ""
    role: str = ""
    address: str = ""
    computer: str = ""


@dataclass(frozen=True)
class Association:
    """An instance profile being attached to, or detached from, an instance."""

    id: str
    state: str
    profile_arn: str = ""


@dataclass(frozen=True)
class HostManagement:
    """Default Host Management, switched on: the role it lends, and since when."""

    role: str
    since: datetime | None = None


@dataclass(frozen=True)
class Role:
    """The role in an instance profile, with its trust policy; None where that is not JSON."""

    name: str
    arn: str = ""
    created: datetime | None = None
    trust: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Profile:
    """What IAM says of an instance profile."""

    name: str
    id: str = ""
    created: datetime | None = None
    roles: tuple[Role, ...] = ()


@dataclass(frozen=True)
class Gone:
    """A name that IAM does not know."""

    name: str


@dataclass(frozen=True)
class Right:
    """Whether a role may do something: `allowed`, `denied` or `unknown`; and by what, and how that was found out.

    `by` is identity, boundary, scp or endpoint when denied, and the condition keys or unread actions when unknown.
    """

    decision: str
    by: str = ""
    how: str = "simulated"
    detail: str = ""


@dataclass(frozen=True)
class Rights:
    """What the role may: report to Systems Manager, and open the channel for sessions."""

    report: Right
    channel: Right


@dataclass(frozen=True)
class Image:
    """The image of an instance."""

    id: str
    name: str = ""
    owner: str = ""


@dataclass(frozen=True)
class AgentCall:
    """A report of the agent in CloudTrail; `code` is empty when it was accepted."""

    at: datetime
    code: str = ""
    message: str = ""
    version: str = ""
    role: str = ""


@dataclass(frozen=True)
class Attachment:
    """A profile `attached`, `replaced` or `detached`, as CloudTrail has it."""

    at: datetime
    what: str


@dataclass(frozen=True)
class Start:
    """A start or a reboot in CloudTrail; for a launch, whether it named an instance profile."""

    at: datetime
    what: str
    with_profile: bool | None = None


@dataclass(frozen=True)
class Trail:
    """The traces of one instance in CloudTrail, the oldest first; and the last change of its role, if that was read."""

    calls: tuple[AgentCall, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    starts: tuple[Start, ...] = ()
    role_changed: datetime | None = None
    has_role_changes: bool = False


@dataclass(frozen=True)
class Console:
    """The lines of the console that the doctor knows; no other line is kept."""

    at: datetime | None = None
    agents: tuple[tuple[datetime, str], ...] = ()
    boot: datetime | None = None
    watcher: tuple[tuple[datetime, str, str], ...] = ()
    host_keys: tuple[str, ...] = ()
    is_dead: str = ""
    is_empty: bool = True


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
class Rule:
    """A rule of a security group; protocol -1 is every protocol and port."""

    protocol: str
    first: int
    last: int
    cidrs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    prefix_lists: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """A security group."""

    id: str
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()


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
class Endpoint:
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
    """A VPC: its owner, its DHCP options, whether Amazon's resolver answers, and whether a firewall filters."""

    id: str
    owner: str = ""
    dhcp: str = ""
    has_firewall: bool = False


@dataclass(frozen=True)
class Network:
    """The network parts of a region, by id; a part that could not be read is `Unseen`."""

    vpcs: Mapping[str, Vpc] | Unseen = field(default_factory=dict)
    dns_support: Mapping[str, bool | Unseen] = field(default_factory=dict)
    resolvers: Mapping[str, tuple[str, ...]] | Unseen = field(default_factory=dict)
    subnets: Mapping[str, Subnet] | Unseen = field(default_factory=dict)
    tables: tuple[RouteTable, ...] | Unseen = ()
    groups: Mapping[str, Group] | Unseen = field(default_factory=dict)
    acls: tuple[Acl, ...] | Unseen = ()
    endpoints: tuple[Endpoint, ...] | Unseen = ()
    nats: Mapping[str, Nat] | Unseen = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """Where and when the facts were read."""

    now: datetime
    region: str
    account: str = ""
    profile: str = ""

    @property
    def partition(self) -> str:
        """The partition of ARNs here."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"


@dataclass(frozen=True)
class Facts:
    """Everything that was read about one instance."""

    scene: Scene
    instance: Instance
    node: Node | Unseen | None = None
    hybrid: Node | Unseen | None = None
    connected: bool | Unseen = Unseen("ssm:GetConnectionStatus", NOT_ASKED)
    status: Status | Unseen | None = Unseen("ec2:DescribeInstanceStatus", NOT_ASKED)
    associations: tuple[Association, ...] | Unseen = Unseen("ec2:DescribeIamInstanceProfileAssociations", NOT_ASKED)
    host_management: HostManagement | Unseen | None = Unseen("ssm:GetServiceSetting", NOT_ASKED)
    profile: Profile | Gone | Unseen | None = Unseen("iam:GetInstanceProfile", NOT_ASKED)
    rights: Rights | Unseen = Unseen("iam:SimulatePrincipalPolicy", NOT_ASKED)
    network: Network | Unseen = Unseen("ec2:DescribeVpcs", NOT_ASKED)
    image: Image | Unseen | None = Unseen("ec2:DescribeImages", NOT_ASKED)
    console: Console | Unseen = Unseen("ec2:GetConsoleOutput", NOT_ASKED)
    trail: Trail | Unseen = Unseen("cloudtrail:LookupEvents", NOT_ASKED)
