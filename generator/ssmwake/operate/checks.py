"""What was looked at, line by line: ok, no or unknown, what shows it, and the call that said so."""

from dataclasses import dataclass

from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import NOT_ASKED, Gone, HostManagement, Unseen
from ssmwake.operate.network import State, Way
from ssmwake.operate.sightings import clock

OK, NO, UNKNOWN = "ok", "no", "unknown"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    result: str
    evidence: str
    call: str = ""


def checks(evidence: Evidence) -> tuple[Check, ...]:
    """Return what was looked at, in root order; what nobody asked for is left out."""
    found = [_state(evidence), _metadata(evidence), _profile(evidence), _rights(evidence)]
    found += [_expected_role(evidence), _role_in_use(evidence), _way("network", evidence.way, evidence)]
    found += [_agent(evidence), _sessions(evidence), _user_data(evidence), _watcher(evidence), _inside(evidence)]
    return tuple(one for one in found if one is not None)


def _unseen(name: str, unseen: Unseen) -> Check | None:
    return None if unseen.why == NOT_ASKED else Check(name, UNKNOWN, str(unseen), unseen.action)


def _state(evidence: Evidence) -> Check:
    instance, status = evidence.facts.instance, evidence.facts.status
    call = "ec2:DescribeInstanceStatus"
    if instance.state != "running":
        return Check("state", NO, instance.state or "unknown", "ec2:DescribeInstances")
    if isinstance(status, Unseen):
        asked = "" if status.why == NOT_ASKED else f"; status checks: {status}"
        return Check("state", OK if not asked else UNKNOWN, f"running{asked}", "ec2:DescribeInstances")
    if status is None:
        return Check("state", UNKNOWN, "running; EC2 lists no status checks", call)
    parts = {"system": status.system, "instance": status.instance, "volumes": status.volumes}
    bad = [f"{name} {value}" for name, value in parts.items() if value not in ("ok", "", "not-applicable")]
    result = NO if "impaired" in parts.values() else UNKNOWN if bad else OK
    return Check("state", result, f"running; {', '.join(bad) if bad else 'all status checks passed'}", call)


def _metadata(evidence: Evidence) -> Check:
    instance = evidence.facts.instance
    if not instance.metadata_on:
        return Check("metadata", NO, "IMDS is switched off", "ec2:DescribeInstances")
    text = "IMDS on, IMDSv2 required" if instance.tokens_required else "IMDS on, IMDSv2"
    return Check("metadata", OK, text, "ec2:DescribeInstances")


def _profile(evidence: Evidence) -> Check | None:
    profile, call = evidence.facts.profile, "iam:GetInstanceProfile"
    if isinstance(profile, Unseen):
        return _unseen("profile", profile)
    if isinstance(profile, Gone):
        return Check("profile", NO, f"{profile.name} is not in IAM", call)
    if profile is None:
        return _host_management(evidence)
    if evidence.is_recreated:
        return Check("profile", NO, f"{profile.name} was made anew; the one attached is gone", call)
    if not profile.roles:
        return Check("profile", NO, f"{profile.name} holds no role", call)
    role = profile.roles[0].name
    trust = {True: "EC2 may assume it", False: "EC2 may not assume it", None: "whether EC2 may assume it is open"}
    result = {True: OK, False: NO, None: UNKNOWN}[evidence.trusts_ec2]
    since = f"; attached {clock(evidence.attached)} (CloudTrail)" if evidence.attached else ""
    return Check("profile", result, f"{profile.name}, role {role}, {trust[evidence.trusts_ec2]}{since}", call)


def _expected_role(evidence: Evidence) -> Check | None:
    expected = evidence.facts.scene.expected_role
    if not expected or not evidence.role or evidence.role == expected:
        return None
    return Check("role", UNKNOWN, f"the config waits for the role {expected}, and this instance has {evidence.role}")


def _role_in_use(evidence: Evidence) -> Check | None:
    """Return that nobody asked on which role an agent that is online is: it takes more calls, which `wake` makes."""
    trail, facts = evidence.facts.trail, evidence.facts
    if not evidence.is_connected or not facts.instance.profile_arn:
        return None
    if not isinstance(trail, Unseen) or trail.why != NOT_ASKED:
        return None
    return Check("role", UNKNOWN, "which role its agent uses was not checked; see `ssmwake wake`", trail.action)


