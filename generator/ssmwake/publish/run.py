"""Plan and execute in many regions and accounts side by side, so many at once, each with a result of its own."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum

from ssmwake.aws.client import PATIENT, Patience, Refused
from ssmwake.aws.place import Place
from ssmwake.aws.session import Sessions
from ssmwake.publish.actions import Action
from ssmwake.publish.current import Current, read
from ssmwake.publish.desired import Desired
from ssmwake.publish.diff import Diff, diffs
from ssmwake.publish.execution import Execution
from ssmwake.publish.planning import Impossible, Publish, Purpose, actions, question

SIDE_BY_SIDE = 20


@dataclass(frozen=True)
class PlacePlan:
    """What is to be done in one place, and what was there when it was planned; or why there is no plan."""

    place: Place
    current: Current = field(default_factory=Current)
    actions: tuple[Action, ...] = ()
    failure: str = ""

    @property
    def diffs(self) -> tuple[Diff, ...]:
        """What the actions change in texts, before and after."""
        return diffs(self.current, self.actions)


@dataclass(frozen=True)
class Plan:
    """The desired state, and the actions that lead to it from the current one, place by place."""

    desired: Desired
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
    desired: Desired,
    places: Sequence[Place],
    purpose: Purpose = Publish(),  # noqa: B008 - frozen
    *,
    at_once: int = SIDE_BY_SIDE,
    patience: Patience = PATIENT,
    on_progress: Callable[[Place], None] = lambda place: None,
) -> Plan:
    """Read every place and return what to do; nothing is changed. `on_progress` hears of each place that is planned."""
    sessions = Sessions(_services(desired), patience)

    def planned(place: Place) -> PlacePlan:
        try:
            current = read(sessions.open(place), desired, question(purpose))
            return PlacePlan(place, current, actions(desired, current, purpose))
        except Refused as refused:
            return PlacePlan(place, failure=refused.line)
        except Impossible as impossible:
            return PlacePlan(place, failure=str(impossible))
        finally:
            on_progress(place)

    with ThreadPoolExecutor(max_workers=_workers(at_once, places)) as pool:
        return Plan(desired, purpose, tuple(pool.map(planned, places)))


def execute(
    planned: Plan,
    *,
    fail_fast: bool = False,
    at_once: int = SIDE_BY_SIDE,
    patience: Patience = PATIENT,
    on_progress: Callable[[Place], None] = lambda place: None,
) -> tuple[Result, ...]:
    """Do what the plan says, and return how it went, in the order of its places.

    A place that was changed since it was planned is left alone. With `fail_fast`, no place is begun after a failure.
    """
    sessions = Sessions(_services(planned.desired), patience)
    stop = threading.Event()
    if fail_fast and planned.failures:
        stop.set()

    def executed(one: PlacePlan) -> Result:
        result = _executed(one, planned, sessions, stop)
        if fail_fast and result.outcome is Outcome.FAILED:
            stop.set()
        on_progress(one.place)
        return result

    with ThreadPoolExecutor(max_workers=_workers(at_once, planned.places)) as pool:
        try:
            return tuple(pool.map(executed, planned.places))
        except BaseException:
            # Interrupted: what runs is finished, and nothing else is begun.
            stop.set()
            raise


def _executed(one: PlacePlan, planned: Plan, sessions: Sessions, stop: threading.Event) -> Result:
    if one.failure:
        return Result(one.place, Outcome.FAILED, failure=one.failure)
    if not one.actions:
        return Result(one.place, Outcome.UNCHANGED)
    if stop.is_set():
        return Result(one.place, Outcome.SKIPPED, failure="left alone, because another place failed")
    done: list[Action] = []
    try:
        opened = sessions.open(one.place)
        if not read(opened, planned.desired, question(planned.purpose)).like(one.current):
            raise Refused("something was changed here since the plan was made; plan and publish again")
        for action in Execution(opened).run(one.actions):
            done.append(action)
    except Refused as refused:
        return Result(one.place, Outcome.FAILED, tuple(done), refused.line)
    return Result(one.place, Outcome.DONE, tuple(done))


def _services(desired: Desired) -> tuple[str, ...]:
    return ("ssm", "ec2") if desired.launch_templates else ("ssm",)


def _workers(at_once: int, places: Sequence[object]) -> int:
    return max(1, min(at_once, len(places)))
