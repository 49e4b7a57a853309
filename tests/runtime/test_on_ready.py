"""on-ready: once for each identity on each instance, again after a failure, and never under a wrong stamp."""

import dataclasses
import json
import time
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from ssmwake.simulate.imds import Imds
from support.shells import SHELLS, Runtime, end

WEB = "AIPA1/web i-0a"
NOWHERE = "http://127.0.0.1:9"


def announce(runtime: Runtime, stamp: str, folder: str = "run/ssmwake") -> None:
    path = runtime.root / folder / "ready"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{stamp}\n")


def hook(runtime: Runtime, text: str) -> None:
    path = runtime.root / "etc/ssmwake.on-ready"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"echo ran >>{runtime.root}/ran\n{text}\n")


def times_run(runtime: Runtime) -> int:
    path = runtime.root / "ran"
    return len(path.read_text().splitlines()) if path.exists() else 0


def impatient(runtime: Runtime) -> Runtime:
    """The runtime with pauses of a second between the tries."""
    script = runtime.root / "impatient.sh"
    text = runtime.script.read_text()
    changed = text.replace("on_ready_pauses='10s 30s 60s 120s 300s reboot'", "on_ready_pauses='1s 1s reboot'")
    assert changed != text
    script.write_text(changed)
    return dataclasses.replace(runtime, script=script)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_commands_run_once_for_an_identity_on_an_instance(shell: str, runtime: Runtime) -> None:
    hook(runtime, "true")
    for stamp, runs in ((WEB, 1), (WEB, 1), ("AIPA2/db i-0a", 2), ("AIPA2/db i-0b", 3), (WEB, 3)):
        announce(runtime, stamp)
        assert runtime.run("on-ready", shell=shell).status == 0
        assert times_run(runtime) == runs, stamp
    # Nothing is announced: nothing to run, and no stamp.
    announce(runtime, "")
    assert runtime.run("on-ready", shell=shell).status == 0
    assert times_run(runtime) == 3
    assert (runtime.root / "var/lib/ssmwake/ready").read_text().splitlines() == [WEB, "AIPA2/db i-0a", "AIPA2/db i-0b"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_failure_is_tried_again_a_few_times(shell: str, runtime: Runtime) -> None:
    quick = impatient(runtime)
    announce(quick, WEB)
    hook(quick, f"test -e {quick.root}/good")
    failed = quick.run("on-ready", shell=shell)
    assert (failed.status, failed.report["reason"], times_run(quick)) == (71, "on-ready-failed", 3)
    assert not (quick.root / "var/lib/ssmwake/ready").exists()
    assert "\n  on-ready     failed; runs again after reboot\n" in quick.run("status", "--endpoint", NOWHERE).out
    hook(quick, f"test -e {quick.root}/good || {{ : >{quick.root}/good; exit 1; }}")
    assert quick.run("on-ready", shell=shell).status == 0
    assert times_run(quick) == 5
    assert "on-ready" not in quick.run("status", "--endpoint", NOWHERE).out


def test_status_says_that_what_failed_runs_again(runtime: Runtime) -> None:
    hook(runtime, "false")
    announce(runtime, WEB)
    process = runtime.start("on-ready")
    limit = time.monotonic() + 10
    while not (runtime.root / "run/ssmwake/on-ready").exists():
        assert time.monotonic() < limit
        time.sleep(0.05)
    report = runtime.run("status", "--json", "--endpoint", NOWHERE).report
    end(process)
    assert report["on_ready"] == "failed; runs again after 10s"


def test_what_is_announced_while_the_commands_run_is_next(runtime: Runtime) -> None:
    hook(runtime, "sleep 2")
    announce(runtime, WEB)
    first = runtime.start("on-ready")
    time.sleep(1)
    announce(runtime, "AIPA2/db i-0a")
    second = runtime.run("on-ready")
    assert second.report["reason"] == "already-running"
    first.communicate(timeout=20)
    assert times_run(runtime) == 2


def test_where_var_cannot_be_written_they_run_once_in_a_boot(runtime: Runtime) -> None:
    (runtime.root / "var").write_text("a file where a folder should be")
    hook(runtime, "true")
    announce(runtime, WEB)
    for _ in range(2):
        assert runtime.run("on-ready").status == 0
    assert times_run(runtime) == 1


def watch(runtime: Runtime, imds: Imds, path: Path) -> "Popen[str]":
    return Popen(
        runtime.command("dash", "watch", "--endpoint", imds.url),
        env=runtime.environment("curl") | {"PATH": f"{path}:{runtime.bin('curl')}"},
        stdout=PIPE,
        stderr=PIPE,
        text=True,
    )


def test_the_watcher_announces_the_identity_and_the_instance(runtime: Runtime, imds: Imds) -> None:
    # Without a service manager the watcher runs the commands itself.
    hook(runtime, "true")
    role = imds.attach("web")
    process = watch(runtime, imds, runtime.bin("curl"))
    ready = runtime.root / "run/ssmwake/ready"
    limit = time.monotonic() + 10
    while not times_run(runtime):
        assert time.monotonic() < limit
        time.sleep(0.05)
    out, _ = end(process)
    assert ready.read_text() == f"{role.profile_id}/web {imds.instance.id}\n"
    assert json.loads(out)["reason"] == "signal"
