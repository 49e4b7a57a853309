"""What `wake --print-policy` prints is the least: each way makes the calls that its policy names, and needs each."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from click.testing import CliRunner

from ssmwake.cli import command
from ssmwake.operate.policy import PolicyScope, doctor_policy, wake_policy
from support import tools
from support.front import Call, Front
from support.standin import Account, load, merged

CASES = Path(__file__).parents[1] / "cases" / "doctor"
ID = "i-0abc1234def567890"
ROLE = "arn:aws:iam::123456789012:role/rescue"
StartFront = Callable[[Front], Front]

# Each way: the case that takes it, what is different there, and the words for it. Nobody listens on port 1.
WAYS: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "run-command": ("online-on-an-old-role", {}, []),
    "direct": ("late-role", {"instances": {ID: {"public": "127.0.0.1"}}}, ["--port", "1"]),
    "endpoint": ("late-role", {"connect_endpoints": {"eice-1": {"dns_name": "localhost:1"}}}, ["--port", "1"]),
    "runbook": ("late-role", {}, ["--automation-role", ROLE]),
}
# OpenTunnel is not in botocore's models, and a role is passed inside another call.
UNSEEN = {"ec2-instance-connect:OpenTunnel", "iam:PassRole"}


def printed(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(command, ["wake", "--print-policy", *words])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def actions(policy: dict[str, Any]) -> set[str]:
    return {action for one in policy["Statement"] for action in one["Action"]}


def woken(way: str, start_front: StartFront, *denied: str) -> tuple[Front, "subprocess.CompletedProcess[str]"]:
    if way in ("direct", "endpoint"):
        tools.require("ssh")
    case, change, words = WAYS[way]
    account = Account(merged(load(CASES / case), change), frozenset(denied))

    def on_call(call: Call) -> None:
        if call.operation in ("GetCommandInvocation", "GetAutomationExecution"):
            account.state["nodes"][ID] = {"pinged": "2026-11-26T10:20:13Z", "connected": True}

    account.on_call = on_call
    front = start_front(Front(account, clock=account.clock))
    argv = [sys.executable, "-m", "ssmwake", "wake", ID, "--region", "eu-west-1", "--yes", "--timeout", "8s"]
    done = subprocess.run(
        [*argv, "--via", way, *words],
        env={**os.environ, "AWS_ENDPOINT_URL": front.url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return front, done


@pytest.mark.parametrize("way", WAYS)
def test_a_way_makes_no_call_that_its_policy_does_not_name(way: str, start_front: StartFront) -> None:
    front, done = woken(way, start_front)
    called = {call.action for call in front.calls} - {"sts:GetCallerIdentity"}
    own = actions(printed("--via", way)) - UNSEEN
    assert called <= own, done.stderr
    # What only other accounts make it ask belongs to the reading that all ways share.
    assert own - called <= actions(doctor_policy())


@pytest.mark.parametrize(
    ("way", "action"),
    [
        (way, action)
        for way in WAYS
        for action in sorted(actions(wake_policy(PolicyScope(ways=(way,)))) - actions(doctor_policy()) - UNSEEN)
    ],
)
def test_a_way_names_each_action_of_its_own_that_is_missing(way: str, action: str, start_front: StartFront) -> None:
    _, done = woken(way, start_front, action)
    # How a command or a runbook ended, the agent's next report shows as well.
    assert done.returncode == (0 if action.partition(":")[2].startswith("Get") else 75), done.stderr
    assert action in done.stderr or action in done.stdout or "No way in was found" in done.stderr, done.stderr


@pytest.mark.parametrize("way", WAYS)
def test_the_policy_of_one_way_is_part_of_the_policy_of_all(way: str) -> None:
    assert actions(printed("--via", way)) < actions(printed())


def test_what_is_named_narrows_the_policy() -> None:
    one_instance = (ID, "--region", "eu-west-1", "--via", "endpoint", "--user", "ec2-user")
    (key,) = [one for one in printed(*one_instance)["Statement"] if one["Sid"] == "Key"]
    assert key["Resource"] == f"arn:*:ec2:eu-west-1:*:instance/{ID}"
    assert key["Condition"] == {"StringEquals": {"ec2:osuser": "ec2-user"}}
    words = ("--via", "run-command", "--tagged", "--assume-role", "arn:aws:iam::210987654321:role/desk")
    (there,) = [one for one in printed(*words)["Statement"] if one["Sid"] == "RunCommandThere"]
    assert there["Resource"] == "arn:*:ec2:*:210987654321:instance/*"
    assert there["Condition"] == {"StringEquals": {"aws:ResourceTag/ssmwake": "managed"}}
    found = printed("--via", "runbook", "--automation-role", ROLE)["Statement"]
    (role,) = [one for one in found if one["Sid"] == "RescueRole"]
    assert role["Resource"] == ROLE
    assert role["Condition"] == {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}}


def test_no_way_may_pass_any_role_or_act_on_every_resource() -> None:
    for one in printed()["Statement"]:
        resources = one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]]
        reads = [
            action.partition(":")[2].startswith(("Describe", "Get", "Lookup", "Simulate")) for action in one["Action"]
        ]
        assert all(reads) or not {"*", "arn:*:iam::*:role/*"} & set(resources), one


def test_each_action_exists() -> None:
    session = botocore.session.get_session()
    for action in actions(printed()) - UNSEEN:
        service, _, operation = action.partition(":")
        assert operation in session.get_service_model(service).operation_names


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([ID, "--via", "runbook"], "give --automation-role arn:aws:iam::"),
        ([ID, "--automation-role", "rescue"], "'rescue' is not the ARN of a role"),
        ([ID, "--automation-role", "arn:aws:iam::1234:role/x"], "is not the ARN of a role"),
        ([ID, "--automation-role", "arn:aws:iam::123456789012:user/x"], "is not the ARN of a role"),
        ([ID, "--automation-role", ROLE, "--via", "direct"], "leave it or --via direct out"),
        ([ID, "--reboot"], "give --automation-role too"),
        ([ID, "--connect", "--via", "run-command"], "leave --via run-command out"),
        ([ID, "--tagged"], "give --print-policy too"),
        ([ID, "--tagged", "--print-policy"], "leave INSTANCE or --tagged out"),
        (["--print-policy", "--region", "eu-wset-1"], "is not a region"),
    ],
)
def test_what_is_contradictory_is_refused_before_anything_is_asked_of_aws(words: list[str], said: str) -> None:
    done = CliRunner().invoke(command, ["wake", *words], env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


def test_run_command_is_not_tried_on_an_agent_that_is_not_online(start_front: StartFront) -> None:
    account = Account(load(CASES / "late-role"))
    front = start_front(Front(account, clock=account.clock))
    done = CliRunner().invoke(command, ["wake", ID, "--region", "eu-west-1", "--via", "run-command", "--yes"])
    assert done.exit_code == 75
    assert "Run Command reaches an agent that is online" in done.stderr
    assert not [call for call in front.calls if call.operation == "SendCommand"]
