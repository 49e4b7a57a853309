"""Causes in what the agent is to IAM: no agent, no role, a profile that is gone or empty, a role that may not."""

from collections.abc import Callable
from dataclasses import replace

from ssmwake.operate import steps
from ssmwake.operate.causes.cause import CONFIGURATION, Cause, CauseFinding, Cure, doubted, known, likely, suspected
from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import Gone, HostManagement, Profile, Right, Unseen
from ssmwake.operate.images import brings_agent
from ssmwake.operate.sightings import HOST_MANAGEMENT, clock
from ssmwake.operate.trail import refused_by

PROFILE = "Write the name of an instance profile that holds a role for PROFILE."


def _wake(evidence: Evidence) -> str:
    """Return the step after the repair of a role: its agent sleeps, and would ask again in up to half an hour."""
    instance = evidence.facts.instance
    return steps.ssmwake(evidence.facts.scene, "wake" if instance.platform == "linux" else "wait", instance.id)


def _no_agent(evidence: Evidence) -> CauseFinding | None:
    image, instance, scene = evidence.facts.image, evidence.facts.instance, evidence.facts.scene
    if isinstance(image, Unseen) or image is None or evidence.was_seen or evidence.is_connected:
        return None
    if brings_agent(image) is not False:
        return None
    sentence = f"Nothing shows an agent, and images such as {image.name} come without one."
    unread = [one for one in (evidence.facts.trail, evidence.facts.console) if isinstance(one, Unseen)]
    step = steps.ssmwake(scene, "wake", instance.id, "--connect")
    if unread:
        return suspected(f"{sentence} Whether one was installed was not seen: {unread[0]}.", step, short=image.name)
    return likely(
        f"{sentence} Install amazon-ssm-agent, or launch with `ssmwake user-data`.",
        step,
        resource=image.id,
        short=f"{image.name} comes without",
    )


def _unless_host_management(
    judge: Callable[[Evidence], CauseFinding | None],
) -> Callable[[Evidence], CauseFinding | None]:
    """Return a judge that is silent where Default Host Management lends a role, and suspects where that is unknown."""

    def judged(evidence: Evidence) -> CauseFinding | None:
        if evidence.is_reporting or evidence.is_connected:
            return None
        finding = judge(evidence)
        if finding and evidence.may_be_connected:
            return doubted(finding, f"whether sessions open all the same was not seen: {evidence.facts.connected}")
        if finding is None or evidence.host_management is False:
            return finding
        setting = evidence.facts.host_management
        if isinstance(setting, Unseen):
            doubt = f"whether Default Host Management lends one instead was not seen: {setting}"
        elif not evidence.version:
            doubt = "Default Host Management is on, and lends a role to an agent of 3.2.582.0 or later"
        else:
            # An older agent is a cause of its own, and a newer one needs no role.
            return None
        return suspected(
            f"{finding.sentence} But {doubt}.", *finding.do, resource=finding.resource, short=finding.short
        )

    return judged


def _no_role(evidence: Evidence) -> CauseFinding | None:
    facts = evidence.facts
    arriving = [] if isinstance(facts.associations, Unseen) else facts.associations
    if any(one.state in ("associating", "associated") for one in arriving):
        return None
    is_leaving = bool(arriving)
    if facts.instance.profile_arn and not is_leaving:
        return None
    words = ["--instance-id", facts.instance.id, "--iam-instance-profile", "Name=PROFILE"]
    if evidence.host_management:
        # It lends a role, which an agent of 3.2.582.0 or later takes.
        return None
    what = "Its instance profile is being detached" if is_leaving else "It has no instance profile"
    instead = ", and Default Host Management is off" if evidence.host_management is False else ""
    return known(
        f"{what}{instead}, so the agent has no role. {PROFILE}",
        steps.aws(facts.scene, "ec2", "associate-iam-instance-profile", *words),
        _wake(evidence),
        short="no instance profile",
        is_sure=not isinstance(facts.associations, Unseen),
    )


