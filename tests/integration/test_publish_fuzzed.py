"""Answers of SSM with anything changed in them: a place ends with one line at the most, and the others are done."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssmwake.publish import Outcome, Place, RollBack, execute, plan
from support.accounts import HASTY, published, wanted
from support.fake_ssm import FakeSsm
from support.front import Answer, Call, Front, Request

PLACES = (Place("eu-west-1"), Place("us-east-1"))
SPOILED, OTHER = PLACES
READS = ("DescribeDocument", "GetDocument", "ListDocumentVersions", "ListTagsForResource", "DescribeDocumentPermission")

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\x1b[2J\n")
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)


def changed(value: Any, path: list[int], new: Any, *, remove: bool) -> Any:
    """Return the value with what the path leads to, if it leads there, replaced or removed."""
    if not path or not isinstance(value, dict | list) or not value:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    keys: list[Any] = list(copy) if isinstance(copy, dict) else list(range(len(copy)))
    key = keys[path[0] % len(keys)]
    if remove and len(path) == 1:
        del copy[key]
    else:
        copy[key] = changed(copy[key], path[1:], new, remove=remove)
    return copy


@pytest.mark.parametrize("purpose", [None, RollBack()], ids=["publish", "roll back"])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    operation=st.sampled_from(READS),
    path=st.lists(st.integers(0, 20), min_size=1, max_size=4),
    new=anything,
    remove=st.booleans(),
)
def test_any_change_of_an_answer_costs_its_place_a_line_at_the_most(
    purpose: RollBack | None, operation: str, path: list[int], new: Any, remove: bool, fake: FakeSsm, front: Front
) -> None:
    front.behind = fake
    fake.documents.clear()
    published(wanted("one"), places=PLACES)
    published(wanted("two"), places=PLACES)

    def behind(call: Call, request: Request) -> Answer:
        answer = fake(call, request)
        if call.region != SPOILED.region or call.operation != operation or answer.status != 200:
            return answer
        return Answer.of(changed(json.loads(answer.body), path, new, remove=remove))

    front.behind = behind
    options = {"purpose": purpose} if purpose else {}
    planned = plan(wanted("three"), PLACES, patience=HASTY, **options)  # type: ignore[arg-type]
    spoiled, other = execute(planned, patience=HASTY)
    assert other.outcome is Outcome.DONE, other.failure
    assert "\n" not in spoiled.failure
    assert "\x1b" not in spoiled.failure
    assert spoiled.outcome in (Outcome.DONE, Outcome.UNCHANGED, Outcome.FAILED)
    assert bool(spoiled.failure) == (spoiled.outcome is Outcome.FAILED)
