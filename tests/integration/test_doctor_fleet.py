"""The doctor on fleets and in many places: groups, ids for xargs, hostile names, places that fail, calls and rates."""

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
from ssmwake.cli.doctor_output import words
from ssmwake.operate import reader as readers
from ssmwake.operate.desk import look
from ssmwake.operate.read_machines import Wanted
from support.desk import HASTY
from support.front import Call, Front, error
from support.standin import Account, load, merged

CASES = Path(__file__).parents[1] / "cases" / "doctor"
ID = "i-0abc1234def567890"
OTHER = "i-0def567890abc1234"
LATE = {"started": "2026-11-26T10:00:14Z", "profile": "web"}
StartFront = Callable[[Front], Front]


def start(start_front: StartFront, case: str, **change: Any) -> Front:
    account = Account(merged(load(CASES / case), change))
    return start_front(Front(account, clock=account.clock))


def run(front: Front, *argv: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    merged_environment = {**os.environ, "AWS_ENDPOINT_URL": front.url, **environment}
    command = [sys.executable, "-m", "ssmwake", "doctor", *argv]
    return subprocess.run(command, env=merged_environment, capture_output=True, text=True, timeout=120, check=False)


def test_help_imports_no_boto3() -> None:
    program = (
        "import sys\n"
        "from ssmwake.cli import command\n"
        "for verb in ('doctor', 'wait', 'wake'):\n"
        "    try:\n"
        "        command.main([verb, '--help'], standalone_mode=True)\n"
        "    except SystemExit:\n"
        "        pass\n"
        "assert not {'boto3', 'botocore', 'yaml', 'rich'} & set(sys.modules), sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_ids_are_listed_for_xargs_and_nothing_else_is(start_front: StartFront) -> None:
    front = start(start_front, "profile-empty", instances={OTHER: {**LATE, "state": "stopped"}})
    done = run(front, "--all", "--region", "eu-west-1", "--list", "not-running")
    assert (done.returncode, done.stdout) == (1, f"{OTHER}\n")


def test_an_unknown_verdict_is_refused_with_the_nearest(start_front: StartFront) -> None:
    front = start(start_front, "profile-empty")
    done = run(front, "--all", "--region", "eu-west-1", "--list", "aslep")
    assert done.returncode == 2
    assert "did you mean asleep?" in done.stderr


def test_a_place_that_fails_stops_no_other(start_front: StartFront) -> None:
    front = start(start_front, "online-behind-scp")

    def spoil(call: Call) -> Any:
        return error(call, "UnauthorizedOperation", "no", 403) if call.region == "us-east-1" else None

    front.spoil = spoil
    done = run(front, ID, "--region", "us-east-1", "--region", "eu-west-1", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert [one["summary"] for one in found["places"]] == [{"no-look": 1}, {"online": 1}]


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\nb", "\u202eevil", "::error::x", "$(id)`id`", "\x9b2J"])
def test_a_hostile_name_reaches_the_terminal_as_text(name: str, start_front: StartFront) -> None:
    front = start(start_front, "late-role", instances={ID: {"tags": {"Name": name}}})
    for argv in ([ID], ["--all"], [ID, "--json"]):
        done = run(front, *argv, "--region", "eu-west-1")
        assert all(char.isprintable() or char == "\n" for char in done.stdout + done.stderr)


def test_secrets_on_the_console_are_printed_in_no_format(start_front: StartFront) -> None:
    front = start(start_front, "watcher-on-the-console")
    for argv in ([ID], ["--all"], [ID, "--json"]):
        done = run(front, *argv, "--region", "eu-west-1")
        assert "wJalrXUtnFEMI" not in done.stdout + done.stderr
    assert "waiting: no role yet" in run(front, ID, "--region", "eu-west-1").stdout


def test_cloudtrail_is_asked_at_most_twice_a_second(start_front: StartFront, monkeypatch: pytest.MonkeyPatch) -> None:
    front = start(start_front, "attached-without-event")
    at: list[float] = []
    front.after = lambda call: at.append(time.monotonic()) if call.operation == "LookupEvents" else None
    look(Wanted((ID,)), [Place("eu-west-1")], patience=HASTY)
    assert len(at) >= 4
    pauses = [after - before for before, after in zip(sorted(at), sorted(at)[1:], strict=False)]
    assert sum(pauses) >= readers.LOOKUP_PAUSE * (len(at) - 1) - 0.3


def test_an_id_of_another_kind_is_refused(start_front: StartFront) -> None:
    front = start(start_front, "late-role")
    for text in ("mi-0123456789abcdef0", "i-x", "$(id)"):
        assert run(front, text, "--region", "eu-west-1").returncode == 2


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("web 1",), "for a name, give --filter Name=tag:Name,Values='web 1'"),
        ((f"arn:aws:ec2:eu-west-1:123456789012:instance/{ID}",), f"is an ARN; give the id: {ID} --region eu-west-1"),
        (
            (ID, "--assume-role", "web"),
            "'--assume-role': 'web' is not the ARN of a role; write one such as arn:aws:iam",
        ),
        ((ID, "--assume-role", "123456789012"), "'--assume-role': '123456789012' is not the ARN of a role"),
    ],
)
def test_what_is_likely_to_be_typed_instead_is_refused_with_what_to_write(
    words: tuple[str, ...], advice: str, start_front: StartFront
) -> None:
    front = start(start_front, "late-role")
    done = run(front, *words)
    assert done.returncode == 2
    assert advice in " ".join(done.stderr.split())
    assert not front.calls


def test_an_unknown_region_is_refused_before_any_call(start_front: StartFront) -> None:
    front = start(start_front, "late-role")
    for text, advice in {"eu-wst-1": "did you mean 'eu-west-1'?", "Ireland": "write one such as eu-west-1"}.items():
        done = run(front, ID, "--region", text)
        assert done.returncode == 2
        assert f"'{text}' is not a region that this boto3 knows; {advice}" in " ".join(done.stderr.split())
    assert not front.calls


def test_an_instance_of_another_region_is_not_found(start_front: StartFront) -> None:
    front = start(start_front, "late-role")
    done = run(front, ID, "--region", "eu-north-1")
    assert done.returncode == 1
    assert "NOT FOUND" in done.stdout
    assert "account 123456789012, region eu-north-1" in " ".join(done.stdout.split())


def test_a_long_step_is_broken_between_words_only() -> None:
    step = """aws x --policy '{"a": "b c"}' --id "$(aws y --query Z --output text)" && aws z"""
    assert " ".join(words(step)) == step
    assert """'{"a": "b c"}'""" in words(step)
    assert '"$(aws y --query Z --output text)"' in words(step)
