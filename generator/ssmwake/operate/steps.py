"""The steps that a verdict tells the user to paste: complete commands, each word quoted for a shell."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from ssmwake.operate.facts import Scene

# The least that an agent needs to report, and to open sessions.
REPORT = "ssm:UpdateInstanceInformation"
CHANNEL = tuple(
    f"ssmmessages:{name}"
    for name in ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
)


def aws(scene: Scene, service: str, operation: str, *words: str) -> str:
    """Return a command of the AWS CLI for a region, with the profile that the user gave."""
    # IAM has no regions, but one for each partition, which the CLI finds by a region in it.
    end = [] if service == "iam" and scene.partition == "aws" else ["--region", scene.region]
    return shlex.join(["aws", service, operation, *words, *end, *_profile(scene)])


def ssmwake(scene: Scene, verb: str, *words: str) -> str:
    """Return a command of ssmwake."""
    role = ["--assume-role", scene.assumed_role] if scene.assumed_role else []
    return shlex.join(["ssmwake", verb, *words, "--region", scene.region, *_profile(scene), *role])


def with_whose(scene: Scene, do: tuple[str, ...]) -> tuple[str, ...]:
    """Return steps below comments that say whose credentials they need, where the AWS CLI would use other ones.

    ssmwake assumes the role by itself.
    """
    if not scene.assumed_role or not any(one.startswith("aws ") for one in do):
        return do
    found: list[str] = []
    is_theirs: bool | None = None
    for one in do:
        if one.startswith("aws ") is not is_theirs:
            is_theirs = one.startswith("aws ")
            whose = f"the credentials of {shlex.quote(scene.assumed_role)}" if is_theirs else "your own credentials"
            found.append(f"# with {whose}:")
        found.append(one)
    return tuple(found)


def compact(document: Mapping[str, Any]) -> str:
    """Return a policy document on one line."""
    return json.dumps(document, separators=(",", ":"))


def trust(scene: Scene, document: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return a trust policy with EC2 added to it."""
    service = "ec2.amazonaws.com.cn" if scene.partition == "aws-cn" else "ec2.amazonaws.com"
    added = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return with_statement(document, added)


def with_statement(document: Mapping[str, Any] | None, added: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a policy document with one more statement; what is in it stays."""
    before = (document or {}).get("Statement", [])
    return {"Version": "2012-10-17", "Statement": [*(before if isinstance(before, list) else [before]), dict(added)]}


def agent_policy() -> Mapping[str, Any]:
    """Return the least policy for an agent that reports and takes sessions."""
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": [REPORT, *CHANNEL], "Resource": "*"}],
    }


def _profile(scene: Scene) -> list[str]:
    return ["--profile", scene.profile] if scene.profile else []
