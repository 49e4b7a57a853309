"""Users' own user data runs together with ours, on every suite; neither breaks the other."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boot.harness import agent, rootfs
from boot.harness.agent import UNIT
from boot.harness.container import Machine, until
from boot.harness.disk import write
from boot.harness.facts import ended, starts, tell, watcher_runs
from boot.harness.instance import Instance, asleep, instance, settle, ssmwake
from ssmwake.cloud_init.reader import read
from ssmwake.model import Config
from ssmwake.render.cloudformation import user_data_of_stack

pytestmark = pytest.mark.matrix

Record = Callable[[str, object], None]
every_suite = pytest.mark.parametrize("suite", rootfs.SUITES)

CONFIG = """#cloud-config
write_files:
- path: /root/theirs
  content: written
packages:
- amazon-ssm-agent
runcmd:
- [sh, -c, 'cat /root/theirs >/root/ran']
- echo second >>/root/ran
"""
NEEDS_ROLE = """#!/bin/sh
/usr/local/sbin/ssmwake wait --timeout 60 >/root/waited
echo "exit $?" >>/root/waited
"""
FAILS = "#!/bin/sh\necho tried >/root/tried\nexit 3\n"


@pytest.fixture
def bare(suite: str) -> Iterator[Instance]:
    """An instance without an agent."""
    with instance(suite, agent_unit="") as made:
        yield made


@pytest.fixture
def it(suite: str) -> Iterator[Instance]:
    with instance(suite) as made:
        yield made


def user_data(folder: Path, *parts: str, options: tuple[str, ...] = ()) -> bytes:
    """Return rendered user data with a user's own parts."""
    includes: list[str] = []
    for number, text in enumerate(parts):
        path = folder / f"part-{number}"
        path.write_text(text)
        includes += ["--include", str(path)]
    return ssmwake("user-data", *options, *includes)


def ran(machine: Machine, path: str) -> str:
    """Wait for a file that a person's part writes; return its text."""
    file = machine.root / path
    until(lambda: file.exists() and file.read_text(), 30, f"{path} was not written")
    return file.read_text()


@every_suite
@pytest.mark.parametrize("form", ["cloud-config", "multipart"])
def test_their_cloud_config_runs_and_installs_an_agent_which_is_then_watched(
    bare: Instance, form: str, tmp_path: Path, record_property: Record
) -> None:
    agent.package(bare.disk, tmp_path)
    bare.imds.instance.user_data = user_data(tmp_path, CONFIG, options=("--format", form))
    with bare.boot() as machine:
        end = ended(machine)
        assert end.status == "done", machine.output("cloud-init", "status", "--long")
        assert ran(machine, "root/ran") == "writtensecond\n"
        assert watcher_runs(machine)
        assert starts(machine) == 1
        asleep(machine)
        settle(5)
        role = bare.attach()
        bare.accepted(role, 20)
        bare.online(role, 20)
        assert starts(machine) == 2
        tell(record_property, machine, form, "their cloud-config, packages", "both ran")


@every_suite
def test_their_script_waits_for_the_role_next_to_our_watcher(
    it: Instance, tmp_path: Path, record_property: Record
) -> None:
    it.imds.instance.user_data = user_data(tmp_path, NEEDS_ROLE)
    with it.boot() as machine:
        asleep(machine)
        until(lambda: watcher_runs(machine), 30, "the watcher does not run")
        settle(5)
        role = it.attach()
        it.accepted(role, 20)
        waited = ran(machine, "root/waited")
        assert '"ok":true' in waited
        assert waited.endswith("exit 0\n")
        assert ended(machine).status == "done"
        it.online(role, 20)
        tell(record_property, machine, "script + script", "their script waits", "both ran")


@every_suite
@pytest.mark.parametrize("form", ["cloud-config", "script"])
def test_their_script_that_fails_leaves_ours_alone(
    it: Instance, form: str, tmp_path: Path, record_property: Record
) -> None:
    role = it.attach()
    it.imds.instance.user_data = user_data(tmp_path, FAILS, options=("--format", form))
    with it.boot() as machine:
        assert ended(machine).status == "error"
        assert ran(machine, "root/tried") == "tried\n"
        assert watcher_runs(machine)
        it.online(role, 30)
        tell(record_property, machine, form, "their script fails", "ours ran")


