"""Power cuts at moments of the first boot, most of them aimed at what cloud-init has noted and does not repeat."""

import os
import random
import re
import time
from collections.abc import Iterator

import pytest

from boot.harness import rootfs
from boot.harness.container import Machine, until
from boot.harness.disk import remove, write
from boot.harness.facts import Ended, ended, starts, tell, watcher_runs
from boot.harness.instance import LIB, Instance, asleep, instance, settle, ssmwake
from boot.test_matrix import FORMS, Record
from ssmwake.render.carriers import RETRY

pytestmark = pytest.mark.matrix

NOTES = "var/lib/cloud/instance/sem"
FILES_NOTED = f"{NOTES}/config_write_files"
COMMANDS_NOTED = f"{NOTES}/config_runcmd"
SCRIPTS_NOTED = f"{NOTES}/config_scripts_user"
BOOTHOOK = "var/lib/cloud/instance/boothooks/ssmwake"
TARGET = "usr/local/sbin/ssmwake"
UNIT = "etc/systemd/system/ssmwake.service"
LINK = "etc/systemd/system/multi-user.target.wants/ssmwake.service"
OUT_OF_REACH = "noted, and our script has not begun"
# What a cut waits for, and the seconds after it of which chance takes one moment.
INTO_FILES = ("into write_files", FILES_NOTED, 0.02)
INTO_COMMANDS = ("into runcmd", COMMANDS_NOTED, 0.005)
INTO_HOOK = ("into the boothook", BOOTHOOK, 0.03)
INTO_SCRIPTS = ("into the script", SCRIPTS_NOTED, 0.06)
INTO_INSTALLATION = ("into the installation", TARGET, 1.2)
ANYWHERE = ("anywhere", "", 0.0)
AIMS = {
    "cloud-config": [*[INTO_FILES] * 3, INTO_COMMANDS, *[INTO_INSTALLATION] * 4, *[ANYWHERE] * 2],
    "script": [*[INTO_SCRIPTS] * 5, *[INTO_INSTALLATION] * 3, *[ANYWHERE] * 2],
    "multipart, gzip": [*[INTO_HOOK] * 3, *[INTO_INSTALLATION] * 5, *[ANYWHERE] * 2],
}
CUTS = [
    pytest.param(form, *aim, seed, id=f"{form.partition(',')[0]}-{seed}")
    for form, aims in AIMS.items()
    for seed, aim in enumerate(aims)
]


@pytest.fixture
def suite() -> str:
    return "bookworm"


@pytest.fixture
def it(suite: str, form: str) -> Iterator[Instance]:
    with instance(suite) as made:
        made.imds.instance.user_data = ssmwake("user-data", *FORMS[form])
        yield made


def there(it: Instance, path: str) -> bool:
    # cloud-init makes a link to the folder of the instance, with a path of the guest's.
    name = path.lstrip("/").replace("cloud/instance/", f"cloud/instances/{it.imds.instance.id}/")
    return os.path.lexists(it.disk / name)


def wait_for(it: Instance, *paths: str) -> float:
    """Return the moment at which one of the paths is there."""
    until(lambda: any(there(it, path) for path in paths), 60, f"no {paths[0]}", pause=0.0002)
    return time.monotonic()


@pytest.mark.parametrize(("form", "words", "aim", "within", "seed"), CUTS)
def test_after_a_power_cut_the_next_boot_does_as_well_as_a_fresh_one(
    it: Instance, form: str, words: str, aim: str, within: float, seed: int, record_property: Record
) -> None:
    chance = random.Random(seed)
    with it.boot() as machine:
        if aim:
            wait_for(it, aim)
            settle(chance.uniform(0, within))
        else:
            # Somewhere from before cloud-init has the user data until after the installation.
            settle(max(0.0, machine.booted + chance.uniform(0.8, 4.5) - time.monotonic()))
        machine.cut()
    reached = stage(it)
    with it.boot() as machine:
        end = ended(machine)
        tell(record_property, machine, form, f"power cut {seed + 1:2}, {words}", reached)
        check_ours(machine, end, reached)
        if reached != OUT_OF_REACH:
            until(lambda: watcher_runs(machine), 5, f"no watcher after a cut: {reached}")
            assert not there(it, RETRY)
            wakes(it, machine)


def check_ours(machine: Machine, end: Ended, reached: str) -> None:
    """Nothing of ours failed; a module of cloud-init's own that was cut off is not run again, with us or without."""
    ours = re.search("script|runcmd|write.files|ssmwake", end.complaints.lower())
    assert not ours, f"{reached}: {end.complaints}"
    assert "ssmwake" not in machine.output("systemctl", "--failed", "--plain", "--no-legend"), reached


def stage(it: Instance) -> str:
    """Say how far the first boot came."""
    if there(it, SCRIPTS_NOTED) and not any(there(it, path) for path in (RETRY, TARGET)):
        return OUT_OF_REACH
    if there(it, LINK):
        return "installing, enabled" if there(it, RETRY) else "installed"
    steps = {
        UNIT: "installing, not enabled",
        TARGET: "installing, no unit",
        LIB: "runtime there",
        RETRY: "only the retry there",
        FILES_NOTED: "noted write_files, nothing there",
        "var/lib/cloud/instance": "before our files",
    }
    return next((words for path, words in steps.items() if there(it, path)), "before cloud-init")


def wakes(it: Instance, machine: Machine) -> None:
    """The main job: a role that comes late wakes the agent."""
    asleep(machine, 60)
    settle(5)
    role = it.attach()
    it.accepted(role, 30)
    it.online(role, 20)
    assert starts(machine) == 2


@pytest.mark.parametrize("form", ["cloud-config"])
@pytest.mark.parametrize("suite", rootfs.SUITES)
def test_files_that_were_noted_and_not_written_are_written_at_the_next_boot(
    it: Instance, form: str, record_property: Record
) -> None:
    with it.boot() as machine:
        wait_for(it, FILES_NOTED)
        machine.cut()
    # No cut is fast enough for the millisecond in which nothing is written yet, or half of a file.
    remove(it.disk, *(path.lstrip("/") for path in (RETRY, LIB) if there(it, path)))
    write(it.disk, LIB, "#!/bin/sh\n")
    with it.boot() as machine:
        check_ours(machine, ended(machine), "half of a file")
        tell(record_property, machine, form, "power cut, half of our files", "installed")
        assert not there(it, RETRY)
        wakes(it, machine)


@pytest.mark.parametrize("form", ["script"])
def test_the_moment_in_which_a_power_cut_hurts_is_short(it: Instance, form: str, record_property: Record) -> None:
    with it.boot() as machine:
        noted = wait_for(it, SCRIPTS_NOTED)
        took = wait_for(it, RETRY, TARGET) - noted
        assert ended(machine).status == "done"
        tell(record_property, machine, form, "until our script has begun", f"{took * 1000:.1f} ms")
    assert took < 0.1
