"""The least IAM policies for the desk: what `doctor` and `wait` read, and what `wake` does on top of that."""

from collections.abc import Mapping
from typing import Any

READS: Mapping[str, tuple[str, ...]] = {
    "cloudtrail": ("LookupEvents",),
    "ec2": (
        "DescribeDhcpOptions",
        "DescribeIamInstanceProfileAssociations",
        "DescribeImages",
        "DescribeInstanceStatus",
        "DescribeInstances",
        "DescribeNatGateways",
        "DescribeNetworkAcls",
        "DescribeRouteTables",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "DescribeVpcAttribute",
        "DescribeVpcEndpoints",
        "DescribeVpcs",
        "GetConsoleOutput",
    ),
    "iam": ("GetInstanceProfile", "SimulatePrincipalPolicy"),
    "ssm": ("DescribeInstanceInformation", "GetConnectionStatus", "GetServiceSetting"),
}


def doctor_policy() -> dict[str, Any]:
    """Return the least policy of `doctor` and `wait`; all of it reads."""
    return {"Version": "2012-10-17", "Statement": [_statement("Look", _actions(READS), "*")]}


def _actions(services: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [f"{service}:{name}" for service, names in services.items() for name in names]


def _statement(sid: str, actions: list[str], resource: str | list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
