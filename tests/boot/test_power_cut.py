"""Power cuts at moments of the first boot, most of them aimed at what cloud-init has noted and does not repeat."""

import os
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from boot.harness.container import Machine, until
from boot.harness.facts import ended, starts, tell, watcher_runs
from boot.harness.instance import LIB, Instance, asleep, instance, settle, ssmwake
from boot.test_matrix import FORMS, Record
from ssmwake.render.carriers import RETRY

pytestmark = pytest.mark.matrix

SUITE = "bookworm"
NOTES = "var/lib/cloud/instance/sem"
FILES_NOTED = f"{NOTES}/config_write_files"
COMMANDS_NOTED = f"{NOTES}/config_runcmd"
SCRIPTS_NOTED = f"{NOTES}/config_scripts_user"
BOOTHOOK = "var/lib/cloud/instance/boothooks/ssmwake"
TARGET = "usr/local/sbin/ssmwake"
UNIT = "etc/systemd/system/ssmwake.service"
LINK = "etc/systemd/system/multi-user.target.wants/ssmwake.service"
# What a cut waits for, and the seconds after it of which chance takes one moment: all of what follows lies in them.
AIMS = {
    "cloud-config": [(FILES_NOTED, 0.02)] * 4 + [(COMMANDS_NOTED, 0.005)] * 2 + [(TARGET, 0.6)] * 4,
    "script": [(SCRIPTS_NOTED, 0.06)] * 6 + [(TARGET, 0.6)] * 4,
    "multipart, gzip": [(BOOTHOOK, 0.06)] * 3 + [(RETRY, 0.01)] + [(TARGET, 0.6)] * 6,
}
NOWHERE = ("", 0.0)
CUTS = [
    pytest.param(form, *aim, seed, id=f"{form.partition(',')[0]}-{seed}")
    for form, aims in AIMS.items()
    for seed, aim in enumerate([*aims, NOWHERE, NOWHERE])
]


@pytest.fixture
def it(form: str) -> Iterator[Instance]:
    with instance(SUITE) as made:
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


@pytest.mark.parametrize(("form", "aim", "within", "seed"), CUTS)
def test_after_a_power_cut_the_next_boot_does_as_well_as_a_fresh_one(
    it: Instance, form: str, aim: str, within: float, seed: int, record_property: Record
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
        where = f"{Path(aim).name} + {within * 1000:.0f} ms" if aim else "anywhere"
        tell(record_property, machine, form, f"power cut {seed + 1:2}, {where}", reached)
        # A module of cloud-init's own that was cut off, such as the one that makes its user, is not run again either.
        ours = re.search("script|runcmd|write.files|ssmwake", end.complaints.lower())
        assert not ours, f"{reached}: {end.complaints}"
        assert "ssmwake" not in machine.output("systemctl", "--failed", "--plain", "--no-legend"), reached
        if reached != OUT_OF_REACH:
            until(lambda: watcher_runs(machine), 5, f"no watcher after a cut: {reached}")
            assert not there(it, RETRY)
            wakes(it, machine)
        machine.power_off()


OUT_OF_REACH = "noted, and our script has not begun"


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


@pytest.mark.parametrize("form", ["script"])
def test_the_moment_in_which_a_power_cut_hurts_is_short(it: Instance, form: str, record_property: Record) -> None:
    with it.boot() as machine:
        noted = wait_for(it, SCRIPTS_NOTED)
        took = wait_for(it, RETRY, TARGET) - noted
        assert ended(machine).status == "done"
        tell(record_property, machine, form, "until our script has begun", f"{took * 1000:.1f} ms")
    assert took < 0.1
