"""When an agent tries again: the windows, against the agent's own rule drawn many times."""

import random
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssmwake.operate.retry import EVERY, GRACE, REFUSED_LEAST, REFUSED_MOST, STEPS, Chain, next_attempt, window
from ssmwake.resources import templates

START = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_the_runtime_has_the_same_numbers() -> None:
    text = (templates() / "runtime" / "retries.sh").read_text(encoding="utf-8")
    table = "\n".join(re.findall(r"^\w.*=.*$", text, re.MULTILINE))
    numbers = r"\b(refused_from|refused_to|backoff_tries|backoff_last)=(?:'([0-9 ]+)'|([0-9]+))(?= |$)"
    found = {name: several or single for name, several, single in re.findall(numbers, table, re.MULTILINE)}
    assert found == {
        "refused_from": str(REFUSED_LEAST),
        "refused_to": str(REFUSED_MOST),
        "backoff_tries": " ".join(map(str, STEPS[Chain.ERROR])),
        "backoff_last": str(EVERY),
    }
    assert STEPS[Chain.HIBERNATION] == STEPS[Chain.ERROR]


def attempts(seed: int, count: int = 12) -> list[datetime]:
    """The attempts of an agent that is refused: each sleeps 25 to 30 minutes."""
    draw = random.Random(seed)
    at, found = START, []
    for _ in range(count):
        at += draw.uniform(25, 30) * MINUTE
        found.append(at)
    return found


@given(st.integers(), st.integers(0, 240), st.integers(0, 240))
def test_the_attempt_that_helps_is_always_in_the_window(seed: int, role: int, later: int) -> None:
    came = START + role * MINUTE
    helps = next(at for at in attempts(seed) if at >= came)
    now = min(came + later * MINUTE, helps)
    found = window(Chain.REFUSED, START, now, role=came, basis="x")
    assert found is not None
    assert found.first <= helps <= found.last


@given(st.integers(0, 300))
def test_an_attempt_that_is_over_has_no_window(role: int) -> None:
    came = START + role * MINUTE
    assert window(Chain.REFUSED, START, came + 30 * MINUTE + GRACE + MINUTE, role=came, basis="x") is None


@pytest.mark.parametrize(("age", "first", "last"), [(20, 25, 30), (24, 25, 30), (60, 75, 90), (1, 25, 30)])
def test_the_next_attempt_of_a_refused_agent(age: int, first: int, last: int) -> None:
    found = next_attempt(Chain.REFUSED, START, START + age * MINUTE, "x")
    assert (found.first, found.last) == (START + first * MINUTE, START + last * MINUTE)


@pytest.mark.parametrize("chain", [Chain.ERROR, Chain.HIBERNATION])
def test_the_steps_go_on_each_hour_after_the_last(chain: Chain) -> None:
    last = STEPS[chain][-1]
    found = next_attempt(chain, START, START + (last + 1) * MINUTE, "x")
    assert found.first <= START + (last + 60) * MINUTE <= found.last
