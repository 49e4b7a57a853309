"""The way to Systems Manager is closed, or goes through a proxy: what status, run and the watcher say, and do."""

import time

import pytest

from boot.harness.agent import PROXY, SSM_NAME, UNIT
from boot.harness.container import Machine, until
from boot.harness.disk import write
from boot.harness.instance import Instance, asleep, settle
from boot.harness.network import HOST, NOWHERE
from boot.harness.wake import install, machine_of, restarts, run, says, status

pytestmark = pytest.mark.matrix

NAMED = f"--ssm {SSM_NAME}:8443"


def attached(it: Instance, machine: Machine) -> None:
    """Have the agent asleep and watched, and then a role that SSM accepts."""
    asleep(machine)
    install(machine)
    settle(5)
    it.attach()


def test_without_a_route_it_says_that_ssm_cannot_be_reached() -> None:
    with machine_of() as (it, machine):
        asleep(machine)
        machine.run("ip", "route", "add", "unreachable", HOST)
        attached(it, machine)
        reason = says(machine, "unreachable", 60)
        assert "443" in reason
        assert "no route to host" in reason
        report = status(machine)
        assert (report["exit"], report["cause"]) == (71, "unreachable")
        assert "no route to host" in str(report["error"])
        assert "routes" in str(report["todo"])
        machine.run("ip", "route", "del", "unreachable", HOST)
        says(machine, "online", 60)


def test_where_packets_vanish_it_says_that_ssm_cannot_be_reached() -> None:
    # Ten times as fast, a try ends after 3 s and the agent's verdict comes after 17 s.
    with machine_of(f"--ssm {NOWHERE}:443 --hurry 10") as (it, machine):
        install(machine)
        settle(3)
        it.attach()
        assert "i/o timeout" in says(machine, "unreachable", 90)
        report = status(machine)
        assert (report["exit"], report["cause"]) == (71, "unreachable")
        assert f"{NOWHERE}:443" in str(report["error"])


def test_a_name_that_is_not_found_is_named() -> None:
    with machine_of(NAMED) as (it, machine):
        attached(it, machine)
        reason = says(machine, "unreachable", 60)
        assert f"lookup {SSM_NAME}" in reason
        assert "DNS" in reason
        denied = run(machine, "--timeout", "35")
        assert (denied.report["exit"], denied.report["reason"], denied.report["cause"]) == (
            75,
            "agent-unregistered",
            "unreachable",
        )
        write(it.disk, "etc/hosts", f"{HOST} {SSM_NAME}\n")
        says(machine, "online", 60)


def test_through_a_proxy_a_late_role_wakes_the_agent_once() -> None:
    with machine_of(PROXY) as (it, machine):
        asleep(machine)
        install(machine)
        settle(5)
        role = it.attach()
        it.online(role, 20)
        says(machine, "online")
        settle(6)
        assert restarts(machine) == 1
        report = status(machine)
        assert (report["reason"], report["agent"]) == ("ready", "online")
        ended = run(machine, "--timeout", "10")
        assert (ended.report["reason"], ended.report["action"]) == ("ready", "none")


def test_through_a_proxy_an_agent_that_is_refused_is_not_online() -> None:
    with machine_of(PROXY) as (it, machine):
        role = it.attach()
        machine.run("systemctl", "restart", UNIT)
        it.online(role, 30)
        it.ssm.deny(role.key)
        machine.run("systemctl", "restart", UNIT)
        until((it.disk / "var/log/amazon/ssm/hibernate.log").exists, 20)
        before = restarts(machine)
        settle(3)
        assert status(machine)["reason"] == "agent-hibernating"
        it.ssm.allow(role.key)
        allowed = time.monotonic()
        install(machine)
        assert it.ssm.wait_for("channel", 30, key=role.key, after=allowed)
        says(machine, "online")
        settle(6)
        assert restarts(machine) == before + 1


def test_packets_that_are_dropped_for_a_while_restart_nothing() -> None:
    with machine_of() as (it, machine):
        role = it.attach()
        machine.run("systemctl", "restart", UNIT)
        it.online(role, 30)
        before = restarts(machine)
        install(machine)
        says(machine, "online")
        it.net.unplug()
        settle(20)
        assert status(machine)["agent"] == "online"
        it.net.plug()
        settle(8)
        assert restarts(machine) == before
        report = status(machine)
        assert (report["reason"], report["agent"]) == ("ready", "online")
        assert it.ssm.online == [role.key]
