"""What an interface endpoint with private DNS does to the calls of an instance: its groups, the ACLs, its policy."""

from ssmwake.operate import steps
from ssmwake.operate.blocks import NetworkFault, Notes, Origin, acl_block, egress_block
from ssmwake.operate.facts import InterfaceEndpoint, Profile, Subnet, Unseen
from ssmwake.operate.filters import EPHEMERAL, Passage, all_of, pass_acl, pass_groups, same_answer
from ssmwake.operate.policies import ALLOWED, DENIED, SILENT, ActionRequest, evaluate

# States in which an endpoint has no private DNS names.
WITHOUT_NAMES = ("rejected", "failed", "expired", "deleted", "pendingacceptance")


def find_endpoints(origin: Origin) -> tuple[InterfaceEndpoint, ...] | Unseen:
    """Return the endpoints that the name of the service leads to in the VPC."""
    if isinstance(origin.network.endpoints, Unseen):
        return origin.network.endpoints
    return tuple(
        one
        for one in origin.network.endpoints
        if one.vpc == origin.interface.vpc
        and one.has_private_dns
        and one.service.endswith(f".{origin.scene.region}.{origin.service}")
        and one.state not in WITHOUT_NAMES
    )


def find_nameless(origin: Origin) -> tuple[InterfaceEndpoint, ...]:
    """Return the endpoints of the service in the VPC without private DNS: a hosted zone may lead to them."""
    if isinstance(origin.network.endpoints, Unseen):
        return ()
    return tuple(
        one
        for one in origin.network.endpoints
        if one.vpc == origin.interface.vpc
        and not one.has_private_dns
        and one.service.endswith(f".{origin.scene.region}.{origin.service}")
        and one.state == "available"
    )


def judge_endpoint(origin: Origin, endpoint: InterfaceEndpoint, subnet: Subnet) -> Notes:
    """Return what is wrong with the way through one endpoint."""
    notes = Notes()
    if endpoint.state != "available":
        notes.unknowns.append(f"{endpoint.id} is {endpoint.state}")
        return notes
    _judge_groups(origin, endpoint, notes)
    _judge_acls(origin, endpoint, subnet, notes)
    _judge_policy(origin, endpoint, notes)
    return notes


def _judge_groups(origin: Origin, endpoint: InterfaceEndpoint, notes: Notes) -> None:
    groups, subnets = origin.network.groups, origin.network.subnets
    if isinstance(groups, Unseen):
        notes.miss(groups)
        return
    assert not isinstance(subnets, Unseen)
    mine, theirs = origin.interface.groups, endpoint.groups
    cidrs = [subnets[one].cidr for one in endpoint.subnets if one in subnets and subnets[one].cidr]
    out = same_answer(
        pass_groups(groups, mine, is_egress=True, target=cidr, target_groups=theirs) for cidr in cidrs or ["0.0.0.0/0"]
    )
    if out is Passage.NO:
        notes.blocks.append(egress_block(origin, cidrs[0] if cidrs else "0.0.0.0/0"))
    elif out is Passage.UNKNOWN:
        notes.unknowns.append(f"whether {', '.join(mine)} lets 443 out to {endpoint.id} depends on its addresses")
    came = pass_groups(groups, theirs, is_egress=False, target=f"{origin.interface.address}/32", target_groups=mine)
    if came is Passage.NO:
        notes.blocks.append(_refused(origin, endpoint))
    elif came is Passage.UNKNOWN:
        notes.unknowns.append(f"whether {', '.join(theirs) or endpoint.id} takes 443 from it is not visible")


def _refused(origin: Origin, endpoint: InterfaceEndpoint) -> NetworkFault:
    mine, theirs = origin.interface.groups, endpoint.groups
    words = ["--group-id", theirs[0], "--protocol", "tcp", "--port", "443"]
    words += ["--source-group", mine[0]] if mine else ["--cidr", f"{origin.interface.address}/32"]
    source = mine[0] if mine else origin.interface.address
    return NetworkFault(
        "endpoint-refused",
        theirs[0],
        f"The endpoint {endpoint.id} answers for {origin.service} in {endpoint.vpc}, and its security group "
        f"{theirs[0]} takes no HTTPS (443) from {source}.",
        (steps.aws(origin.scene, "ec2", "authorize-security-group-ingress", *words),),
        f"{theirs[0]} on {endpoint.id} takes no 443 from {source}",
    )


