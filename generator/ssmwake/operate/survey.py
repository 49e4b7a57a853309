"""Look at the instances of one region of one account: what is wanted in, a verdict for each out, in few calls.

    instances -> node entries, connections -> (not online) status, profiles, rights, network -> (still open) traces

Each stage asks only about what the one before left open; what could not be asked costs certainty, never the run.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from ssmwake.operate import answers
from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import (
    NOT_ASKED,
    Facts,
    Gone,
    HostManagement,
    Instance,
    Node,
    Profile,
    Scene,
    Trail,
    Unseen,
)
from ssmwake.operate.read_network import read_network
from ssmwake.operate.read_rights import read_rights
from ssmwake.operate.read_traces import read_consoles, read_role_changes, read_trails
from ssmwake.operate.reader import Reader, chunks
from ssmwake.operate.verdict import Verdict, bare, diagnose

# Up to this many instances, each is asked for its connection; there is no call for many.
FEW = 20

FILTER = 200
NODES_FILTER = 100
NODES = "InstanceInformationList"
HOST_MANAGEMENT = "/ssm/managed-instance/default-ec2-instance-management-role"


@dataclass(frozen=True)
class Wanted:
    """Which instances: ids, or EC2's filters, or neither for all."""

    ids: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def survey(
    reader: Reader,
    iam_reader: Callable[[], Reader],
    wanted: Wanted,
    *,
    region: str,
    profile: str = "",
    at_once: int = 8,
) -> tuple[Verdict, ...]:
    """Return a verdict for each instance that is wanted; `iam_reader` gives the region where IAM's events are."""
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        return _Survey(reader, iam_reader, pool, region, profile).verdicts(wanted)


