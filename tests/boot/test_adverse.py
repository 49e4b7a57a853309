"""Boots on a bad day: no network at first, no room, no tools, a read-only system."""

from collections.abc import Callable, Iterator

import pytest

from boot.harness.agent import HOME
from boot.harness.container import Machine, until
from boot.harness.disk import remove, write
from boot.harness.facts import WATCHER, ended, starts, tell, watcher_runs
from boot.harness.instance import LIB, Instance, asleep, instance, settle, ssmwake

pytestmark = pytest.mark.matrix

Record = Callable[[str, object], None]
SUITE = "bookworm"
TARGET = "/usr/local/sbin/ssmwake"


@pytest.fixture
def it() -> Iterator[Instance]:
    with instance(SUITE) as made:
        made.imds.instance.user_data = ssmwake("user-data")
        yield made


def prepare(it: Instance, *commands: str) -> None:
    """Run commands as PID 1 before systemd does anything."""
    write(it.disk, "etc/boot-prepare", "\n".join(["#!/bin/sh", *commands, ""]), 0o755)


def wakes(it: Instance, machine: Machine) -> None:
    """The main job: a role that comes late wakes the agent."""
    asleep(machine, 60)
    settle(5)
    role = it.attach()
    it.accepted(role, 30)
    it.online(role, 20)
    assert starts(machine) == 2


def test_imds_that_is_away_for_thirty_seconds_is_waited_for(it: Instance, record_property: Record) -> None:
    it.net.unplug()
    with it.boot() as machine:
        settle(30)
        it.net.plug()
        role = it.attach()
        assert ended(machine, 150).status == "done"
        # The agent gave up without IMDS, and its next start is up to 90 s away; ours comes first.
        it.online(role, 60)
        assert watcher_runs(machine)
        tell(record_property, machine, "cloud-config", "no network for 30 s", "online")


def test_imds_that_goes_away_later_restarts_nothing(it: Instance, record_property: Record) -> None:
    role = it.attach()
    with it.boot() as machine:
        assert ended(machine).status == "done"
        it.online(role, 30)
        settle(3)
        before = starts(machine)
        it.net.unplug()
        settle(30)
        it.net.plug()
        settle(8)
        assert starts(machine) == before
        assert watcher_runs(machine)
        tell(record_property, machine, "cloud-config", "IMDS away later for 30 s", "no restart")


def test_a_tmp_that_runs_nothing_does_not_matter(it: Instance, record_property: Record) -> None:
    flags = "-o noexec,nosuid,nodev,mode=1777"
    prepare(it, *(f"mount -t tmpfs {flags} tmpfs {place}" for place in ("/tmp", "/var/tmp", "/dev/shm")))
    with it.boot() as machine:
        assert ended(machine).status == "done"
        wakes(it, machine)
        tell(record_property, machine, "cloud-config", "/tmp noexec", "woken")


def test_a_var_that_runs_nothing_is_gone_around(it: Instance, record_property: Record) -> None:
    prepare(it, "mount --bind /var /var", "mount -o remount,bind,noexec /var")
    with it.boot() as machine:
        assert ended(machine).status == "done"
        until(lambda: watcher_runs(machine), 30, "the watcher does not run")
        assert not (it.disk / "var/lib/cloud/scripts/per-boot/ssmwake").exists()
        wakes(it, machine)
        tell(record_property, machine, "cloud-config", "/var noexec", "woken")
        machine.power_off()
    with it.boot() as machine:
        assert ended(machine).status == "done"
        assert watcher_runs(machine)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        # What may not be executed is no script for cloud-init: it says nothing about it.
        ("script", ""),
        (
            "multipart",
            "[WARNING]: Boothooks script /var/lib/cloud/instances/i-0123456789abcdef0/boothooks/ssmwake execution",
        ),
    ],
)
def test_a_var_that_runs_nothing_keeps_the_other_forms_out_and_the_console_shows_as_much_as_cloud_init_says(
    it: Instance, form: str, said: str, record_property: Record
) -> None:
    it.imds.instance.user_data = ssmwake("user-data", "--format", form)
    prepare(it, "mount --bind /var /var", "mount -o remount,bind,noexec /var")
    with it.boot() as machine:
        assert ended(machine).status == "done"
        assert not (it.disk / TARGET.lstrip("/")).exists()
        console = machine.console.read_text(errors="replace")
        assert said in console
        assert ("ssmwake" in console) == bool(said)
        # The same file installs itself if it is given to a shell, as its script needs no permission then.
        folder = "scripts/part-001" if form == "script" else "boothooks/ssmwake"
        machine.run("sh", "-c", f"sh </var/lib/cloud/instance/{folder}")
        assert watcher_runs(machine)
        tell(record_property, machine, form, "/var noexec", "not installed; the way around it works")