def _judge_acls(origin: Origin, endpoint: InterfaceEndpoint, subnet: Subnet, notes: Notes) -> None:
    """Judge the ACLs between the subnets; traffic inside one subnet passes none."""
    subnets, acls = origin.network.subnets, origin.network.acls
    assert not isinstance(subnets, Unseen)
    others = [subnets[one] for one in endpoint.subnets if one in subnets]
    if not others:
        notes.unknowns.append(f"the subnets of {endpoint.id} are not listed")
        return
    if all(one.id == subnet.id for one in others):
        return
    if isinstance(acls, Unseen):
        notes.miss(acls)
        return
    mine = next((acl for acl in acls if subnet.id in acl.subnets), None)
    ports = EPHEMERAL.get(origin.instance.platform, EPHEMERAL["linux"])
    answers = []
    blocks = []
    for other in others:
        theirs = next((acl for acl in acls if other.id in acl.subnets), None)
        if other.id == subnet.id:
            answers.append(Passage.YES)
            continue
        if mine is None or theirs is None:
            answers.append(Passage.UNKNOWN)
            continue
        here, there = f"{origin.interface.address}/32", other.cidr
        legs = (
            (mine, subnet.id, True, pass_acl(mine, is_egress=True, target=there), there),
            (theirs, other.id, False, pass_acl(theirs, is_egress=False, target=here), here),
            (theirs, other.id, True, pass_acl(theirs, is_egress=True, target=here, ports=ports), here),
            (mine, subnet.id, False, pass_acl(mine, is_egress=False, target=there, ports=ports), there),
        )
        answers.append(all_of(leg[3] for leg in legs))
        blocks += [
            acl_block(origin, acl, where, is_egress=out, is_request=number < 2, cidr=cidr)
            for number, (acl, where, out, answer, cidr) in enumerate(legs)
            if answer is Passage.NO
        ][:1]
    answer = same_answer(answers)
    if answer is Passage.NO:
        notes.blocks.append(blocks[0])
    elif answer is Passage.UNKNOWN:
        notes.unknowns.append(f"the network ACLs let it pass to some subnets of {endpoint.id} only")


def _judge_policy(origin: Origin, endpoint: InterfaceEndpoint, notes: Notes) -> None:
    answer, action = ALLOWED, ""
    if endpoint.has_policy:
        answer, action = _allowed_by(origin, endpoint)
    if answer in (DENIED, SILENT):
        notes.blocks.append(endpoint_denied(origin, endpoint, answer == DENIED, action))
    elif answer != ALLOWED:
        notes.unknowns.append(f"the policy of {endpoint.id} has conditions that cannot be judged from outside")


def _allowed_by(origin: Origin, endpoint: InterfaceEndpoint) -> tuple[str, str]:
    """Return what the policy of an endpoint says of the role, and of which action."""
    actions = steps.CHANNEL if origin.service == "ssmmessages" else (steps.REPORT,)
    answers = [
        (evaluate([endpoint.policy], _request(origin, endpoint, one), with_principal=True), one) for one in actions
    ]
    for wanted in (DENIED, SILENT):
        for answer, action in answers:
            if answer == wanted:
                # Nobody may be named whom we do not know: without the role's ARN a statement that names roles is open.
                return (answer, action) if _role_arn(origin) else ("unknown", action)
    return next(((answer, action) for answer, action in answers if answer != ALLOWED), answers[0])


def _request(origin: Origin, endpoint: InterfaceEndpoint, action: str) -> ActionRequest:
    scene, instance = origin.scene, origin.instance
    account = scene.account or instance.owner
    arn = _role_arn(origin)
    role = arn.rpartition("/")[2]
    source = f"arn:{scene.partition}:ec2:{scene.region}:{account}:instance/{instance.id}"
    context = {
        "aws:PrincipalAccount": account,
        "aws:SourceVpc": origin.interface.vpc,
        "aws:SourceVpce": endpoint.id,
        "aws:VpcSourceIp": origin.interface.address,
        "aws:RequestedRegion": scene.region,
        "ec2:SourceInstanceARN": source,
        "ssm:SourceInstanceARN": source,
    }
    if arn:
        context["aws:PrincipalArn"] = arn
    session = f"arn:{scene.partition}:sts::{account}:assumed-role/{role}/{instance.id}" if arn else ""
    resource = source if action == steps.REPORT else "*"
    return ActionRequest(action, resource, arn, account, session, context)


def _role_arn(origin: Origin) -> str:
    profile = origin.facts.profile
    return profile.roles[0].arn if isinstance(profile, Profile) and profile.roles else ""


def endpoint_denied(origin: Origin, endpoint: InterfaceEndpoint, is_explicit: bool, action: str) -> NetworkFault:
    """Return the fault of an endpoint's policy."""
    arn = _role_arn(origin)
    actions = list(steps.CHANNEL) if origin.service == "ssmmessages" else ["ssm:*"]
    added = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": actions, "Resource": "*"}
    if is_explicit or not arn:
        words = ["--vpc-endpoint-ids", endpoint.id, "--query", "VpcEndpoints[].PolicyDocument", "--output", "text"]
        do = steps.aws(origin.scene, "ec2", "describe-vpc-endpoints", *words)
    else:
        policy = steps.compact(steps.with_statement(endpoint.policy, added))
        words = ["--vpc-endpoint-id", endpoint.id, "--policy-document", policy]
        do = steps.aws(origin.scene, "ec2", "modify-vpc-endpoint", *words)
    role = arn.rpartition("/")[2] or "the role"
    what = f"denies {role} {action}" if is_explicit else f"does not allow {role} {action}"
    return NetworkFault(
        "endpoint-denied",
        endpoint.id,
        f"The endpoint {endpoint.id} answers for {origin.service} in {endpoint.vpc}, and its policy {what}.",
        (do,),
        f"the policy of {endpoint.id} {what}",
    )
