"""The runtime under a real systemd: it wakes the agent when the role comes, and does nothing when nothing is wrong."""

import json
import re
import subprocess
import time
from collections.abc import Iterator

import pytest

from boot.harness.agent import UNIT
from boot.harness.container import Machine, until
from boot.harness.disk import write
from boot.harness.facts import WATCHER
from boot.harness.instance import LIB, Instance, asleep, finished, instance, settle, ssmwake
from boot.harness.wake import OFTEN, install, up, watching
from ssmwake import __version__
from ssmwake.render import runtime

pytestmark = pytest.mark.systemd

SUITE = "bookworm"


@pytest.fixture
def it() -> Iterator[Instance]:
    with instance(SUITE) as made:
        yield made


def test_a_late_role_wakes_a_sleeping_agent_within_seconds(it: Instance) -> None:
    with up(it) as machine:
        asleep(machine)
        install(machine)
        settle(3)
        assert len(machine.starts(UNIT)) == 1
        visible = time.monotonic()
        role = it.attach()
        assert it.accepted(role, 20).at - visible < 3
        it.online(role, 20)
        assert len(machine.starts(UNIT)) == 2


def test_a_restart_too_early_is_repeated_until_ssm_accepts_the_role(it: Instance) -> None:
    with up(it) as machine:
        asleep(machine)
        install(machine)
        settle(6)
        visible = time.monotonic()
        role = it.attach(after=5)
        assert it.accepted(role, 40).at - visible < 20
        it.online(role, 20)
        denied = [event for event in it.ssm.events if event.what == "denied" and event.key == role.key]
        assert denied


def test_an_agent_that_is_online_is_adopted(it: Instance) -> None:
    role = it.attach()
    with up(it) as machine:
        it.online(role, 30)
        install(machine)
        settle(8)
        assert len(machine.starts(UNIT)) == 1


@pytest.mark.parametrize("same_profile", [True, False])
def test_a_swapped_role_restarts_the_agent_exactly_once(it: Instance, same_profile: bool) -> None:
    first = it.attach()
    with up(it) as machine:
        write(it.disk, "etc/ssmwake.conf", OFTEN)
        it.online(first, 30)
        install(machine)
        settle(4)
        second = it.swap(same_profile=same_profile)
        swapped = time.monotonic()
        assert it.accepted(second, 40).at - swapped < 15
        it.online(second, 20)
        settle(6)
        assert len(machine.starts(UNIT)) == 2


def test_new_keys_of_the_same_role_restart_nothing(it: Instance) -> None:
    role = it.attach()
    with up(it) as machine:
        write(it.disk, "etc/ssmwake.conf", OFTEN)
        it.online(role, 30)
        install(machine)
        settle(3)
        it.ssm.allow(it.imds.rotate().key)
        it.imds.forget_tokens()
        it.imds.fault("error-503", seconds=3)
        settle(6)
        assert len(machine.starts(UNIT)) == 1


def test_a_killed_watcher_comes_back_and_restarts_nothing(it: Instance) -> None:
    role = it.attach()
    with up(it) as machine:
        write(it.disk, "etc/systemd/system/ssmwake.service.d/soon.conf", "[Service]\nRestartSec=1\n")
        it.online(role, 30)
        install(machine)
        settle(3)
        first = watching(machine)
        machine.run("kill", "-KILL", str(first))
        until(lambda: watching(machine) != first, 15, "the watcher did not come back")
        settle(5)
        assert len(machine.starts(UNIT)) == 1


def test_a_failed_agent_is_brought_back(it: Instance) -> None:
    role = it.attach()
    with up(it) as machine:
        write(it.disk, "etc/ssmwake.conf", OFTEN)
        it.online(role, 30)
        install(machine)
        settle(3)
        # Its process dies, and systemd waits 90 s before it starts another: IMDS was away when the agent started.
        machine.run("systemctl", "kill", "--kill-who=all", "--signal=KILL", UNIT, check=False)
        killed = time.monotonic()
        event = it.ssm.wait_for("channel", 30, key=role.key, after=killed)
        assert event, machine.log(WATCHER)