def test_a_full_run_does_not_matter(it: Instance, record_property: Record) -> None:
    with it.boot() as machine:
        assert ended(machine).status == "done"
        machine.run("systemctl", "stop", WATCHER)
        machine.run("sh", "-c", "dd if=/dev/zero of=/run/filler bs=4k; true", timeout=60)
        machine.run("sh", LIB, "install")
        assert machine.run("sh", "-c", "echo x >/run/x", check=False).returncode
        wakes(it, machine)
        machine.run("rm", "/run/filler")
        tell(record_property, machine, "cloud-config", "/run full", "woken")


@pytest.mark.parametrize(("client", "form"), [("python3", "cloud-config"), ("bash", "script")])
def test_without_curl_another_client_asks_imds(it: Instance, client: str, form: str, record_property: Record) -> None:
    it.imds.instance.user_data = ssmwake("user-data", "--format", form)
    remove(it.disk, "usr/bin/curl")
    if client == "bash":
        # cloud-init and the stand-in agent are programs in Python; it stays for them, under a name that we do not know.
        remove(it.disk, "usr/bin/python3")
        text = (it.disk / "usr/bin/cloud-init").read_text()
        write(it.disk, "usr/bin/cloud-init", text.replace("/usr/bin/python3", "/usr/bin/python3.11"), 0o755)
        agent = it.disk / HOME / "amazon-ssm-agent"
        agent.unlink()
        agent.symlink_to("/usr/bin/python3.11")
    with it.boot() as machine:
        assert ended(machine).status == "done"
        wakes(it, machine)
        status = machine.run("sh", TARGET, "status", "--json", check=False).stdout
        assert f'"client":"{client}"' in status
        tell(record_property, machine, form, f"no curl: {client}", "woken")


def test_a_read_only_usr_is_gone_around(it: Instance, record_property: Record) -> None:
    prepare(it, "mount --bind /usr /usr", "mount -o remount,bind,ro /usr")
    with it.boot() as machine:
        assert ended(machine).status == "done"
        assert not (it.disk / TARGET.lstrip("/")).exists()
        assert LIB in machine.output("systemctl", "cat", WATCHER)
        wakes(it, machine)
        tell(record_property, machine, "cloud-config", "/usr read-only", "runs from /var/lib")


@pytest.mark.parametrize(("strict", "status"), [(False, "done"), (True, "error")])
def test_in_the_foreground_the_boot_waits_and_only_strict_fails_it(
    it: Instance, strict: bool, status: str, record_property: Record
) -> None:
    words = f"timeout: 10\nuser-data: {{foreground: true, strict: {str(strict).lower()}}}\n"
    write(it.disk, "ssmwake.yaml", words)
    it.imds.instance.user_data = ssmwake("user-data", "-c", str(it.disk / "ssmwake.yaml"))
    with it.boot() as machine:
        end = ended(machine)
        assert end.status == status
        assert end.cloud_final > 10
        assert watcher_runs(machine)
        tell(record_property, machine, "cloud-config", f"foreground{', strict' if strict else ''}, no role", status)


def test_in_the_foreground_the_boot_ends_with_the_agent_online(it: Instance, record_property: Record) -> None:
    write(it.disk, "ssmwake.yaml", "user-data: {foreground: true, strict: true}\n")
    it.imds.instance.user_data = ssmwake("user-data", "-c", str(it.disk / "ssmwake.yaml"))
    with it.boot() as machine:
        asleep(machine)
        settle(8)
        role = it.attach()
        assert ended(machine).status == "done"
        assert role.key in it.ssm.online
        assert starts(machine) == 2
        tell(record_property, machine, "cloud-config", "foreground, strict, role late", "online when it ends")
