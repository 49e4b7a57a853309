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


def wake_policy() -> dict[str, Any]:
    """Return the least policy of `wake`: what it reads, and each way to an agent; leave out those you do not use."""
    instances = "arn:*:ec2:*:*:instance/*"
    reads = [*_actions(READS), "ec2:DescribeInstanceConnectEndpoints", "ssm:GetCommandInvocation"]
    reads.append("ssm:GetAutomationExecution")
    return {
        "Version": "2012-10-17",
        "Statement": [
            _statement("Look", reads, "*"),
            _statement("Connect", ["ec2-instance-connect:SendSSHPublicKey"], instances),
            _statement("Tunnel", ["ec2-instance-connect:OpenTunnel"], "arn:*:ec2:*:*:instance-connect-endpoint/*"),
            _statement("RunCommand", ["ssm:SendCommand"], [instances, "arn:*:ssm:*::document/AWS-RunShellScript"]),
            _statement(
                "Rescue", ["ssm:StartAutomationExecution"], "arn:*:ssm:*:*:automation-definition/ssmwake-rescue:*"
            ),
            {
                **_statement("RescueRole", ["iam:PassRole"], "arn:*:iam::*:role/*"),
                "Condition": {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}},
            },
        ],
    }


def _actions(services: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [f"{service}:{name}" for service, names in services.items() for name in names]


def _statement(sid: str, actions: list[str], resource: str | list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
