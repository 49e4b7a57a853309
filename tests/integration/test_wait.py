"""`ssmwake wait` against the stand-in account: what ends it, when, and with which status."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssmwake.aws.place import Place
from ssmwake.operate.verdict import Verdict
from ssmwake.operate.wait import Pace, Wait, WaitOutcome
from support.desk import HASTY
from support.front import Call, Front
from support.standin import Account, load, merged

CASES = Path(__file__).parents[1] / "cases" / "doctor"
ID = "i-0abc1234def567890"
OTHER = "i-0def567890abc1234"
QUICK = Pace(few=0.02, many=0.02, diagnosis=0.1, grace=0.3)

StartFront = Callable[[Front], Front]


def state(case: str, **change: Any) -> dict[str, Any]:
    found: dict[str, Any] = merged(load(CASES / case), change)
    return found


def wait(account: Account, *ids: str, timeout: float = 5, **settings: Any) -> tuple[WaitOutcome, list[Verdict]]:
    changes: list[Verdict] = []
    place = Place(account.state["region"])
    pace = settings.pop("pace", QUICK)
    made = Wait(place, ids or (ID,), timeout, pace=pace, patience=HASTY, on_change=changes.append, **settings)
    return made.run(), changes


@pytest.fixture(autouse=True)
def _no_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssmwake.operate.reader.LOOKUP_PAUSE", 0.0)


def start(account: Account, start_front: StartFront) -> None:
    start_front(Front(account, clock=account.clock))


def test_an_instance_that_is_online_and_connected_ends_the_wait_at_once(start_front: StartFront) -> None:
    account = Account(state("online-behind-scp"))
    start(account, start_front)
    outcome, changes = wait(account)
    assert outcome.exit == 0
    assert [one.verdict for one in changes] == ["online"]
    assert set(account.seen) == {"ssm:GetConnectionStatus", "ssm:DescribeInstanceInformation"}


def test_it_waits_for_the_channel_and_not_only_for_the_report(start_front: StartFront) -> None:
    account = Account(state("online-behind-scp"))
    node = account.state["nodes"][ID]
    node["connected"] = False

    def connect(call: Call) -> None:
        if account.seen["ssm:GetConnectionStatus"] >= 5:
            node["connected"] = True

    account.on_call = connect
    start(account, start_front)
    outcome, _ = wait(account)
    assert outcome.exit == 0
    assert account.seen["ssm:GetConnectionStatus"] >= 5


def test_a_known_fault_ends_it_early_but_not_before_its_grace(start_front: StartFront) -> None:
    account = Account(state("profile-empty"))
    start(account, start_front)
    outcome, changes = wait(account, timeout=30)
    assert outcome.exit == 78
    assert 0.3 <= outcome.seconds < 10
    assert [one.verdict for one in changes] == ["profile-empty"]


def test_a_fault_that_is_repaired_within_the_grace_is_forgiven(start_front: StartFront) -> None:
    account = Account(state("no-role"))
    start(account, start_front)

    def attach(call: Call) -> None:
        if account.seen["ssm:GetConnectionStatus"] == 3:
            account.state["instances"][ID]["profile"] = "web"
            account.state["nodes"][ID] = {"pinged": "2026-11-26T10:20:00Z", "connected": True}

    account.on_call = attach
    outcome, changes = wait(account, timeout=60, pace=Pace(few=0.02, many=0.02, diagnosis=0.1, grace=30))
    assert outcome.exit == 0
    assert [one.verdict for one in changes] == ["no-role", "online"]


def test_a_patient_wait_goes_on_to_its_timeout(start_front: StartFront) -> None:
    account = Account(state("profile-empty"))
    start(account, start_front)
    outcome, _ = wait(account, timeout=1.5, is_patient=True)
    assert outcome.exit == 78
    assert outcome.seconds >= 1.5


def test_what_is_only_likely_does_not_end_it_early(start_front: StartFront) -> None:
    account = Account(state("minimal-image"))
    start(account, start_front)
    outcome, _ = wait(account, timeout=1.5)
    assert outcome.exit == 78
    assert outcome.seconds >= 1.5


def test_an_agent_that_sleeps_is_not_in_time(start_front: StartFront) -> None:
    account = Account(state("late-role"))
    start(account, start_front)
    outcome, _ = wait(account, timeout=1)
    assert outcome.exit == 75


def test_a_wait_ends_in_time_although_every_call_is_slow(start_front: StartFront) -> None:
    account = Account(state("late-role"))
    account.on_call = lambda call: time.sleep(0.15)
    start(account, start_front)
    outcome, _ = wait(account, timeout=6, pace=Pace(few=0.2, many=0.2, diagnosis=60, grace=60))
    assert outcome.exit == 75
    assert 5.5 <= outcome.seconds < 7
    assert account.seen["ec2:DescribeInstances"] == 2


def test_with_several_the_most_serious_status_counts(start_front: StartFront) -> None:
    account = Account(state("late-role", instances={OTHER: {"started": "2026-11-26T10:00:14Z", "state": "terminated"}}))
    start(account, start_front)
    outcome, _ = wait(account, ID, OTHER, timeout=1)
    assert [one.exit for one in outcome.instances] == [75, 69]
    assert outcome.exit == 69


def test_who_may_not_look_hears_it_after_the_grace(start_front: StartFront) -> None:
    account = Account(state("late-role"), denied=frozenset({"ec2:DescribeInstances"}))
    start(account, start_front)
    outcome, _ = wait(account, timeout=30)
    assert outcome.exit == 77


def test_who_may_not_ask_for_connections_waits_for_the_report(start_front: StartFront) -> None:
    account = Account(state("online-behind-scp"), denied=frozenset({"ssm:GetConnectionStatus"}))
    account.state["scp"] = {}
    start(account, start_front)
    outcome, _ = wait(account)
    assert outcome.exit == 0


def test_many_instances_are_asked_for_in_hundreds(start_front: StartFront) -> None:
    account = Account(state("online-behind-scp"))
    for number in range(30):
        name = f"i-{number:017x}"
        account.state["instances"][name] = {"started": "2026-11-26T10:00:14Z", "profile": "web"}
        account.state["nodes"][name] = {"pinged": "2026-11-26T10:18:00Z", "connected": True}
    start(account, start_front)
    outcome, _ = wait(account, *sorted(set(account.state["nodes"])))
    assert outcome.exit == 0
    assert account.seen["ssm:DescribeInstanceInformation"] == 1


def test_a_pipe_gets_only_changes_and_one_line_of_json(start_front: StartFront) -> None:
    account = Account(state("late-role"))
    front = start_front(Front(account, clock=account.clock))
    argv = [sys.executable, "-m", "ssmwake", "wait", ID, "--timeout", "1s", "--region", "eu-west-1"]
    environment = {**os.environ, "AWS_ENDPOINT_URL": front.url}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 75
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert (found["v"], found["ok"], found["exit"]) == (1, False, 75)
    assert found["instances"][0]["verdict"] == "asleep"
    assert done.stderr.splitlines() == [
        f"{ID} asleep: The role came 12 minutes after the agent had asked for it (CloudTrail). Nothing is wrong any "
        "more; the agent asks again by itself between 10:25 and 10:30 UTC.",
        f"  do: ssmwake wake {ID} --region eu-west-1",
    ]


@pytest.mark.parametrize("text", ["", "ten", "-1s", "1x", "10 m"])
def test_an_invalid_time_is_refused(text: str) -> None:
    argv = [sys.executable, "-m", "ssmwake", "wait", ID, "--timeout", text]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "write 90s, 10m or 1h30m" in done.stderr
