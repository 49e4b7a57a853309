"""A systemd that does not answer: it must not take the runtime with it, and proves nothing about the agent."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from boot.harness.container import Machine
from boot.harness.instance import asleep, settle
from boot.harness.wake import install, machine_of, run, says, status, watching

pytestmark = pytest.mark.matrix


@contextmanager
def frozen(machine: Machine) -> Iterator[None]:
    """Stop PID 1, as a broken one is; everything else runs on."""
    os.kill(machine.leader, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(machine.leader, signal.SIGCONT)


@pytest.mark.parametrize("has_timeout", [True, False])
def test_run_ends_at_its_timeout_and_the_watcher_wakes_the_agent_afterwards(has_timeout: bool) -> None:
    with machine_of() as (it, machine):
        if not has_timeout:
            machine.run("mv", "/usr/bin/timeout", "/usr/bin/timeout.absent")
        asleep(machine)
        install(machine)
        watching(machine)
        settle(5)
        with frozen(machine):
            role = it.attach()
            ended = run(machine, "--timeout", "10")
            assert (ended.report["exit"], ended.report["reason"]) == (71, "agent-unknown")
            assert ended.seconds < 14
            report = status(machine)
            assert (report["exit"], report["reason"], report["agent"]) == (71, "agent-unknown", "unknown")
        it.online(role, 60)
        says(machine, "online")
