"""Wait until instances are Online and connected: ids in, an outcome with its exit status out.

Connections are asked for every few seconds, a diagnosis is made once a minute. A diagnosis that is known, and that
waiting does not cure, ends the wait early; not before a grace, because Terraform makes role and machine at once.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ssmwake.aws.client import PATIENT, Patience, Refused
from ssmwake.aws.parallel import Stop, side_by_side
from ssmwake.aws.place import Place
from ssmwake.aws.session import Sessions
from ssmwake.operate.causes.cause import AGENT, CONFIGURATION, FINE, FORBIDDEN, NOT_YET, UNAVAILABLE
from ssmwake.operate.desk import Desk
from ssmwake.operate.facts import Node, Unseen
from ssmwake.operate.read_machines import Wanted, read_instances
from ssmwake.operate.read_nodes import read_connection, read_nodes
from ssmwake.operate.reader import Reader
from ssmwake.operate.survey import FEW, not_seen
from ssmwake.operate.verdict import Verdict, bare, with_step
from ssmwake.operate.wake import RESTART_TAKES

# The most serious first: what nobody here can change, what somebody must, the agent, and what time may cure.
GRAVITY = (FORBIDDEN, UNAVAILABLE, CONFIGURATION, AGENT, NOT_YET, FINE)

# Waiting does not cure these.
HOPELESS = (FORBIDDEN, UNAVAILABLE, CONFIGURATION)

# States of instances that no filter is meant to find: they stay listed for about an hour.
ENDED = ("shutting-down", "terminated")

# Connections that are asked for at once.
AT_ONCE = 8


@dataclass(frozen=True)
class Pace:
    """How often to ask and to diagnose, and how long a known fault is given, in seconds."""

    few: float = 5
    many: float = 10
    diagnosis: float = 60
    grace: float = 60


@dataclass(frozen=True)
class Waited:
    """How the wait for one instance ended, after how many seconds."""

    verdict: Verdict
    seconds: float

    @property
    def exit(self) -> int:
        """The exit status for this instance; one that is not online is at best not online yet."""
        return FINE if self.verdict.is_online else self.verdict.exit or NOT_YET


@dataclass(frozen=True)
class WaitOutcome:
    """How the whole wait ended."""

    instances: tuple[Waited, ...]
    seconds: float

    @property
    def exit(self) -> int:
        """The most serious exit status of all instances; without any, that of one that does not exist."""
        found = {one.exit for one in self.instances} or {UNAVAILABLE}
        return next((status for status in GRAVITY if status in found), NOT_YET)


@dataclass
class Wait:
    """A wait for instances of one place, by their ids or by EC2's filters, of which the first look makes ids.

    `on_change` is called with each new verdict, `on_tick` with each look.
    """

    place: Place
    ids: tuple[str, ...]
    timeout: float
    is_patient: bool = False
    pace: Pace = Pace()
    patience: Patience = PATIENT
    # After a restart: a report from before this time is that of the agent as it was, for as long as the restart takes.
    restarted: datetime | None = None
    expected_role: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Steps that are left out of verdicts, because the user has just taken them.
    taken: tuple[str, ...] = ()
    on_change: Callable[[Verdict], None] = lambda verdict: None
    on_tick: Callable[["Wait"], None] = lambda wait: None
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    done: dict[str, Waited] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long it has been waited."""
        return time.monotonic() - self.began

    @property
    def open(self) -> tuple[str, ...]:
        """The instances that are still waited for."""
        return tuple(one for one in self.ids if one not in self.done)

    def so_far(self) -> WaitOutcome:
        """Return how the wait stands, for a user who does not wait to its end."""
        found = []
        for one in self.ids:
            sentence = "It had not been looked at when the wait was interrupted."
            last = self.verdicts.get(one) or bare("failed", one, sentence, region=self.place.region)
            found.append(self.done.get(one) or Waited(last, self.seconds))
        return WaitOutcome(tuple(found), self.seconds)

    def run(self) -> WaitOutcome:
        """Wait, and return how it ended; raises Refused where there are no credentials."""
        with Desk(self.place, Sessions((), self.patience), self.expected_role) as desk:
            return self._run(desk)

    def _run(self, desk: Desk) -> WaitOutcome:
        reader = Reader(desk.services)
        next_diagnosis, is_last = 0.0, False
        self.ids = self.ids or self._find(reader)
        while True:
            self._look(reader)
            is_over = self.seconds >= self.timeout
            if self.open and (self.seconds >= next_diagnosis or any(one not in self.verdicts for one in self.open)):
                next_diagnosis, is_last = self._diagnose_in_time(desk, is_last)
            if is_over:
                for one in self.open:
                    self._end(self.verdicts[one])
            if not self.open:
                return WaitOutcome(tuple(self.done[one] for one in self.ids), self.seconds)
            self.on_tick(self)
            pause = self.pace.few if len(self.open) <= FEW else self.pace.many
            due = min(pause, max(0.0, min(self.timeout, next_diagnosis) - self.seconds))
            # A fault that is known is looked at again when its grace is over, and not a minute later.
            if self.seconds < self.pace.grace <= self.seconds + due and self._is_hopeless():
                next_diagnosis = self.pace.grace
            time.sleep(due)

    def _diagnose_in_time(self, desk: Desk, is_last: bool) -> tuple[float, bool]:
        """Diagnose; return when to do so again, and whether that is the last time, whose end the timeout is for."""
        began = self.seconds
        self._diagnose(desk)
        last = self.timeout - (self.seconds - began)
        if self.seconds + self.pace.diagnosis < last:
            return self.seconds + self.pace.diagnosis, False
        return (math.inf, True) if is_last or last <= self.seconds else (last, True)

    def _find(self, reader: Reader) -> tuple[str, ...]:
        """Return the ids that fit the filters; an instance that was asked for a moment ago may not be listed yet."""
        while True:
            listed = read_instances(reader, Wanted(filters=self.filters))
            if isinstance(listed, Unseen):
                code = "AccessDenied" if listed.why == "not allowed" else listed.why
                raise Refused(reader.lines.get(listed.action, str(listed)), code)
            found = sorted(one.id for one in listed if one.state not in ENDED)
            if found or (self.seconds >= self.pace.grace and not self.is_patient) or self.seconds >= self.timeout:
                return tuple(found)
            time.sleep(min(self.pace.few, max(0.0, self.timeout - self.seconds)))

    def _is_hopeless(self) -> bool:
        return any(self._ends_early(self.verdicts[one]) for one in self.open if one in self.verdicts)

    def _look(self, reader: Reader) -> None:
        """End the wait for what is Online and connected now."""
        ids = self.open
        candidates: Sequence[str] = ids
        if len(ids) > FEW:
            candidates = self._reporting(reader, ids)
        stop = Stop()
        answers = side_by_side(
            lambda one: read_connection(reader, one), candidates, at_once=AT_ONCE, stop=stop, grace=0
        )
        if stop.interrupted:
            raise KeyboardInterrupt
        connected = [one for one, answer in zip(candidates, answers, strict=True) if answer is True]
        online = set(connected) if len(ids) > FEW else set(self._reporting(reader, connected))
        for one in connected:
            if one in online:
                self._end(_online(one, self.verdicts.get(one), self.place))

    def _reporting(self, reader: Reader, ids: Sequence[str]) -> list[str]:
        nodes = read_nodes(reader, ids) if ids else {}
        if isinstance(nodes, Unseen):
            return []
        return [one for one in ids if one in nodes and nodes[one].ping == "Online" and self._is_new(nodes[one])]

    def _is_new(self, node: Node | None) -> bool:
        """Return whether a report is that of the agent since its restart."""
        if self.restarted is None or self.seconds >= RESTART_TAKES:
            return True
        return bool(node and node.pinged and node.pinged >= self.restarted)

    def _diagnose(self, desk: Desk) -> None:
        try:
            found = desk.verdicts(Wanted(self.open))
        except Refused as refused:
            if not self.verdicts:
                raise
            # The network at the desk may be gone for a moment.
            found = tuple(not_seen(one, refused.line, refused.code, region=self.place.region) for one in self.open)
        for verdict in map(self.without_taken, found):
            before = self.verdicts.get(verdict.id)
            self.verdicts[verdict.id] = verdict
            is_other = before is None or (before.verdict, before.confidence) != (verdict.verdict, verdict.confidence)
            if is_other and not verdict.is_online:
                self.on_change(verdict)
            node = verdict.facts.node if verdict.facts else None
            is_new = self._is_new(None if isinstance(node, Unseen) else node)
            is_there = verdict.is_online and is_new and (verdict.is_known or _may_not_ask(verdict))
            is_graced = self.seconds < self.pace.grace and not _are_credentials_refused(verdict)
            if is_there or (not is_graced and self._ends_early(verdict)):
                self._end(verdict)

    def without_taken(self, verdict: Verdict) -> Verdict:
        """Return a verdict without the steps that the user has just taken."""
        return with_step(verdict, *(one for one in verdict.do if one not in self.taken))

    def _ends_early(self, verdict: Verdict) -> bool:
        return not self.is_patient and verdict.is_known and verdict.exit in HOPELESS

    def _end(self, verdict: Verdict) -> None:
        self.done[verdict.id] = Waited(verdict, self.seconds)
        if verdict.is_online:
            self.on_change(verdict)


def _are_credentials_refused(verdict: Verdict) -> bool:
    """Return whether nothing at all may be asked, which no grace changes; an action that is denied is named."""
    return verdict.verdict == "no-look" and not verdict.resource


def _may_not_ask(verdict: Verdict) -> bool:
    """Return whether the connection is not to be had from this caller, so that the report must do."""
    connected = verdict.facts.connected if verdict.facts else None
    return isinstance(connected, Unseen) and connected.why == "not allowed"


def _online(instance: str, before: Verdict | None, place: Place) -> Verdict:
    """Return the verdict on an instance that was just seen Online and connected."""
    sentence = "The agent reports, and the channel for sessions is open."
    found = replace(bare("online", instance, sentence, region=place.region), short="connected")
    return replace(found, name=before.name, account=before.account, zone=before.zone) if before else found
