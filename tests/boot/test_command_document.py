"""The Command document's script under a real systemd, run as the agent runs it: by sh, as root, with its variables."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from boot.harness.agent import UNIT
from boot.harness.container import Machine, until
from boot.harness.disk import write
from boot.harness.instance import Instance, asleep, instance, settle

pytestmark = pytest.mark.systemd

SUITE = "bookworm"
DOCUMENT = Path(__file__).parents[2] / "dist" / "ssm" / "command.yaml"
# What tells the script that its caller is the agent.
VARIABLES = ("AWS_SSM_INSTANCE_ID=i-0123456789abcdef0", "AWS_SSM_REGION_NAME=eu-west-1", "SSM_COMMAND_ID=c0ffee")


@pytest.fixture
def it() -> Iterator[Instance]:
    with instance(SUITE) as made:
        yield made


@contextmanager
def up(it: Instance) -> Iterator[Machine]:
    [script] = yaml.safe_load(DOCUMENT.read_text())["mainSteps"][0]["inputs"]["runCommand"]
    for action in ("install", "run", "status", "restart", "uninstall"):
        filled = (
            script.replace("{{ Action }}", action).replace("{{ Settings }}", "keep").replace("{{ Carrier }}", "ssmwake")
        )
        write(it.disk, f"root/{action}.sh", filled, 0o700)
    write(it.disk, "etc/cloud/cloud-init.disabled", "")
    with it.boot() as machine:
        yield machine


def invoke(machine: Machine, action: str) -> dict[str, Any]:
    """Do one action of the document; its output is the runtime's line and nothing else."""
    done = machine.run("env", *VARIABLES, "sh", f"/root/{action}.sh", timeout=30, check=False)
    report: dict[str, Any] = json.loads(done.stdout) if action != "status" else {"text": done.stdout}
    return {**report, "status": done.returncode}


def test_a_restart_is_scheduled_so_that_the_reply_goes_out_first(it: Instance) -> None:
    role = it.attach()
    with up(it) as machine:
        it.online(role, 30)
        began = time.monotonic()
        report = invoke(machine, "restart")
        assert time.monotonic() - began < 4
        assert (report["status"], report["action"]) == (0, "scheduled")
        assert len(machine.starts(UNIT)) == 1, "the agent was restarted before it could answer"
        until(lambda: len(machine.starts(UNIT)) == 2, 30, "the scheduled restart did not come")


def test_run_leaves_the_agent_that_delivered_it_alone(it: Instance) -> None:
    role = it.attach()
    with up(it) as machine:
        it.online(role, 30)
        report = invoke(machine, "run")
        assert (report["status"], report["action"], report["agent"]) == (0, "none", "online")
        settle(7)
        assert len(machine.starts(UNIT)) == 1


def test_install_leaves_a_watcher_and_uninstall_takes_it_away(it: Instance) -> None:
    with up(it) as machine:
        asleep(machine)
        assert invoke(machine, "install")["status"] == 0
        role = it.attach()
        it.online(role, 30)
        assert "online; the role is web" in invoke(machine, "status")["text"]
        assert invoke(machine, "install")["status"] == 0
        assert invoke(machine, "uninstall")["status"] == 0
        assert not (machine.root / "usr/local/sbin/ssmwake").exists()
        assert not list((machine.root / "etc/systemd/system").rglob("ssmwake*"))
        assert not list((machine.root / "tmp").glob("tmp.*")), "its copy of the runtime was left behind"
