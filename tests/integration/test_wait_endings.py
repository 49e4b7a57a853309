"""`wait` and `wake` end with one line of JSON on stdout and a status of their own, however they end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.front import Answer, Call, Front, error
from support.standin import Account, load, merged

CASES = Path(__file__).parents[1] / "cases" / "doctor"
ID = "i-0abc1234def567890"
VERBS = ("wait", "wake")
StartFront = Callable[[Front], Front]

FILTER = ("--filter", "Name=tag:Team,Values=nobody")


def start(start_front: StartFront, case: str = "late-role", **change: Any) -> Front:
    account = Account(merged(load(CASES / case), change))
    return start_front(Front(account, clock=account.clock))


def run(front: Front | None, *words: str, cwd: Path | None = None, **more: Any) -> tuple[int, dict[str, Any], str]:
    """Run the command line; return its status, its one line, and what it wrote for people."""
    environment = {**os.environ, "AWS_MAX_ATTEMPTS": "1", **({"AWS_ENDPOINT_URL": front.url} if front else {}), **more}
    environment = {name: value for name, value in environment.items() if value}
    argv = [sys.executable, "-m", "ssmwake", *words]
    done = subprocess.run(
        argv, env=environment, cwd=cwd, input="", capture_output=True, text=True, timeout=120, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    (line,) = done.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    assert {"v", "ok", "exit", "seconds", "error", "instances"} <= set(found)
    assert (found["v"], found["exit"], found["ok"]) == (1, done.returncode, done.returncode == 0)
    return done.returncode, found, done.stderr


def place(*words: str) -> list[str]:
    return [ID, "--region", "eu-west-1", "--timeout", "2s", *words]


WITHOUT_KEYS: dict[str, Any] = {
    "AWS_ACCESS_KEY_ID": "",
    "AWS_SECRET_ACCESS_KEY": "",
    "AWS_SESSION_TOKEN": "",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@pytest.mark.parametrize("verb", VERBS)
def test_without_credentials(verb: str, start_front: StartFront) -> None:
    status, found, words = run(start(start_front), verb, *place(), **WITHOUT_KEYS)
    assert status == 77
    (one,) = found["instances"]
    assert (one["id"], one["verdict"], one["exit"]) == (ID, "no-look", 77)
    assert found["error"].startswith("no credentials")
    assert "no credentials" in words


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("how", ["option", "environment"])
def test_with_a_profile_that_is_not_there(verb: str, how: str, start_front: StartFront) -> None:
    environment: dict[str, Any]
    words, environment = (["--profile", "nope"], {}) if how == "option" else ([], {"AWS_PROFILE": "nope"})
    status, found, _ = run(start(start_front), verb, *place(*words), **environment)
    assert status == 2
    assert "nope" in found["error"]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("code", ["ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId"])
def test_with_credentials_that_are_not_accepted(verb: str, code: str, start_front: StartFront) -> None:
    front = start(start_front)
    front.spoil = lambda call: error(call, code, "The security token included in the request is expired", 403)
    status, found, _ = run(front, verb, ID, "--region", "eu-west-1", "--timeout", "50s")
    assert status == 77
    (one,) = found["instances"]
    assert one["verdict"] == "no-look"
    assert "credentials" in one["sentence"]
    assert found["seconds"] < 20


@pytest.mark.parametrize("verb", VERBS)
def test_in_a_region_that_does_not_exist(verb: str, start_front: StartFront) -> None:
    status, found, _ = run(start(start_front), verb, ID, "--region", "eu-wset-1")
    assert status == 2
    assert "did you mean 'eu-west-1'?" in found["error"]


@pytest.mark.parametrize("verb", VERBS)
def test_with_an_endpoint_that_does_not_answer(verb: str) -> None:
    status, found, _ = run(None, verb, *place(), AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert status == 75
    assert found["instances"][0]["verdict"] == "failed"
    assert "does not answer" in found["instances"][0]["sentence"]


def throttled(call: Call) -> Answer | None:
    return error(call, "Throttling", "Rate exceeded", 400) if call.operation == "AssumeRole" else None


def denied(call: Call) -> Answer | None:
    words = "User: x is not authorized to perform: sts:AssumeRole"
    return error(call, "AccessDenied", words, 403) if call.operation == "AssumeRole" else None


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("refusal", "status", "verdict"), [(throttled, 75, "failed"), (denied, 77, "no-look")])
def test_with_a_role_that_cannot_be_assumed(
    verb: str, refusal: Callable[[Call], Answer | None], status: int, verdict: str, start_front: StartFront
) -> None:
    front = start(start_front)
    front.spoil = refusal
    words = place("--assume-role", "arn:aws:iam::210987654321:role/look")
    got, found, _ = run(front, verb, *words)
    assert (got, found["instances"][0]["verdict"]) == (status, verdict)
    assert found["error"]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_at_a_signal_with_what_was_seen_so_far(verb: str, number: signal.Signals, start_front: StartFront) -> None:
    front = start(start_front, "attached-a-moment-ago")
    argv = [sys.executable, "-m", "ssmwake", verb, ID, "--region", "eu-west-1", "--timeout", "60s"]
    environment = {**os.environ, "AWS_ENDPOINT_URL": front.url}
    process = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 30
    while not any(call.operation == "LookupEvents" for call in front.calls) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(3)
    sent = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - sent < 5
    assert process.returncode == 128 + number, err
    (line,) = out.splitlines()
    found = json.loads(line)
    assert found["exit"] == 128 + number
    assert found["error"] == f"interrupted ({number.name})"
    assert found["instances"][0]["verdict"] == "settling"


@pytest.mark.parametrize("verb", VERBS)
def test_at_a_signal_while_a_call_hangs(verb: str, start_front: StartFront) -> None:
    front = start(start_front)
    front.spoil = lambda call: time.sleep(20)
    argv = [sys.executable, "-m", "ssmwake", verb, ID, "--region", "eu-west-1"]
    environment = {**os.environ, "AWS_ENDPOINT_URL": front.url}
    process = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 30
    while not front.calls and time.monotonic() < until:
        time.sleep(0.05)
    sent = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - sent < 5
    assert process.returncode == 130, err
    (line,) = out.splitlines()
    assert json.loads(line)["instances"] in ([], [json.loads(line)["instances"][0]])


def test_when_no_instance_fits_the_filter(start_front: StartFront) -> None:
    status, found, words = run(start(start_front), "wait", *FILTER, "--region", "eu-west-1", "--timeout", "1s")
    assert (status, found["instances"], found["error"]) == (69, [], "no instance fits")
    assert "no instance fits" in words


def test_a_filter_waits_for_all_that_fit_and_for_none_that_has_ended(start_front: StartFront) -> None:
    gone = {"started": "2026-11-26T10:00:14Z", "state": "terminated", "tags": {"Team": "web"}}
    change = {"instances": {ID: {"tags": {"Team": "web"}}, "i-0def567890abc1234": gone}}
    front = start(start_front, "online-behind-scp", **change)
    status, found, _ = run(front, "wait", "--filter", "Name=tag:Team,Values=web", "--region", "eu-west-1")
    assert (status, [one["id"] for one in found["instances"]]) == (0, [ID])


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "words",
    [["i-zzz"], ["mi-0123456789abcdef0"], [ID, "--timeout", "soon"], [ID, "--nope"], [ID, "-c", "missing.yaml"]],
)
def test_where_the_command_line_is_wrong(verb: str, words: list[str]) -> None:
    status, found, _ = run(None, verb, *words, "--region", "eu-west-1")
    assert status == 2
    assert found["error"]


@pytest.mark.parametrize("verb", VERBS)
def test_where_the_config_is_wrong(verb: str, tmp_path: Path) -> None:
    (tmp_path / "ssmwake.yaml").write_text("rolle: web\n", encoding="utf-8")
    status, found, words = run(None, verb, ID, "--region", "eu-west-1", cwd=tmp_path)
    assert status == 2
    assert "ssmwake.yaml:1:1" in found["error"]
    assert "ssmwake.yaml:1:1: error: " in words


@pytest.mark.parametrize("verb", VERBS)
def test_json_may_be_asked_for(verb: str, start_front: StartFront) -> None:
    status, _, _ = run(start(start_front, "online-behind-scp"), verb, *place("--json"))
    assert status == 0
