"""The paths that the instance metadata service serves.

From https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html (categories of instance metadata and
of dynamic data), and what EC2 Instance Connect and the hypervisors read besides.
"""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ssmwake.text.placeholders import is_other_tools

VERSION = re.compile(r"latest|1\.0|\d{4}-\d\d-\d\d")
# A part that only a run knows, or that lint has put a word in for.
UNKNOWN = re.compile(r"[$`*<>{}%]|x{4}|\(")
# A part that is a name or a number of this instance.
ANY = "*"
_INTERFACE = """
device-number interface-id ipv4-associations/* ipv4-prefix ipv6-prefix ipv6s local-hostname local-ipv4s mac network-card
network-card-index owner-id public-hostname public-ipv4s security-groups security-group-ids subnet-id
subnet-ipv4-cidr-block subnet-ipv6-cidr-blocks vpc-id vpc-ipv4-cidr-block vpc-ipv4-cidr-blocks vpc-ipv6-cidr-blocks
"""
META_DATA = """
ami-id ami-launch-index ami-manifest-path ancestor-ami-ids autoscaling/target-lifecycle-state
block-device-mapping/* elastic-gpus/associations/* elastic-inference/associations/* events/maintenance/history
events/maintenance/scheduled events/recommendations/rebalance hibernation/configured hostname iam/info
iam/security-credentials/* identity-credentials/ec2/info identity-credentials/ec2/security-credentials/ec2-instance
instance-action instance-id instance-life-cycle instance-type ipv6 kernel-id local-hostname local-ipv4 mac
managed-ssh-keys/active-keys/* managed-ssh-keys/signer-cert metrics/vhostmd placement/availability-zone
placement/availability-zone-id placement/group-id placement/group-name placement/host-id placement/partition-number
placement/region product-codes profile public-hostname public-ipv4 public-keys/*/openssh-key ramdisk-id reservation-id
security-groups services/domain services/partition services/endpoint spot/instance-action spot/termination-time system
tags/instance/*
"""
DYNAMIC = """
fws/instance-monitoring instance-identity/document instance-identity/pkcs7 instance-identity/signature
instance-identity/rsa2048 instance-identity/dsa2048
"""
# What people write, and where it is.
ELSEWHERE = {
    "region": "placement/region",
    "availability-zone": "placement/availability-zone",
    "availability-zone-id": "placement/availability-zone-id",
    "zone": "placement/availability-zone",
    "az": "placement/availability-zone",
    "private-ip": "local-ipv4",
    "private-ipv4": "local-ipv4",
    "local-ip": "local-ipv4",
    "public-ip": "public-ipv4",
    "private-hostname": "local-hostname",
    "document": "../dynamic/instance-identity/document",
    "instance-identity": "../dynamic/instance-identity",
    "account-id": "../dynamic/instance-identity/document",
    "security-credentials": "iam/security-credentials",
    "tags": "tags/instance",
    "image-id": "ami-id",
    "type": "instance-type",
    "id": "instance-id",
    "vpc-id": "network/interfaces/macs/MAC/vpc-id",
    "subnet-id": "network/interfaces/macs/MAC/subnet-id",
    "macs": "network/interfaces/macs",
}

Tree = dict[str, "Tree"]


@dataclass(frozen=True)
class PathFault:
    """What IMDS does not serve, and the part of the path that is wrong; `whole` unless another rule is about it."""

    message: str
    part: str
    whole: bool = True


def _tree(paths: Iterable[str]) -> Tree:
    root: Tree = {}
    for path in paths:
        at = root
        for part in path.split("/"):
            at = at.setdefault(part, {})
    return root


SERVED: Tree = _tree(
    [
        "api/token",
        "user-data",
        *(f"dynamic/{path}" for path in DYNAMIC.split()),
        *(f"meta-data/{path}" for path in META_DATA.split()),
        *(f"meta-data/network/interfaces/macs/*/{path}" for path in _INTERFACE.split()),
    ]
)


def fault_of(path: str) -> PathFault | None:
    """Return what is wrong with the path of a request; None where IMDS serves it, or only a run knows it."""
    parts = path.lstrip("/").rstrip("/").split("/")
    if not parts[0] or UNKNOWN.search(parts[0]) or is_other_tools(parts[0]):
        return None
    if not VERSION.fullmatch(parts[0]):
        if parts[0] in SERVED:
            return PathFault("IMDS has nothing at this path; start it with /latest", parts[0], whole=False)
        hint = "did you mean latest?" if difflib.get_close_matches(parts[0], ["latest"], 1, 0.6) else "write latest"
        return PathFault(f"IMDS has no version '{parts[0][:40]}'; {hint}", parts[0])
    if parts[1:3] == ["api", "token"] and parts[0] != "latest":
        return PathFault("IMDS gives tokens at /latest/api/token only; write that", parts[0])
    at = SERVED
    for number, part in enumerate(parts[1:], 1):
        if not at or (UNKNOWN.search(part) and ANY not in at):
            # Below a value IMDS answers 404 too, but a run may put in several parts at once.
            return None
        if part in at or ANY in at:
            at = at[part if part in at else ANY]
        else:
            return PathFault(
                f"IMDS has no path '{'/'.join(parts[1 : number + 1])[:80]}'; {_hint(part, parts, at)}", part
            )
    return None


def _hint(part: str, parts: list[str], at: Tree) -> str:
    lowered = part.lower().replace("_", "-")
    known = {"metadata": "meta-data", "userdata": "user-data"}.get(lowered)
    if known in at:
        return f"did you mean {known}?"
    if len(parts) > 2 and parts[1] == "meta-data" and (place := ELSEWHERE.get(lowered)):
        return f"it is at {place.replace('../', '/latest/')}"
    near = difflib.get_close_matches(lowered, at, 1, 0.6)
    return f"did you mean {near[0]}?" if near else "see what IMDS lists one level up"
