"""No external command holds the runtime for longer than it may, also on an image without the program `timeout`."""

import contextlib
import subprocess
import time
from pathlib import Path

import pytest

from ssmwake.render.runtime import PARTS
from ssmwake.resources import templates
from ssmwake.simulate.imds import Imds
from support import tools
from support.shells import SHELLS, Runtime, found

SOURCE = "; ".join(f". {templates() / 'runtime' / part}" for part in ("processes.sh", "clock.sh"))
DEFAULTS = "set -u; root='' user='' deadline=999999999"


def shell_of(shell: str, script: str, *isolated: str) -> subprocess.CompletedProcess[str]:
    """Run some lines with the functions for processes and time at hand."""
    name, *options = shell.split()
    command = [*isolated, found(name), *options, "-c", f"{DEFAULTS}; {SOURCE}\n{script}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, start_new_session=True)


def left_over(session: int) -> list[str]:
    """Return the names of a session's processes that still run."""
    names = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
            state, _, _, its_session, *_ = rest.split()
            names += [name] if int(its_session) == session and state != "Z" else []
    return names


def test_the_functions_are_in_the_parts_that_are_joined() -> None:
    assert {"processes.sh", "clock.sh"} <= set(PARTS)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_systemd_that_hangs_does_not_hold_run_and_leaves_no_process(shell: str, runtime: Runtime, imds: Imds) -> None:
    imds.attach("web")
    (runtime.root / "run/systemd/system").mkdir(parents=True)
    systemctl = runtime.bin("curl") / "systemctl"
    systemctl.write_text("#!/bin/sh\nexec sleep 300\n")
    systemctl.chmod(0o755)
    assert not (runtime.bin("curl") / "timeout").exists()
    began = time.monotonic()
    process = runtime.start("run", "--timeout", "6", "--endpoint", imds.url, shell=shell)
    out, err = process.communicate(timeout=40)
    assert time.monotonic() - began < 9
    assert (process.returncode, '"reason":"agent-unknown"' in out) == (71, True), (out, err)
    time.sleep(1.2)
    assert left_over(process.pid) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_a_command_that_ends_keeps_its_output_and_its_status_and_costs_no_pause(shell: str) -> None:
    began = time.monotonic()
    done = shell_of(shell, 'said=$(bounded 20 sh -c "echo hello; exit 3"); echo "$said $?"; bounded 20 false; echo $?')
    assert (done.stdout, done.stderr) == ("hello 3\n1\n", "")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("shell", SHELLS)
def test_a_command_that_hangs_is_killed_at_the_deadline_if_that_comes_first(shell: str) -> None:
    began = time.monotonic()
    done = shell_of(shell, "now; deadline=$((now + 2)); bounded 20 sleep 300 || echo killed")
    assert (done.stdout, done.stderr) == ("killed\n", "")
    assert 1 <= time.monotonic() - began < 4


@pytest.mark.parametrize("shell", SHELLS)
def test_a_stranger_that_has_the_number_by_then_is_not_killed(shell: str, tmp_path: Path) -> None:
    # Whoever should have ended the guard was killed, and the kernel has given the number to another process.
    script = f"""
(bounded 3 sh -c 'echo $$ >{tmp_path}/number; exec sleep 0.5') &
sleep 0.3
kill -KILL $!
read -r number <{tmp_path}/number
sleep 0.3
echo $((number - 1)) >/proc/sys/kernel/ns_last_pid
sleep 20 &
[ "$!" = "$number" ] || echo "the number was not given again: $! instead of $number"
sleep 4.5
kill -0 "$number" && echo alive
kill -KILL "$number"
"""
    done = shell_of(shell, script, *tools.namespaces())
    assert done.stdout == "alive\n", done.stderr


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("pause", "runs"), [("0.2", True), ("3.5", False)])
def test_a_command_that_hangs_is_killed_even_if_its_caller_was(shell: str, pause: str, runs: bool) -> None:
    # No builtin of any shell.
    hangs = found("tail")
    script = f"""
(bounded 2 {hangs} -f /dev/null) &
sleep 0.3
kill -KILL $!
sleep {pause}
for process in /proc/[0-9]*; do tr '\\0' '\\n' <"$process/cmdline" | sed -n 1p; done
"""
    done = shell_of(shell, script, *tools.namespaces())
    assert (hangs in done.stdout.splitlines()) == runs, done
