"""What EC2 and Systems Manager say of the machine: the instance, its status checks, its image, its node entry."""

from dataclasses import dataclass
from datetime import datetime


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
class ListedInstance:
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
class Image:
    """The image of an instance."""

    id: str
    name: str = ""
    owner: str = ""


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
