"""Machines that cannot be had here, as far as fake files and namespaces show them to the runtime.

OpenRC, snapd and a systemctl are stand-ins that answer from files; /proc/uptime of a container (lxcfs) is a file that
is mounted over the kernel's; a machine that has been up for 248 days and more is a time namespace. Processes are real.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ssmwake.simulate.imds import Imds
from support import tools
from support.shells import SHELLS, Runtime

SERVICE = "amazon-ssm-agent"
SNAP = "snap.amazon-ssm-agent.amazon-ssm-agent.service"
# A process of that name, as the kernel shows it.
NAMED = "import sys, time; open('/proc/self/comm', 'w').write(sys.argv[1]); time.sleep(60)"
AGENT = f'python3 -I -S -c "$NAMED" {SERVICE} & echo $! >"$SSMWAKE_ROOT/agent.pid"; sleep 5.5'
SYSTEMCTL = """#!/bin/sh
case $1 in
show)
    for name; do :; done
    cat "$SSMWAKE_ROOT/units/$name" 2>/dev/null || { echo LoadState=not-found; exit; }
    [ ! -e "$SSMWAKE_ROOT/agent.pid" ] || echo "MainPID=$(cat "$SSMWAKE_ROOT/agent.pid")"
    ;;
*) echo "$*" >>"$SSMWAKE_ROOT/calls" ;;
esac
"""
RC_SERVICE = """#!/bin/sh
[ "$1" != -e ] || { [ -e "$SSMWAKE_ROOT/etc/init.d/$2" ]; exit; }
echo "$*" >>"$SSMWAKE_ROOT/calls"
"""


@dataclass(frozen=True)
class Machine:
    """A machine of which only the root folder, the service manager and the processes differ from this one."""

    runtime: Runtime
    imds: Imds

    def command(self, name: str, text: str) -> None:
        path = self.runtime.root / "shim" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def file(self, name: str, text: str = "") -> Path:
        path = self.runtime.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def unit(self, name: str, **properties: str) -> None:
        """Have a systemd that knows a unit."""
        (self.runtime.root / "run/systemd/system").mkdir(parents=True, exist_ok=True)
        self.command("systemctl", SYSTEMCTL)
        lines = {"LoadState": "loaded", "UnitFileState": "enabled", **properties}
        self.file(f"units/{name}", "".join(f"{key}={value}\n" for key, value in lines.items()))

    def openrc(self, *runlevels: str, started: bool = False) -> None:
        """Have an OpenRC that knows the agent."""
        self.command("rc-service", RC_SERVICE)
        self.file(f"etc/init.d/{SERVICE}")
        for runlevel in runlevels:
            self.file(f"etc/runlevels/{runlevel}/{SERVICE}")
        if started:
            self.file(f"run/openrc/started/{SERVICE}")

    def call(
        self, *arguments: str, shell: str = "dash", before: str = ":", namespaces: tuple[str, ...] = ()
    ) -> dict[str, object]:
        """Run the runtime after some commands, where it sees no processes but theirs; return its report."""
        command = self.runtime.command(shell, *arguments, "--endpoint", self.imds.url)
        done = subprocess.run(
            [*tools.namespaces(*namespaces), "sh", "-c", f'{before}\n"$@"', "sh", *command],
            env=self.runtime.environment("curl")
            | {"PATH": f"{self.runtime.root}/shim:{self.runtime.bin('curl')}:/usr/bin:/bin", "NAMED": NAMED},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stdout, done.stderr
        report: dict[str, object] = json.loads(done.stdout)
        return report

    def calls(self) -> list[str]:
        """Return what the service manager was asked to do."""
        log = self.runtime.root / "calls"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(runtime: Runtime, imds: Imds) -> Machine:
    imds.attach("web")
    machine = Machine(runtime, imds)
    # Without the worker's program, the agent is one of version 2.
    machine.file("usr/bin/ssm-agent-worker")
    return machine


# OpenRC.


@pytest.mark.parametrize("shell", SHELLS)
def test_openrc_an_agent_in_no_runlevel_is_disabled(shell: str, machine: Machine) -> None:
    machine.openrc()
    report = machine.call("run", "--timeout", "5", shell=shell)
    assert (report["exit"], report["agent"], report["action"]) == (0, "disabled", "skipped:disabled")
    assert machine.calls() == []


@pytest.mark.parametrize("runlevel", ["default", "boot", "nonetwork"])
def test_openrc_an_agent_in_a_runlevel_that_is_not_started_was_stopped(runlevel: str, machine: Machine) -> None:
    machine.openrc(runlevel)
    report = machine.call("run", "--timeout", "5")
    assert (report["exit"], report["agent"], report["action"]) == (0, "stopped", "skipped:stopped")
    assert machine.calls() == []


def test_openrc_an_agent_that_is_started_and_has_no_process_is_restarted(machine: Machine) -> None:
    machine.openrc("default", started=True)
    report = machine.call("run", "--timeout", "3")
    assert (report["exit"], report["reason"]) == (71, "restart-failed")
    assert machine.calls() == [f"{SERVICE} restart"]


@pytest.mark.parametrize("runlevels", [(), ("default",)])
@pytest.mark.parametrize("shell", SHELLS)
def test_openrc_an_agent_that_runs_and_sleeps_is_restarted_gracefully(
    shell: str, runlevels: tuple[str, ...], machine: Machine
) -> None:
    machine.openrc(*runlevels, started=True)
    report = machine.call("run", "--timeout", "3", shell=shell, before=AGENT)
    assert (report["reason"], report["unit"], report["action"]) == ("agent-unregistered", SERVICE, "restarted")
    assert machine.calls() == [f"{SERVICE} restart"]


def test_openrc_without_the_agent_there_is_nothing_to_wake(machine: Machine) -> None:
    machine.command("rc-service", RC_SERVICE)
    report = machine.call("run", "--timeout", "5")
    assert (report["exit"], report["reason"]) == (0, "agent-not-installed")


# snapd.


def test_snapd_that_has_seeded_without_the_agent_costs_no_time(machine: Machine) -> None:
    machine.unit("snapd.seeded.service", ActiveState="active", SubState="exited")
    report = machine.call("run", "--timeout", "30")
    assert (report["exit"], report["reason"]) == (0, "agent-not-installed")
    assert int(str(report["waited_s"])) <= 2


def test_snapd_that_was_never_started_costs_no_time(machine: Machine) -> None:
    machine.unit("snapd.seeded.service", ActiveState="inactive", SubState="dead", UnitFileState="disabled")
    report = machine.call("run", "--timeout", "30")
    assert (report["exit"], report["reason"]) == (0, "agent-not-installed")
    assert int(str(report["waited_s"])) <= 2


@pytest.mark.parametrize("state", [{"SubState": "start"}, {"SubState": "dead", "Job": "17"}])
def test_snapd_that_is_still_seeding_may_bring_the_agent(state: dict[str, str], machine: Machine) -> None:
    machine.unit("snapd.seeded.service", ActiveState="activating", **state)
    report = machine.call("run", "--timeout", "4")
    assert (report["exit"], report["reason"]) == (0, "agent-not-seeded")
    assert int(str(report["waited_s"])) >= 3


def test_the_agent_of_the_package_is_found_next_to_a_snapd_that_is_seeding(machine: Machine) -> None:
    machine.unit("snapd.seeded.service", ActiveState="activating", SubState="start")
    machine.unit(f"{SERVICE}.service", SubState="running")
    report = machine.call("status", "--json", before=AGENT)
    assert (report["unit"], report["agent"]) == (f"{SERVICE}.service", "asleep")


def test_a_snap_that_is_left_over_is_not_the_agent(machine: Machine) -> None:
    machine.unit(SNAP, SubState="dead", UnitFileState="disabled")
    machine.unit(f"{SERVICE}.service", SubState="running")
    report = machine.call("status", "--json", before=AGENT)
    assert (report["unit"], report["agent"]) == (f"{SERVICE}.service", "asleep")


def test_an_agent_that_was_masked_while_it_sleeps_is_not_killed_as_it_would_not_come_back(machine: Machine) -> None:
    machine.unit(f"{SERVICE}.service", SubState="running", LoadState="masked", UnitFileState="masked")
    report = machine.call("run", "--timeout", "4", before=AGENT)
    assert (report["exit"], report["reason"], report["action"]) == (0, "agent-masked", "none")
    assert not [call for call in machine.calls() if SERVICE in call]


# Clocks.


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("uptime", ["3.07 2.00", "99999999.07 2.00"])
def test_a_container_whose_uptime_is_not_the_kernels_has_an_agent_asleep(
    uptime: str, shell: str, machine: Machine
) -> None:
    machine.unit(f"{SERVICE}.service", SubState="running")
    fake = machine.file("uptime", f"{uptime}\n")
    report = machine.call("status", "--json", shell=shell, before=f"{AGENT}; mount --bind {fake} /proc/uptime")
    assert (report["agent"], report["agent_retry"]) == ("asleep", "25 to 30 min")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("days", [249, 497])
def test_after_248_days_an_agent_that_starts_is_not_older_than_it_is(days: int, shell: str, machine: Machine) -> None:
    # Hundredths of a second outgrow 31 bits after 248.55 days, and 32 after 497; mksh counts in 32 bits everywhere.
    machine.unit(f"{SERVICE}.service", SubState="running")
    up = ("--time", "--boottime", str(days * 86_400))
    starting = AGENT.replace("sleep 5.5", "sleep 1")
    report = machine.call("status", "--json", shell=shell, before=starting, namespaces=up)
    assert report["agent"] == "starting"


@pytest.mark.parametrize("shell", SHELLS)
def test_after_248_days_an_agent_that_sleeps_is_restarted(shell: str, machine: Machine) -> None:
    machine.unit(f"{SERVICE}.service", SubState="running")
    up = ("--time", "--boottime", str(3000 * 86_400))
    report = machine.call("run", "--timeout", "2", shell=shell, before=AGENT, namespaces=up)
    assert report["reason"] == "agent-unregistered"
    assert [call for call in machine.calls() if "restart" in call and SERVICE in call]
