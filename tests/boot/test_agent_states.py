"""Agents in every state that people meet, under systemd: what status, run and the watcher say, and each restart."""

import re
import time

import pytest

from boot.harness.agent import UNIT
from boot.harness.container import Machine, until
from boot.harness.disk import write
from boot.harness.facts import WATCHER
from boot.harness.instance import asleep, instance, settle
from boot.harness.wake import changes, install, machine_of, people, restarts, run, says, status, up, watching
from ssmwake.simulate.agent_shared import ACTIVATION_KEY, HOST_MANAGEMENT_KEY

pytestmark = pytest.mark.matrix

SUITE = "bookworm"
REMEDY = "let role web do ssm:UpdateInstanceInformation"


def refusal(machine: Machine) -> dict[str, object]:
    """Return what status says once it names a cause."""
    report = status(machine)
    return report if report["cause"] else {}


def is_inactive(machine: Machine) -> bool:
    return machine.show(UNIT, "ActiveState")["ActiveState"] == "inactive"


def test_a_role_that_ssm_refuses_is_named_and_online_soon_after_its_policy_comes() -> None:
    with machine_of() as (it, machine):
        asleep(machine)
        install(machine)
        settle(5)
        role = it.imds.attach("web")
        refused = says(machine, "refused")
        assert REMEDY in refused
        assert "is not authorized to perform: ssm:UpdateInstanceInformation" in refused
        denied = run(machine, "--timeout", "6")
        assert (denied.report["exit"], denied.report["reason"]) == (75, "agent-unregistered")
        assert denied.report["cause"] == "refused"
        assert denied.seconds < 9
        # It may have been restarted a moment ago.
        report = until(lambda: refusal(machine), 20, "status names no cause", pause=1)
        assert (report["exit"], report["reason"], report["cause"]) == (71, "agent-asleep", "refused")
        assert REMEDY in str(report["todo"])
        assert people(machine).splitlines()[0].endswith("Systems Manager refuses the agent")
        # At once, and after the ladder's first pause of 10 s; not more for the `run` next to it.
        assert restarts(machine) <= 4
        # The policy comes late.
        it.ssm.allow(role.key)
        assert run(machine, "--timeout", "30").report["reason"] == "ready"
        it.online(role, 5)
        says(machine, "online")
        assert status(machine)["todo"] == "nothing"


def test_a_hibernating_agent_is_named_and_restarted_once() -> None:
    with machine_of() as (it, machine):
        role = it.attach()
        machine.run("systemctl", "restart", UNIT)
        it.online(role, 30)
        it.ssm.deny(role.key)
        machine.run("systemctl", "restart", UNIT)
        hibernating = it.disk / "var/log/amazon/ssm/hibernate.log"
        until(hibernating.exists, 20, "the worker does not hibernate")
        before = restarts(machine)
        settle(3)
        report = status(machine)
        assert (report["exit"], report["reason"], report["cause"]) == (71, "agent-hibernating", "refused")
        assert report["agent_retry"] == "0 to 5 min"
        it.ssm.allow(role.key)
        allowed = time.monotonic()
        install(machine)
        channel = it.ssm.wait_for("channel", 30, key=role.key, after=allowed)
        assert channel
        # Orderly, which takes 7 s: the worker may have a document in hand.
        assert channel.at - allowed < 15
        says(machine, "online")
        settle(3)
        assert restarts(machine) == before + 1
        assert "which is hibernating" in says(machine, "restarting")


def test_an_agent_that_somebody_stopped_stays_stopped_whatever_the_role_does() -> None:
    with machine_of() as (it, machine):
        role = it.attach()
        machine.run("systemctl", "restart", UNIT)
        it.online(role, 30)
        before = restarts(machine)
        install(machine)
        says(machine, "online")
        machine.run("systemctl", "stop", UNIT)
        assert "stopped" in says(machine, "skipped")
        report = status(machine)
        assert (report["exit"], report["reason"], report["agent"]) == (71, "agent-stopped", "stopped")
        assert report["todo"] == f"sudo systemctl start {UNIT}"
        ended = run(machine, "--timeout", "10")
        assert (ended.report["exit"], ended.report["action"]) == (0, "skipped:stopped")
        machine.run("systemctl", "restart", WATCHER)
        settle(4)
        it.imds.detach()
        settle(3)
        it.ssm.allow(it.imds.attach("web", profile_id=role.profile_id).key)
        settle(3)
        it.swap("db")
        settle(4)
        assert is_inactive(machine)
        assert restarts(machine) == before
        machine.run("systemctl", "start", UNIT)
        assert "db" in until(
            lambda: next((text for word, text in changes(machine) if word == "online" and "db" in text), ""), 20
        )
        assert restarts(machine) == before + 1


def test_an_agent_that_was_stopped_before_the_role_came_stays_stopped() -> None:
    with machine_of() as (it, machine):
        asleep(machine)
        machine.run("systemctl", "stop", UNIT)
        install(machine)
        settle(2)
        it.attach()
        says(machine, "skipped")
        settle(2)
        assert is_inactive(machine)
        assert restarts(machine) == 0


