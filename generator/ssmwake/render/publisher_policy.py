"""The least IAM policy for publishing exactly what a config lists; a pure function, checked against the calls made."""

import json
from typing import Any

from ssmwake.model import Config, partition_of

READ = ("DescribeDocument", "GetDocument", "ListDocumentVersions", "ListTagsForResource")
WRITE = (
    "AddTagsToResource",
    "CreateDocument",
    "RemoveTagsFromResource",
    "UpdateDocument",
    "UpdateDocumentDefaultVersion",
)
SHARE = ("DescribeDocumentPermission", "ModifyDocumentPermission")
PRUNE = ("DeleteDocument",)
# None of them knows resources.
READ_TEMPLATES = ("DescribeLaunchTemplateVersions", "DescribeLaunchTemplates", "DescribeTags")
WRITE_TEMPLATES = ("CreateLaunchTemplateVersion", "CreateTags", "ModifyLaunchTemplate")


def policy(config: Config, *, prune: bool = False) -> dict[str, Any]:
    """Return the policy of who publishes: of the credentials, or of the role in each account.

    The account in each ARN is a star because the policy reaches no further than the account that it is in.
    """
    partition, names = _partition(config), (config.documents.command_name, config.documents.automation_name)
    actions = (*READ, *WRITE, *(SHARE if config.documents.share_with is not None else ()), *(PRUNE if prune else ()))
    documents = [f"arn:{partition}:ssm:*:*:document/{name}" for name in names]
    statements = [_statement("Documents", "ssm", actions, documents, config)]
    if templates := config.publish.launch_templates:
        # Only an id can be part of an ARN; a template that goes by its name may have any.
        known = sorted(templates) if all(template.startswith("lt-") for template in templates) else ["*"]
        arns = [f"arn:{partition}:ec2:*:*:launch-template/{id_}" for id_ in known]
        statements += [
            _statement("ReadLaunchTemplates", "ec2", READ_TEMPLATES, ["*"], config),
            _statement("LaunchTemplates", "ec2", WRITE_TEMPLATES, arns, config),
        ]
    return {"Version": "2012-10-17", "Statement": statements}


def caller_policy(config: Config) -> dict[str, Any]:
    """Return the policy of who assumes the roles in the accounts of the config."""
    statement = {
        "Sid": "Accounts",
        "Effect": "Allow",
        "Action": ["sts:AssumeRole"],
        "Resource": sorted(config.publish.accounts),
    }
    return {"Version": "2012-10-17", "Statement": [statement] if config.publish.accounts else []}


def text(policy: dict[str, Any]) -> str:
    """Return a policy as IAM takes it."""
    return json.dumps(policy, indent=2)


def _statement(
    sid: str, service: str, actions: tuple[str, ...], resources: list[str], config: Config
) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": [f"{service}:{action}" for action in sorted(actions)],
        "Resource": resources,
    }
    if config.publish.regions:
        statement["Condition"] = {"StringEquals": {"aws:RequestedRegion": sorted(config.publish.regions)}}
    return statement


def _partition(config: Config) -> str:
    # All are in one, which `publish` checks: no credentials are valid in two.
    return next(map(partition_of, config.publish.regions), "aws")
