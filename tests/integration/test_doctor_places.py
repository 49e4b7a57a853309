"""The doctor in many accounts and regions, on a terminal and in a pipe, with a config and without one."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.front import Answer, Call, Front, Request
from support.standin import Account, load, merged

CASES = Path(__file__).parents[1] / "cases" / "doctor"
ID = "i-0abc1234def567890"
OTHER = "210987654321"
LATE = {"started": "2026-11-26T10:00:14Z", "profile": "web"}
StartFront = Callable[[Front], Front]


def account(case: str, **change: Any) -> Account:
    return Account(merged(load(CASES / case), change))


def run(front: Front, *argv: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "AWS_ENDPOINT_URL": front.url}
    command = [sys.executable, "-m", "ssmwake", *argv]
    return subprocess.run(
        command, env=environment, cwd=cwd, input="", capture_output=True, text=True, timeout=120, check=False
    )


def on_terminal(front: Front, program: str, *argv: str, seconds: float = 60) -> tuple[int, str]:
    """Run the command line on a terminal; return its status, and what was drawn."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "AWS_ENDPOINT_URL": front.url, "TERM": "xterm"}
    command = [sys.executable, "-c", f"{program}\nfrom ssmwake.cli import main\nmain()", *argv]
    process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    drawn, until = b"", time.monotonic() + seconds
    while time.monotonic() < until:
        if not select.select([ours], [], [], 0.2)[0]:
            continue
        try:
            drawn += os.read(ours, 65536)
        except OSError:
            # Nobody holds the other end any more.
            break
    os.close(ours)
    return process.wait(10), drawn.decode()


def test_accounts_and_regions_are_looked_at_side_by_side(start_front: StartFront) -> None:
    own, theirs = account("late-role"), account("online-behind-scp", account=OTHER)
    one_region = {"us-east-1": "nothing is here"}

    def behind(call: Call, request: Request) -> Answer:
        return (theirs if OTHER in call.key else own)(call, request)

    front = start_front(Front(behind, clock=own.clock))
    roles = [f"arn:aws:iam::{number}:role/look" for number in ("123456789012", OTHER)]
    words = [word for role in roles for word in ("--assume-role", role)]
    words += [word for region in ("eu-west-1", *one_region) for word in ("--region", region)]
    done = run(front, "doctor", "--all", *words, "--json")
    assert done.returncode == 1, done.stderr
    places = json.loads(done.stdout)["places"]
    found = {(one["account"], one["region"]): one["summary"] for one in places}
    assert found == {
        ("123456789012", "eu-west-1"): {"asleep": 1},
        ("123456789012", "us-east-1"): {},
        (OTHER, "eu-west-1"): {"online": 1},
        (OTHER, "us-east-1"): {},
    }
    assert [call.operation for call in front.calls].count("AssumeRole") == 2
    done = run(front, "doctor", "--all", *words)
    assert f"{OTHER}/eu-west-1" in done.stdout
    done = run(front, "doctor", "--all", *words, "--list", "asleep")
    assert done.stdout == f"{ID}\n"


def test_a_role_that_cannot_be_assumed_stops_no_other_account(start_front: StartFront) -> None:
    own = account("online-behind-scp")
    front = start_front(Front(own, clock=own.clock))
    front.spoil = lambda call: (
        denied(call) if call.operation == "AssumeRole" and OTHER in call.parameters["RoleArn"] else None
    )
    roles = [f"arn:aws:iam::{number}:role/look" for number in (OTHER, "123456789012")]
    words = [word for role in roles for word in ("--assume-role", role)]
    done = run(front, "doctor", "--all", "--region", "eu-west-1", *words)
    assert done.returncode == 1
    assert f"{OTHER}/eu-west-1: error: " in done.stderr
    assert "online" in done.stdout


def denied(call: Call) -> Answer:
    from support.front import error

    return error(call, "AccessDenied", "not authorized to perform: sts:AssumeRole", 403)