def test_an_agent_that_somebody_is_stopping_is_not_restarted_meanwhile() -> None:
    with machine_of() as (it, machine):
        asleep(machine)
        install(machine)
        watching(machine)
        settle(5)
        # SSM refuses the role, so another restart is due ten seconds after the first; to stop takes the agent seven.
        it.imds.attach("web")
        says(machine, "refused", 40)
        before = restarts(machine)
        settle(1)
        machine.run("systemctl", "stop", UNIT)
        assert is_inactive(machine)
        says(machine, "skipped")
        settle(15)
        assert is_inactive(machine)
        assert restarts(machine) == before


def test_an_agent_that_has_not_run_in_this_boot_is_started() -> None:
    with instance(SUITE) as it:
        (it.disk / "etc/systemd/system/multi-user.target.wants" / UNIT).unlink()
        # Wanted by something that this boot does not reach.
        write(it.disk, "etc/systemd/system" + f"/{UNIT}.d/later.conf", "[Install]\nWantedBy=graphical.target\n")
        with up(it) as machine:
            machine.run("systemctl", "add-wants", "rescue.target", UNIT)
            assert machine.output("systemctl", "is-enabled", UNIT) == "enabled"
            install(machine)
            role = it.attach()
            it.online(role, 20)
            assert len(machine.starts(UNIT)) == 1


def test_an_agent_that_is_upgraded_or_masked_for_a_while_is_adopted_afterwards() -> None:
    with machine_of() as (it, machine):
        role = it.attach()
        machine.run("systemctl", "restart", UNIT)
        it.online(role, 30)
        install(machine)
        says(machine, "online")
        # As a package does it: its scripts stop and start the unit, with some time in between.
        machine.run("systemctl", "stop", UNIT)
        settle(4)
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "start", UNIT)
        until(lambda: changes(machine)[-1][0] == "online", 20, "it is not adopted after an upgrade")
        before = restarts(machine)
        (it.disk / "etc/systemd/system" / UNIT).rename(it.disk / "lib/systemd/system" / UNIT)
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "mask", "--runtime", "--now", UNIT)
        until(
            lambda: (
                changes(machine)[-1]
                == ("skipped", f"the agent is masked; sudo systemctl unmask {UNIT}; sudo systemctl restart {UNIT}")
            ),
            20,
            "a mask is not noticed",
        )
        assert status(machine)["reason"] == "agent-masked"
        settle(3)
        assert restarts(machine) == before
        machine.run("systemctl", "unmask", "--runtime", UNIT)
        machine.run("systemctl", "start", UNIT)
        until(lambda: changes(machine)[-1][0] == "online", 20, "it is not adopted after the mask")
        assert restarts(machine) == before + 1


def test_an_agent_behind_a_wrapper_is_restarted_gracefully() -> None:
    with instance(SUITE) as it:
        unit = it.disk / "etc/systemd/system" / UNIT
        unit.write_text(re.sub("ExecStart=(.*)", r"ExecStart=/bin/sh -c '\1; true'", unit.read_text()))
        with up(it) as machine:
            asleep(machine)
            install(machine)
            settle(5)
            role = it.attach()
            it.online(role, 30)
            settle(4)
            assert restarts(machine) == 1
            assert status(machine)["agent"] == "online"


def test_a_unit_that_runs_something_else_is_never_restarted() -> None:
    with instance(SUITE) as it:
        unit = it.disk / "etc/systemd/system" / UNIT
        unit.write_text(re.sub("ExecStart=.*", "ExecStart=/bin/sleep 10000", unit.read_text()))
        with up(it) as machine:
            install(machine)
            settle(5)
            it.attach()
            assert "out-of-sight" in says(machine, "skipped")
            settle(8)
            assert restarts(machine) == 0
            report = status(machine)
            assert (report["exit"], report["reason"]) == (71, "agent-out-of-sight")
            # `run` would say the same.
            assert report["todo"] == f"sudo systemctl restart {UNIT}"


def test_release_2_is_woken_gracefully_and_left_alone_while_it_is_online() -> None:
    with machine_of("--release 2.3") as (it, machine):
        log = it.disk / "var/log/amazon/ssm/amazon-ssm-agent.log"
        until(lambda: log.exists() and "no EC2 instance role found" in log.read_text(), 20)
        install(machine)
        settle(12)
        assert status(machine)["reason"] == "no-role"
        role = it.attach()
        attached = time.monotonic()
        it.online(role, 40)
        assert time.monotonic() - attached < 15
        says(machine, "online")
        settle(12)
        assert restarts(machine) == 1
        report = status(machine)
        assert (report["reason"], report["agent"]) == ("ready", "online")
        ended = run(machine, "--timeout", "10")
        assert (ended.report["reason"], ended.report["action"]) == ("ready", "none")