def _host_management(evidence: Evidence) -> Check:
    setting = evidence.facts.host_management
    call = "ssm:GetServiceSetting"
    if isinstance(setting, HostManagement):
        return Check("profile", OK, f"none; Default Host Management lends {setting.role}", call)
    if setting is None:
        return Check("profile", NO, "none; Default Host Management is off", call)
    return Check("profile", UNKNOWN, f"none; Default Host Management: {setting}", call)


# Who denies, as Right.by has it.
WHO = {
    "identity": "the role's own policies do not allow",
    "boundary": "the role's boundary does not allow",
    "scp": "an SCP does not allow",
    "endpoint": "the policy of an endpoint does not allow",
}


def _rights(evidence: Evidence) -> Check | None:
    rights, call = evidence.facts.rights, "iam:SimulatePrincipalPolicy"
    if isinstance(rights, Unseen):
        return _unseen("rights", rights)
    for right, what in ((rights.report, "reports"), (rights.channel, "sessions")):
        if right.decision == "denied":
            return Check("rights", NO, f"{WHO[right.by]} {what}: {right.detail} ({right.how})", call)
        if right.decision == "unknown":
            return Check("rights", UNKNOWN, f"{what}: {right.detail}", call)
    how = "simulated" if rights.report.how != "read" else "its policies say so; SCPs were not seen"
    return Check("rights", OK, f"reports and sessions allowed ({how})", call)


def _way(name: str, way: Way, evidence: Evidence) -> Check | None:
    network, call = evidence.facts.network, "ec2:DescribeRouteTables"
    if isinstance(network, Unseen):
        return _unseen(name, network)
    if evidence.is_proven_network and way.state is not State.OPEN:
        return Check(name, OK, "a call of the agent came through", "cloudtrail:LookupEvents")
    if way.state is State.OPEN and evidence.channel_way.state is not State.OPEN and not way.blocks:
        other = evidence.channel_way
        result = NO if other.blocks else UNKNOWN
        return Check(name, result, f"for sessions (ssmmessages): {other.text}", call)
    return Check(name, {State.OPEN: OK, State.BLOCKED: NO, State.UNKNOWN: UNKNOWN}[way.state], way.text, call)


def _agent(evidence: Evidence) -> Check | None:
    node, facts = evidence.node, evidence.facts
    if isinstance(facts.node, Unseen):
        return _unseen("agent", facts.node)
    version = f", agent {'.'.join(map(str, evidence.version))}" if evidence.version else ""
    if evidence.last_refused:
        call = evidence.last_refused
        return Check("agent", NO, f"refused at {clock(call.at)}: {call.code}{version}", "cloudtrail:LookupEvents")
    if node is None:
        attached = f"; role attached {clock(evidence.attached)} (CloudTrail)" if evidence.attached else ""
        seen = f"never registered{version}{attached}" if not evidence.trail.calls else f"not registered{version}"
        return Check("agent", NO, seen, "ssm:DescribeInstanceInformation")
    accepted = [one for one in evidence.trail.calls if not one.code and one.role]
    is_other = accepted and evidence.role and accepted[-1].role != evidence.role
    role = f", as {accepted[-1].role}" if is_other else ""
    ping = f", last report {node.pinged:%Y-%m-%d %H:%M}" if node.pinged else ""
    result = OK if evidence.is_reporting else NO
    return Check("agent", result, f"{node.ping or 'unknown'}{ping}{version}{role}", "ssm:DescribeInstanceInformation")


def _sessions(evidence: Evidence) -> Check | None:
    connected, call = evidence.facts.connected, "ssm:GetConnectionStatus"
    if isinstance(connected, Unseen):
        return _unseen("sessions", connected)
    return Check("sessions", OK if connected else NO, "connected" if connected else "not connected", call)


def _user_data(evidence: Evidence) -> Check | None:
    """Return that cloud-init could not run the user data's script, which installs ssmwake."""
    if not evidence.console.is_script_refused:
        return None
    text = "cloud-init may not execute its script; is /var mounted noexec?"
    return Check("user data", NO, text, "ec2:GetConsoleOutput")


def _watcher(evidence: Evidence) -> Check | None:
    """Return the last word of ssmwake's own watcher, which writes its state changes to the console."""
    if not evidence.console.watcher:
        return None
    at, word, sentence = max(evidence.console.watcher, key=lambda one: one[0])
    result = OK if word == "online" else UNKNOWN
    return Check("watcher", result, f"{at:%H:%M:%S} {word}: {sentence}", "ec2:GetConsoleOutput")


def _inside(evidence: Evidence) -> Check | None:
    if evidence.is_connected or evidence.facts.instance.state != "running":
        return None
    return Check("inside", UNKNOWN, "unit, proxy, host firewall: nothing outside shows them")
