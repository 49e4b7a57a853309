"""The answers of EC2, Systems Manager and IAM, taken apart into facts; a member that is missing becomes its default.

Answers differ in case between services and models (`available`, `Available`), so states are folded to lower case.
"""

import json
import urllib.parse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ssmwake.operate.facts import (
    Association,
    Image,
    Interface,
    ListedInstance,
    Node,
    Profile,
    ProfileRole,
    Status,
)

Answer = Mapping[str, Any]


def text(answer: Any, *keys: str) -> str:
    """Return a member as text, through nested structures; empty where it is missing."""
    for key in keys:
        answer = answer.get(key) if isinstance(answer, Mapping) else None
    return "" if answer is None else str(answer)


def fold(answer: Any, *keys: str) -> str:
    """Return a member as text in lower case."""
    return text(answer, *keys).lower()


def many(answer: Any, key: str) -> Sequence[Answer]:
    """Return a member that is a list of structures."""
    value = answer.get(key) if isinstance(answer, Mapping) else None
    return [one for one in value or () if isinstance(one, Mapping)]


def when(answer: Any, key: str) -> datetime | None:
    """Return a member that is a time, in UTC."""
    value = answer.get(key) if isinstance(answer, Mapping) else None
    if not isinstance(value, datetime):
        return None
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def document(value: Any) -> Mapping[str, Any] | None:
    """Return a policy document, which may be JSON, URL-encoded JSON, or parsed already; None where it is neither."""
    if isinstance(value, str):
        try:
            value = json.loads(urllib.parse.unquote(value) if value.lstrip().startswith("%7B") else value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, Mapping) else None


def instance(answer: Answer, owner: str) -> ListedInstance:
    """Return an instance of DescribeInstances; `owner` is the account of its reservation."""
    tags = {text(tag, "Key"): text(tag, "Value") for tag in many(answer, "Tags")}
    interfaces = tuple(_interface(one) for one in many(answer, "NetworkInterfaces"))
    attached = [when(one.get("Attachment"), "AttachTime") for one in many(answer, "NetworkInterfaces")]
    operator = answer.get("Operator") or {}
    return ListedInstance(
        id=text(answer, "InstanceId"),
        name=tags.get("Name", ""),
        state=fold(answer, "State", "Name"),
        started=when(answer, "LaunchTime"),
        first_started=min((one for one in attached if one), default=None),
        image=text(answer, "ImageId"),
        platform=_platform(answer),
        type=text(answer, "InstanceType"),
        zone=text(answer, "Placement", "AvailabilityZone"),
        profile_arn=text(answer, "IamInstanceProfile", "Arn"),
        profile_id=text(answer, "IamInstanceProfile", "Id"),
        metadata_on=fold(answer, "MetadataOptions", "HttpEndpoint") != "disabled",
        tokens_required=fold(answer, "MetadataOptions", "HttpTokens") == "required",
        manager=(text(operator, "Principal") or "an AWS service") if operator.get("Managed") else "",
        address=text(answer, "PrivateIpAddress"),
        public_address=text(answer, "PublicIpAddress"),
        private_name=text(answer, "PrivateDnsName"),
        owner=owner,
        interfaces=interfaces,
    )


def _platform(answer: Answer) -> str:
    if fold(answer, "Platform") == "windows" or "windows" in fold(answer, "PlatformDetails"):
        return "windows"
    is_mac = fold(answer, "Architecture").endswith("_mac") or fold(answer, "InstanceType").startswith("mac")
    return "macos" if is_mac else "linux"


def _interface(answer: Answer) -> Interface:
    index = (answer.get("Attachment") or {}).get("DeviceIndex", 0)
    return Interface(
        id=text(answer, "NetworkInterfaceId"),
        subnet=text(answer, "SubnetId"),
        vpc=text(answer, "VpcId"),
        index=index if isinstance(index, int) else 0,
        groups=tuple(text(one, "GroupId") for one in many(answer, "Groups")),
        address=text(answer, "PrivateIpAddress"),
        is_public=bool(text(answer, "Association", "PublicIp")),
        ipv6=tuple(text(one, "Ipv6Address") for one in many(answer, "Ipv6Addresses")),
    )


def node(answer: Answer) -> Node:
    """Return a node entry of DescribeInstanceInformation."""
    return Node(
        id=text(answer, "InstanceId"),
        ping=text(answer, "PingStatus"),
        pinged=when(answer, "LastPingDateTime"),
        registered=when(answer, "RegistrationDate"),
        version=text(answer, "AgentVersion"),
        platform=text(answer, "PlatformName"),
        role=text(answer, "IamRole"),
        address=text(answer, "IPAddress"),
        computer=text(answer, "ComputerName"),
    )


def status(answer: Answer) -> Status:
    """Return the checks of DescribeInstanceStatus."""
    return Status(
        fold(answer, "SystemStatus", "Status"),
        fold(answer, "InstanceStatus", "Status"),
        fold(answer, "AttachedEbsStatus", "Status"),
    )


def association(answer: Answer) -> Association:
    """Return an association of an instance profile."""
    return Association(text(answer, "AssociationId"), fold(answer, "State"), text(answer, "IamInstanceProfile", "Arn"))


def profile(answer: Answer) -> Profile:
    """Return the profile of GetInstanceProfile, with its role."""
    found = answer.get("InstanceProfile") or {}
    roles = tuple(
        ProfileRole(
            text(one, "RoleName"),
            text(one, "Arn"),
            when(one, "CreateDate"),
            document(one.get("AssumeRolePolicyDocument")),
        )
        for one in many(found, "Roles")
    )
    return Profile(
        text(found, "InstanceProfileName"), text(found, "InstanceProfileId"), when(found, "CreateDate"), roles
    )


def image(answer: Answer) -> Image:
    """Return an image of DescribeImages."""
    return Image(text(answer, "ImageId"), text(answer, "Name"), text(answer, "OwnerId"))
