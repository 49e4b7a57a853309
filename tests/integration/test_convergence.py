"""Killed after any call and run again, a publish ends where one that was never killed does."""

import copy
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from ssmwake.aws.session import known_regions
from ssmwake.publish import Desired, LaunchTemplate, Publish, RollBack
from ssmwake.publish.planning import Purpose
from support.accounts import HERE, KEY, done, published, state, wanted
from support.fake_ssm import FakeSsm
from support.front import Answer, Call, Front, GoneError

Step = tuple[str, Purpose]
SETTINGS = {"tags": {"team": "web"}, "share_with": tuple(f"{number:012}" for number in range(25))}

STORIES: dict[str, tuple[tuple[Step, ...], Step]] = {
    "the first publish": ((), ("one", Publish())),
    "an update": ((("one", Publish()),), ("two", Publish())),
    "an older version again": ((("one", Publish()), ("two", Publish())), ("one", Publish())),
    "no promotion": ((("one", Publish()),), ("two", Publish(promote=False))),
    "a promotion": ((("one", Publish()), ("two", Publish(promote=False))), ("two", Publish())),
    "pruning": (tuple((word, Publish()) for word in ("a", "b", "c", "d")), ("e", Publish(prune=1))),
}


class Death:
    """Lets this many calls take effect; the answer to the last one, and every call after it, get lost."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def spoil(self, call: Call) -> Answer | None:
        """Refuse a call that comes after the death."""
        if self.left <= 0:
            raise GoneError
        return None

    def after(self, call: Call) -> None:
        """Count a call."""
        self.left -= 1
        if self.left == 0:
            raise GoneError


@pytest.mark.parametrize("story", STORIES)
def test_it_converges_after_a_death_at_each_call(story: str, fake: FakeSsm, front: Front) -> None:
    before, (word, purpose) = STORIES[story]
    fake.looks_until_active = 1
    fake.page = 20
    for earlier, how in before:
        done(wanted(earlier, **SETTINGS), how)
    start = copy.deepcopy(fake.documents)

    front.calls.clear()
    done(wanted(word, **SETTINGS), purpose)
    total = len(front.calls)
    assert total > 10
    # A second pruning deletes what the first one kept as the way back; everything else is final at once.
    again = [purpose] if purpose == Publish(prune=1) else []
    for how in again:
        done(wanted(word, **SETTINGS), how)
    end = state(fake)

    for calls in range(1, total + 1):
        fake.documents = copy.deepcopy(start)
        death = Death(calls)
        front.spoil, front.after = death.spoil, death.after
        published(wanted(word, **SETTINGS), purpose)
        promoted_early = [
            name
            for name, document in state(fake).items()
            if fake.documents[KEY, HERE.region][name].versions[document["default"]].status() != "Active"
            and document["default"] != 1
        ]
        assert promoted_early == []
        front.spoil, front.after = lambda call: None, lambda call: None
        for how in (purpose, *again):
            done(wanted(word, **SETTINGS), how)
        assert state(fake) == end, f"after a death at call {calls} of {total}"


def test_a_rollback_that_was_killed_can_be_done_again(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    done(wanted("two"))
    start = copy.deepcopy(fake.documents)
    front.calls.clear()
    done(wanted("two"), RollBack())
    total, end = len(front.calls), {name: document["default"] for name, document in state(fake).items()}
    assert end == {"wake": 1, "rescue": 1}
    for calls in range(1, total + 1):
        fake.documents = copy.deepcopy(start)
        death = Death(calls)
        front.spoil, front.after = death.spoil, death.after
        published(wanted("two"), RollBack())
        front.spoil, front.after = lambda call: None, lambda call: None
        done(wanted("one"))
        assert {name: document["default"] for name, document in state(fake).items()} == end
        assert all(len(document["versions"]) == 2 for document in state(fake).values())


@pytest.mark.parametrize("promote", [False, True])
def test_a_launch_template_gets_one_version_wherever_the_death_comes(promote: bool, moto: Front) -> None:
    ec2 = boto3.client("ec2", region_name=HERE.region)
    what = Desired(launch_templates=(LaunchTemplate("web", b"new", promote=promote),))

    def anew() -> None:
        for old in ec2.describe_launch_templates()["LaunchTemplates"]:
            ec2.delete_launch_template(LaunchTemplateId=old["LaunchTemplateId"])
        ec2.create_launch_template(
            LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-1", "UserData": "b2xk"}
        )
        moto.calls.clear()

    anew()
    done(what)
    total = len(moto.calls)
    assert total >= 5
    for calls in range(1, total + 1):
        anew()
        death = Death(calls)
        moto.spoil, moto.after = death.spoil, death.after
        published(what)
        moto.spoil, moto.after = lambda call: None, lambda call: None
        done(what)
        (there,) = ec2.describe_launch_templates()["LaunchTemplates"]
        assert (there["LatestVersionNumber"], there["DefaultVersionNumber"]) == (2, 2 if promote else 1)


def test_an_interrupt_finishes_the_call_it_is_in_and_begins_no_other_place(
    fake: FakeSsm, front: Front, tmp_path: Path
) -> None:
    # Of one partition: no credentials are valid in two.
    regions = sorted(region for region in known_regions() if not region.startswith(("cn-", "eu-iso", "eusc-")))[:30]
    where = [word for region in regions for word in ("--region", region)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "generator")}
    command = [sys.executable, "-m", "ssmwake", "publish", "--yes", *where]
    front.latency = 0.1
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        recorded: list[Call] = []

        def interrupt(call: Call) -> None:
            if call.writes and not recorded:
                recorded.append(call)
                process.send_signal(signal.SIGINT)

        front.after = interrupt
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in out + err
    assert err.endswith(b"ssmwake: interrupted; the table shows what was done\n")
    table = [line.split() for line in out.decode().splitlines()[1:]]
    assert len(table) == len(regions)
    assert "skipped" in {row[2] for row in table} <= {"done", "interrupted", "skipped"}
    # What the table counts as done is what took effect.
    for _, region, _, changes in table:
        written = {call.parameters["Name"] for call in front.calls if call.writes and call.region == region}
        assert int(changes) == len(written)
    begun = {call.region for call in front.calls if call.writes}
    assert 0 < len(begun) < len(regions)
    front.latency, front.after = 0, lambda call: None
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0
    assert {len(documents["ssmwake"].versions) for documents in fake.documents.values()} == {1}


def test_a_process_that_is_killed_for_real_leaves_what_the_next_one_finishes(
    fake: FakeSsm, front: Front, tmp_path: Path
) -> None:
    config = tmp_path / "ssmwake.yaml"
    config.write_text("role: web\ndocuments: {share-with: ['111111111111'], tags: {team: web}}\n")
    command = [sys.executable, "-m", "ssmwake", "publish", "-c", str(config), "--region", HERE.region, "--yes"]
    source = str(Path(__file__).parents[2] / "generator")
    environment = {**os.environ, "PYTHONPATH": source}

    def run(after: Callable[[subprocess.Popen[bytes]], Any]) -> int:
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            after(process)
            process.communicate(timeout=60)
            return process.returncode

    assert run(lambda process: None) == 0
    end, writes = state(fake), [call for call in front.calls if call.writes]
    assert len(writes) >= 2

    for number in range(1, len(writes) + 1):
        fake.documents.clear()
        left = [number]

        def arm(process: subprocess.Popen[bytes], left: list[int] = left) -> None:
            def kill(call: Call) -> None:
                left[0] -= call.writes
                if call.writes and left[0] == 0:
                    process.send_signal(signal.SIGKILL)
                    process.wait()

            front.after = kill

        assert run(arm) == -signal.SIGKILL
        front.after = lambda call: None
        assert run(lambda process: None) == 0
        assert state(fake) == end
