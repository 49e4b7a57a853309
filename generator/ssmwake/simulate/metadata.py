"""What an instance looks like from the inside: its role, its user data, and the text under each metadata path."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

VERSIONS = ("1.0", "2009-04-04", "2016-09-02", "2018-09-24", "2021-03-23", "latest")
LIFETIME = 6 * 3600  # seconds for which role credentials are good


def utc(seconds: float) -> str:
    """Write a time as IMDS does."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@dataclass(frozen=True)
class Role:
    """A role as IMDS shows it: the names, the keys of the moment, and the code of the credentials document."""

    name: str
    profile_id: str
    profile: str
    key: str
    secret: str
    token: str
    code: str = "Success"
    message: str = ""
    updated: float = 0.0
    expires: float = 0.0
    missing: tuple[str, ...] = ()
    one_line: bool = False

    def credentials(self) -> str:
        """Return the credentials document; with a code other than Success it carries a message and no keys."""
        fields = {"Code": self.code, "LastUpdated": utc(self.updated)}
        if self.code == "Success":
            keys = {"AccessKeyId": self.key, "SecretAccessKey": self.secret, "Token": self.token}
            fields |= {"Type": "AWS-HMAC"} | keys | {"Expiration": utc(self.expires)}
        else:
            fields["Message"] = self.message or "EC2 cannot assume the role"
        return document({name: text for name, text in fields.items() if name not in self.missing}, self.one_line)

    def info(self) -> str:
        """Return the iam/info document."""
        arn = f"arn:aws:iam::111122223333:instance-profile/{self.profile}"
        code = {"Code": "Success", "LastUpdated": utc(self.updated)}
        return document(code | {"InstanceProfileArn": arn, "InstanceProfileId": self.profile_id})


@dataclass
class Instance:
    """The instance; every attribute may change while the server runs.

    `paths` adds leaves below the version folder (`"meta-data/tags/instance/Name": "web"`), or removes one, or all below
    one, with None.
    """

    id: str = "i-0123456789abcdef0"
    region: str = "eu-central-1"
    zone: str = "eu-central-1a"
    type: str = "t3.micro"
    ip: str = "10.0.0.10"
    mac: str = "02:00:00:00:00:10"
    public_keys: tuple[str, ...] = ()
    user_data: bytes | None = None
    role: Role | None = None
    paths: dict[str, str | None] = field(default_factory=dict)


def document(fields: dict[str, str], one_line: bool = False) -> str:
    """Write a JSON object in the spacing that IMDS uses, or in one line."""
    if one_line:
        return json.dumps(fields, separators=(",", ":"))
    return "{\n" + ",\n".join(f"  {json.dumps(name)} : {json.dumps(text)}" for name, text in fields.items()) + "\n}"


def leaves(instance: Instance, role: Role | None) -> dict[str, str]:
    """Return the text of every leaf below the version folder, for an instance that shows this role."""
    host = f"ip-{instance.ip.replace('.', '-')}.{instance.region}.compute.internal"
    meta = {
        "ami-id": "ami-0123456789abcdef0",
        "ami-launch-index": "0",
        "ami-manifest-path": "(unknown)",
        "block-device-mapping/ami": "/dev/xvda",
        "block-device-mapping/root": "/dev/xvda",
        "hostname": host,
        "instance-action": "none",
        "instance-id": instance.id,
        "instance-life-cycle": "on-demand",
        "instance-type": instance.type,
        "local-hostname": host,
        "local-ipv4": instance.ip,
        "mac": instance.mac,
        "placement/availability-zone": instance.zone,
        "placement/region": instance.region,
        "profile": "default-hvm",
        "reservation-id": "r-0123456789abcdef0",
        "security-groups": "default",
        "services/domain": "amazonaws.com",
        "services/partition": "aws",
        "system": "nitro",
    }
    interface = f"network/interfaces/macs/{instance.mac}"
    meta |= {
        f"{interface}/device-number": "0",
        f"{interface}/interface-id": "eni-0123456789abcdef0",
        f"{interface}/local-hostname": host,
        f"{interface}/local-ipv4s": instance.ip,
        f"{interface}/mac": instance.mac,
        f"{interface}/owner-id": "111122223333",
        f"{interface}/subnet-id": "subnet-0123456789abcdef0",
        f"{interface}/subnet-ipv4-cidr-block": "10.0.0.0/24",
        f"{interface}/vpc-id": "vpc-0123456789abcdef0",
    }
    # The instance's own identity has credentials without any role; nobody may take them for the role.
    own = Role("ec2-instance", "", "", "ASIAINSTANCEIDENTITY", "of/the+instance", "identity", updated=time.time())
    meta["identity-credentials/ec2/info"] = document({"Code": "Success", "AccountId": "111122223333"})
    meta["identity-credentials/ec2/security-credentials/ec2-instance"] = own.credentials()
    if role is not None:
        meta["iam/info"] = role.info()
        meta[f"iam/security-credentials/{role.name}"] = role.credentials()
    for index, key in enumerate(instance.public_keys):
        meta[f"public-keys/{index}/openssh-key"] = key
    tree = {f"meta-data/{path}": text for path, text in meta.items()}
    tree["dynamic/instance-identity/document"] = identity(instance)
    for path, text in instance.paths.items():
        if text is None:
            tree = {leaf: kept for leaf, kept in tree.items() if leaf != path and not leaf.startswith(f"{path}/")}
        else:
            tree[path] = text
    return tree


def identity(instance: Instance) -> str:
    """Return the instance identity document."""
    return document(
        {
            "accountId": "111122223333",
            "architecture": "x86_64",
            "availabilityZone": instance.zone,
            "imageId": "ami-0123456789abcdef0",
            "instanceId": instance.id,
            "instanceType": instance.type,
            "pendingTime": "2026-01-01T00:00:00Z",
            "privateIp": instance.ip,
            "region": instance.region,
            "version": "2017-09-30",
        }
    )


def lookup(instance: Instance, role: Role | None, path: str) -> bytes | None:
    """Return the bytes at a URL path: a leaf, or the listing of a folder, or None where there is nothing."""
    version, _, rest = path.strip("/").partition("/")
    if not version:
        return "\n".join(VERSIONS).encode()
    if version not in VERSIONS:
        return None
    if rest == "user-data":
        return instance.user_data or None
    tree = leaves(instance, role)
    if rest in tree:
        return tree[rest].encode()
    below = f"{rest}/" if rest else ""
    children = {leaf[len(below) :].partition("/")[:2] for leaf in tree if leaf.startswith(below)}
    if not children:
        return None
    names = sorted(name + slash for name, slash in children)
    if not rest and instance.user_data:
        names.append("user-data")
    if rest == "meta-data/public-keys":
        names = [f"{name.rstrip('/')}=key-{name.rstrip('/')}" for name in names]
    return "\n".join(names).encode()
