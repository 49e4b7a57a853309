"""The least IAM policies for the desk: what `doctor` and `wait` read, and what `wake` does on top of that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ssmwake.operate.wake_plan import Channel

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


@dataclass(frozen=True)
class PolicyScope:
    """What a policy of `wake` is for: some ways or all, one instance or all, and where; `*` is any.

    `user` is the one that ssh logs in as; `tag` is the key and the value that an instance must carry, if any.
    """

    ways: tuple[str, ...] = ()
    instance: str = "*"
    region: str = "*"
    account: str = "*"
    user: str = ""
    runbook: str = "ssmwake-rescue"
    automation_role: str = ""
    tag: tuple[str, str] | None = None


def doctor_policy() -> dict[str, Any]:
    """Return the least policy of `doctor` and `wait`; all of it reads."""
    return _policy([_statement("Look", _actions(READS), "*")])


def wake_policy(scope: PolicyScope) -> dict[str, Any]:
    """Return the least policy of `wake` by the ways in the scope, or by each: what it reads, and what it does."""
    statements = [_statement("Look", _actions(READS), "*")]
    ways: Mapping[str, Sequence[dict[str, Any]]] = {
        Channel.RUN_COMMAND: _run_command(scope),
        Channel.DIRECT: [_key(scope)],
        Channel.ENDPOINT: [_key(scope), *_tunnel(scope)],
        Channel.RUNBOOK: _runbook(scope),
    }
    for name in scope.ways or ways:
        statements += [one for one in ways[name] if one not in statements]
    return _policy(statements)


def _instance(scope: PolicyScope) -> str:
    return f"arn:*:ec2:{scope.region}:{scope.account}:instance/{scope.instance}"


def _run_command(scope: PolicyScope) -> list[dict[str, Any]]:
    document = f"arn:*:ssm:{scope.region}::document/AWS-RunShellScript"
    return [
        _statement("RunCommand", ["ssm:SendCommand"], document),
        _statement("RunCommandThere", ["ssm:SendCommand"], _instance(scope), _tagged(scope)),
        # It has no resource types.
        _statement("RunCommandResult", ["ssm:GetCommandInvocation"], "*"),
    ]


def _key(scope: PolicyScope) -> dict[str, Any]:
    condition = _tagged(scope) | ({"ec2:osuser": scope.user} if scope.user else {})
    return _statement("Key", ["ec2-instance-connect:SendSSHPublicKey"], _instance(scope), condition)


def _tagged(scope: PolicyScope) -> dict[str, str]:
    return {f"aws:ResourceTag/{scope.tag[0]}": scope.tag[1]} if scope.tag else {}


def _tunnel(scope: PolicyScope) -> list[dict[str, Any]]:
    endpoint = f"arn:*:ec2:{scope.region}:{scope.account}:instance-connect-endpoint/*"
    return [
        _statement("Endpoints", ["ec2:DescribeInstanceConnectEndpoints"], "*"),
        _statement("Tunnel", ["ec2-instance-connect:OpenTunnel"], endpoint),
    ]


def _runbook(scope: PolicyScope) -> list[dict[str, Any]]:
    start = f"arn:*:ssm:{scope.region}:{scope.account}"
    execution = f"{start}:automation-execution/*"
    role = scope.automation_role or f"arn:*:iam::{scope.account}:role/ssmwake-rescue"
    resources = [f"{start}:automation-definition/{scope.runbook}:*", f"{start}:document/{scope.runbook}", execution]
    return [
        _statement("Rescue", ["ssm:StartAutomationExecution"], resources),
        _statement("RescueRole", ["iam:PassRole"], role, {"iam:PassedToService": "ssm.amazonaws.com"}),
        _statement("RescueResult", ["ssm:GetAutomationExecution"], execution),
    ]


def _actions(services: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [f"{service}:{name}" for service, names in services.items() for name in names]


def _policy(statements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _statement(
    sid: str, actions: list[str], resource: str | list[str], equals: Mapping[str, str] | None = None
) -> dict[str, Any]:
    condition = {"Condition": {"StringEquals": dict(equals)}} if equals else {}
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource, **condition}