class _Survey:
    def __init__(
        self, reader: Reader, iam_reader: Callable[[], Reader], pool: ThreadPoolExecutor, region: str, profile: str
    ) -> None:
        self.reader = reader
        self.iam_reader = iam_reader
        self.pool = pool
        self.region = region
        self.profile = profile
        self.account = ""

    def verdicts(self, wanted: Wanted) -> tuple[Verdict, ...]:
        """Return the verdicts, in the order in which the instances were named, or of their ids."""
        instances = self._instances(wanted)
        # Only instances of the caller's own account are listed, so their owner need not be asked for.
        owners = () if isinstance(instances, Unseen) else (one.owner for one in instances if one.owner)
        self.account = next(iter(owners), "") or self._caller()
        if isinstance(instances, Unseen):
            return self._no_look(wanted, instances)
        nodes = self._nodes([one.id for one in instances if one.state not in ("terminated", "shutting-down")])
        running = [one.id for one in instances if one.state == "running"]
        connected = self._connections(running)
        found = []
        facts = []
        for one in instances:
            fact = Facts(self._scene(), one, node=None if isinstance(nodes, Unseen) else nodes.get(one.id))
            if one.id in connected:
                fact = replace(fact, connected=connected[one.id])
            if isinstance(nodes, Unseen) and one.state == "running":
                found.append(self._bare_no_look(one.id, nodes))
            else:
                facts.append(fact)
        found += self._deeper(facts)
        if wanted.ids:
            found += self._missing(wanted.ids, {one.id for one in instances})
            order = {one: number for number, one in enumerate(wanted.ids)}
            return tuple(sorted(found, key=lambda one: order.get(one.id, 0)))
        return tuple(sorted(found, key=lambda one: one.id))

    def _caller(self) -> str:
        answer = self.reader.ask("sts", "GetCallerIdentity")
        return "" if isinstance(answer, Unseen) else answers.text(answer, "Account")

    def _scene(self) -> Scene:
        return Scene(self.reader.now, self.region, self.account, self.profile)

    def _instances(self, wanted: Wanted) -> list[Instance] | Unseen:
        found: list[Instance] = []
        asked: list[list[dict[str, Any]]] = [
            [{"Name": "instance-id", "Values": some}] for some in chunks(wanted.ids, FILTER)
        ]
        if not wanted.ids:
            asked = [[{"Name": name, "Values": list(values)} for name, values in wanted.filters.items()]]
        for filters in asked:
            more: dict[str, Any] = {"Filters": filters} if filters else {}
            listed = self.reader.all("ec2", "DescribeInstances", "Reservations", MaxResults=1000, **more)
            if isinstance(listed, Unseen):
                return listed
            for reservation in listed:
                owner = answers.text(reservation, "OwnerId")
                found += [answers.instance(one, owner) for one in answers.many(reservation, "Instances")]
        return list({one.id: one for one in found}.values())

    def _no_look(self, wanted: Wanted, unseen: Unseen) -> tuple[Verdict, ...]:
        return tuple(self._bare_no_look(one, unseen) for one in wanted.ids or ("*",))

    def _bare_no_look(self, instance: str, unseen: Unseen) -> Verdict:
        where = f"in account {self.account or 'of these credentials'}, region {self.region}"
        if unseen.why == "not allowed":
            sentence = f"You may not look: {unseen.action} is not allowed {where}. Ask for it."
            return bare("no-look", instance, sentence, region=self.region, account=self.account)
        sentence = self.reader.lines.get(unseen.action, str(unseen))
        return bare("failed", instance, sentence, region=self.region, account=self.account)

    def _missing(self, ids: Sequence[str], found: set[str]) -> list[Verdict]:
        where = f"account {self.account or 'of these credentials'}, region {self.region}"
        sentence = f"There is no such instance in {where}; try another --region or --profile."
        return [
            bare("not-found", one, sentence, region=self.region, account=self.account)
            for one in ids
            if one not in found
        ]

    def _nodes(self, ids: Sequence[str]) -> Mapping[str, Node] | Unseen:
        jobs = [self.pool.submit(read_nodes, self.reader, some) for some in chunks(ids, NODES_FILTER)]
        nodes: dict[str, Node] = {}
        for job in jobs:
            found = job.result()
            if isinstance(found, Unseen):
                return found
            nodes |= found
        return nodes

    def _connections(self, ids: Sequence[str]) -> Mapping[str, bool | Unseen]:
        if len(ids) > FEW:
            return {}
        return dict(zip(ids, self.pool.map(lambda one: read_connection(self.reader, one), ids), strict=True))

    def _deeper(self, facts: list[Facts]) -> list[Verdict]:
        """Return the verdicts, after as many stages as each instance needs."""
        first = [(one, diagnose(one)) for one in facts]
        done = [verdict for one, verdict in first if not _is_open(one, verdict)]
        rest = self._read(self._common([one for one, verdict in first if _is_open(one, verdict)]))
        done += [diagnose(one) for one in rest]
        return done

    def _common(self, rest: list[Facts]) -> list[Facts]:
        """Return the facts with status, profiles, rights and networks, each read once for all."""
        if not rest:
            return []
        ids = [one.instance.id for one in rest]
        # What starts further calls runs here, and not in the pool that these calls need.
        status = self.pool.submit(self._statuses, ids)
        associations = self.pool.submit(self._associations, ids)
        setting = self.pool.submit(self._host_management)
        hybrid = self.pool.submit(self._hybrid)
        images = self.pool.submit(self._images, sorted({one.instance.image for one in rest if one.instance.image}))
        names = sorted({one.instance.profile_name for one in rest if one.instance.profile_name})
        profiles = dict(zip(names, self.pool.map(self._profile, names), strict=True))
        vpcs = sorted({face.vpc for one in rest for face in one.instance.interfaces if face.vpc})
        network = read_network(self.reader, self.pool, vpcs) if vpcs else Unseen("ec2:DescribeVpcs", "no VPC is listed")
        rest = [replace(one, profile=profiles.get(one.instance.profile_name), network=network) for one in rest]
        rights = self._rights(rest)
        return [
            replace(
                one,
                status=_of(status.result(), one.instance.id),
                associations=_of(associations.result(), one.instance.id, ()),
                host_management=setting.result(),
                hybrid=_of(hybrid.result(), one.instance.address),
                image=_of(images.result(), one.instance.image),
                rights=rights.get(one.instance.id, one.rights),
            )
            for one in rest
        ]

    def _statuses(self, ids: Sequence[str]) -> Any:
        return self._by_id(
            "DescribeInstanceStatus", "InstanceStatuses", chunks(ids, 100), "InstanceIds", answers.status
        )

    def _by_id(self, operation: str, key: str, some: list[list[str]], word: str, take: Callable[[Any], Any]) -> Any:
        found: dict[str, Any] = {}
        for ids in some:
            named: dict[str, Any] = {word: ids}
            listed = self.reader.all("ec2", operation, key, **named)
            if isinstance(listed, Unseen):
                return listed
            found |= {answers.text(one, "InstanceId"): take(one) for one in listed}
        return found

    def _associations(self, ids: Sequence[str]) -> Any:
        found: dict[str, tuple[Any, ...]] = {}
        for some in chunks(ids, FILTER):
            listed = self.reader.all(
                "ec2",
                "DescribeIamInstanceProfileAssociations",
                "IamInstanceProfileAssociations",
                Filters=[{"Name": "instance-id", "Values": some}],
                MaxResults=1000,
            )
            if isinstance(listed, Unseen):
                return listed
            for one in listed:
                made = answers.association(one)
                if made.state != "disassociated":
                    key = answers.text(one, "InstanceId")
                    found[key] = (*found.get(key, ()), made)
        return found

    def _host_management(self) -> HostManagement | Unseen | None:
        answer = self.reader.ask("ssm", "GetServiceSetting", SettingId=HOST_MANAGEMENT)
        if isinstance(answer, Unseen):
            # A setting that nobody ever touched may not be there at all.
            return None if answer.why == "ServiceSettingNotFound" else answer
        setting = answer.get("ServiceSetting") or {}
        if answers.fold(setting, "Status") == "default" or not answers.text(setting, "SettingValue").strip("$"):
            return None
        return HostManagement(answers.text(setting, "SettingValue"), answers.when(setting, "LastModifiedDate"))

    def _hybrid(self) -> Any:
        filters = [{"Key": "ResourceType", "Values": ["ManagedInstance"]}]
        found = self.reader.all("ssm", "DescribeInstanceInformation", NODES, most=20, MaxResults=50, Filters=filters)
        if isinstance(found, Unseen):
            return found
        nodes = [one for one in map(answers.node, found) if one.id.startswith("mi-") and one.address]
        addresses = [one.address for one in nodes]
        # An address that two nodes have tells nothing.
        return {one.address: one for one in nodes if addresses.count(one.address) == 1}

    def _images(self, ids: Sequence[str]) -> Any:
        if not ids:
            return {}
        found: dict[str, Any] = {}
        for some in chunks(ids, FILTER):
            # One id that is gone fails all of them, as a filter it does not.
            filters = [{"Name": "image-id", "Values": some}]
            listed = self.reader.all("ec2", "DescribeImages", "Images", Filters=filters)
            if isinstance(listed, Unseen):
                return listed
            found |= {one.id: one for one in map(answers.image, listed)}
        return found

    def _profile(self, name: str) -> Profile | Gone | Unseen:
        answer = self.reader.ask("iam", "GetInstanceProfile", InstanceProfileName=name)
        if isinstance(answer, Unseen):
            return Gone(name) if answer.why == "NoSuchEntity" else answer
        return answers.profile(answer)

    def _rights(self, rest: Sequence[Facts]) -> dict[str, Any]:
        roles: dict[str, tuple[Any, list[str]]] = {}
        for one in rest:
            if isinstance(one.profile, Profile) and one.profile.roles:
                role = one.profile.roles[0]
                roles.setdefault(role.arn, (role, []))[1].append(one.instance.id)
        scene = self._scene()
        jobs = [self.pool.submit(read_rights, self.reader, scene, role, ids) for role, ids in roles.values()]
        return {instance: right for job in jobs for instance, right in job.result().items()}

    def _read(self, rest: list[Facts]) -> list[Facts]:
        """Return the facts with the traces of those that are still open."""
        verdicts = {one.instance.id: diagnose(one) for one in rest}
        left = [one for one in rest if _wants_traces(one, verdicts[one.instance.id])]
        if not left:
            return rest
        trails = self._trails(left)
        consoles = read_consoles(self.reader, self.pool, [one.instance.id for one in left])
        found = []
        for one in rest:
            made = replace(one, scene=self._scene())
            if one.instance.id in trails:
                made = replace(made, trail=trails[one.instance.id])
            if one.instance.id in consoles:
                made = replace(made, console=consoles[one.instance.id])
            found.append(self._with_role_changes(made))
        return found

    def _trails(self, left: Sequence[Facts]) -> Mapping[str, Trail | Unseen]:
        return read_trails(self.reader, self.pool, left, self.reader.now)

    def _with_role_changes(self, facts: Facts) -> Facts:
        """Look whether the role was changed after a refusal, where its rights cannot be seen."""
        evidence = Evidence(facts)
        call = evidence.last_refused
        if call is None or evidence.rights.report.decision != "unknown" or isinstance(facts.trail, Unseen):
            return facts
        changed, was_read = read_role_changes(self.iam_reader(), facts, call.at)
        return replace(facts, trail=replace(facts.trail, role_changed=changed, has_role_changes=was_read))