def _agent_too_old(evidence: Evidence) -> CauseFinding | None:
    facts = evidence.facts
    if evidence.is_reporting or not evidence.needs_host_management or not evidence.version:
        return None
    if evidence.version >= HOST_MANAGEMENT:
        return None
    version = ".".join(map(str, evidence.version))
    words = ["--instance-id", facts.instance.id, "--iam-instance-profile", "Name=PROFILE"]
    return known(
        f"It has no role of its own, and its agent {version} is too old for Default Host Management (3.2.582.0). "
        f"{PROFILE} Its agent can be updated after that.",
        steps.aws(facts.scene, "ec2", "associate-iam-instance-profile", *words),
        _wake(evidence),
        short=f"agent {version}",
    )


def _profile_gone(evidence: Evidence) -> CauseFinding | None:
    facts = evidence.facts
    name = facts.instance.profile_name
    if isinstance(facts.profile, Gone):
        step = steps.aws(
            facts.scene, "iam", "list-instance-profiles", "--query", "InstanceProfiles[].InstanceProfileName"
        )
        sentence = (
            f"The instance profile {name} was deleted in IAM. Replace the association by one with another profile."
        )
        return known(sentence, step, resource=name, short=f"profile {name} is deleted")
    if not evidence.is_recreated:
        return None
    found = facts.associations
    ids = [] if isinstance(found, Unseen) else [one.id for one in found if one.state in ("associated", "associating")]
    if ids:
        words = ["--association-id", ids[0], "--iam-instance-profile", f"Name={name}"]
        do = steps.aws(facts.scene, "ec2", "replace-iam-instance-profile-association", *words)
    else:
        words = ["--filters", f"Name=instance-id,Values={facts.instance.id}"]
        do = steps.aws(facts.scene, "ec2", "describe-iam-instance-profile-associations", *words)
    return known(
        f"The instance profile {name} was deleted and made again under its old name; the instance still holds the one "
        "that is gone, and IMDS answers InstanceProfileNotFound.",
        do,
        _wake(evidence),
        resource=name,
        short=f"profile {name} was made anew",
    )


def _profile_empty(evidence: Evidence) -> CauseFinding | None:
    profile, scene = evidence.facts.profile, evidence.facts.scene
    if not isinstance(profile, Profile) or profile.roles or evidence.is_recreated:
        return None
    words = ["--instance-profile-name", profile.name, "--role-name", "ROLE"]
    return known(
        f"The instance profile {profile.name} holds no role. Write the name of a role for ROLE.",
        steps.aws(scene, "iam", "add-role-to-instance-profile", *words),
        _wake(evidence),
        resource=profile.name,
        short=f"profile {profile.name} is empty",
    )


def _role_untrusted(evidence: Evidence) -> CauseFinding | None:
    profile, scene = evidence.facts.profile, evidence.facts.scene
    if not isinstance(profile, Profile) or not profile.roles or evidence.trusts_ec2 is not False:
        return None
    role = profile.roles[0]
    policy = steps.compact(steps.trust(scene, role.trust))
    return known(
        f"The role {role.name} does not trust EC2 (ec2.amazonaws.com), so IMDS has no credentials for it.",
        steps.aws(scene, "iam", "update-assume-role-policy", "--role-name", role.name, "--policy-document", policy),
        _wake(evidence),
        resource=role.name,
        short=f"role {role.name} does not trust EC2",
    )


def _role_denied(evidence: Evidence) -> CauseFinding | None:
    right = evidence.rights.report
    if right.decision == "denied":
        return denied(evidence, right, "report to Systems Manager")
    call = evidence.last_refused
    if call is None or _is_role_newer(evidence):
        return None
    by = refused_by(call.message)
    # The simulator errs on SCPs, and what it allows the agent was refused all the same.
    if by != "scp" and (right.decision != "unknown" or by not in ("identity", "boundary")):
        return None
    # What CloudTrail says of a call is what happened then; the role may have been changed since.
    found = denied(evidence, Right("denied", by, "CloudTrail", steps.REPORT), "report to Systems Manager")
    found = replace(
        found, sentence=f"{found.sentence} Systems Manager refused its agent at {clock(call.at)} (CloudTrail)."
    )
    if right.decision == "unknown" and (by == "boundary" or not evidence.trail.has_role_changes):
        # A boundary is a policy of its own, whose changes are no events of the role.
        what = "boundary" if by == "boundary" else "role"
        return doubted(found, f"whether the {what} was changed since was not seen")
    return found


