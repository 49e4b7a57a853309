"""`ssmwake wake` brings the simulated agent online: ssmwake's own runtime, by a real OpenSSH server on loopback."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from ssmwake.render.runtime import runtime
from ssmwake.simulate.endpoint import Endpoint
from ssmwake.simulate.imds import Imds
from ssmwake.simulate.sandbox import agent_command, package_folder, write_files
from ssmwake.simulate.supervisor import Policy, Unit
from ssmwake.simulate.systemctl import Systemctl
from support.agent_bench import until
from support.front import Call, Front
from support.sshd import Sshd, sshd, tunnel
from support.standin import Account, load, merged

CASES = Path(__file__).parents[1] / "cases" / "doctor"
ID = "i-0abc1234def567890"
UNIT = "amazon-ssm-agent.service"
StartFront = Callable[[Front], Front]

# The address of IMDS is the one thing that is not as it would be on an instance: here it belongs to the machine.
AT_LOOPBACK = """import os, sys
import ssmwake.render.runtime
module = sys.modules["ssmwake.render.runtime"]
text, place = module.runtime(), "http://169.254.169.254:80 other='http://[fd00:ec2::254]:80'"
assert place in text
module.runtime = lambda: text.replace(place, os.environ["TEST_IMDS"] + " other=" + os.environ["TEST_IMDS"])
from ssmwake.cli import main
main()
"""


@dataclass
class Machine:
    """An instance on loopback: a root, an IMDS, a Systems Manager, the unit of an agent, and sshd."""

    root: Path
    imds: Imds
    ssm: Endpoint
    unit: Unit
    server: Sshd

    def says(self, text: str) -> bool:
        """Wait until the agent has logged something."""
        log = self.root / "var/log/amazon/ssm/amazon-ssm-agent.log"
        return until(lambda: log.exists() and text in log.read_text(encoding="utf-8"), 20)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    root = tmp_path / "root"
    with ExitStack() as stack:
        imds, ssm = stack.enter_context(Imds()), stack.enter_context(Endpoint())
        command = agent_command(root, imds.url, ssm.address)
        unit = Unit(Policy(UNIT, command, environment={"PYTHONPATH": package_folder()}))
        systemctl = stack.enter_context(Systemctl(tmp_path / "bin", unit))
        write_files(root, {})
        where = f"{systemctl.path}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        server = stack.enter_context(sshd(tmp_path, SSMWAKE_ROOT=str(root), PATH=where))
        unit.submit("start").done.wait(5)
        yield Machine(root, imds, ssm, unit, server)


def account(machine: Machine, **change: object) -> Account:
    """Return the account of the machine: its node is there when the simulated agent has opened its channel."""
    one = Account(merged(load(CASES / "late-role"), change))

    def on_call(call: Call) -> None:
        if call.operation == "SendSSHPublicKey":
            machine.server.announce(call.parameters["SSHPublicKey"])
        if machine.ssm.online:
            one.state["nodes"][ID] = {"pinged": "2026-11-26T10:20:00Z", "connected": True}

    one.on_call = on_call
    return one


def wake(front: Front, machine: Machine, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-c", AT_LOOPBACK, "wake", ID, "--region", "eu-west-1", "--yes", "--timeout", "60s"]
    argv += ["--user", machine.server.user, "--port", str(machine.server.port), *words]
    known = {"AWS_ENDPOINT_URL": front.url, "TEST_IMDS": machine.imds.url}
    return subprocess.run(
        argv,
        env={**os.environ, **known, **environment},
        input="",
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def attach_too_late(machine: Machine) -> str:
    """Attach a role after the agent has gone to sleep for half an hour; return its key."""
    assert machine.says("Sleeping for")
    key = machine.imds.attach("web").key
    machine.ssm.allow(key)
    return key


def test_an_agent_that_sleeps_is_online_after_wake(machine: Machine, start_front: StartFront) -> None:
    key = attach_too_late(machine)
    one = account(machine, instances={ID: {"public": "127.0.0.1"}})
    front = start_front(Front(one, clock=one.clock))
    done = wake(front, machine)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["ok"] is True
    assert machine.ssm.online == [key]
    assert [what for _, what in machine.unit.history].count("started") == 2
    assert "ssmwake: " in done.stderr
    assert " online: the agent is online; the role is web" in done.stderr


def test_an_agent_behind_an_endpoint_is_online_after_wake(
    machine: Machine, start_front: StartFront, tmp_path: Path
) -> None:
    key = attach_too_late(machine)
    with tunnel(tmp_path) as through:
        endpoints = {"eice-1": {"dns_name": through.dns_name, "subnet": "subnet-a"}}
        one = account(machine, connect_endpoints=endpoints)
        front = start_front(Front(one, clock=one.clock))
        done = wake(front, machine, AWS_CA_BUNDLE=str(through.certificate))
    assert done.returncode == 0, done.stderr
    assert machine.ssm.online == [key]
    assert len(through.queries) == 1


def test_a_watcher_that_waits_for_another_role_does_not_keep_wake_from_it(
    machine: Machine, start_front: StartFront
) -> None:
    settings = machine.root / "etc" / "ssmwake.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("SSMWAKE_ROLE=app\n", encoding="utf-8")
    key = attach_too_late(machine)
    console = "ssmwake: 2026-11-26T10:14:10Z waiting: the role is web, and app is wanted (other-role)\n"
    one = account(machine, instances={ID: {"public": "127.0.0.1"}}, console={ID: console})
    front = start_front(Front(one, clock=one.clock))
    done = wake(front, machine)
    assert done.returncode == 0, done.stderr
    assert machine.ssm.online == [key]


def test_an_agent_that_is_refused_ends_wake_with_the_words_of_the_runtime(
    machine: Machine, start_front: StartFront
) -> None:
    assert machine.says("Sleeping for")
    machine.imds.attach("web")
    one = account(machine, instances={ID: {"public": "127.0.0.1"}})
    front = start_front(Front(one, clock=one.clock))
    (machine.root / "etc").mkdir(exist_ok=True)
    (machine.root / "etc/ssmwake.conf").write_text("SSMWAKE_TIMEOUT=15s\n", encoding="utf-8")
    done = wake(front, machine)
    assert done.returncode == 75, done.stderr
    assert machine.ssm.online == []
    assert "refused: Systems Manager refuses the agent" in done.stderr
    assert f"the runtime on {ID} ended with" in done.stderr


@pytest.mark.parametrize("page", ["README.md", "docs/troubleshooting.md"])
def test_the_runtime_over_ssh_as_the_pages_show_it(machine: Machine, page: str, tmp_path: Path) -> None:
    """Only the address of IMDS differs, and sudo, which a test machine may not have."""
    text = (Path(__file__).parents[2] / page).read_text(encoding="utf-8")
    shown = re.findall(r"^ssh ec2-user@HOST (sudo sh [^#\n]*)", text, re.MULTILINE)
    assert [line.split()[4] for line in shown] == ["status", "run"]
    script = tmp_path / "dist" / "runtime" / "ssmwake.sh"
    script.parent.mkdir(parents=True)
    place = "http://169.254.169.254:80 other='http://[fd00:ec2::254]:80'"
    assert place in runtime()
    script.write_text(runtime().replace(place, f"{machine.imds.url} other={machine.imds.url}"), encoding="utf-8")
    (tmp_path / "bin" / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
    (tmp_path / "bin" / "sudo").chmod(0o755)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    machine.server.announce((tmp_path / "key.pub").read_text(encoding="ascii").strip())
    options = f"-F none -i {tmp_path}/key -p {machine.server.port} -l {machine.server.user}"
    options += " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"

    def over_ssh(line: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            f"ssh {options} 127.0.0.1 {line}",
            shell=True,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    key = attach_too_late(machine)
    status, woken = map(over_ssh, shown)
    # In its first five seconds an agent that sleeps counts as starting.
    assert status.returncode == 71, status
    assert re.search(r": the agent is (starting|asleep)", status.stdout.splitlines()[0])
    assert woken.returncode == 0, woken
    assert json.loads(woken.stdout.splitlines()[-1])["reason"] == "ready"
    assert machine.ssm.online == [key]
