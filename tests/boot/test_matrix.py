"""Every suite boots every form of our user data, fetched by cloud-init itself; the role is late, there, or never."""

import time
from collections.abc import Callable, Iterator

import pytest

from boot.harness import rootfs
from boot.harness.container import Machine
from boot.harness.disk import write
from boot.harness.facts import Ended, ended, starts, tell, watcher_runs
from boot.harness.instance import Instance, asleep, instance, settle, ssmwake

FORMS = {
    "cloud-config": ("--format", "cloud-config"),
    "script": ("--format", "script"),
    "multipart, gzip": ("--format", "multipart", "--gzip"),
}
SMOKE = ("bookworm", "multipart, gzip")
LATE = 20.0

Record = Callable[[str, object], None]


def cells() -> Iterator[object]:
    """List the cells of the matrix; one is the smoke test of `make test`."""
    for suite in rootfs.SUITES:
        for form in FORMS:
            marks = [pytest.mark.matrix, *([pytest.mark.systemd] if (suite, form) == SMOKE else [])]
            yield pytest.param(suite, form, id=f"{suite}-{form.replace(', ', '-')}", marks=marks)


every_cell = pytest.mark.parametrize(("suite", "form"), list(cells()))


@pytest.fixture
def it(suite: str, form: str) -> Iterator[Instance]:
    with instance(suite) as made:
        made.imds.instance.user_data = ssmwake("user-data", *FORMS[form])
        yield made


def check_second_boot(it: Instance) -> None:
    """Nothing of the first boot runs again, the watcher is up, and an agent that found its role is left alone."""
    script = it.disk / "usr/local/sbin/ssmwake"
    written = script.stat().st_mtime_ns
    began = time.monotonic()
    with it.boot() as machine:
        check_end(ended(machine))
        assert it.ssm.wait_for("channel", 30, after=began), machine.log("ssmwake.service")
        settle(4)
        assert watcher_runs(machine)
        assert starts(machine) == 1, machine.log("ssmwake.service")
        assert script.stat().st_mtime_ns == written


def check_end(end: Ended) -> None:
    assert (end.status, end.complaints) == ("done", "")


@every_cell
def test_a_role_that_comes_late_wakes_the_agent(it: Instance, form: str, record_property: Record) -> None:
    with it.boot() as machine:
        end = ended(machine)
        check_end(end)
        asleep(machine)
        settle(max(0.0, machine.booted + LATE - time.monotonic()))
        assert starts(machine) == 1
        visible = time.monotonic()
        role = it.attach()
        took = it.accepted(role, 30).at - visible
        it.online(role, 30)
        assert starts(machine) == 2
        tell(
            record_property,
            machine,
            form,
            f"role after {LATE:.0f} s",
            f"first call after {took:.1f} s",
        )
        assert took < 4
        machine.power_off()
    check_second_boot(it)


@every_cell
def test_a_role_from_the_start_is_met_with_one_restart_at_most(
    it: Instance, form: str, record_property: Record
) -> None:
    role = it.attach()
    with it.boot() as machine:
        end = ended(machine)
        check_end(end)
        it.online(role, 30)
        settle(5)
        count = starts(machine)
        assert count in (1, 2)
        assert watcher_runs(machine)
        tell(record_property, machine, form, "role from the start", f"{count - 1} restarts")
        machine.power_off()
    check_second_boot(it)


@every_cell
def test_without_a_role_the_boot_ends_as_soon_as_without_us(
    it: Instance, suite: str, form: str, record_property: Record
) -> None:
    # Side by side, so that both meet the same load.
    with instance(suite) as plain, plain.boot() as other, it.boot() as machine:
        without, end = ended(other), ended(machine)
        check_end(end)
        assert watcher_runs(machine)
        if form == "cloud-config":
            check_schema(it, machine)
        settle(5)
        assert starts(machine) == 1
        more = end.cloud_final - without.cloud_final
        tell(record_property, machine, form, "role never", f"cloud-final at {end.cloud_final:.1f} s, {more:+.1f} s")
        # What unpacking and installing takes on a busy machine; a boot that waited for the role would never end.
        assert end.cloud_final < without.cloud_final * 1.5 + 2
        assert end.multi_user < without.multi_user * 1.5 + 2


def check_schema(it: Instance, machine: Machine) -> None:
    """The suite's own cloud-init finds nothing wrong with our cloud-config."""
    write(it.disk, "root/user-data.yaml", it.imds.instance.user_data or b"")
    # Before 22.2 the command was still a development one.
    command = ("cloud-init", "schema") if machine.run("cloud-init", "schema", "-h", check=False).returncode == 0 else ()
    checked = machine.run(*(command or ("cloud-init", "devel", "schema")), "-c", "/root/user-data.yaml", check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "deprecat" not in (checked.stdout + checked.stderr).lower()