@pytest.mark.parametrize("word", ["masked", "disabled"])
def test_an_agent_that_somebody_turned_off_stays_off(it: Instance, word: str) -> None:
    it.attach()
    with up(it) as machine:
        machine.run("systemctl", "stop", UNIT)
        if word == "masked":
            (it.disk / "etc/systemd/system" / UNIT).unlink()
        machine.run("systemctl", {"masked": "mask", "disabled": "disable"}[word], UNIT)
        before = len(machine.starts(UNIT))
        install(machine)
        settle(5)
        assert len(machine.starts(UNIT)) == before
        assert machine.show(UNIT, "ActiveState")["ActiveState"] == "inactive"


def test_the_watcher_is_confined(it: Instance) -> None:
    probe = """#!/bin/sh
exec >/run/ssmwake/probe 2>&1
for path in /etc/x /usr/x /var/lib/x /root/x; do touch $path && echo "wrote $path"; done
ls /root && echo "read /root"
echo imds $(curl -q -s -g -m 2 -o /dev/null -w '%{http_code}' http://169.254.169.254/)
echo imds6 $(curl -q -s -g -m 2 -o /dev/null -w '%{http_code}' 'http://[fd00:ec2::254]/')
echo other $(curl -q -s -m 2 -o /dev/null -w '%{http_code}' http://10.0.0.1:8443/)
unshare -n true && echo unshared
mount -t tmpfs tmpfs /mnt && echo mounted
grep -E '^(Cap(Bnd|Eff|Prm)|NoNewPrivs|Seccomp):' /proc/self/status
"""
    with up(it) as machine:
        write(it.disk, "opt/probe", probe, 0o755)
        drop_in = "[Service]\nExecStartPre=-/bin/sh /opt/probe\n"
        write(it.disk, "etc/systemd/system/ssmwake.service.d/probe.conf", drop_in)
        install(machine)
        watching(machine)
        said = machine.output("cat", "/run/ssmwake/probe")
        lines = said.splitlines()
        assert not [line for line in lines if line.startswith(("wrote", "read", "unshared", "mounted"))], said
        # The address of IMDS answers (401: no token was sent), any other does not.
        assert {"imds 401", "imds6 401", "other 000"} <= set(lines), said
        # Not even CAP_SYS_PTRACE, which would show the agent's connections, and allow writing any process's memory.
        masks = {line.split()[0]: line.split()[1] for line in lines if line.startswith(("Cap", "No", "Seccomp:"))}
        assert {int(masks[name], 16) for name in ("CapBnd:", "CapEff:", "CapPrm:")} == {0}, said
        assert (masks["NoNewPrivs:"], masks["Seccomp:"]) == ("1", "2"), said


def test_the_confined_watcher_tells_hibernating_from_online(it: Instance) -> None:
    role = it.attach()
    with up(it) as machine:
        it.online(role, 30)
        # The key is denied and the channel closed: a worker without a connection. Allowed again, it would stay so for
        # five minutes, as the worker is in no hurry.
        it.ssm.deny(role.key)
        hibernating = it.disk / "var/log/amazon/ssm/hibernate.log"
        machine.run("systemctl", "restart", UNIT)
        until(hibernating.exists, 20, "the worker does not hibernate")
        it.ssm.allow(role.key)
        allowed = time.monotonic()
        before = len(machine.starts(UNIT))
        install(machine)
        assert it.ssm.wait_for("channel", 60, key=role.key, after=allowed), machine.log(WATCHER)
        assert len(machine.starts(UNIT)) == before + 1


