"""What an instance needs of its role and profile, whatever describes them: who may assume it, and what it allows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ssmwake.lint.rules import ERROR, INFO, WARNING, rule
from ssmwake.model import Finding, Location

PROFILE_ROLES = rule(
    "SW225", ERROR, "a profile without exactly one role", reason="IAM refuses a second; with none it gives nothing"
)
ROLE_WITHOUT_AGENT = rule(
    "SW226", WARNING, "a role that the SSM agent cannot use", reason="it is denied, and sleeps for half an hour"
)
ROLE_NOT_FOR_EC2 = rule("SW227", ERROR, "a role that EC2 may not assume", reason="the instance gets no credentials")
REPLACED_POLICY = rule(
    "SW229", INFO, "a policy that AWS has replaced", reason="it allows far more than the agent needs"
)
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
ASSUMES = "sts:assumerole"
REGISTERS = "ssm:updateinstanceinformation"
# The services by which EC2 assumes a role, any, or one that is not known.
EC2 = re.compile(r"ec2\.|\*|x+$")


@dataclass(frozen=True)
class RoleNames:
    """What the settings are called where the role is described, and how a policy is awaited there."""

    roles: str = "Roles"
    managed: str = "ManagedPolicyArns"
    awaits: str = "put it on the role, or add DependsOn: {policy}"


@dataclass(frozen=True)
class DescribedProfile:
    """An instance profile and the number of its roles; None where only the deployment knows it."""

    where: Location
    roles: int | None
    names: RoleNames = RoleNames()


@dataclass(frozen=True)
class Statement:
    """A statement of a policy; what only the deployment knows is None, and `others` is what speaks of anything else."""

    effect: str | None
    actions: tuple[str, ...] | None
    services: tuple[str, ...] | None = ()
    others: bool = False


@dataclass(frozen=True)
class ManagedPolicy:
    """A policy of AWS by its name; None for any other, and for what only the deployment knows."""

    name: str | None
    where: Location


def check_profile(profile: DescribedProfile) -> Iterator[Finding]:
    """Yield that a profile has not exactly one role."""
    if profile.roles == 0:
        yield PROFILE_ROLES.at(profile.where, f"a profile without a role; name one in {profile.names.roles}")
    elif profile.roles is not None and profile.roles != 1:
        message = f"{profile.roles} roles, and a profile has exactly one; make one role of their policies"
        yield PROFILE_ROLES.at(profile.where, message)


def check_trust(statements: Sequence[Statement], where: Location) -> Iterator[Finding]:
    """Yield that EC2 may not assume the role of an instance, by all statements of who may."""
    for one in statements:
        if one.effect is None or one.actions is None or one.services is None or one.others:
            return
        if one.effect != "Allow" or not any(allows(action, ASSUMES) for action in one.actions):
            continue
        if not one.services or any(EC2.match(service) for service in one.services):
            return
    if statements:
        message = (
            "an instance profile holds this role, and EC2 may not assume it; allow ec2.amazonaws.com to assume the role"
        )
        yield ROLE_NOT_FOR_EC2.at(where, message)


def check_agent(
    policies: Sequence[ManagedPolicy], statements: Sequence[Statement], where: Location, names: RoleNames = RoleNames()
) -> Iterator[Finding]:
    """Yield that none of the policies of a role, which are all it has, lets the SSM agent register."""
    if any(policy.name not in LACKING for policy in policies):
        return
    for one in statements:
        if one.effect is None or one.actions is None or one.others:
            return
        if one.effect == "Allow" and any(allows(action, REGISTERS) for action in one.actions):
            return
    message = f"no policy lets the SSM agent register; add AmazonSSMManagedInstanceCore to {names.managed}"
    yield ROLE_WITHOUT_AGENT.at(where, message)


def check_replaced(policy: ManagedPolicy) -> Iterator[Finding]:
    """Yield that AWS has replaced one of its policies."""
    if policy.name in DEPRECATED:
        message = f"{policy.name} is deprecated, and gives more than the agent needs; use {DEPRECATED[policy.name]}"
        yield REPLACED_POLICY.at(policy.where, message)


def check_order(
    boots: str, where: Location, late: Sequence[str], waits: Mapping[str, set[str]], names: RoleNames = RoleNames()
) -> Iterator[Finding]:
    """Yield each policy of its role that what boots an instance does not wait for; `waits` is what waits for what."""
    awaited = closure(waits, boots) if late else set()
    for policy in late:
        # A policy that speaks of the instance comes after it, and cannot be waited for.
        if policy not in awaited and boots not in closure(waits, policy):
            advice = names.awaits.format(policy=policy)
            yield POLICY_NOT_AWAITED.at(where, f"may boot before {policy} is attached; {advice}")


def managed_name(arn: str) -> str | None:
    """Return the name of a policy of AWS by its ARN; None for any other."""
    match = MANAGED.search(arn)
    return match[1] if match else None


def allows(action: str, wanted: str) -> bool:
    # Long runs of stars cost the matcher dear, and say no more than one.
    return fnmatchcase(wanted, re.sub(r"\*+", "*", action.lower()[:200]))


def closure(waits: Mapping[str, set[str]], name: str) -> set[str]:
    """Return all that a name waits for, and what that waits for, and so on."""
    found: set[str] = set()
    left = [name]
    while left:
        for one in waits.get(left.pop(), ()):
            if one not in found:
                found.add(one)
                left.append(one)
    return found
