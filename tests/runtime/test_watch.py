"""The decisions of `run` and `watch` about an agent that behaves as the real one was measured to."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import ssmwake
from ssmwake import __version__
from ssmwake.simulate.endpoint import Endpoint
from ssmwake.simulate.imds import Imds
from ssmwake.simulate.supervisor import Policy, Unit
from ssmwake.simulate.systemctl import Systemctl
from support.shells import SHELLS, Runtime, end

NAME = "amazon-ssm-agent.service"
SNAP = "snap.amazon-ssm-agent.amazon-ssm-agent.service"


@dataclass
class Instance:
    """A simulated instance: IMDS, SSM, the agent's unit, and the runtime that is under test."""

    runtime: Runtime
    imds: Imds
    ssm: Endpoint
    unit: Unit
    systemctl: Systemctl
    errors: Path

    @contextmanager
    def watching(self, *flags: str, shell: str = "dash", **environment: str) -> Iterator["subprocess.Popen[str]"]:
        process = self.start("watch", *flags, shell=shell, **environment)
        try:
            yield process
        finally:
            if process.poll() is None:
                end(process)

    def start(self, *arguments: str, shell: str = "dash", **environment: str) -> "subprocess.Popen[str]":
        settings = {"SSMWAKE_POLL": "1", "SSMWAKE_POLL_HEALTHY": "1", **environment}
        with self.errors.open("a") as errors:
            return subprocess.Popen(
                self.runtime.command(shell, *arguments, "--endpoint", self.imds.url),
                env=self.runtime.environment("curl", **settings) | {"PATH": self.path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    @property
    def path(self) -> str:
        return f"{self.systemctl.path}:{self.runtime.bin('curl')}"

    def run(self, *arguments: str, shell: str = "dash", **environment: str) -> dict[str, object]:
        process = self.start("run", *arguments, shell=shell, **environment)
        out, _ = process.communicate(timeout=60)
        report: dict[str, object] = json.loads(out)
        assert report["exit"] == process.returncode
        return report

    def restarts(self) -> int:
        """How often the agent was restarted; its first start does not count."""
        return len([call for call in self.systemctl.calls if "restart" in call and self.unit.policy.name in call])

    def words(self) -> str:
        return self.errors.read_text()


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.02)


@contextmanager
def instance_of(runtime: Runtime, name: str = NAME, hurry: float = 1, start: bool = True) -> Iterator[Instance]:
    (runtime.root / "run/systemd/system").mkdir(parents=True)
    with Imds() as imds, Endpoint(messages="127.0.0.1:0") as ssm:
        command = [
            sys.executable,
            "-S",
            "-m",
            "ssmwake.simulate",
            "agent",
            "--root",
            str(runtime.root),
            "--imds",
            imds.url,
        ]
        command += ["--ssm", ssm.address, "--messages", ssm.messages, "--hurry", str(hurry)]
        generator = str(Path(ssmwake.__file__).parents[1])
        unit = Unit(Policy(name, tuple(command), environment={"PYTHONPATH": generator}))
        with Systemctl(runtime.root / "shim", unit) as systemctl:
            instance = Instance(runtime, imds, ssm, unit, systemctl, runtime.root / "stderr")
            instance.errors.touch()
            if start:
                unit.submit("start").done.wait(5)
            yield instance


@pytest.fixture
def instance(runtime: Runtime) -> Iterator[Instance]:
    with instance_of(runtime) as made:
        yield made


def asleep(instance: Instance) -> None:
    """Wait until the agent has tried, failed and is old enough not to be taken for one that is starting."""
    log = instance.runtime.root / "var/log/amazon/ssm/amazon-ssm-agent.log"
    until(lambda: log.exists() and "Sleeping for" in log.read_text())
    time.sleep(5.2)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_role_that_comes_late_wakes_the_agent_within_two_seconds(shell: str, instance: Instance) -> None:
    asleep(instance)
    with instance.watching(shell=shell):
        time.sleep(1.5)
        role = instance.imds.attach("web")
        instance.ssm.allow(role.key)
        attached = time.monotonic()
        accepted = instance.ssm.wait_for("accepted", key=role.key, timeout=5)
        assert accepted
        assert accepted.at - attached < 2.5
        until(lambda: " online: " in instance.words())
        time.sleep(3)
    assert instance.restarts() == 1


def test_a_healthy_agent_is_adopted_and_not_restarted(instance: Instance) -> None:
    role = instance.imds.attach("web")
    instance.ssm.allow(role.key)
    instance.unit.submit("restart").done.wait(20)
    assert instance.ssm.wait_for("channel", key=role.key, timeout=15)
    with instance.watching():
        until(lambda: " online: " in instance.words())
        time.sleep(3)
    assert instance.restarts() == 0


def online(instance: Instance) -> None:
    """Bring the agent online before anything watches it."""
    role = instance.imds.attach("web")
    instance.ssm.allow("*")
    os.kill(instance.unit.main_pid, signal.SIGKILL)
    until(lambda: not instance.unit.main_pid)
    instance.unit.submit("restart").done.wait(20)
    assert instance.ssm.wait_for("channel", key=role.key, timeout=15)


@pytest.mark.parametrize("role", ["", "web"])
def test_an_agent_on_default_host_management_is_online_with_a_role_and_without(role: str, instance: Instance) -> None:
    asleep(instance)
    instance.ssm.host_management = "granted"
    os.kill(instance.unit.main_pid, signal.SIGKILL)
    until(lambda: not instance.unit.main_pid)
    instance.unit.submit("restart").done.wait(20)
    assert instance.ssm.wait_for("channel", timeout=15)
    if role:
        instance.imds.attach(role)
    until(lambda: status(instance)[0] == 0)
    report = json.loads(status(instance, "--json")[1])
    expected = "ready" if role else "agent-online"
    assert (report["reason"], report["agent"], report["agent_source"]) == (expected, "online", "SSM")
    assert report["todo"] == "nothing"
    ended = instance.run("--timeout", "10")
    assert (ended["exit"], ended["reason"], ended["action"]) == (0, expected, "none")
    assert instance.restarts() == 0


def test_a_role_that_was_always_there_with_an_agent_asleep_wakes_it(instance: Instance) -> None:
    asleep(instance)
    role = instance.imds.attach("web")
    instance.ssm.allow(role.key)
    with instance.watching():
        assert instance.ssm.wait_for("accepted", key=role.key, timeout=4)
    assert instance.restarts() == 1


@pytest.mark.parametrize("same_profile", [True, False], ids=["inside the profile", "with the profile"])
def test_a_swapped_role_restarts_the_agent_once(same_profile: bool, instance: Instance) -> None:
    online(instance)
    with instance.watching():
        until(lambda: " online: " in instance.words())
        role = instance.imds.swap("db", same_profile=same_profile)
        assert instance.ssm.wait_for("accepted", key=role.key, timeout=12)
        time.sleep(4)
    assert instance.restarts() == 1


def test_a_role_that_is_detached_and_attached_again_restarts_nothing(instance: Instance) -> None:
    online(instance)
    role = instance.imds.instance.role
    assert role
    with instance.watching():
        until(lambda: "agent is online" in instance.words())
        instance.imds.detach()
        until(lambda: "no-role" in instance.words())
        instance.imds.attach("web", profile_id=role.profile_id)
        until(lambda: instance.words().count("agent is online") == 2)
        time.sleep(3)
    assert instance.restarts() == 0


def test_nothing_that_imds_does_to_a_healthy_agent_restarts_it(instance: Instance) -> None:
    online(instance)
    with instance.watching():
        until(lambda: " online: " in instance.words())
        instance.imds.rotate()
        time.sleep(1.5)
        instance.imds.forget_tokens()
        time.sleep(1.5)
        for fault in ("error-503", "error-429", "hang", "get-401", "list-empty", "list-html", "info-404", "info-html"):
            instance.imds.fault(fault, seconds=1.6)
            time.sleep(1.7)
    assert instance.restarts() == 0


def test_a_watcher_that_is_killed_does_not_restart_the_agent_again(instance: Instance) -> None:
    asleep(instance)
    first = instance.start("watch")
    instance.ssm.allow("*")
    instance.imds.attach("web")
    until(lambda: " online: " in instance.words())
    first.kill()
    first.communicate()
    instance.errors.write_text("")
    with instance.watching():
        until(lambda: " online: " in instance.words())
        time.sleep(2)
    assert instance.restarts() == 1


def test_while_iam_is_not_consistent_the_ladder_restarts_until_the_agent_is_online(instance: Instance) -> None:
    asleep(instance)
    with instance.watching():
        role = instance.imds.attach("web")
        instance.ssm.allow(role.key, after=5)
        attached = time.monotonic()
        accepted = instance.ssm.wait_for("accepted", key=role.key, timeout=20)
        assert accepted
        assert accepted.at - attached < 13
        until(lambda: " online: " in instance.words())
        time.sleep(2)
    assert instance.restarts() == 2


def test_the_stale_identity_file_does_not_fool_it(instance: Instance) -> None:
    online(instance)
    instance.ssm.deny("*")
    old = instance.imds.instance.role
    assert old
    # The agent restarts with a file that still says EC2, so it starts its worker, which is denied and hibernates.
    instance.unit.submit("restart").done.wait(20)
    time.sleep(2)
    instance.ssm.allow("*")
    with instance.watching():
        until(lambda: "hibernating" in instance.words(), 30)
        until(lambda: " online: " in instance.words(), 30)


def test_an_agent_in_the_90_s_hole_is_restarted_at_once(instance: Instance) -> None:
    os.kill(instance.unit.main_pid, signal.SIGKILL)
    until(lambda: instance.unit.sub == "auto-restart")
    role = instance.imds.attach("web")
    instance.ssm.allow(role.key)
    with instance.watching():
        assert instance.ssm.wait_for("accepted", key=role.key, timeout=4)


def test_the_snap_is_found_by_its_own_unit(runtime: Runtime) -> None:
    with instance_of(runtime, SNAP) as instance:
        asleep(instance)
        role = instance.imds.attach("web")
        instance.ssm.allow(role.key)
        report = instance.run("--timeout", "20")
    assert (report["reason"], report["unit"], report["action"], report["agent"]) == (
        "ready",
        SNAP,
        "restarted",
        "online",
    )


def test_run_says_what_it_did(instance: Instance) -> None:
    asleep(instance)
    instance.ssm.allow("*")
    instance.imds.attach("web")
    report = instance.run("--timeout", "20")
    assert (report["reason"], report["action"], report["agent"], report["role"]) == (
        "ready",
        "restarted",
        "online",
        "web",
    )


def test_run_leaves_an_agent_that_is_online_unless_told_to_restart_it(instance: Instance) -> None:
    online(instance)
    report = instance.run("--timeout", "20")
    assert (report["action"], report["agent"], instance.restarts()) == ("none", "online", 0)
    report = instance.run("--timeout", "20", "--restart")
    assert (report["action"], report["agent"], instance.restarts()) == ("restarted", "online", 1)


def test_run_and_a_watcher_restart_the_agent_once_between_them(instance: Instance) -> None:
    asleep(instance)
    instance.ssm.allow("*")
    with instance.watching():
        until((instance.runtime.root / "run/ssmwake/watch.lock").exists)
        second = instance.start("run", "--timeout", "20")
        instance.imds.attach("web")
        out, _ = second.communicate(timeout=30)
    report = json.loads(out)
    assert (report["reason"], report["agent"]) == ("ready", "online")
    assert instance.restarts() == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_an_agent_that_is_refused_says_so_with_its_own_words(shell: str, instance: Instance) -> None:
    asleep(instance)
    instance.imds.attach("web")
    report = instance.run("--timeout", "9", shell=shell)
    assert (report["reason"], report["cause"]) == ("agent-unregistered", "refused")
    assert "is not authorized to perform: ssm:UpdateInstanceInformation" in str(report["error"])
    assert "; let role web do ssm:UpdateInstanceInformation; /" in instance.words()


def test_a_worker_that_has_ended_and_is_a_zombie_does_not_hibernate(instance: Instance) -> None:
    online(instance)
    main = instance.unit.main_pid
    worker = int(Path(f"/proc/{main}/task/{main}/children").read_text())
    os.kill(worker, signal.SIGKILL)
    until(lambda: ") Z " in Path(f"/proc/{worker}/stat").read_text())
    code, text = status(instance, "--json")
    assert (code, json.loads(text)["agent"]) == (71, "starting")
    instance.run("--timeout", "13")
    assert instance.restarts() == 0


def test_run_gives_up_on_an_agent_whose_role_has_no_permission(instance: Instance) -> None:
    asleep(instance)
    instance.imds.attach("web")
    report = instance.run("--timeout", "6")
    assert (report["exit"], report["reason"]) == (75, "agent-unregistered")
    assert report["agent"] in ("asleep", "starting")


@pytest.mark.parametrize(("state", "active"), [("masked", False), ("disabled", False)])
def test_an_agent_that_somebody_switched_off_is_left_alone(state: str, active: bool, runtime: Runtime) -> None:
    with instance_of(runtime, start=active) as instance:
        instance.unit.file_state = state
        instance.imds.attach("web")
        report = instance.run("--timeout", "5")
        assert (report["exit"], report["reason"], report["action"]) == (0, f"agent-{state}", f"skipped:{state}")
        assert instance.restarts() == 0


def test_an_agent_that_is_missing_is_reported_and_woken_when_it_is_installed(instance: Instance) -> None:
    asleep(instance)
    units = instance.systemctl.units
    unit = units.pop(NAME)
    instance.imds.attach("web")
    instance.ssm.allow("*")
    report = instance.run("--timeout", "5")
    assert (report["exit"], report["reason"]) == (0, "agent-not-installed")
    with instance.watching():
        until(lambda: "skipped: there is no agent; install amazon-ssm-agent" in instance.words())
        units[NAME] = unit
        until(lambda: " online: " in instance.words())


def test_a_document_in_flight_forbids_the_kill(instance: Instance) -> None:
    asleep(instance)
    flight = instance.runtime.root / "var/lib/amazon/ssm/i-0123/document/state/current/doc"
    flight.parent.mkdir(parents=True)
    flight.touch()
    role = instance.imds.attach("web")
    instance.ssm.allow(role.key)
    with instance.watching():
        accepted = instance.ssm.wait_for("accepted", key=role.key, timeout=12)
    # The orderly way: the agent takes its 7 s to stop.
    log = (instance.runtime.root / "var/log/amazon/ssm/amazon-ssm-agent.log").read_text()
    assert accepted
    assert "stop" in log.lower()


def test_a_role_that_flaps_is_damped(instance: Instance) -> None:
    online(instance)
    with instance.watching():
        until(lambda: " online: " in instance.words())
        instance.imds.fault("role-alternates", seconds=20)
        time.sleep(20)
    assert instance.restarts() <= 2


def test_only_one_watcher_runs(instance: Instance) -> None:
    with instance.watching():
        until((instance.runtime.root / "run/ssmwake/watch.lock").exists)
        second = instance.start("watch")
        out, _ = second.communicate(timeout=10)
        assert json.loads(out)["reason"] == "already-running"
        assert second.returncode == 0


def test_the_units_that_want_the_role_start_once_for_each_identity(instance: Instance) -> None:
    online(instance)
    with instance.watching():
        until(lambda: " online: " in instance.words())
        instance.imds.rotate()
        time.sleep(2)
        instance.imds.swap("db")
        until(lambda: "role db" in instance.words())
        time.sleep(1)
    started = [call for call in instance.systemctl.calls if "ssmwake-ready.target" in call]
    assert len(started) == 2


def status(instance: Instance, *flags: str, shell: str = "dash", **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        instance.runtime.command(shell, "status", "--endpoint", instance.imds.url, *flags),
        env=instance.runtime.environment("curl", **environment) | {"PATH": instance.path},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout


def test_status_says_what_is_the_case_and_what_to_do(instance: Instance) -> None:
    asleep(instance)
    assert status(instance)[0] == 75
    assert "attach an instance profile" in status(instance)[1]
    role = instance.imds.attach("web")
    expires = json.loads(status(instance, "--json")[1])["expires"]
    assert expires.startswith("20")
    for shell in SHELLS:
        code, text = status(instance, shell=shell)
        assert code == 71
        verdict, *rows, step = text.splitlines()
        assert verdict == f"ssmwake {__version__}: the agent is asleep"
        assert dict(row.split(maxsplit=1) for row in rows) == {
            "role": "web",
            "credentials": f"valid until {expires}",
            "agent": f"asleep ({NAME}), tries again in 25 to 26 min",
            "watcher": "inactive",
        }
        assert step == f"next: sudo sh {instance.runtime.script} run"
    code, text = status(instance, "--json")
    report = json.loads(text)
    assert (code, report["reason"], report["code"], report["agent"]) == (71, "agent-asleep", "Success", "asleep")
    assert (report["v"], report["version"], report["profile"]) == (1, __version__, role.profile_id)
    assert "(wanted: db)" in status(instance, SSMWAKE_ROLE="db")[1]
    code, text = status(instance, "--json", SSMWAKE_ROLE='x"y')
    assert (code, json.loads(text)["reason"]) == (78, "bad-setting")
    instance.imds.code("AssumeRoleUnauthorizedAccess")
    assert status(instance)[0] == 78
    instance.imds.fault("imds-disabled")
    assert status(instance)[0] == 69


@pytest.mark.parametrize("folder", ["plain", "it's here", "$(touch x)", "a\\b"])
def test_the_next_step_can_be_pasted_as_it_is(folder: str, instance: Instance, tmp_path: Path) -> None:
    asleep(instance)
    instance.imds.attach("web")
    script = tmp_path / folder / "ssmwake.sh"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n" + instance.runtime.script.read_text())
    moved = dataclasses.replace(instance, runtime=Runtime(script, instance.runtime.root))
    step = json.loads(status(moved, "--json")[1])["todo"]
    sudo = tmp_path / "bin/sudo"
    sudo.parent.mkdir()
    sudo.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{tmp_path}/words\n')
    sudo.chmod(0o755)
    subprocess.run(["sh", "-c", step], env={"PATH": f"{sudo.parent}:/usr/bin:/bin"}, cwd=tmp_path, check=True)
    assert (tmp_path / "words").read_text() == f"sh\n{script}\nrun\n"
    assert not (tmp_path / "x").exists()


def test_status_of_a_healthy_instance_asks_for_nothing(instance: Instance) -> None:
    online(instance)
    until(lambda: status(instance)[0] == 0)
    code, text = status(instance)
    assert text.startswith(f"ssmwake {__version__}: the agent is online; the role is web\n")
    assert f"  agent        online ({NAME}), uses EC2\n" in text
    assert text.endswith("\nnext: nothing\n")
    assert instance.restarts() == 0
    assert code == 0


def test_without_a_service_manager_it_says_so(runtime: Runtime, imds: Imds) -> None:
    imds.attach("web")
    result = runtime.run("run", "--endpoint", imds.url, "--timeout", "3")
    assert (result.status, result.report["reason"]) == (69, "agent-no-service-manager")
