"""The least IAM policies around the rescue runbook: of the role that it runs with, of who may start it; pure functions.

A plain JSON file holds ACCOUNT_ID where the account stands; CloudFormation and Terraform know it when they deploy.
"""

import json
from dataclasses import dataclass
from typing import Any

from ssmwake.model import Config

Policy = dict[str, Any]

CONSENT_KEY, CONSENT_VALUE = "ssmwake", "managed"
# The tag by which the owner of an instance lets the runbook act on it.
CONSENT = f"{CONSENT_KEY}={CONSENT_VALUE}"
# The path of the roles that the CloudFormation templates create.
PATH = "ssmwake/"


@dataclass(frozen=True)
class Names:
    """What the policies name: the documents, the role of the runbook, and where they all are."""

    command_document: str
    runbook: str
    runbook_role: str = "ssmwake-rescue"
    account: str = "ACCOUNT_ID"
    partition: str = "*"
    region: str = "*"

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of something in the account."""
        region = "" if service == "iam" else self.region
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"


def names(config: Config) -> Names:
    """Return the names of a config, for plain files."""
    return Names(config.documents.command_name, config.documents.automation_name)


def names_in_stack() -> Names:
    """Return the names in a template of CloudFormation that has the two names for parameters."""
    return Names(
        "${CommandDocumentName}",
        "${RunbookName}",
        account="${AWS::AccountId}",
        partition="${AWS::Partition}",
        region="${AWS::Region}",
    )


def names_in_module() -> Names:
    """Return the names in files of a Terraform module, which replaces them; no name holds an @."""
    return Names("@command-document@", "@runbook@", "@runbook-role@", "@account@", "@partition@", "@region@")


def attachable(config: Config, names: Names) -> list[str]:
    """Return the ARNs of the roles that the runbook may give to an instance: that of the config, and the templates'."""
    own = [names.arn("iam", f"role/{path}{config.role}") for path in ("", "*/")] if config.role else []
    return [*own, names.arn("iam", f"role/{PATH}*")]


def runbook(names: Names, roles: list[Any]) -> Policy:
    """Return the policy of the role that the runbook runs with."""
    instances = names.arn("ec2", "instance/*")
    consent = {"StringEquals": {f"aws:ResourceTag/{CONSENT_KEY}": CONSENT_VALUE}}
    return _policy(
        _allow(
            "Look",
            [
                "ec2:DescribeIamInstanceProfileAssociations",
                "ec2:DescribeInstanceStatus",
                "ec2:DescribeInstances",
                "ssm:DescribeInstanceInformation",
                "ssm:ListCommandInvocations",
                "ssm:ListCommands",
            ],
            "*",
        ),
        _allow("LookAtProfiles", ["iam:GetInstanceProfile"], names.arn("iam", "instance-profile/*")),
        _allow(
            "Attach",
            ["ec2:AssociateIamInstanceProfile", "ec2:ReplaceIamInstanceProfileAssociation"],
            instances,
            consent,
        ),
        _allow(
            "AttachOnlyTheseRoles",
            ["iam:PassRole"],
            roles,
            {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]}},
        ),
        _allow("Repair", ["ssm:SendCommand"], names.arn("ssm", f"document/{names.command_document}")),
        _allow("RepairThere", ["ssm:SendCommand"], instances, consent),
        _allow(
            "FallbackWithConsent",
            ["ec2:RebootInstances", "ec2:StartInstances", "ec2:StopInstances"],
            instances,
            consent,
        ),
    )


def trust(names: Names) -> Policy:
    """Return the trust policy of that role: Systems Manager, for an execution in this account."""
    return _policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": "ssm.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": names.account},
                "ArnLike": {"aws:SourceArn": names.arn("ssm", "automation-execution/*")},
            },
        }
    )


def start(names: Names, role: Any = None) -> Policy:
    """Return the policy of who starts the runbook, by hand or by a rule; `role` is its ARN where that is known."""
    definitions = [
        names.arn("ssm", f"automation-definition/{names.runbook}:*"),
        names.arn("ssm", f"document/{names.runbook}"),
    ]
    executions = names.arn("ssm", "automation-execution/*")
    return _policy(
        _allow("Start", ["ssm:StartAutomationExecution"], [*definitions, executions]),
        _allow("RunItWithItsRole", ["iam:PassRole"], role or names.arn("iam", f"role/{names.runbook_role}"), PASSED),
        _allow(
            "Follow",
            ["ssm:DescribeAutomationStepExecutions", "ssm:GetAutomationExecution", "ssm:StopAutomationExecution"],
            executions,
        ),
        _allow("List", ["ssm:DescribeAutomationExecutions"], "*"),
    )


PASSED = {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}}


def start_of_rule(names: Names, role: Any) -> Policy:
    """Return the policy of a rule of EventBridge that starts the runbook and does not look how it goes."""
    policy = start(names, role)
    return _policy(*(each for each in policy["Statement"] if each["Sid"] in ("Start", "RunItWithItsRole")))


def text(policy: Policy) -> str:
    """Return a policy as IAM takes it."""
    return json.dumps(policy, indent=2)


def substituted(policy: Any) -> Any:
    """Return a policy for a template of CloudFormation: what holds ${...} is a Fn::Sub there."""
    if isinstance(policy, dict):
        known = len(policy) == 1 and next(iter(policy)).startswith(("Fn::", "Ref"))
        return policy if known else {key: substituted(value) for key, value in policy.items()}
    if isinstance(policy, list):
        return [substituted(value) for value in policy]
    return {"Fn::Sub": policy} if isinstance(policy, str) and "${" in policy else policy


def _policy(*statements: Policy) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(sid: str, actions: list[str], resource: Any, condition: Any = None) -> Policy:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions[0] if len(actions) == 1 else actions,
        "Resource": resource,
    }
    return statement | ({"Condition": condition} if condition else {})