def test_filters_choose_as_in_the_aws_cli(start_front: StartFront) -> None:
    others = {
        f"i-{number:017x}": {**LATE, "tags": {"Team": team}} for number, team in enumerate(("web", "db", "webby"))
    }
    own = account("late-role", instances={ID: None, **others})
    front = start_front(Front(own, clock=own.clock))
    for values, count in (("web", 1), ("web*", 2), ("web,db", 2), ("none", 0)):
        done = run(front, "doctor", "--filter", f"Name=tag:Team,Values={values}", "--region", "eu-west-1", "--json")
        assert len(json.loads(done.stdout)["instances"]) == count
    two = ["--filter", "Name=tag:Team,Values=web*", "--filter", "Name=instance-state-name,Values=stopped"]
    done = run(front, "doctor", *two, "--region", "eu-west-1")
    assert (done.returncode, "no instance fits" in done.stderr) == (1, True)
    for wrong in ("tag:Team=web", "Name=tag:Team", "Name=,Values=x"):
        assert run(front, "doctor", "--filter", wrong, "--region", "eu-west-1").returncode == 2
    assert run(front, "doctor", ID, "--all", "--region", "eu-west-1").returncode == 2


def test_watch_redraws_a_terminal_until_all_are_online(start_front: StartFront) -> None:
    own = account("late-role")

    def on_call(call: Call) -> None:
        if own.seen["ec2:DescribeInstances"] > 2:
            own.state["nodes"][ID] = {"pinged": "2026-11-26T10:19:59Z", "connected": True}

    own.on_call = on_call
    front = start_front(Front(own, clock=own.clock))
    program = "import ssmwake.cli.doctor as doctor\ndoctor.PAUSE = 0.1"
    status, drawn = on_terminal(front, program, "doctor", ID, "--region", "eu-west-1", "--watch")
    assert status == 0, drawn
    assert len(re.findall(r"\x1b\[2J", drawn)) >= 3
    assert drawn.index("ASLEEP") < drawn.index("ONLINE")


def test_watch_in_a_pipe_names_what_to_use_there(start_front: StartFront) -> None:
    own = account("late-role")
    front = start_front(Front(own, clock=own.clock))
    done = run(front, "doctor", ID, "--region", "eu-west-1", "--watch")
    assert done.returncode == 2
    assert "in a pipe, use ssmwake wait" in done.stderr


def test_wait_shows_on_a_terminal_what_it_waits_for(start_front: StartFront) -> None:
    own = account("late-role")

    def on_call(call: Call) -> None:
        if own.seen["ssm:GetConnectionStatus"] > 4:
            own.state["nodes"][ID] = {"pinged": "2026-11-26T10:19:59Z", "connected": True}

    own.on_call = on_call
    front = start_front(Front(own, clock=own.clock))
    program = "import dataclasses, ssmwake.operate.wait as wait\nwait.Wait.pace = wait.Pace(few=0.5)\n"
    program += "wait.Wait.__init__.__defaults__ = tuple(\n"
    program += "    wait.Wait.pace if isinstance(one, wait.Pace) else one for one in wait.Wait.__init__.__defaults__\n)"
    status, drawn = on_terminal(front, program, "wait", ID, "--region", "eu-west-1")
    assert status == 0, drawn
    assert f"waiting for {ID} asleep" in drawn
    assert f"{ID} online" in drawn


def test_the_config_is_read_and_named_unless_it_is_to_be_ignored(start_front: StartFront, tmp_path: Path) -> None:
    own = account("late-role")
    front = start_front(Front(own, clock=own.clock))
    (tmp_path / "ssmwake.yaml").write_text("role: app\n", encoding="utf-8")
    (tmp_path / "other.yaml").write_text("role: web\n", encoding="utf-8")
    words = ("doctor", ID, "--region", "eu-west-1")
    done = run(front, *words, cwd=tmp_path)
    assert "ssmwake: using ./ssmwake.yaml" in done.stderr
    assert "ASLEEP  (known)" in done.stdout
    assert "the config waits for the role app, and this instance has web" in " ".join(done.stdout.split())
    for more in (("--no-config",), ("-c", "other.yaml")):
        done = run(front, *words, *more, cwd=tmp_path)
        assert "waits for the role" not in done.stdout
        assert "using" not in done.stderr


