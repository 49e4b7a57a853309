"""Plan and execute in many regions and accounts side by side, so many at once, each with a result of its own."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum

import boto3

from ssmwake.publish.access import PATIENT, Patience, Refused, Service, services, session
from ssmwake.publish.actions import Action
from ssmwake.publish.differences import Difference, differences
from ssmwake.publish.execution import Execution
from ssmwake.publish.found import Found, read
from ssmwake.publish.planning import Impossible, Publish, Purpose, actions, question
from ssmwake.publish.wanted import Place, Wanted

SIDE_BY_SIDE = 20


@dataclass(frozen=True)
class PlacePlan:
    """What is to be done in one place, and what was there when it was planned; or why there is no plan."""

    place: Place
    found: Found = field(default_factory=Found)
    actions: tuple[Action, ...] = ()
    failure: str = ""

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What the actions change in texts, before and after."""
        return differences(self.found, self.actions)


@dataclass(frozen=True)
class Plan:
    """What is wanted, and the actions that lead there from what was found, place by place."""

    wanted: Wanted
    purpose: Purpose
    places: tuple[PlacePlan, ...]

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return any(place.actions for place in self.places)

    @property
    def failures(self) -> tuple[PlacePlan, ...]:
        """The places for which there is no plan."""
        return tuple(place for place in self.places if place.failure)


class Outcome(StrEnum):
    """How it went in one place."""

    UNCHANGED = "unchanged"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Result:
    """How it went in one place: the actions that were done, and the line about the one that was not."""

    place: Place
    outcome: Outcome
    done: tuple[Action, ...] = ()
    failure: str = ""


def plan(
    wanted: Wanted,
    places: Sequence[Place],
    purpose: Purpose = Publish(),  # noqa: B008 - frozen
    *,
    at_once: int = SIDE_BY_SIDE,
    patience: Patience = PATIENT,
    told: Callable[[Place], None] = lambda place: None,
) -> Plan:
    """Read every place and return what to do; nothing is changed. `told` hears of each place that is planned."""
    doors = _Doors(wanted, patience)

    def planned(place: Place) -> PlacePlan:
        try:
            found = read(doors.open(place), wanted, question(purpose))
            return PlacePlan(place, found, actions(wanted, found, purpose))
        except Refused as refused:
            return PlacePlan(place, failure=refused.line)
        except Impossible as impossible:
            return PlacePlan(place, failure=str(impossible))
        finally:
            told(place)

    with ThreadPoolExecutor(max_workers=_workers(at_once, places)) as pool:
        return Plan(wanted, purpose, tuple(pool.map(planned, places)))


def execute(
    planned: Plan,
    *,
    fail_fast: bool = False,
    at_once: int = SIDE_BY_SIDE,
    patience: Patience = PATIENT,
    told: Callable[[Place], None] = lambda place: None,
) -> tuple[Result, ...]:
    """Do what the plan says, and return how it went, in the order of its places.

    A place that was changed since it was planned is left alone. With `fail_fast`, no place is begun after a failure.
    """
    doors = _Doors(planned.wanted, patience)
    stop = threading.Event()
    if fail_fast and planned.failures:
        stop.set()

    def executed(one: PlacePlan) -> Result:
        result = _executed(one, planned, doors, stop)
        if fail_fast and result.outcome is Outcome.FAILED:
            stop.set()
        told(one.place)
        return result

    with ThreadPoolExecutor(max_workers=_workers(at_once, planned.places)) as pool:
        try:
            return tuple(pool.map(executed, planned.places))
        except BaseException:
            # Interrupted: what runs is finished, and nothing else is begun.
            stop.set()
            raise


def _executed(one: PlacePlan, planned: Plan, doors: "_Doors", stop: threading.Event) -> Result:
    if one.failure:
        return Result(one.place, Outcome.FAILED, failure=one.failure)
    if not one.actions:
        return Result(one.place, Outcome.UNCHANGED)
    if stop.is_set():
        return Result(one.place, Outcome.SKIPPED, failure="left alone, because another place failed")
    done: list[Action] = []
    try:
        opened = doors.open(one.place)
        if not read(opened, planned.wanted, question(planned.purpose)).like(one.found):
            raise Refused("something was changed here since the plan was made; plan and publish again")
        for action in Execution(opened).run(one.actions):
            done.append(action)
    except Refused as refused:
        return Result(one.place, Outcome.FAILED, tuple(done), refused.line)
    return Result(one.place, Outcome.DONE, tuple(done))


class _Doors:
    """The services of each place; the role of an account is assumed once, whatever number of regions ask."""

    def __init__(self, wanted: Wanted, patience: Patience) -> None:
        self.names = ("ssm", *(("ec2",) if wanted.launch_templates else ()))
        self.patience = patience
        self._guards: dict[tuple[str, str], threading.Lock] = {}
        self._guard = threading.Lock()
        self._sessions: dict[tuple[str, str], boto3.Session | Refused] = {}

    def open(self, place: Place) -> dict[str, Service]:
        """Return the services in a place, or raise Refused."""
        key = (place.profile, place.role)
        with self._guard:
            guard = self._guards.setdefault(key, threading.Lock())
        with guard:
            if key not in self._sessions:
                try:
                    self._sessions[key] = session(place, self.patience)
                except Refused as refused:
                    self._sessions[key] = refused
        own = self._sessions[key]
        if isinstance(own, Refused):
            raise own
        return services(own, place, self.patience, *self.names)


def _workers(at_once: int, places: Sequence[object]) -> int:
    return max(1, min(at_once, len(places)))
