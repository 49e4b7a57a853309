"""Look at the instances of one region of one account: what is wanted in, a verdict for each out, in few calls.

    instances, node entries, connections -> (not online) status, profiles, rights, network -> (still open) traces

Each stage asks only about what the one before left open; what could not be asked costs certainty, never the run.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from ssmwake.aws.errors import CREDENTIALS, DENIED
from ssmwake.operate import answers
from ssmwake.operate.causes import BY_NAME
from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import NOT_ASKED, Facts, Node, Profile, Scene, Unseen
from ssmwake.operate.read_machines import Wanted, read_associations, read_images, read_instances, read_statuses
from ssmwake.operate.read_network import read_network
from ssmwake.operate.read_nodes import (
    FILTER,
    UNKNOWN_ID,
    read_connection,
    read_host_management,
    read_hybrid_nodes,
    read_nodes,
)
from ssmwake.operate.read_rights import read_profile, read_rights
from ssmwake.operate.read_traces import read_consoles, read_role_changes, read_trails
from ssmwake.operate.reader import Reader, chunks
from ssmwake.operate.verdict import Verdict, bare, diagnose

# Up to this many instances, each is asked for its connection; there is no call for many.
FEW = 20


def survey(
    reader: Reader,
    iam_reader: Reader,
    wanted: Wanted,
    *,
    region: str,
    profile: str = "",
    expected_role: str = "",
    assumed_role: str = "",
    with_role_in_use: bool = False,
    at_once: int = 8,
) -> tuple[Verdict, ...]:
    """Return a verdict for each instance that is wanted; `iam_reader` reads where the events of IAM are.

    `with_role_in_use` looks, for instances that are online too, on which role their agents are.
    """
    scene = Scene(reader.now, region, "", profile, expected_role, assumed_role)
    pool = ThreadPoolExecutor(max_workers=at_once)
    try:
        found = _Survey(reader, iam_reader, pool, scene, with_role_in_use).verdicts(wanted)
    except BaseException:
        # After Ctrl-C, what is under way is not waited for.
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
    return found


class _Survey:
    def __init__(
        self,
        reader: Reader,
        iam_reader: Reader,
        pool: ThreadPoolExecutor,
        scene: Scene,
        with_role_in_use: bool,
    ) -> None:
        self.reader = reader
        self.iam_reader = iam_reader
        self.pool = pool
        self.scene = scene
        self.region = scene.region
        self.with_role_in_use = with_role_in_use
        self.account = ""

    def verdicts(self, wanted: Wanted) -> tuple[Verdict, ...]:
        """Return the verdicts, in the order in which the instances were named, or of their ids."""
        early = _Early(self.reader, self.pool, wanted.ids)
        instances = read_instances(self.reader, wanted)
        # Only instances of the caller's own account are listed, so their owner need not be asked for.
        owners = () if isinstance(instances, Unseen) else (one.owner for one in instances if one.owner)
        self.account = next(iter(owners), "") or self._caller()
        if isinstance(instances, Unseen):
            return tuple(self._not_seen(one, instances) for one in wanted.ids or ("*",))
        nodes = early.nodes([one.id for one in instances if one.state not in ("terminated", "shutting-down")])
        connected = early.connections([one.id for one in instances if one.state == "running"])
        found = []
        facts = []
        for one in instances:
            if isinstance(nodes, Unseen) and one.state == "running":
                found.append(self._not_seen(one.id, nodes))
                continue
            fact = Facts(self._scene(), one, node=None if isinstance(nodes, Unseen) else nodes.get(one.id))
            facts.append(replace(fact, connected=connected.get(one.id, fact.connected)))
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
        return replace(self.scene, now=self.reader.now, account=self.account)

    def _not_seen(self, instance: str, unseen: Unseen) -> Verdict:
        where = f"in account {self.account or 'of these credentials'}, region {self.region}"
        if unseen.why == "not allowed":
            sentence = f"You may not look: {unseen.action} is not allowed {where}. Ask for that permission."
            action = unseen.action
            return bare("no-look", instance, sentence, region=self.region, account=self.account, resource=action)
        line = self.reader.lines.get(unseen.action, str(unseen))
        return not_seen(instance, line, unseen.why, region=self.region, account=self.account)

    def _missing(self, ids: Sequence[str], found: set[str]) -> list[Verdict]:
        where = f"account {self.account or 'of these credentials'}, region {self.region}"
        sentence = f"There is no such instance in {where}; try another --region, --profile or --assume-role."
        return [
            bare("not-found", one, sentence, region=self.region, account=self.account)
            for one in ids
            if one not in found
        ]

    def _deeper(self, facts: list[Facts]) -> list[Verdict]:
        """Return the verdicts, after as many stages as each instance needs."""
        first = [(one, diagnose(one)) for one in facts]
        done = [verdict for one, verdict in first if not self._is_open(one, verdict)]
        rest = self._with_traces(self._with_settings([one for one, verdict in first if self._is_open(one, verdict)]))
        return [*done, *map(diagnose, rest)]

    def _is_open(self, facts: Facts, verdict: Verdict) -> bool:
        """Return whether more has to be read about an instance than its state, node entry and connection."""
        if facts.instance.state != "running" or verdict.verdict == "managed-by-service":
            return False
        is_asked = not isinstance(facts.connected, Unseen) or facts.connected.why == NOT_ASKED
        return self.with_role_in_use or not (verdict.is_online and is_asked)

    def _with_settings(self, rest: list[Facts]) -> list[Facts]:
        """Return the facts with status, profiles, rights and networks, each read once for all."""
        if not rest:
            return []
        reader, submit = self.reader, self.pool.submit
        ids = [one.instance.id for one in rest]
        # What starts further calls runs here, and not in the pool that these calls need.
        status = submit(read_statuses, reader, ids)
        associations = submit(read_associations, reader, ids)
        setting = submit(read_host_management, reader)
        hybrid = submit(read_hybrid_nodes, reader)
        images = submit(read_images, reader, sorted({one.instance.image for one in rest if one.instance.image}))
        names = sorted({one.instance.profile_name for one in rest if one.instance.profile_name})
        profiles = dict(zip(names, self.pool.map(lambda name: read_profile(reader, name), names), strict=True))
        vpcs = sorted({face.vpc for one in rest for face in one.instance.interfaces if face.vpc})
        network = read_network(reader, self.pool, vpcs) if vpcs else Unseen("ec2:DescribeVpcs", "no VPC is listed")
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

    def _rights(self, rest: Sequence[Facts]) -> dict[str, Any]:
        roles: dict[str, tuple[Any, list[str]]] = {}
        for one in rest:
            if isinstance(one.profile, Profile) and one.profile.roles:
                role = one.profile.roles[0]
                roles.setdefault(role.arn, (role, []))[1].append(one.instance.id)
        scene = self._scene()
        jobs = [self.pool.submit(read_rights, self.reader, scene, role, ids) for role, ids in roles.values()]
        return {instance: right for job in jobs for instance, right in job.result().items()}

    def _with_traces(self, rest: list[Facts]) -> list[Facts]:
        """Return the facts with the traces of those that are still open."""
        left = [one for one in rest if self._wants_traces(one, diagnose(one))]
        if not left:
            return rest
        trails = read_trails(self.reader, self.pool, left, self.reader.now)
        consoles = read_consoles(self.reader, self.pool, [one.instance.id for one in left])
        return [
            self._with_role_changes(
                replace(
                    one,
                    scene=self._scene(),
                    trail=trails.get(one.instance.id, one.trail),
                    console=consoles.get(one.instance.id, one.console),
                )
            )
            for one in rest
        ]

    def _wants_traces(self, facts: Facts, verdict: Verdict) -> bool:
        """Return whether a console or CloudTrail may change the verdict, or name a time."""
        if verdict.is_online:
            return self.with_role_in_use
        cause = BY_NAME[verdict.verdict]
        return not (cause.is_beyond_traces or (verdict.is_known and cause.is_settled))

    def _with_role_changes(self, facts: Facts) -> Facts:
        """Look whether the role was changed after a refusal, where its rights cannot be seen."""
        evidence = Evidence(facts)
        call = evidence.last_refused
        if call is None or evidence.rights.report.decision != "unknown" or isinstance(facts.trail, Unseen):
            return facts
        changed, was_read = read_role_changes(self.iam_reader, facts, call.at)
        return replace(facts, trail=replace(facts.trail, role_changed=changed, has_role_changes=was_read))


class _Early:
    """What Systems Manager knows of instances; a few that are named are asked for while EC2 looks for them."""

    def __init__(self, reader: Reader, pool: ThreadPoolExecutor, ids: Sequence[str]) -> None:
        self.reader, self.pool = reader, pool
        some = ids if len(ids) <= FEW else ()
        self._nodes: Future[Any] | None = pool.submit(read_nodes, reader, some, is_sure=False) if some else None
        self._connections = self._ask_connections(some)

    def nodes(self, ids: Sequence[str]) -> Mapping[str, Node] | Unseen:
        """Return the node entries of instances that exist."""
        early = self._nodes.result() if self._nodes else None
        # An id of another account fails the filter, and only EC2 says which of them are ours.
        if early is not None and not (isinstance(early, Unseen) and early.why == UNKNOWN_ID):
            return early  # type: ignore[no-any-return]
        jobs = [self.pool.submit(read_nodes, self.reader, some) for some in chunks(ids, FILTER)]
        nodes: dict[str, Node] = {}
        for job in jobs:
            found = job.result()
            if isinstance(found, Unseen):
                return found
            nodes |= found
        return nodes

    def connections(self, ids: Sequence[str]) -> Mapping[str, bool | Unseen]:
        """Return the connections of instances that run, unless they are too many to ask for one by one."""
        asked = self._connections
        if len(ids) <= FEW:
            asked |= self._ask_connections([one for one in ids if one not in asked])
        return {one: asked[one].result() for one in ids if one in asked}

    def _ask_connections(self, ids: Iterable[str]) -> dict[str, Future[bool | Unseen]]:
        return {one: self.pool.submit(read_connection, self.reader, one) for one in ids}


def not_seen(instance: str, line: str, code: str, *, region: str, account: str = "") -> Verdict:
    """Return the verdict on an instance that a refusal with this code kept from sight; `line` is about the refusal."""
    cause = "no-look" if code in CREDENTIALS | DENIED else "failed"
    return bare(cause, instance, f"{line[:1].upper()}{line[1:]}.", region=region, account=account)


def _of(found: Any, key: str, missing: Any = None) -> Any:
    return found if isinstance(found, Unseen) else found.get(key, missing)
