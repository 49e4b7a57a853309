"""Plan and execute in many regions and accounts side by side, each with a result of its own."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ssmwake.aws import errors
from ssmwake.aws.client import PATIENT, Patience, Refused
from ssmwake.aws.parallel import SIDE_BY_SIDE, Stop, side_by_side
from ssmwake.aws.place import Caller, Place
from ssmwake.aws.session import Sessions
from ssmwake.publish import promotions
from ssmwake.publish.actions import Action, Impossible
from ssmwake.publish.current import Current, read
from ssmwake.publish.desired import Desired
from ssmwake.publish.diff import Diff, diffs
from ssmwake.publish.execution import Execution
from ssmwake.publish.planning import Publish, Purpose, RollBack, left_alone, question, steps

# Our own codes, for what no service refused.
IMPOSSIBLE = "Impossible"
UNEXPECTED_ACCOUNT = "UnexpectedAccount"
CHANGED = "ChangedSincePlan"
INTERRUPTED = "Interrupted"


@dataclass(frozen=True)
class PlacePlan:
    """What is to be done in one place, and what was there when it was planned; or why it could not be planned.

    `unplanned` has a line for each launch template that cannot be brought in line, while the rest of the place is;
    `left_alone` has one for each thing that a rollback does not touch.
    """

    place: Place
    current: Current = field(default_factory=Current)
    actions: tuple[Action, ...] = ()
    failure: str = ""
    code: str = ""
    caller: Caller = field(default_factory=Caller)
    unplanned: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()

    @property
    def account(self) -> str:
        """The account's id; empty where nobody knows it."""
        return self.caller.account or self.place.account

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
    interrupted: bool = False
    sessions: Sessions | None = field(default=None, compare=False, repr=False)

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return any(place.actions for place in self.places)

    @property
    def failures(self) -> tuple[PlacePlan, ...]:
        """The places that could not be planned."""
        return tuple(place for place in self.places if place.failure)

    @property
    def incomplete(self) -> bool:
        """Whether something of what is desired could not be planned."""
        return any(place.failure or place.unplanned for place in self.places)

    @property
    def unexpected(self) -> bool:
        """Whether a place is in an account that was not expected: then nothing is done anywhere."""
        return any(place.code == UNEXPECTED_ACCOUNT for place in self.places)


class Outcome(StrEnum):
    """How it went in one place."""

    UNCHANGED = "unchanged"
    DONE = "done"
    FAILED = "failed"
    INCOMPLETE = "incomplete"  # what was planned is done, but not everything could be planned
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Result:
    """How it went in one place: the actions that were done, and the line about the one that was not."""

    place: Place
    outcome: Outcome
    done: tuple[Action, ...] = ()
    failure: str = ""
    code: str = ""
    caller: Caller = field(default_factory=Caller)

    @property
    def account(self) -> str:
        """The account's id; empty where nobody knows it."""
        return self.caller.account or self.place.account


def sign_in(desired: Desired, places: Sequence[Place], patience: Patience = PATIENT) -> Sessions:
    """Find the credentials for the places; this may ask for a code for MFA, on the terminal, once."""
    sessions = Sessions(_services(desired), patience)
    sessions.sign_in(places)
    return sessions


def plan(
    desired: Desired,
    places: Sequence[Place],
    purpose: Purpose = Publish(),  # noqa: B008 - frozen
    *,
    expected_accounts: Sequence[str] = (),
    partial: bool = False,
    sessions: Sessions | None = None,
    at_once: int = SIDE_BY_SIDE,
    patience: Patience = PATIENT,
    on_progress: Callable[[Place], None] = lambda place: None,
) -> Plan:
    """Read every place and return what to do; nothing is changed. `on_progress` is called for each place that was read.

    With `expected_accounts`, a place in any other account is not read, and the plan cannot be executed. `partial` says
    that the config has other places too, which may hold what has an id and is not in these. `sessions` are those of
    `sign_in`, for callers that show something meanwhile.
    """
    sessions = sessions or sign_in(desired, places, patience)
    stop = Stop()

    def read_place(place: Place) -> PlacePlan:
        caller = Caller()
        try:
            caller = sessions.caller(place)
            if expected_accounts and caller.account not in expected_accounts:
                return PlacePlan(place, failure=_unexpected(caller), code=UNEXPECTED_ACCOUNT, caller=caller)
            current = read(sessions.open(place), desired, question(purpose))
            return PlacePlan(place, current, caller=replace(caller, alias=sessions.alias(place)))
        except Refused as refused:
            return PlacePlan(place, failure=_line(refused), code=refused.code, caller=caller)

    read_places = side_by_side(
        read_place, places, at_once=at_once, stop=stop, on_progress=on_progress, grace=patience.longest_call
    )
    found = [
        one or PlacePlan(place, failure="interrupted before it was read", code=INTERRUPTED)
        for place, one in zip(places, read_places, strict=True)
    ]
    if purpose == RollBack():
        # The last promotion of all these places, not of each: what was promoted in one alone is reverted there alone.
        purpose = RollBack(max((one.current.last_promotion for one in found), default=""))
    here = {template.template for one in found for template in one.current.launch_templates}
    ids = {template.template for template in desired.launch_templates if template.by_id}
    absent = ids - here if partial else set()
    lines = tuple(f"launch template {name} is not in the regions and accounts of this run" for name in sorted(absent))
    planned = [one if one.failure else _planned(one, desired, purpose, here | absent) for one in found]
    places_planned = tuple(replace(one, left_alone=(*one.left_alone, *lines)) for one in planned)
    return Plan(desired, purpose, places_planned, stop.interrupted, sessions)