@every_suite
def test_our_part_that_fails_leaves_theirs_alone(it: Instance, tmp_path: Path, record_property: Record) -> None:
    it.imds.instance.user_data = user_data(tmp_path, CONFIG.replace("packages:\n- amazon-ssm-agent\n", ""))
    place = "/etc/systemd/system"
    write(
        it.disk,
        "etc/boot-prepare",
        f"#!/bin/sh\nmount --bind {place} {place}; mount -o remount,bind,ro {place}\n",
        0o755,
    )
    with it.boot() as machine:
        assert ended(machine).status == "done"
        assert ran(machine, "root/ran") == "writtensecond\n"
        assert not watcher_runs(machine)
        said = (machine.root / "var/log/cloud-init-output.log").read_text()
        assert "cannot-write" in said
        tell(record_property, machine, "cloud-config", "ours cannot install", "theirs ran")


@every_suite
@pytest.mark.parametrize("unit", [agent.UNIT, agent.SNAP_UNIT])
def test_an_agent_ordered_after_cloud_final_is_woken(suite: str, unit: str, record_property: Record) -> None:
    with instance(suite, unit, "cloud-final.service", "cloud-init.target") as it:
        it.imds.instance.user_data = ssmwake("user-data")
        with it.boot() as machine:
            assert ended(machine).status == "done"
            asleep(machine)
            settle(5)
            role = it.attach()
            it.accepted(role, 20)
            assert starts(machine, unit) == 2
            tell(record_property, machine, "cloud-config", f"{unit.partition('.')[0]} after cloud-final", "woken")


@every_suite
@pytest.mark.parametrize("word", ["missing", "masked"])
def test_without_an_agent_to_wake_the_boot_is_as_usual(bare: Instance, word: str, record_property: Record) -> None:
    if word == "masked":
        (bare.disk / "etc/systemd/system" / UNIT).symlink_to("/dev/null")
    bare.attach()
    bare.imds.instance.user_data = ssmwake("user-data")
    with bare.boot() as machine:
        assert ended(machine).status == "done"
        assert watcher_runs(machine)
        settle(3)
        assert "agent" in machine.log("ssmwake.service")
        assert starts(machine) == 0
        tell(record_property, machine, "cloud-config", f"agent {word}", "said, and left alone")


APPENDED = "umask >/root/mask\necho ECS_CLUSTER=web >>/root/appended\n"


@every_suite
@pytest.mark.parametrize("strict", [False, True])
def test_what_is_appended_to_the_script_runs_once(
    it: Instance, strict: bool, tmp_path: Path, record_property: Record
) -> None:
    role = it.attach()
    options = ("--format", "script", *(["--strict"] if strict else []))
    it.imds.instance.user_data = user_data(tmp_path, options=options) + APPENDED.encode()
    for _ in range(2):
        with it.boot() as machine:
            assert ended(machine).status == "done"
            assert ran(machine, "root/appended") == "ECS_CLUSTER=web\n"
            assert (machine.root / "root/mask").read_text().strip().endswith("022")
            it.online(role, 30)
            tell(record_property, machine, "script", "commands are appended", "both ran")


@every_suite
def test_the_user_data_of_a_stack_runs(it: Instance, record_property: Record) -> None:
    role = it.attach()
    data = user_data_of_stack(Config(on_ready=("echo ready >/root/ready",)), ())
    settings = data.settings.replace("${AWS::StackName}", "web")
    it.imds.instance.user_data = (data.before + settings + data.after).encode()
    with it.boot() as machine:
        assert ended(machine).status == "done"
        it.online(role, 30)
        assert ran(machine, "root/ready") == "ready\n"
        assert (machine.root / "etc/ssmwake.conf").read_text().startswith("SSMWAKE_CARRIER=stack web\n")
        tell(record_property, machine, "launch-template.yaml", "its own user data", "installed")


@every_suite
@pytest.mark.parametrize("own", ["#!/bin/sh\necho 'ü' >/root/own\n", "#cloud-config\nruncmd:\n- echo 'ü' >/root/own\n"])
def test_user_data_that_a_stack_includes_runs(it: Instance, own: str, record_property: Record) -> None:
    role = it.attach()
    config = Config(on_ready=("echo ready >/root/ready",))
    it.imds.instance.user_data = user_data_of_stack(config, read("own", own.encode())).packed
    with it.boot() as machine:
        assert ended(machine).status == "done"
        assert ran(machine, "root/own") == "ü\n"
        it.online(role, 30)
        assert ran(machine, "root/ready") == "ready\n"
        assert (machine.root / "etc/ssmwake.conf").read_text().startswith("SSMWAKE_CARRIER=ssmwake\n")
        tell(record_property, machine, "launch-template.yaml", "their user data, included", "both ran")