def test_what_is_on_ready_runs_once_for_each_identity(it: Instance) -> None:
    with up(it) as machine:
        write(it.disk, "etc/ssmwake.on-ready", "#!/bin/sh\nset -e\necho ran >>/root/ran\n", 0o700)
        write(it.disk, "etc/ssmwake.conf", OFTEN)
        unit = (
            "[Unit]\nDescription=x\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/touch /root/target\n"
        )
        write(it.disk, "etc/systemd/system/mine.service", unit + "[Install]\nWantedBy=ssmwake-ready.target\n")
        asleep(machine)
        install(machine)
        machine.run("systemctl", "enable", "mine.service")
        settle(2)
        ran = it.disk / "root/ran"
        assert not ran.exists()
        role = it.attach()
        until(ran.exists, 10, "the commands did not run")
        until((it.disk / "root/target").exists, 10, "the unit of the target did not start")
        it.online(role, 20)
        machine.run("systemctl", "restart", WATCHER)
        settle(4)
        assert ran.read_text() == "ran\n"
        it.swap()
        until(lambda: ran.read_text() == "ran\nran\n", 20, "the commands did not run for the second identity")
        machine.power_off()
    with it.boot():
        settle(6)
        assert ran.read_text() == "ran\nran\n"


def test_what_failed_on_ready_is_tried_again_and_once_more_at_the_next_boot(it: Instance) -> None:
    it.attach()
    commands = "#!/bin/sh\nset -e\necho tried >>/root/tried\ntest -e /root/good\n"
    tried = it.disk / "root/tried"
    unit = "ssmwake-on-ready.service"
    with up(it) as machine:
        write(it.disk, "etc/ssmwake.on-ready", commands, 0o700)
        install(machine)
        until(tried.exists, 10, "the commands did not run")
        settle(3)
        assert tried.read_text() == "tried\n"
        until(lambda: tried.read_text() == "tried\ntried\n", 20, "the commands did not run again")
        # The next try is in 30 s; until then nothing is lost.
        assert machine.show(unit, "ActiveState")["ActiveState"] == "active"
        machine.power_off()
    write(it.disk, "root/good", "")
    with it.boot() as machine:
        until(lambda: tried.read_text() == "tried\n" * 3, 20, "the commands did not run again at the next boot")
        until(lambda: machine.show(unit, "ActiveState")["ActiveState"] == "inactive", 10, "it does not end")
        settle(4)
        assert tried.read_text() == "tried\n" * 3


def test_uninstall_leaves_nothing(it: Instance) -> None:
    role = it.attach()
    with up(it) as machine:
        it.online(role, 30)
        before = files(machine)
        write(it.disk, "etc/ssmwake.on-ready", "#!/bin/sh\n", 0o700)
        install(machine)
        settle(4)
        assert files(machine) != before
        machine.run("sh", "/usr/local/sbin/ssmwake", "uninstall")
        after = files(machine)
        # The copy that user data wrote was there before the installation.
        assert after == before - {LIB, "/var/lib/ssmwake"}
        # systemd may know the name of a unit that is gone for as long as its control group lingers.
        units = machine.output("systemctl", "list-units", "--all", "--plain", "--no-legend", "ssmwake*").splitlines()
        assert [unit for unit in units if "not-found" not in unit.split()] == []
        files_of_units = machine.run("systemctl", "list-unit-files", "--no-legend", "ssmwake*", check=False)
        assert files_of_units.stdout == ""
        processes = machine.output("ps", "-e", "-o", "args=")
        assert "ssmwake watch" not in processes


def files(machine: Machine) -> set[str]:
    """Return every path that could be ours: all but what systemd and the agent write as they run."""
    places = ("/etc", "/usr", "/var/lib", "/run/ssmwake", "/run/systemd/system", "/opt", "/root")
    found = machine.run("find", *places, "-xdev", check=False).stdout.splitlines()
    return {path for path in found if not path.startswith(("/var/lib/amazon", "/var/lib/systemd", "/opt/agent"))}


def test_installing_twice_changes_nothing(it: Instance) -> None:
    role = it.attach()
    with up(it) as machine:
        it.online(role, 30)
        install(machine)
        settle(3)
        before = files(machine)
        install(machine)
        settle(3)
        assert files(machine) == before
        assert len(machine.starts(UNIT)) == 1


