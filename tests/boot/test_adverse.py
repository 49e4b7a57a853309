"""Boots on a bad day: no network at first, no room, no tools, a read-only system, and the power cut in the middle."""

import os
import random
import re
import time
from collections.abc import Callable, Iterator

import pytest

from boot.harness.container import Machine, until
from boot.harness.disk import remove, write
from boot.harness.facts import WATCHER, ended, starts, tell, watcher_runs
from boot.harness.instance import LIB, Instance, asleep, instance, settle, ssmwake

pytestmark = pytest.mark.matrix

Record = Callable[[str, object], None]
SUITE = "bookworm"
TARGET = "/usr/local/sbin/ssmwake"
LINK = "etc/systemd/system/multi-user.target.wants/ssmwake.service"
UNREACHED = ("before it was enabled", "before the unit")


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
        for script in ("usr/bin/cloud-init", "etc/systemd/system/amazon-ssm-agent.service"):
            text = (it.disk / script).read_text()
            mode = (it.disk / script).stat().st_mode
            write(it.disk, script, text.replace("/usr/bin/python3", "/usr/bin/python3.11"), mode & 0o777)
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


@pytest.mark.parametrize("number", range(20))
def test_after_a_power_cut_the_next_boot_does_as_well_as_a_fresh_one(
    it: Instance, number: int, record_property: Record
) -> None:
    chance = random.Random(number)
    with it.boot() as machine:
        if number % 2:
            # Somewhere from before cloud-init has the user data until after the installation.
            settle(max(0.0, machine.booted + chance.uniform(0.8, 4.5) - time.monotonic()))
        else:
            until(lambda: os.path.lexists(it.disk / LINK), 60, "nothing is installed", pause=0.001)
            settle(chance.uniform(0, 0.6))
        machine.cut()
    reached = stage(it)
    with it.boot() as machine:
        end = ended(machine)
        tell(record_property, machine, "cloud-config", f"power cut {number + 1:2}", reached)
        # A module of cloud-init's own that was cut off, such as the one that makes its user, is not run again either.
        ours = re.search("script|runcmd|write.files|ssmwake", end.complaints.lower())
        assert not ours, f"{reached}: {end.complaints}"
        assert "ssmwake" not in machine.output("systemctl", "--failed", "--plain", "--no-legend"), reached
        # cloud-init never runs again what it has begun: the moment until the watcher is enabled is out of our reach.
        if reached not in UNREACHED:
            until(lambda: watcher_runs(machine), 5, f"no watcher after a cut {reached}")
            wakes(it, machine)


def test_the_moment_in_which_a_power_cut_hurts_is_short(it: Instance, record_property: Record) -> None:
    begun = it.disk / "var/lib/cloud/instances" / it.imds.instance.id / "sem/config_scripts_user"
    with it.boot() as machine:
        until(lambda: os.path.lexists(begun), 60, "cloud-init runs no script", pause=0.001)
        started = time.monotonic()
        until(lambda: os.path.lexists(it.disk / LINK), 60, "nothing is installed", pause=0.001)
        took = time.monotonic() - started
        assert ended(machine).status == "done"
        tell(record_property, machine, "cloud-config", "until the watcher is enabled", f"{took * 1000:.0f} ms")
    assert took < 0.5


def stage(it: Instance) -> str:
    """Say how far the first boot came."""
    steps = {
        LINK: "enabled",
        "etc/systemd/system/ssmwake.service": UNREACHED[0],
        TARGET.lstrip("/"): UNREACHED[1],
        LIB.lstrip("/"): "before the installation",
        "var/lib/cloud/instance": "before our files",
    }
    return next((words for path, words in steps.items() if os.path.lexists(it.disk / path)), "before cloud-init")


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