@pytest.mark.parametrize("verb", ["doctor", "wait", "wake"])
def test_a_config_that_is_wrong_is_refused_with_its_place(verb: str, start_front: StartFront, tmp_path: Path) -> None:
    own = account("late-role")
    front = start_front(Front(own, clock=own.clock))
    (tmp_path / "ssmwake.yaml").write_text("rolle: app\n", encoding="utf-8")
    done = run(front, verb, ID, "--region", "eu-west-1", cwd=tmp_path)
    assert done.returncode == (1 if verb == "doctor" else 2)
    assert "ssmwake.yaml:1:1: error: " in done.stderr
    assert front.calls == []


def test_wake_starts_the_runbook_that_the_config_names(start_front: StartFront, tmp_path: Path) -> None:
    own = account("late-role")

    def on_call(call: Call) -> None:
        if call.operation == "StartAutomationExecution":
            own.state["nodes"][ID] = {"pinged": "2026-11-26T10:20:00Z", "connected": True}

    own.on_call = on_call
    front = start_front(Front(own, clock=own.clock))
    (tmp_path / "ssmwake.yaml").write_text("documents: {automation-name: acme-rescue}\n", encoding="utf-8")
    words = ("wake", ID, "--region", "eu-west-1", "--yes", "--automation-role", "arn:aws:iam::123456789012:role/rescue")
    done = run(front, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (sent,) = [call for call in front.calls if call.operation == "StartAutomationExecution"]
    assert sent.parameters["DocumentName"] == "acme-rescue"


def test_a_watcher_and_the_config_that_differ_from_the_role_are_a_likely_cause(
    start_front: StartFront, tmp_path: Path
) -> None:
    console = {ID: "ssmwake: 2026-11-26T10:14:10Z role: IMDS serves the credentials of role web\n"}
    own = account("late-role", roles={"web": {"attached": []}}, console=console)
    front = start_front(Front(own, clock=own.clock))
    (tmp_path / "ssmwake.yaml").write_text("role: app\n", encoding="utf-8")
    done = run(front, "doctor", ID, "--region", "eu-west-1", "--json", cwd=tmp_path)
    (found,) = json.loads(done.stdout)["instances"]
    assert (found["verdict"], found["confidence"]) == ("other-role", "likely")
    assert [one["verdict"] for one in found["and_then"]] == ["role-denied"]


def test_the_steps_for_an_account_that_is_looked_into_say_whose_they_are(start_front: StartFront) -> None:
    theirs = account("role-without-reports", account=OTHER)
    front = start_front(Front(theirs, clock=theirs.clock))
    role = f"arn:aws:iam::{OTHER}:role/look"
    done = run(front, "doctor", ID, "--region", "eu-west-1", "--assume-role", role)
    lines = [line.removeprefix("  do  ").strip() for line in done.stdout.splitlines()]
    comment = next(number for number, line in enumerate(lines) if line.startswith("#"))
    assert lines[comment] == f"# with the credentials of {role}:"
    assert lines[comment + 1].startswith("aws iam put-role-policy")
    found = json.loads(run(front, "doctor", ID, "--region", "eu-west-1", "--assume-role", role, "--json").stdout)
    assert found["instances"][0]["do"][-2] == "# with your own credentials:"
    assert found["instances"][0]["do"][-1] == f"ssmwake wake {ID} --region eu-west-1 --assume-role {role}"
    done = run(front, "doctor", "--all", "--region", "eu-west-1", "--assume-role", role)
    assert f"do, for 1    # with the credentials of {role}:" in done.stdout
