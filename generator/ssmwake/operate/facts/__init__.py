"""What was read about one instance, as frozen typed values; what could not be read is `Unseen`, with its action.

Nothing here judges. A value of `None` was looked for and is not there; `Unseen` was not looked at, and proves nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime

from ssmwake.aws.place import Place
from ssmwake.operate.facts.identity import (
    Gone,
    Profile,
    ProfileRole,
    Right,
    Rights,
)
from ssmwake.operate.facts.machine import (
    Association,
    HostManagement,
    Image,
    Interface,
    ListedInstance,
    Node,
    Status,
)
from ssmwake.operate.facts.network import (
    Acl,
    AclEntry,
    GroupRule,
    InterfaceEndpoint,
    Nat,
    Network,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)
from ssmwake.operate.facts.traces import (
    AgentCall,
    Attachment,
    Console,
    Start,
    Trail,
)
from ssmwake.operate.facts.unseen import (
    NOT_ASKED,
    Unseen,
)

__all__ = [
    "NOT_ASKED",
    "Acl",
    "AclEntry",
    "AgentCall",
    "Association",
    "Attachment",
    "Console",
    "Facts",
    "Gone",
    "GroupRule",
    "HostManagement",
    "Image",
    "Interface",
    "InterfaceEndpoint",
    "ListedInstance",
    "Nat",
    "Network",
    "Node",
    "Profile",
    "ProfileRole",
    "Right",
    "Rights",
    "Route",
    "RouteTable",
    "Scene",
    "SecurityGroup",
    "Start",
    "Status",
    "Subnet",
    "Trail",
    "Unseen",
    "Vpc",
]


@dataclass(frozen=True)
class Scene:
    """Where and when the facts were read; `expected_role` is the one that the user's config names.

    `profile` and `assumed_role` are what the user gave to be somebody else there.
    """

    now: datetime
    region: str
    account: str = ""
    profile: str = ""
    expected_role: str = ""
    assumed_role: str = ""

    @property
    def partition(self) -> str:
        """The partition of ARNs here."""
        return Place(self.region).partition


@dataclass(frozen=True)
class Facts:
    """Everything that was read about one instance."""

    scene: Scene
    instance: ListedInstance
    node: Node | Unseen | None = None
    hybrid: Node | Unseen | None = None
    connected: bool | Unseen = field(default=Unseen("ssm:GetConnectionStatus", NOT_ASKED))
    status: Status | Unseen | None = field(default=Unseen("ec2:DescribeInstanceStatus", NOT_ASKED))
    associations: tuple[Association, ...] | Unseen = field(
        default=Unseen("ec2:DescribeIamInstanceProfileAssociations", NOT_ASKED)
    )
    host_management: HostManagement | Unseen | None = field(default=Unseen("ssm:GetServiceSetting", NOT_ASKED))
    profile: Profile | Gone | Unseen | None = field(default=Unseen("iam:GetInstanceProfile", NOT_ASKED))
    rights: Rights | Unseen = field(default=Unseen("iam:SimulatePrincipalPolicy", NOT_ASKED))
    network: Network | Unseen = field(default=Unseen("ec2:DescribeVpcs", NOT_ASKED))
    image: Image | Unseen | None = field(default=Unseen("ec2:DescribeImages", NOT_ASKED))
    console: Console | Unseen = field(default=Unseen("ec2:GetConsoleOutput", NOT_ASKED))
    trail: Trail | Unseen = field(default=Unseen("cloudtrail:LookupEvents", NOT_ASKED))