def test_an_agent_ordered_after_cloud_final_does_not_hang_the_boot() -> None:
    with instance(SUITE, agent_after="cloud-final.service", agent_target="cloud-init.target") as it:
        role = it.attach()
        write(it.disk, "ssmwake.yaml", "user-data: {foreground: true}\n")
        it.imds.instance.user_data = ssmwake("user-data", "--gzip", "-c", str(it.disk / "ssmwake.yaml"))
        with it.boot() as machine:
            assert finished(machine, 60) == "done", machine.log("cloud-final.service")
            it.online(role, 30)
            assert len(machine.starts(UNIT)) == 1


def test_each_state_change_is_a_line_on_the_console_and_nothing_secret_is(it: Instance) -> None:
    with up(it) as machine:
        write(
            it.disk, "etc/ssmwake.on-ready", "#!/bin/sh\necho 'a password'\necho 'another password' >&2\nfalse\n", 0o700
        )
        asleep(machine)
        install(machine)
        until(lambda: " waiting: " in machine.console.read_text(), 10, "it does not say on the console that it waits")
        role = it.attach()
        it.online(role, 20)
        until(lambda: " online: " in machine.console.read_text(), 10, "the console does not say that it is online")
        until(lambda: "another password" in machine.log("ssmwake-on-ready.service"), 10, "the commands did not run")
        console = machine.console.read_text()
        journal = machine.log(WATCHER)
        found = re.findall(r"ssmwake\[\d+\]: ssmwake: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) ([a-z-]+): ([ -~]+)", console)
        words = [word for _, word, _ in found]
        assert [word for word in words if word != "on-ready-failed"] == ["waiting", "role", "restarting", "online"]
        assert max(len(sentence) for *_, sentence in found) <= 400
        for _, word, sentence in found:
            if word != "on-ready-failed":
                assert f"{word}: {sentence.rstrip()}" in journal
        secrets = [role.key, role.secret, role.token, *it.imds.tokens, "password"]
        assert [secret for secret in secrets if secret in console] == []


def test_an_image_that_has_it_wakes_the_agent_at_its_first_boot(it: Instance) -> None:
    write(it.disk, "root/ssmwake.sh", runtime(), 0o644)
    write(it.disk, "etc/cloud/cloud-init.disabled", "")
    chroot = ["chroot", str(it.disk), "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "sh", "/root/ssmwake.sh"]
    actions = []
    for _ in range(2):
        done = subprocess.run([*chroot, "install", "--no-start", "--role", "web"], check=True, capture_output=True)
        actions.append(json.loads(done.stdout)["action"])
    assert actions == ["installed", "unchanged"]
    with it.boot() as machine:
        watching(machine)
        asleep(machine)
        role = it.attach()
        it.online(role, 30)
        assert machine.output("systemctl", "is-enabled", WATCHER) == "enabled"
        # The same with systemd there: nothing is left to do, and the watcher is left alone.
        before = watching(machine)
        report = json.loads(machine.output("sh", "/root/ssmwake.sh", "install", "--role", "web"))
        assert (report["action"], watching(machine)) == ("unchanged", before)


def test_what_is_left_to_a_newer_version_is_updated_and_restarted(it: Instance) -> None:
    with up(it) as machine:
        install(machine)
        before = watching(machine)
        write(it.disk, "root/newer.sh", runtime().replace(f"version={__version__}", "version=9.9.9"), 0o644)
        done = machine.run("sh", "/root/newer.sh", "install")
        assert json.loads(done.stdout)["action"] == "updated"
        assert f"updated: from {__version__} to 9.9.9" in done.stderr
        until(lambda: watching(machine) != before, 10, "the watcher still runs the older version")
        assert machine.output("/usr/local/sbin/ssmwake", "--version") == "ssmwake 9.9.9"
        assert "(ssmwake 9.9.9)" in machine.output("systemctl", "show", "-p", "Description", WATCHER)
