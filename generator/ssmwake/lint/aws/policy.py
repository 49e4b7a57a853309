"""IAM policies as instances need them, whatever describes them: those of AWS by name, and what waits for what."""

import re
from fnmatch import fnmatchcase

from ssmwake.lint.rules import ERROR, INFO, WARNING, rule

PROFILE_ROLES = rule(
    "SW225", ERROR, "a profile without exactly one role", reason="IAM refuses a second; with none it gives nothing"
)
ROLE_WITHOUT_AGENT = rule(
    "SW226", WARNING, "a role that the SSM agent cannot use", reason="it is denied, and sleeps for half an hour"
)
ROLE_NOT_FOR_EC2 = rule("SW227", ERROR, "a role that EC2 may not assume", reason="the instance gets no credentials")
REPLACED_POLICY = rule("SW229", INFO, "a policy that AWS has replaced", reason="it gives far more than the agent needs")
POLICY_NOT_AWAITED = rule(
    "SW403", WARNING, "permissions that the instance does not wait for", reason="the agent is denied, and sleeps"
)

MANAGED = re.compile(r":iam::aws:policy/(?:[a-z-]+/)*([A-Za-z0-9_-]+)$")
# Policies of AWS that surely do not let the agent register; of any that is not here, nothing is said.
LACKING = frozenset(
    {
        "AmazonDynamoDBFullAccess",
        "AmazonDynamoDBReadOnlyAccess",
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonEC2ContainerRegistryReadOnly",
        "AmazonEC2FullAccess",
        "AmazonEC2ReadOnlyAccess",
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonS3FullAccess",
        "AmazonS3ReadOnlyAccess",
        "AmazonSNSFullAccess",
        "AmazonSQSFullAccess",
        "AmazonSSMDirectoryServiceAccess",
        "AmazonSSMReadOnlyAccess",
        "AWSXRayDaemonWriteAccess",
        "CloudWatchAgentServerPolicy",
        "CloudWatchFullAccess",
        "CloudWatchLogsFullAccess",
        "IAMReadOnlyAccess",
        "SecretsManagerReadWrite",
    }
)
DEPRECATED = {"AmazonEC2RoleforSSM": "AmazonSSMManagedInstanceCore"}


def allows(action: str, wanted: str) -> bool:
    # Long runs of stars cost the matcher dear, and say no more than one.
    return fnmatchcase(wanted, re.sub(r"\*+", "*", action.lower()[:200]))


def closure(waits: dict[str, set[str]], name: str) -> set[str]:
    """Return all that a name waits for, and what that waits for, and so on."""
    found: set[str] = set()
    left = [name]
    while left:
        for one in waits.get(left.pop(), ()):
            if one not in found:
                found.add(one)
                left.append(one)
    return found
