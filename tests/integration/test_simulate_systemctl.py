"""The stand-in systemctl answers as systemd does, and its units live by their policy."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ssmwake.simulate.supervisor import Policy, Unit
from ssmwake.simulate.systemctl import Systemctl, parse

NAME = "amazon-ssm-agent.service"
ASK = ["show", "-p", "LoadState", "-p", "ActiveState,SubState", "--property=MainPID", NAME]


class Bench:
    """A unit and the command in front of it."""

    def __init__(self, systemctl: Systemctl) -> None:
        self.systemctl = systemctl
        self.unit = systemctl.units[NAME]

    def run(self, *argv: str) -> tuple[int, str, str]:
        """Run the command itself, found on PATH."""
        path = f"{self.systemctl.path}:{os.environ['PATH']}"
        done = subprocess.run(
            ["/usr/bin/env", f"PATH={path}", "systemctl", *argv],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr


@contextmanager
def unit_of(folder: Path, *command: str, restart_sec: float = 90, kill_mode: str = "process") -> Iterator[Bench]:
    unit = Unit(Policy(NAME, command, restart_sec=restart_sec, kill_mode=kill_mode, stop_timeout=0.5))
    with Systemctl(folder / "bin", unit) as systemctl:
        yield Bench(systemctl)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with unit_of(tmp_path / ("long" * 25), "sleep", "1000") as made:
        yield made


def until(condition: Callable[[], object], timeout: float = 5.0) -> bool:
    end = time.monotonic() + timeout
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())


def test_show_prints_key_and_value_of_what_was_asked(bench: Bench) -> None:
    assert bench.run(*ASK) == (0, "LoadState=loaded\nActiveState=inactive\nSubState=dead\nMainPID=0\n", "")
    assert bench.run("start", "amazon-ssm-agent") == (0, "", "")
    assert bench.run("show", "--value", "-p", "MainPID,SubState", NAME)[1] == f"running\n{bench.unit.main_pid}\n"
    assert bench.run("show", "-P", "KillMode", NAME)[1] == "process\n"
    assert "Result=success" in bench.run("show", NAME)[1]


def test_an_unknown_unit_is_not_found(bench: Bench) -> None:
    assert bench.run("show", "-p", "LoadState,MainPID", "nobody.service") == (0, "LoadState=not-found\nMainPID=0\n", "")
    assert bench.run("restart", "nobody") == (5, "", "Unit nobody.service not found.\n")


def test_a_restart_gives_a_new_main_process(bench: Bench) -> None:
    bench.run("start", NAME)
    first = bench.unit.main_pid
    assert bench.run("is-active", NAME) == (0, "active\n", "")
    assert bench.run("restart", NAME)[0] == 0
    assert bench.unit.main_pid not in (0, first)
    assert not Path(f"/proc/{first}").exists()
    assert bench.run("stop", NAME)[0] == 0
    assert bench.run("is-active", NAME) == (3, "inactive\n", "")


def test_no_block_returns_while_the_old_process_still_stops(tmp_path: Path) -> None:
    with unit_of(tmp_path, "sh", "-c", "trap '' TERM; while :; do sleep 0.1; done") as bench:
        bench.run("start", NAME)
        time.sleep(0.1)
        first = bench.unit.main_pid
        assert bench.run("--no-block", "--no-ask-password", "restart", NAME) == (0, "", "")
        assert until(lambda: bench.unit.sub == "stop-sigterm", 0.3)
        assert bench.unit.submit("restart") is bench.unit.submit("restart")
        # The process ignores SIGTERM, so that it is killed when the stop times out.
        assert until(lambda: bench.unit.main_pid not in (0, first))
        assert bench.unit.active == "active"


def test_a_process_that_ends_is_started_again_after_restart_sec(tmp_path: Path) -> None:
    with unit_of(tmp_path, "sleep", "1000", restart_sec=0.4) as bench:
        bench.run("start", NAME)
        first = bench.unit.main_pid
        assert bench.run("kill", "--kill-who=main", "--signal=KILL", NAME)[0] == 0
        assert until(lambda: bench.unit.sub == "auto-restart", 0.3)
        assert bench.run(*ASK)[1] == "LoadState=loaded\nActiveState=activating\nSubState=auto-restart\nMainPID=0\n"
        assert until(lambda: bench.unit.main_pid not in (0, first))
        assert bench.unit.restarts == 1


def test_a_restart_does_not_wait_for_restart_sec(bench: Bench) -> None:
    bench.run("start", NAME)
    first = bench.unit.main_pid
    os.kill(first, signal.SIGKILL)
    assert until(lambda: bench.unit.sub == "auto-restart")
    assert bench.run("restart", NAME)[0] == 0
    assert bench.unit.main_pid not in (0, first)


def test_the_sixth_start_in_ten_seconds_fails_until_reset_failed(bench: Bench) -> None:
    assert [bench.run("restart", NAME)[0] for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    assert bench.run("show", "-p", "ActiveState,Result", NAME)[1] == "ActiveState=failed\nResult=start-limit-hit\n"
    assert bench.run("reset-failed", NAME)[0] == 0
    assert bench.run("restart", NAME)[0] == 0
    assert bench.unit.active == "active"


def test_a_missing_binary_fails_the_unit(tmp_path: Path) -> None:
    with unit_of(tmp_path, str(tmp_path / "absent")) as bench:
        assert bench.run("start", NAME)[0] == 1
        assert bench.unit.active == "failed"


@pytest.mark.parametrize(("kill_mode", "survives"), [("process", True), ("control-group", False)])
def test_a_child_survives_a_stop_only_with_kill_mode_process(tmp_path: Path, kill_mode: str, survives: bool) -> None:
    child = tmp_path / "child"
    script = f"sleep 1000 & echo $! >{child}; wait"
    with unit_of(tmp_path, "sh", "-c", script, kill_mode=kill_mode) as bench:
        bench.run("start", NAME)
        assert until(lambda: child.exists() and child.read_text().endswith("\n"))
        stat = Path(f"/proc/{child.read_text().strip()}/stat")
        bench.run("stop", NAME)
        gone = until(lambda: not stat.exists() or ") Z " in stat.read_text(), 0.3)
        assert gone is not survives
    # Whatever it was, nothing outlives the unit itself.
    assert until(lambda: not stat.exists() or ") Z " in stat.read_text())


def test_a_masked_unit_is_not_started(bench: Bench) -> None:
    bench.run("mask", NAME)
    assert bench.run("show", "-p", "LoadState,UnitFileState", NAME)[1] == "LoadState=masked\nUnitFileState=masked\n"
    assert bench.run("restart", NAME) == (1, "", f"Unit {NAME} is masked.\n")
    assert bench.run("unmask", NAME)[0] == 0
    assert bench.run("is-enabled", NAME) == (0, "enabled\n", "")


def test_disable_now_stops_it(bench: Bench) -> None:
    assert bench.run("enable", "--now", NAME)[0] == 0
    assert bench.unit.main_pid
    assert bench.run("disable", "--now", NAME)[0] == 0
    assert bench.unit.main_pid == 0
    assert bench.run("is-enabled", NAME) == (1, "disabled\n", "")


def test_calls_are_recorded_and_nonsense_is_refused(bench: Bench) -> None:
    assert bench.run("daemon-reload") == (0, "", "")
    assert bench.run("explode", NAME)[0] == 1
    assert bench.run()[0] == 1
    assert bench.systemctl.calls == [["daemon-reload"], ["explode", NAME], []]


def test_a_signal_is_known_by_name_and_by_number() -> None:
    assert {parse(["kill", "-s", text, "x"]).signal for text in ("KILL", "SIGKILL", "9")} == {9}
    with pytest.raises(KeyError):
        parse(["kill", "--signal=NOSUCH", "x"])


def test_without_the_simulator_the_command_fails_as_without_a_bus(tmp_path: Path) -> None:
    with unit_of(tmp_path, "true") as bench:
        pass
    status, out, error = bench.run("show", NAME)
    assert (status, out) == (1, "")
    assert error.startswith("Failed to connect to bus")
