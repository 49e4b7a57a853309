"""`ssmwake wake` against the stand-in account, a real OpenSSH server on loopback, and a stand-in of the tunnel."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ssmwake.operate.extra import install_line
from ssmwake.operate.policy import PolicyScope, doctor_policy, wake_policy
from support.front import Call, Front
from support.sshd import Sshd, sshd, tunnel
from support.standin import Account, load, merged
from support.tools import require

CASES = Path(__file__).parents[1] / "cases" / "doctor"
ID = "i-0abc1234def567890"
StartFront = Callable[[Front], Front]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    with sshd(tmp_path) as one:
        yield one


def account(case: str, **change: Any) -> Account:
    return Account(merged(load(CASES / case), change))


def run(front: Front, *words: str, before: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
    program = f"{before or MARK}\nfrom ssmwake.cli import main\nmain()"
    argv = [sys.executable, "-c", program, "wake", "--region", "eu-west-1", "--timeout", "20s", *words]
    merged_environment = {**os.environ, "AWS_ENDPOINT_URL": front.url, **environment}
    return subprocess.run(
        argv, env=merged_environment, input="", capture_output=True, text=True, timeout=120, check=False
    )


def answers_to(one: Account, server: Sshd, folder: Path) -> None:
    """Let the stand-in announce keys to the server, and its node come online when the runtime was run there."""

    def on_call(call: Call) -> None:
        if call.operation == "SendSSHPublicKey":
            assert call.parameters["InstanceId"] == ID
            server.announce(call.parameters["SSHPublicKey"])
        if (folder / "ran").exists():
            one.state["nodes"][ID] = {"pinged": "2026-11-26T10:20:00Z", "connected": True}

    one.on_call = on_call


# What runs instead of the runtime, which would look for IMDS on this machine: it leaves a mark, with its arguments.
MARK = """import sys
import ssmwake.render.runtime
sys.modules["ssmwake.render.runtime"].runtime = lambda: 'echo "$*" >"$SSMWAKE_TEST/ran"'
"""
WITHOUT_EXTRA = """import sys
sys.modules["websockets"] = None
"""


def test_an_agent_that_sleeps_is_woken_by_ssh_and_waited_for(
    start_front: StartFront, server: Sshd, tmp_path: Path
) -> None:
    console = f"-----BEGIN SSH HOST KEY KEYS-----\n{server.host_key} root@x\n-----END SSH HOST KEY KEYS-----\n"
    one = account("late-role", instances={ID: {"public": "127.0.0.1"}}, console={ID: console})
    answers_to(one, server, tmp_path)
    front = start_front(Front(one, clock=one.clock))
    done = run(front, ID, "--yes", "--user", server.user, "--port", str(server.port))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ran").read_text() == "run\n"
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["ok"] is True
    assert "its host key is checked against the console" in done.stderr


def test_a_host_key_that_is_not_the_one_on_the_console_is_refused(
    start_front: StartFront, server: Sshd, tmp_path: Path
) -> None:
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEkJ0G3vV2o5m4rVQ1mJw9Yc0m3p8kqQ2x7yq0v3nB5C root@x"
    console = f"-----BEGIN SSH HOST KEY KEYS-----\n{other}\n-----END SSH HOST KEY KEYS-----\n"
    one = account("late-role", instances={ID: {"public": "127.0.0.1"}}, console={ID: console})
    answers_to(one, server, tmp_path)
    front = start_front(Front(one, clock=one.clock))
    done = run(front, ID, "--yes", "--user", server.user, "--port", str(server.port))
    assert done.returncode == 75
    assert not (tmp_path / "ran").exists()
    assert f"ssh did not reach {ID}" in done.stderr


def test_a_private_instance_is_reached_through_an_endpoint_whose_url_is_never_an_argument(
    start_front: StartFront, server: Sshd, tmp_path: Path
) -> None:
    with tunnel(tmp_path) as through:
        endpoints = {
            "eice-far": {"dns_name": "localhost:1", "subnet": "subnet-b"},
            "eice-near": {"dns_name": through.dns_name, "subnet": "subnet-a"},
            "eice-broken": {"dns_name": "localhost:1", "state": "create-failed", "subnet": "subnet-a"},
        }
        one = account("late-role", connect_endpoints=endpoints)
        answers_to(one, server, tmp_path)
        front = start_front(Front(one, clock=one.clock))
        words = (ID, "--yes", "--user", server.user, "--port", str(server.port))
        done = run(front, *words, AWS_CA_BUNDLE=str(through.certificate))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ran").read_text() == "run\n"
    (query,) = through.queries
    assert query["instanceConnectEndpointId"] == ["eice-near"]
    assert query["privateIpAddress"] == ["10.1.1.10"]
    assert query["maxTunnelDuration"] == ["3600"]
    assert query["X-Amz-Expires"] == ["60"]
    assert query["X-Amz-SignedHeaders"] == ["host"]
    assert "/ec2-instance-connect/aws4_request" in query["X-Amz-Credential"][0]
    assert query["X-Amz-Signature"][0] not in done.stderr


def test_without_a_terminal_nothing_is_done_unasked(start_front: StartFront) -> None:
    one = account("late-role", instances={ID: {"public": "127.0.0.1"}})
    front = start_front(Front(one, clock=one.clock))
    done = run(front, ID)
    assert done.returncode == 2
    assert "give --yes" in done.stderr
    assert not any(call.writes for call in front.calls if not call.operation.startswith(("Lookup", "Simulate")))


@pytest.mark.parametrize(
    ("case", "status"), [("profile-empty", 78), ("endpoint-refuses-behind-nat", 78), ("role-without-reports", 78)]
)
def test_what_is_not_the_agents_fault_is_answered_with_the_doctors_step(
    case: str, status: int, start_front: StartFront
) -> None:
    one = account(case)
    front = start_front(Front(one, clock=one.clock))
    done = run(front, ID, "--yes")
    assert done.returncode == status
    assert "\n  do    aws " in done.stderr
    assert not any(call.writes for call in front.calls if not call.operation.startswith(("Lookup", "Simulate")))


def test_windows_is_waited_for_and_not_woken(start_front: StartFront) -> None:
    one = account("windows")
    front = start_front(Front(one, clock=one.clock))
    done = run(front, ID, "--yes", "--timeout", "1s")
    assert done.returncode == 75
    assert "not woken" in done.stderr


def restarts(one: Account) -> None:
    """Let Run Command take the agent away, and a later look bring it back with a report of its own."""

    def on_call(call: Call) -> None:
        if call.operation == "SendCommand":
            one.state["restarted"] = one.seen["ssm:GetConnectionStatus"]
        if "restarted" in one.state and one.seen["ssm:GetConnectionStatus"] > one.state["restarted"] + 1:
            one.state["nodes"][ID] |= {"pinged": "2026-11-26T10:20:13Z"}

    one.on_call = on_call


@pytest.mark.parametrize("case", ["online-on-an-old-role", "online-on-an-old-role-trail-late"])
def test_an_agent_that_is_online_on_an_old_role_is_restarted_by_run_command(case: str, start_front: StartFront) -> None:
    one = account(case)
    restarts(one)
    front = start_front(Front(one, clock=one.clock))
    done = run(front, ID, "--yes")
    assert done.returncode == 0, done.stderr
    assert "OLD ROLE" in done.stderr
    assert "Run Command: restart the agent" in done.stderr
    (sent,) = [call for call in front.calls if call.operation == "SendCommand"]
    assert sent.parameters["InstanceIds"] == [ID]
    # The report from before the restart is not taken for its success.
    after = [call for call in front.calls[front.calls.index(sent) :] if call.operation == "GetConnectionStatus"]
    assert len(after) >= 2


def test_a_restart_that_fails_leaves_the_status_of_an_old_role(start_front: StartFront) -> None:
    one = account("online-on-an-old-role", command_status="Failed")
    front = start_front(Front(one, clock=one.clock))
    done = run(front, ID, "--yes")
    assert done.returncode == 75
    assert "ended as Failed" in done.stderr


def test_an_agent_that_is_online_is_restarted_by_run_command_when_asked_to(start_front: StartFront) -> None:
    one = account("online-behind-scp")
    restarts(one)
    front = start_front(Front(one, clock=one.clock))
    assert run(front, ID, "--yes").returncode == 0
    assert not [call for call in front.calls if call.operation == "SendCommand"]
    assert run(front, ID, "--yes", "--restart").returncode == 0
    (sent,) = [call for call in front.calls if call.operation == "SendCommand"]
    assert sent.parameters["InstanceIds"] == [ID]


def test_a_private_instance_without_an_endpoint_gets_the_runbook_or_the_hints(start_front: StartFront) -> None:
    one = account("late-role")

    def on_call(call: Call) -> None:
        if call.operation == "StartAutomationExecution":
            one.state["nodes"][ID] = {"pinged": "2026-11-26T10:20:00Z", "connected": True}

    one.on_call = on_call
    front = start_front(Front(one, clock=one.clock))
    done = run(front, ID, "--yes")
    assert done.returncode == 75
    assert "serial console" in done.stderr
    done = run(front, ID, "--yes", "--automation-role", "arn:aws:iam::123456789012:role/rescue")
    assert done.returncode == 0, done.stderr
    (sent,) = [call for call in front.calls if call.operation == "StartAutomationExecution"]
    assert sent.parameters["Parameters"]["Fallback"] == ["none"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "has no public address, and vpc-1 no EC2 Instance Connect Endpoint"),
        (("--via", "endpoint"), "No way in was found: vpc-1 has no EC2 Instance Connect Endpoint"),
    ],
)
def test_where_there_is_no_way_in_the_step_that_makes_one_is_printed(
    words: tuple[str, ...], said: str, start_front: StartFront
) -> None:
    one = account("late-role")
    front = start_front(Front(one, clock=one.clock))
    done = run(front, ID, "--yes", *words)
    assert done.returncode == 75
    text = " ".join(done.stderr.split())
    assert said in text
    assert "aws ec2 create-instance-connect-endpoint --subnet-id subnet-a --region eu-west-1" in text
    # The step of the verdict is the command that was just run.
    assert f"do ssmwake wake {ID}" not in text
    assert json.loads(done.stdout)["instances"][0]["do"] == []


def test_a_way_that_is_named_is_taken_although_the_verdict_cannot_tell(start_front: StartFront) -> None:
    one = account("shared-subnet")
    front = start_front(Front(one, clock=one.clock))
    done = run(front, ID, "--yes")
    assert "Nothing was done" in done.stderr
    assert not [call for call in front.calls if call.operation == "StartAutomationExecution"]
    run(front, ID, "--yes", "--via", "runbook", "--automation-role", "arn:aws:iam::123456789012:role/rescue")
    assert [call for call in front.calls if call.operation == "StartAutomationExecution"]


def test_ssh_that_does_not_connect_says_what_else_there_is(start_front: StartFront) -> None:
    require("ssh")
    one = account("late-role", instances={ID: {"public": "127.0.0.1"}})
    front = start_front(Front(one, clock=one.clock))
    done = run(front, ID, "--yes", "--port", "1")
    text = " ".join(done.stderr.split())
    assert done.returncode == 75
    assert "sg-app let port 1 in from nobody, so ssh will not connect" in text
    assert "let port 1 in (sg-app), or take another way: --via endpoint, or --automation-role ARN" in text
    assert json.loads(done.stdout)["instances"][0]["do"] == []


def test_without_ssh_it_says_what_to_install_and_sends_no_key(start_front: StartFront, tmp_path: Path) -> None:
    one = account("late-role", instances={ID: {"public": "127.0.0.1"}})
    front = start_front(Front(one, clock=one.clock))
    done = run(front, ID, "--yes", PATH=str(tmp_path))
    assert done.returncode == 75
    said = "ssh-keygen is not installed; install OpenSSH's client, or give --automation-role ARN"
    assert said in " ".join(done.stderr.split())
    assert json.loads(done.stdout)["error"] == said
    assert not [call for call in front.calls if call.operation == "SendSSHPublicKey"]


def test_without_the_extra_the_line_that_installs_it_is_printed(start_front: StartFront) -> None:
    one = account("late-role", connect_endpoints={"eice-1": {"dns_name": "localhost:1"}})
    front = start_front(Front(one, clock=one.clock))
    done = run(front, ID, "--yes", before=WITHOUT_EXTRA)
    assert done.returncode == 75
    assert install_line() in json.loads(done.stdout)["error"]
    assert install_line() in done.stderr
    assert not [call for call in front.calls if call.operation == "SendSSHPublicKey"]


def test_the_policies_name_the_calls_that_are_made(start_front: StartFront) -> None:
    actions = set()
    for case in ("late-role", "online-behind-scp", "rights-not-seen"):
        one = account(case)
        front = start_front(Front(one, clock=one.clock))
        argv = [sys.executable, "-m", "ssmwake", "doctor", ID, "--region", "eu-west-1"]
        subprocess.run(
            argv, env={**os.environ, "AWS_ENDPOINT_URL": front.url}, capture_output=True, check=False, timeout=60
        )
        actions |= {call.action for call in front.calls}
    (statement,) = doctor_policy()["Statement"]
    # Nobody needs a right to ask who they are.
    assert set(statement["Action"]) == actions - {"sts:GetCallerIdentity"}
    woken = {action for one in wake_policy(PolicyScope())["Statement"] for action in one["Action"]}
    assert set(statement["Action"]) < woken


def test_the_policy_of_wake_names_the_calls_that_are_made_and_no_others(start_front: StartFront) -> None:
    require("ssh")
    swapped, private = account("online-on-an-old-role"), account("late-role")
    public = account("late-role", instances={ID: {"public": "127.0.0.1"}})
    restarts(swapped)
    actions = set()
    # Nobody listens on port 1: the key is sent, and ssh says that it cannot connect.
    for one, words in (
        (swapped, ()),
        (public, ("--port", "1")),
        (private, ("--automation-role", "arn:aws:iam::123456789012:role/rescue", "--timeout", "6s")),
    ):
        front = start_front(Front(one, clock=one.clock))
        run(front, ID, "--yes", *words)
        actions |= {call.action for call in front.calls}
    named = {action for one in wake_policy(PolicyScope())["Statement"] for action in one["Action"]}
    # The tunnel is no operation of botocore's models, and a role is passed inside another call.
    assert named == actions - {"sts:GetCallerIdentity"} | {"ec2-instance-connect:OpenTunnel", "iam:PassRole"}
