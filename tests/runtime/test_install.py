"""Putting the runtime in place and taking it away, with the commands of a service manager recorded."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from ssmwake import __version__
from support.shells import SHELLS, Runtime, found

UNITS = ("ssmwake.service", "ssmwake-ready.target", "ssmwake-on-ready.service")
RETRY = "var/lib/cloud/scripts/per-boot/ssmwake"


def shim(runtime: Runtime, *names: str, fails: str = "none") -> Path:
    """Commands that write down how they were called."""
    folder = runtime.root / "shim"
    folder.mkdir(exist_ok=True)
    for name in names:
        path = folder / name
        path.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >>{runtime.root}/calls\ncase $* in *{fails}*) exit 1 ;; esac\n'
        )
        path.chmod(0o755)
    return folder


def call(runtime: Runtime, *arguments: str, shell: str = "dash") -> "subprocess.CompletedProcess[str]":
    folder = runtime.root / "shim"
    env = runtime.environment("curl") | {"PATH": f"{folder}:{runtime.bin('curl')}"}
    return subprocess.run(
        runtime.command(shell, *arguments), env=env, capture_output=True, text=True, check=False, timeout=30
    )


def systemd(runtime: Runtime, version: str = "252 (252.36-1)") -> None:
    (runtime.root / "run/systemd/system").mkdir(parents=True, exist_ok=True)
    shim(runtime, "systemctl")
    with (runtime.root / "shim/systemctl").open("a") as file:
        file.write(f'case $1 in --version) printf "%s\\n" "systemd {version}" "+PAM +AUDIT" ;; esac\n')


def everything(runtime: Runtime) -> dict[str, tuple[int, bytes]]:
    ours = [
        path for path in runtime.root.rglob("*") if path.is_file() and "ssmwake" in str(path.relative_to(runtime.root))
    ]
    return {str(path.relative_to(runtime.root)): (path.stat().st_mode, path.read_bytes()) for path in ours}


@pytest.mark.parametrize("shell", SHELLS)
def test_install_puts_the_runtime_and_its_units_in_place(shell: str, runtime: Runtime) -> None:
    systemd(runtime)
    done = call(runtime, "install", shell=shell)
    assert done.returncode == 0
    files = everything(runtime)
    assert files["usr/local/sbin/ssmwake"] == (0o100755, runtime.script.read_bytes())
    assert set(files) == {"usr/local/sbin/ssmwake", *(f"etc/systemd/system/{unit}" for unit in UNITS)}
    calls = (runtime.root / "calls").read_text().splitlines()
    assert calls[-2:] == ["systemctl enable ssmwake", "systemctl --no-block restart ssmwake"]


def test_the_filter_of_system_calls_is_one_that_old_systemd_can_fail_to_know(runtime: Runtime) -> None:
    # A group that it does not know would leave a list of what is allowed empty; Amazon Linux 2 has systemd 219.
    systemd(runtime, "219")
    assert call(runtime, "install").returncode == 0
    unit = (runtime.root / "etc/systemd/system/ssmwake.service").read_text()
    (line,) = re.findall(r"^SystemCallFilter=(.*)$", unit, re.MULTILINE)
    assert re.fullmatch(r"~@[a-z-]+( @[a-z-]+)*", line)


HARDENING = "ProtectClock ProtectHostname ProtectKernelLogs ProtectKernelModules RestrictRealtime"


def test_the_watcher_has_no_capability_and_is_confined(runtime: Runtime) -> None:
    systemd(runtime)
    call(runtime, "install")
    unit = (runtime.root / "etc/systemd/system/ssmwake.service").read_text().splitlines()
    assert "CapabilityBoundingSet=" in unit
    assert {f"{word}=yes" for word in HARDENING.split()} <= set(unit)


def retried(runtime: Runtime) -> Path:
    """What user data leaves for the next boot, until it is installed."""
    retry = runtime.root / RETRY
    retry.parent.mkdir(parents=True)
    retry.touch()
    return retry


def test_the_next_boot_installs_again_until_systemd_has_all(runtime: Runtime) -> None:
    systemd(runtime)
    retry = retried(runtime)
    with (runtime.root / "shim/systemctl").open("a") as file:
        file.write(f"test -e {retry} && printf '%s\\n' \"$*\" >>{runtime.root}/before\n")
    assert call(runtime, "install").returncode == 0
    before = (runtime.root / "before").read_text()
    assert "enable ssmwake\n" in before
    assert "restart ssmwake\n" in before
    assert not retry.exists()


def test_the_next_boot_installs_again_what_could_not_be_installed(runtime: Runtime) -> None:
    systemd(runtime)
    retry = retried(runtime)
    (runtime.root / "etc").write_text("not a folder")
    assert call(runtime, "install").returncode == 73
    assert retry.exists()


def test_install_twice_changes_nothing(runtime: Runtime) -> None:
    systemd(runtime)
    call(runtime, "install")
    first = {path: path.stat().st_mtime_ns for path in runtime.root.rglob("*") if path.name.startswith("ssmwake")}
    assert call(runtime, "install").returncode == 0
    assert {path: path.stat().st_mtime_ns for path in first} == first


def test_what_is_asked_for_at_install_is_what_the_watcher_does(runtime: Runtime) -> None:
    systemd(runtime)
    conf = runtime.root / "etc/ssmwake.conf"
    conf.parent.mkdir(exist_ok=True)
    conf.write_text("SSMWAKE_ROLE=old\nSSMWAKE_INSTANCE_CONNECT=no\n")
    for _ in range(2):
        assert call(runtime, "install", "--role", "web", "--poll", "3").returncode == 0
    assert conf.read_text() == "SSMWAKE_ROLE=web\nSSMWAKE_POLL=3\nSSMWAKE_ROLE=old\nSSMWAKE_INSTANCE_CONNECT=no\n"
    assert conf.stat().st_mode & 0o777 == 0o644
    assert call(runtime, "install").returncode == 0
    assert conf.read_text().startswith("SSMWAKE_ROLE=web\n")


def said(done: "subprocess.CompletedProcess[str]") -> tuple[str, str]:
    """The action of a report, and the word and sentence on standard error."""
    action: str = json.loads(done.stdout)["action"]
    return action, re.sub(r"^ssmwake: \S+ ", "", done.stderr.strip())


def test_install_says_what_it_did(runtime: Runtime) -> None:
    systemd(runtime)
    unit = runtime.root / "etc/systemd/system/ssmwake.service"
    assert said(call(runtime, "install")) == ("installed", f"installed: version {__version__}")
    assert said(call(runtime, "install")) == ("unchanged", f"unchanged: version {__version__}")
    other = ("updated", f"updated: version {__version__}")
    assert said(call(runtime, "install", "--role", "web")) == other
    (runtime.root / "usr/local/sbin/ssmwake").unlink()
    assert said(call(runtime, "install")) == other
    unit.write_text(unit.read_text().replace(f"(ssmwake {__version__})", "(ssmwake 0.0.9)"))
    assert said(call(runtime, "install")) == ("updated", f"updated: from 0.0.9 to {__version__}")
    assert said(call(runtime, "install")) == ("unchanged", f"unchanged: version {__version__}")


def test_a_watcher_that_runs_what_is_installed_is_not_restarted(runtime: Runtime) -> None:
    systemd(runtime)
    call(runtime, "install")
    calls = runtime.root / "calls"
    calls.unlink()
    call(runtime, "install")
    assert "systemctl --no-block start ssmwake\n" in calls.read_text()
    assert "restart" not in calls.read_text()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_that_comes_through_a_pipe_says_why_it_cannot_install_itself(shell: str, runtime: Runtime) -> None:
    systemd(runtime)
    name, *options = shell.split()
    done = subprocess.run(
        [found(name), *options, "-s", "install"],
        input=runtime.script.read_text(),
        env=runtime.environment("curl") | {"PATH": f"{runtime.root}/shim:{runtime.bin('curl')}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 73
    assert "save the script first, then: sudo sh FILE install" in done.stderr
    assert everything(runtime) == {}


@pytest.mark.parametrize("name", ["x", "a b", "-c", "it's", "$(touch x)", "*"])
def test_a_copy_under_any_name_installs_itself(name: str, runtime: Runtime, tmp_path: Path) -> None:
    systemd(runtime)
    folder = tmp_path / "any where"
    folder.mkdir()
    (folder / name).write_bytes(runtime.script.read_bytes())
    done = subprocess.run(
        [found("dash"), "--", name, "install"],
        cwd=folder,
        env=runtime.environment("curl") | {"PATH": f"{runtime.root}/shim:{runtime.bin('curl')}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert (runtime.root / "usr/local/sbin/ssmwake").read_bytes() == runtime.script.read_bytes()
    assert not (folder / "x").exists() or name == "x"


def test_installs_at_the_same_time_do_not_disturb_each_other(runtime: Runtime) -> None:
    systemd(runtime)
    path = f"{runtime.root}/shim:{runtime.bin('curl')}"
    for _ in range(5):
        runs = [
            subprocess.Popen(
                runtime.command("dash", "install", "--role", "web"),
                env=runtime.environment("curl") | {"PATH": path},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            for _ in range(4)
        ]
        for run in runs:
            _, errors = run.communicate(timeout=30)
            assert run.returncode == 0, errors
        files = everything(runtime)
        assert files["usr/local/sbin/ssmwake"] == (0o100755, runtime.script.read_bytes())
        assert set(files) - {"etc/ssmwake.conf"} == {
            "usr/local/sbin/ssmwake",
            *(f"etc/systemd/system/{unit}" for unit in UNITS),
        }
        assert call(runtime, "uninstall").returncode == 0


def test_folders_that_install_makes_can_be_read_by_everybody(runtime: Runtime) -> None:
    systemd(runtime)
    assert call(runtime, "install").returncode == 0
    for folder in ("usr/local/sbin", "etc/systemd/system"):
        assert (runtime.root / folder).stat().st_mode & 0o777 == 0o755


def test_a_unit_that_somebody_masked_stays_masked(runtime: Runtime) -> None:
    systemd(runtime)
    unit = runtime.root / "etc/systemd/system/ssmwake.service"
    unit.parent.mkdir(parents=True)
    unit.symlink_to("/dev/null")
    done = call(runtime, "install")
    assert (done.returncode, "cannot-write" in done.stderr) == (73, True)
    assert unit.is_symlink()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("runs", [False, True])
def test_an_image_gets_everything_and_nothing_is_started(shell: str, runs: bool, runtime: Runtime) -> None:
    if runs:
        systemd(runtime)
    else:
        shim(runtime, "systemctl")
        manager = runtime.root / "lib/systemd/systemd"
        manager.parent.mkdir(parents=True)
        manager.touch()
    for _ in range(2):
        done = call(runtime, "install", "--no-start", "--role", "web", shell=shell)
        assert done.returncode == 0, done.stderr
        assert set(UNITS) == {path.name for path in (runtime.root / "etc/systemd/system").iterdir()}
    assert said(done)[0] == "unchanged"
    calls = (runtime.root / "calls").read_text().splitlines()
    assert set(calls) == {"systemctl enable ssmwake"}


def test_openrc_in_an_image_is_not_started(runtime: Runtime) -> None:
    shim(runtime, "rc-service", "rc-update")
    assert call(runtime, "install", "--no-start").returncode == 0
    assert (runtime.root / "calls").read_text() == "rc-update add ssmwake default\n"


def test_install_runs_from_its_own_place_too(runtime: Runtime) -> None:
    systemd(runtime)
    call(runtime, "install")
    installed = Runtime(runtime.root / "usr/local/sbin/ssmwake", runtime.root)
    assert call(installed, "install").returncode == 0
    assert installed.script.read_bytes() == runtime.script.read_bytes()


def test_where_usr_is_read_only_the_runtime_stays_below_var(runtime: Runtime) -> None:
    systemd(runtime)
    (runtime.root / "usr").write_text("not a folder, so nothing can be written below it")
    home = runtime.root / "var/lib/ssmwake/ssmwake"
    home.parent.mkdir(parents=True)
    home.write_bytes(runtime.script.read_bytes())
    done = call(Runtime(home, runtime.root), "install")
    assert done.returncode == 0
    unit = (runtime.root / "etc/systemd/system/ssmwake.service").read_text()
    assert f"ExecStart=/bin/sh {home} watch\n" in unit


def test_what_cannot_be_written_is_named(runtime: Runtime) -> None:
    systemd(runtime)
    (runtime.root / "etc").write_text("not a folder")
    done = call(runtime, "install")
    assert done.returncode == 73
    assert "cannot-write" in done.stderr
    assert "etc/systemd/system" in done.stderr


def test_a_failure_to_enable_is_an_error(runtime: Runtime) -> None:
    (runtime.root / "run/systemd/system").mkdir(parents=True)
    shim(runtime, "systemctl", fails="restart")
    done = call(runtime, "install")
    assert (done.returncode, "restart-failed" in done.stdout) == (71, True)


def test_uninstall_leaves_what_is_not_ours(runtime: Runtime) -> None:
    systemd(runtime)
    assert call(runtime, "install").returncode == 0
    units = runtime.root / "etc/systemd/system"
    theirs = ["ssmwake-backup.target", "ssmwake-report.service", "ssmwake.service.d/limits.conf", "ssmwake-x.socket"]
    for name in theirs:
        (units / name).parent.mkdir(exist_ok=True)
        (units / name).touch()
    assert call(runtime, "uninstall").returncode == 0
    assert sorted(str(path.relative_to(units)) for path in units.rglob("*") if path.is_file()) == sorted(theirs)


@pytest.mark.parametrize("shell", SHELLS)
def test_uninstall_leaves_nothing(shell: str, runtime: Runtime) -> None:
    systemd(runtime)
    for name in ("etc/ssmwake.conf", "etc/ssmwake.on-ready", "var/lib/ssmwake/ready", "run/ssmwake/state"):
        (runtime.root / name).parent.mkdir(parents=True, exist_ok=True)
        (runtime.root / name).touch()
    assert call(runtime, "install", shell=shell).returncode == 0
    retried(runtime)
    assert call(runtime, "uninstall", shell=shell).returncode == 0
    assert everything(runtime) == {}
    assert not (runtime.root / "var/lib/ssmwake").exists()
    assert call(runtime, "uninstall", shell=shell).returncode == 0


def test_openrc_gets_a_service_of_its_own(runtime: Runtime) -> None:
    shim(runtime, "rc-service", "rc-update")
    assert call(runtime, "install").returncode == 0
    script = runtime.root / "etc/init.d/ssmwake"
    assert script.read_text().startswith("#!/sbin/openrc-run\ndescription=")
    assert "\nsupervisor=supervise-daemon\n" in script.read_text()
    assert os.access(script, os.X_OK)
    calls = (runtime.root / "calls").read_text()
    assert "rc-update add ssmwake default" in calls
    assert "rc-service ssmwake restart" in calls
    assert call(runtime, "uninstall").returncode == 0
    assert everything(runtime) == {}


def test_without_a_service_manager_install_says_so(runtime: Runtime) -> None:
    done = call(runtime, "install")
    assert (done.returncode, "no-service-manager" in done.stdout) == (69, True)
    assert not (runtime.root / "usr").exists()
    assert not (runtime.root / "etc/ssmwake.conf").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_uninstall_leaves_a_folder_that_has_the_name_of_the_script_to_its_owner(shell: str, runtime: Runtime) -> None:
    systemd(runtime)
    theirs = runtime.root / "usr/local/sbin/ssmwake/notes"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine\n")
    assert said(call(runtime, "install", shell=shell))[0] == "installed"
    assert "/var/lib/ssmwake/ssmwake watch" in (runtime.root / "etc/systemd/system/ssmwake.service").read_text()
    assert call(runtime, "uninstall", shell=shell).returncode == 73
    assert theirs.read_text() == "mine\n"
    assert not (runtime.root / "etc/systemd/system/ssmwake.service").exists()
    assert not (runtime.root / "var/lib/ssmwake").exists()