def _planned(one: PlacePlan, desired: Desired, purpose: Purpose, elsewhere: Collection[str]) -> PlacePlan:
    try:
        found = steps(desired, one.current, purpose, elsewhere)
    except Impossible as impossible:
        return replace(one, failure=errors.one_line(str(impossible)), code=IMPOSSIBLE)
    one = replace(one, actions=found.actions, unplanned=tuple(map(errors.one_line, found.unplanned)))
    if isinstance(purpose, RollBack):
        return replace(one, left_alone=left_alone(purpose.promotion, one.current))
    return one


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
    After Ctrl-C, each place ends with its present action, and the results say what was done.
    """
    sessions = planned.sessions or Sessions(_services(planned.desired), patience)
    stop = Stop()
    if planned.unexpected or (fail_fast and planned.incomplete):
        stop.set()
    if not stop:
        sessions.sign_in([one.place for one in planned.places if one.actions])
    promotion = promotions.new_id()
    begun: dict[Place, list[Action]] = {}

    def execute_place(one: PlacePlan) -> Result:
        done = begun.setdefault(one.place, [])
        result = _executed(one, planned, sessions, stop, promotion, done)
        if fail_fast and result.outcome is Outcome.FAILED:
            stop.set()
        return result

    results = side_by_side(
        execute_place,
        planned.places,
        at_once=at_once,
        stop=stop,
        on_progress=lambda one: on_progress(one.place),
        grace=patience.longest_call,
    )
    return tuple(
        result or _cut_off(one, begun.get(one.place)) for one, result in zip(planned.places, results, strict=True)
    )


def _executed(
    one: PlacePlan, planned: Plan, sessions: Sessions, stop: Stop, promotion: str, done: list[Action]
) -> Result:
    result = Result(one.place, Outcome.DONE, caller=one.caller)
    if one.failure:
        return replace(result, outcome=Outcome.FAILED, failure=one.failure, code=one.code)
    if not one.actions:
        return _ended(replace(result, outcome=Outcome.UNCHANGED), one)
    if stop:
        why = "interrupted before it began" if stop.interrupted else "left alone, because another place failed"
        return replace(result, outcome=Outcome.SKIPPED, failure=why, code=INTERRUPTED if stop.interrupted else "")
    try:
        opened = sessions.open(one.place)
        if not read(opened, planned.desired, question(planned.purpose)).like(one.current):
            raise Refused("something was changed here since the plan was made; plan and publish again", CHANGED)
        for action in Execution(opened, promotion).run(one.actions):
            done.append(action)
            if stop.interrupted and len(done) < len(one.actions):
                left = "; ".join(map(str, one.actions[len(done) :]))
                line = f"interrupted; not done: {left}"
                return replace(result, outcome=Outcome.INTERRUPTED, done=tuple(done), failure=line, code=INTERRUPTED)
    except Refused as refused:
        return replace(result, outcome=Outcome.FAILED, done=tuple(done), failure=_line(refused), code=refused.code)
    return _ended(replace(result, done=tuple(done)), one)


def _ended(result: Result, one: PlacePlan) -> Result:
    """Return the result of a place where the plan was carried out, which may not be everything that is desired."""
    if not one.unplanned:
        return result
    return replace(result, outcome=Outcome.INCOMPLETE, failure="; ".join(one.unplanned), code=IMPOSSIBLE)


def _cut_off(one: PlacePlan, done: Sequence[Action] | None) -> Result:
    """Return the result of a place that did not end in time after Ctrl-C; `done` is None where it had not begun."""
    if one.failure:
        return Result(one.place, Outcome.FAILED, (), one.failure, one.code, one.caller)
    if not one.actions:
        return _ended(Result(one.place, Outcome.UNCHANGED, caller=one.caller), one)
    if done is None:
        return Result(one.place, Outcome.SKIPPED, (), "interrupted before it began", INTERRUPTED, one.caller)
    line = f"interrupted; it is not known whether this was done: {one.actions[min(len(done), len(one.actions) - 1)]}"
    return Result(one.place, Outcome.INTERRUPTED, tuple(done), line, INTERRUPTED, one.caller)


def _unexpected(caller: Caller) -> str:
    if not caller.account:
        return "the account is not known, because STS did not answer, and --expect-account names another one"
    return f"this is account {caller.account}, which --expect-account does not name"


def _line(refused: Refused) -> str:
    """Return the line of a refusal, with where the rights are listed that publishing needs."""
    wants_policy = refused.code in errors.DENIED and refused.line.endswith("; grant it")
    return f"{refused.line}, ssmwake publish --print-policy shows all that is needed" if wants_policy else refused.line


def _services(desired: Desired) -> tuple[str, ...]:
    return ("ssm", "ec2") if desired.launch_templates else ("ssm",)