def read_nodes(reader: Reader, ids: Sequence[str]) -> Mapping[str, Node] | Unseen:
    """Return the node entries of instances."""
    nodes: dict[str, Node] = {}
    for some in chunks(ids, NODES_FILTER):
        more: dict[str, Any] = {"Filters": [{"Key": "InstanceIds", "Values": some}]}
        found = reader.all("ssm", "DescribeInstanceInformation", NODES, MaxResults=50, **more)
        if isinstance(found, Unseen) and found.why == "InvalidInstanceId":
            # One id that Systems Manager does not know fails all of them.
            found = reader.all("ssm", "DescribeInstanceInformation", NODES, MaxResults=50)
        if isinstance(found, Unseen):
            return found
        nodes |= {one.id: one for one in map(answers.node, found)}
    return nodes


def read_connection(reader: Reader, instance: str) -> bool | Unseen:
    """Return whether the channel for sessions of an instance is open."""
    answer = reader.ask("ssm", "GetConnectionStatus", Target=instance)
    if isinstance(answer, Unseen):
        return answer
    return answers.fold(answer, "Status") == "connected"


def _is_open(facts: Facts, verdict: Verdict) -> bool:
    """Return whether more has to be read about an instance than its state, node entry and connection."""
    if facts.instance.state != "running" or verdict.verdict == "managed-by-service":
        return False
    is_asked = not isinstance(facts.connected, Unseen) or facts.connected.why == NOT_ASKED
    return not (verdict.is_online and is_asked)


def _wants_traces(facts: Facts, verdict: Verdict) -> bool:
    """Return whether a console or CloudTrail may change the verdict, or name a time."""
    if verdict.verdict in ("online", "hybrid", "no-channel"):
        return False
    final = (
        "sick",
        "booting",
        "imds-off",
        "no-role",
        "profile-gone",
        "profile-empty",
        "role-untrusted",
        "agent-too-old",
    )
    return not (verdict.is_known and verdict.verdict in final) or facts.instance.state != "running"


def _of(found: Any, key: str, missing: Any = None) -> Any:
    return found if isinstance(found, Unseen) else found.get(key, missing)
