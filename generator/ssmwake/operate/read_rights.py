"""Read instance profiles and what their roles may do: by IAM's simulator, or else by the policies themselves."""

from collections.abc import Mapping, Sequence
from typing import Any

from ssmwake.operate import answers
from ssmwake.operate.answers import document, many, text
from ssmwake.operate.facts import Gone, Profile, ProfileRole, Right, Rights, Scene, Unseen
from ssmwake.operate.policies import ActionRequest
from ssmwake.operate.reader import Reader
from ssmwake.operate.rights import SCP, read, simulated
from ssmwake.operate.steps import CHANNEL, REPORT

# An instance that does not exist: when it has the same rights as a real one, the policies do not tell instances apart.
NOBODY = "i-00000000000000000"

# As many instances of one role as are asked about one by one, when its policies do tell them apart.
MOST_INSTANCES = 20


def read_profile(reader: Reader, name: str) -> Profile | Gone | Unseen:
    """Return an instance profile with its role, or that IAM does not know it."""
    answer = reader.ask("iam", "GetInstanceProfile", InstanceProfileName=name)
    if isinstance(answer, Unseen):
        return Gone(name) if answer.why == "NoSuchEntity" else answer
    return answers.profile(answer)


def read_rights(
    reader: Reader, scene: Scene, role: ProfileRole, instances: Sequence[str]
) -> Mapping[str, Rights | Unseen]:
    """Return the rights of a role on each of its instances."""
    sample = instances[0]
    report = _simulate(reader, scene, role, sample, REPORT)
    if isinstance(report, Unseen):
        found = _read_policies(reader, scene, role, sample)
        # A simulator that failed is named before the policies that could not be read instead of it.
        rights = report if isinstance(found, Unseen) else found
        return dict.fromkeys(instances, rights)
    channel = _simulate(reader, scene, role, sample, *CHANNEL)
    if isinstance(channel, Unseen):
        return dict.fromkeys(instances, channel)
    if len(instances) == 1 or _simulate(reader, scene, role, NOBODY, REPORT) == report:
        return dict.fromkeys(instances, Rights(report, channel))
    by_instance: dict[str, Rights | Unseen] = {sample: Rights(report, channel)}
    for number, one in enumerate(instances[1:]):
        own = Unseen("iam:SimulatePrincipalPolicy", "not asked")
        if number < MOST_INSTANCES:
            answer = _simulate(reader, scene, role, one, REPORT)
            own_rights = answer if isinstance(answer, Unseen) else Rights(answer, channel)
        else:
            own_rights = own
        by_instance[one] = own_rights
    return by_instance


def _simulate(reader: Reader, scene: Scene, role: ProfileRole, instance: str, *actions: str) -> Right | Unseen:
    right = _ask(reader, scene, role, instance, actions)
    if isinstance(right, Unseen) or right.by != SCP or not _may_exclude(reader):
        return right
    # The simulator errs on SCPs, so what is left without them is asked as well.
    without = _ask(reader, scene, role, instance, actions, PolicyExclusionList=[{"PolicyType": "scp"}])
    if isinstance(without, Unseen) or without.decision != "denied":
        return right
    return without


def _may_exclude(reader: Reader) -> bool:
    """Return whether the installed botocore knows how to leave SCPs out; 1.43 does not."""
    model = reader.services["iam"].client.meta.service_model.operation_model("SimulatePrincipalPolicy")
    return "PolicyExclusionList" in model.input_shape.members


def _ask(
    reader: Reader, scene: Scene, role: ProfileRole, instance: str, actions: Sequence[str], **more: Any
) -> Right | Unseen:
    source = arn_of(scene, instance)
    # ssmmessages has no resource types; a policy that names instances is denied on *.
    resource = source if actions == (REPORT,) else "*"
    context = {
        "ec2:SourceInstanceARN": ("string", source),
        "ssm:SourceInstanceARN": ("string", source),
        "aws:RequestedRegion": ("string", scene.region),
    }
    results: list[Any] | Unseen = reader.all(
        "iam",
        "SimulatePrincipalPolicy",
        "EvaluationResults",
        PolicySourceArn=role.arn,
        ActionNames=list(actions),
        ResourceArns=[resource],
        ContextEntries=[
            {"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": [value]}
            for key, (kind, value) in context.items()
        ],
        **more,
    )
    return results if isinstance(results, Unseen) else simulated(results, actions)


def arn_of(scene: Scene, instance: str) -> str:
    """Return the ARN of an instance."""
    return f"arn:{scene.partition}:ec2:{scene.region}:{scene.account}:instance/{instance}"


def _read_policies(reader: Reader, scene: Scene, role: ProfileRole, instance: str) -> Rights | Unseen:
    inline = reader.all("iam", "ListRolePolicies", "PolicyNames", RoleName=role.name)
    attached = reader.all("iam", "ListAttachedRolePolicies", "AttachedPolicies", RoleName=role.name)
    described = reader.ask("iam", "GetRole", RoleName=role.name)
    for answer in (inline, attached, described):
        if isinstance(answer, Unseen):
            return answer
    assert not isinstance(inline, Unseen)
    assert not isinstance(attached, Unseen)
    assert not isinstance(described, Unseen)
    identity: list[Mapping[str, Any] | None] = []
    for name in inline:
        got = reader.ask("iam", "GetRolePolicy", RoleName=role.name, PolicyName=name)
        if isinstance(got, Unseen):
            return got
        identity.append(document(got.get("PolicyDocument")))
    for arn in (text(one, "PolicyArn") for one in many({"all": attached}, "all")):
        own = _managed_policy(reader, arn)
        if isinstance(own, Unseen):
            return own
        identity.append(own.get("document"))
    boundary: list[Mapping[str, Any] | None] | None = None
    limit = text(described, "Role", "PermissionsBoundary", "PermissionsBoundaryArn")
    if limit:
        own = _managed_policy(reader, limit)
        if isinstance(own, Unseen):
            return own
        boundary = [own.get("document")]
    source = arn_of(scene, instance)
    context = {
        "ec2:SourceInstanceARN": source,
        "ssm:SourceInstanceARN": source,
        "aws:RequestedRegion": scene.region,
        "aws:PrincipalArn": role.arn,
        "aws:PrincipalAccount": scene.account,
    }
    report = read(identity, boundary, [ActionRequest(REPORT, source, context=context)])
    channel = read(identity, boundary, [ActionRequest(action, "*", context=context) for action in CHANNEL])
    return Rights(report, channel)


def _managed_policy(reader: Reader, arn: str) -> dict[str, Any] | Unseen:
    """Return the document of a policy's default version, under `document`; None where it is not JSON."""
    policy = reader.ask("iam", "GetPolicy", PolicyArn=arn)
    if isinstance(policy, Unseen):
        return policy
    version = text(policy, "Policy", "DefaultVersionId")
    got = reader.ask("iam", "GetPolicyVersion", PolicyArn=arn, VersionId=version or "v1")
    if isinstance(got, Unseen):
        return got
    return {"document": document((got.get("PolicyVersion") or {}).get("Document"))}
