"""An EC2 instance for a test: a disk with the stand-in agent, IMDS and SSM around it, and boots of it."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from boot.harness import agent, container, disk, rootfs
from boot.harness.container import Machine, until
from boot.harness.network import IMDS_V4, IMDS_V6, Network, network
from ssmwake.simulate.endpoint import Endpoint, Event
from ssmwake.simulate.imds import Imds
from ssmwake.simulate.metadata import Role

GENERATOR = Path(__file__).parents[3] / "generator"
LIB = "/var/lib/ssmwake/ssmwake"


@dataclass(frozen=True)
class Instance:
    """What a boot needs, and what a test looks at."""

    net: Network
    imds: Imds
    ssm: Endpoint
    disk: Path

    @contextlib.contextmanager
    def boot(self) -> Iterator[Machine]:
        """Boot the disk."""
        with container.boot(self.disk, self.net) as machine:
            yield machine

    def attach(self, name: str = "web", after: float = 0) -> Role:
        """Attach a role that SSM accepts, at once or some seconds later."""
        role = self.imds.attach(name)
        self.ssm.allow(role.key, after=after)
        return role

    def swap(self, name: str = "db", same_profile: bool = False) -> Role:
        """Replace the role by one that SSM accepts."""
        role = self.imds.swap(name, same_profile)
        self.ssm.allow(role.key)
        return role

    def accepted(self, role: Role, timeout: float) -> Event:
        """Wait for the agent's first call with a role's key that SSM accepts."""
        event = self.ssm.wait_for("accepted", timeout, key=role.key)
        assert event, f"no call with the key of {role.name} was accepted within {timeout} s: {self.ssm.events}"
        return event

    def online(self, role: Role, timeout: float) -> Event:
        """Wait until the agent holds a control channel with a role's key."""
        event = self.ssm.wait_for("channel", timeout, key=role.key)
        assert event, f"no channel with the key of {role.name} within {timeout} s: {self.ssm.events}"
        return event


@contextlib.contextmanager
def instance(
    suite: str,
    agent_unit: str = agent.UNIT,
    agent_after: str = "network-online.target",
    agent_target: str = "multi-user.target",
    agent_options: str = "",
) -> Iterator[Instance]:
    """Make an instance of a suite that is off; an agent without a unit is not installed."""
    root = rootfs.root(rootfs.Recipe(suite))
    with contextlib.ExitStack() as stack:
        net = stack.enter_context(network())
        imds = stack.enter_context(net.inside(lambda: Imds(f"{IMDS_V4}:80", f"[{IMDS_V6}]:80")))
        ssm = stack.enter_context(net.inside(lambda: Endpoint(agent.SSM, agent.MESSAGES)))
        top = stack.enter_context(disk.disk(root))
        if agent_unit:
            agent.install(top, agent_unit, agent_after, agent_target, agent_options)
        yield Instance(net, imds, ssm, top)


def ssmwake(*arguments: str) -> bytes:
    """Run the command line of the checkout; return what it prints."""
    return subprocess.run(
        [sys.executable, "-m", "ssmwake", *arguments],
        env={**os.environ, "PYTHONPATH": str(GENERATOR)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    ).stdout


def asleep(machine: Machine, timeout: float = 30) -> None:
    """Wait until the agent has failed to find a role and sleeps."""
    log = machine.root / "var/log/amazon/ssm/amazon-ssm-agent.log"
    until(lambda: log.exists() and "Sleeping for" in log.read_text(), timeout, "the agent did not go to sleep")


def finished(machine: Machine, timeout: float = 60) -> str:
    """Wait until cloud-init has ended; return its status in one word."""

    def look() -> str:
        words = machine.run("cloud-init", "status", check=False).stdout.split()
        return words[1] if len(words) > 1 and words[1] in ("done", "error", "degraded", "disabled") else ""

    return until(look, timeout, "cloud-init did not end", pause=0.2)


def settle(seconds: float) -> None:
    """Give something that must not happen the time to happen."""
    time.sleep(seconds)