def _is_role_newer(evidence: Evidence) -> bool:
    """Return whether the role came, or was changed, after the refusal."""
    call = evidence.last_refused
    later = [one for one in (evidence.attached, evidence.trail.role_changed) if one]
    return bool(call and any(one > call.at for one in later))


def denied(evidence: Evidence, right: Right, what: str) -> CauseFinding:
    """Return the finding about a role that may not do something, by what forbids it."""
    facts, scene = evidence.facts, evidence.facts.scene
    profile, host = facts.profile, facts.host_management
    name = profile.roles[0].name if isinstance(profile, Profile) and profile.roles else ""
    if not name and isinstance(host, HostManagement):
        name = host.role
    name = name or "of its profile"
    look = steps.aws(scene, "iam", "get-role", "--role-name", name, "--query", "Role.PermissionsBoundary")
    match right.by:
        case "boundary":
            return known(
                f"The permissions boundary of the role {name} does not let it {what} ({right.detail}). "
                "Whoever owns the boundary must allow that.",
                look,
                resource=name,
                short=f"the boundary of {name}",
            )
        case "scp":
            account = scene.account or "the account"
            return likely(
                f"A service control policy seems to keep the role {name} from it: it may not {what} ({right.detail}). "
                f"Ask who administers the organization of {account}.",
                resource=name,
                short=f"an SCP, for {name}",
            )
    if "explicit deny" in right.how:
        words = ["--role-name", name, "--query", "[PolicyNames, AttachedPolicies]"]
        list_them = steps.aws(scene, "iam", "list-role-policies", "--role-name", name)
        attached = steps.aws(scene, "iam", "list-attached-role-policies", *words[:2])
        sentence = f"A policy of the role {name} denies {right.detail} explicitly, so it may not {what}; take that out."
        return known(sentence, list_them, attached, resource=name, short=f"a deny of {name}")
    words = ["--role-name", name, "--policy-name", "ssmwake", "--policy-document", steps.compact(steps.agent_policy())]
    return known(
        f"The role {name} may not {what}: none of its policies allows {right.detail}.",
        steps.aws(scene, "iam", "put-role-policy", *words),
        *([] if evidence.is_reporting else [_wake(evidence)]),
        resource=name,
        short=f"role {name} may not",
    )


CAUSES = (
    Cause(
        "no-agent",
        CONFIGURATION,
        "Nothing ever showed an agent, and the image is known to come without one.",
        "Install amazon-ssm-agent, or launch with `ssmwake user-data`.",
        _no_agent,
        cure=Cure.LOOK,
    ),
    Cause(
        "no-role",
        CONFIGURATION,
        "The instance has no instance profile, and Default Host Management is off.",
        "Attach a profile, then `ssmwake wake`.",
        _unless_host_management(_no_role),
        is_settled=True,
    ),
    Cause(
        "agent-too-old",
        CONFIGURATION,
        "Without a usable role the agent needs Default Host Management, which it knows from 3.2.582.0 on.",
        "Attach a profile.",
        _agent_too_old,
        is_settled=True,
    ),
    Cause(
        "profile-gone",
        CONFIGURATION,
        "The instance profile was deleted in IAM, or deleted and made again under its old name.",
        "Replace the association.",
        _unless_host_management(_profile_gone),
        is_settled=True,
    ),
    Cause(
        "profile-empty",
        CONFIGURATION,
        "The instance profile holds no role.",
        "Add a role to it.",
        _unless_host_management(_profile_empty),
        is_settled=True,
    ),
    Cause(
        "role-untrusted",
        CONFIGURATION,
        "The trust policy of the role does not let EC2 assume it.",
        "Add EC2 to the trust policy; what is in it stays.",
        _unless_host_management(_role_untrusted),
        is_settled=True,
    ),
)
ROLE_DENIED = Cause(
    "role-denied",
    CONFIGURATION,
    "The role may not report to Systems Manager: its own policies, its permissions boundary or a service control "
    "policy forbid it. A service control policy is never more than likely.",
    "Put the missing policy on the role, or ask whoever owns the boundary or the organization.",
    _unless_host_management(_role_denied),
)