def test_release_2_is_restarted_once_for_a_swapped_role_and_stays_stopped() -> None:
    with machine_of("--release 2.3") as (it, machine):
        first = it.attach()
        machine.run("systemctl", "restart", UNIT)
        it.online(first, 30)
        before = restarts(machine)
        install(machine)
        says(machine, "online")
        second = it.swap()
        it.online(second, 30)
        settle(5)
        assert restarts(machine) == before + 1
        machine.run("systemctl", "stop", UNIT)
        assert "stopped" in says(machine, "skipped")
        settle(3)
        assert is_inactive(machine)


def test_release_3_1_hibernates_without_a_role_and_is_restarted_gracefully() -> None:
    with machine_of("--release 3.1") as (it, machine):
        until((it.disk / "var/log/amazon/ssm/hibernate.log").exists, 20)
        install(machine)
        settle(5)
        role = it.attach()
        attached = time.monotonic()
        it.online(role, 40)
        assert time.monotonic() - attached < 15
        says(machine, "online")
        settle(4)
        assert restarts(machine) == 1
        assert not {"refused", "unreachable"} & {word for word, _ in changes(machine)}


def test_default_host_management_is_online_without_a_role_and_not_restarted_for_one() -> None:
    with machine_of() as (it, machine):
        it.ssm.host_management = "granted"
        machine.run("systemctl", "restart", UNIT)
        assert it.ssm.wait_for("channel", 30, key=HOST_MANAGEMENT_KEY)
        before = restarts(machine)
        ended = run(machine, "--timeout", "20")
        assert (ended.report["exit"], ended.report["reason"]) == (0, "agent-online")
        install(machine)
        settle(3)
        report = status(machine)
        assert (report["exit"], report["reason"], report["agent"]) == (0, "agent-online", "online")
        assert people(machine).splitlines()[0].endswith(": the agent is online")
        it.attach()
        settle(10)
        assert restarts(machine) == before
        report = status(machine)
        assert (report["exit"], report["reason"], report["agent_source"]) == (0, "ready", "SSM")
        ended = run(machine, "--timeout", "20")
        assert (ended.report["exit"], ended.report["action"]) == (0, "none")
        assert restarts(machine) == before


def test_a_role_without_permissions_does_not_hinder_default_host_management() -> None:
    with machine_of() as (it, machine):
        asleep(machine)
        install(machine)
        settle(5)
        it.ssm.host_management = "granted"
        it.imds.attach("web")
        assert it.ssm.wait_for("channel", 20, key=HOST_MANAGEMENT_KEY)
        settle(10)
        # It was asleep, so nothing was lost by the restart; now it is online.
        assert restarts(machine) == 1
        report = status(machine)
        assert (report["exit"], report["agent"], report["agent_source"]) == (0, "online", "SSM")


def test_a_hybrid_activation_is_left_alone_with_a_role_and_without() -> None:
    with machine_of("--activation") as (it, machine):
        assert it.ssm.wait_for("channel", 30, key=ACTIVATION_KEY)
        ended = run(machine, "--timeout", "20")
        assert (ended.report["exit"], ended.report["reason"]) == (0, "agent-online")
        install(machine)
        settle(2)
        it.attach()
        settle(8)
        it.swap()
        settle(5)
        assert restarts(machine) == 0
        report = status(machine)
        assert (report["exit"], report["agent"], report["agent_source"]) == (0, "online", "OnPrem")
        assert people(machine).splitlines()[0].endswith(": the agent is online; the role is db")
        it.imds.detach()
        assert (status(machine)["exit"], status(machine)["reason"]) == (0, "agent-online")


def test_the_registration_of_another_machine_is_named_and_not_restarted_in_vain() -> None:
    with instance(SUITE, agent_options="--activation") as it:
        it.ssm.fault("ssm-fingerprint")
        with up(it) as machine:
            asleep(machine)
            install(machine)
            settle(5)
            it.attach()
            settle(15)
            report = status(machine)
            assert (report["reason"], report["cause"]) == ("agent-asleep", "refused")
            assert report["todo"] == f"sudo amazon-ssm-agent -register -clear; sudo systemctl restart {UNIT}"
            assert "MachineFingerprintDoesNotMatch" in str(report["error"])
            assert "MachineFingerprintDoesNotMatch" in says(machine, "refused")
            assert restarts(machine) == 0


def test_a_clock_that_is_off_is_named() -> None:
    with machine_of() as (it, machine):
        role = it.attach()
        machine.run("systemctl", "restart", UNIT)
        it.online(role, 30)
        # The credentials of an hour ago are on file, so the agent starts its worker, whose signature has expired.
        it.ssm.fault("ssm-clock")
        machine.run("systemctl", "restart", UNIT)
        until((it.disk / "var/log/amazon/ssm/hibernate.log").exists, 20)
        settle(3)
        report = status(machine)
        assert (report["reason"], report["cause"]) == ("agent-hibernating", "refused")
        assert "clock" in str(report["todo"])
        install(machine)
        assert "clock" in says(machine, "refused", 30)
        it.ssm.clear()
        says(machine, "online", 60)
