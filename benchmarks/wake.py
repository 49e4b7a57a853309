"""How long from a role's appearance in IMDS to the agent's first accepted call, under systemd, at 1 s polling; its CPU.

PYTHONPATH=tests python benchmarks/wake.py [RUNS]; exits 1 where a figure is above its bound. Needs what the boots need.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable

from boot.harness import needs
from boot.harness.agent import UNIT
from boot.harness.container import Machine, until
from boot.harness.disk import write
from boot.harness.facts import WATCHER
from boot.harness.instance import LIB, Instance, instance, settle
from ssmwake.model import Config
from ssmwake.render import runtime
from ssmwake.render.carriers import conf

SUITE = "bookworm"


def fall_asleep(it: Instance, machine: Machine) -> None:
    """Take the role away and start agent and watcher anew, until the agent sleeps and the watcher knows it."""
    machine.run("systemctl", "stop", WATCHER)
    machine.run("rm", "-rf", "/run/ssmwake")
    it.imds.detach()
    log = it.disk / "var/log/amazon/ssm/amazon-ssm-agent.log"
    log.unlink(missing_ok=True)
    # Its past must not vouch for credentials, and its orderly end takes seven seconds that nobody measures here.
    (it.disk / "var/lib/amazon/ssm/runtimeconfig/identity_config.json").unlink(missing_ok=True)
    machine.run("systemctl", "kill", "--kill-who=all", "--signal=KILL", UNIT, check=False)
    machine.run("systemctl", "reset-failed", UNIT)
    machine.run("systemctl", "restart", UNIT)
    machine.run("systemctl", "start", WATCHER)
    until(lambda: log.exists() and "Sleeping for" in log.read_text(), 30, "the agent did not go to sleep")
    # Not in step with the watcher's polls.
    settle(6 + random.random())


def late(it: Instance, machine: Machine) -> float:
    """Attach a role that SSM accepts at once."""
    fall_asleep(it, machine)
    visible = time.monotonic()
    return it.accepted(it.attach(), 60).at - visible


def inconsistent(it: Instance, machine: Machine) -> float:
    """Attach a role that SSM denies for five seconds more."""
    fall_asleep(it, machine)
    visible = time.monotonic()
    return it.accepted(it.attach(after=5), 60).at - visible


def swapped(it: Instance, machine: Machine) -> float:
    """Replace the role of an agent that is online."""
    machine.run("systemctl", "stop", WATCHER)
    machine.run("rm", "-rf", "/run/ssmwake")
    first = it.attach("web")
    machine.run("systemctl", "restart", UNIT)
    it.online(first, 30)
    machine.run("systemctl", "start", WATCHER)
    settle(4 + random.random())
    visible = time.monotonic()
    return it.accepted(it.swap("db"), 60).at - visible


def hibernating(it: Instance, machine: Machine) -> float:
    """Let SSM deny the role of an agent that hibernates for nine seconds more; from then on, not from the start.

    The orderly restart takes seven of them, so it meets a denial, and another restart has to follow.
    """
    machine.run("systemctl", "stop", WATCHER)
    machine.run("rm", "-rf", "/run/ssmwake")
    role = it.attach("web")
    machine.run("systemctl", "kill", "--kill-who=all", "--signal=KILL", UNIT, check=False)
    machine.run("systemctl", "reset-failed", UNIT)
    machine.run("systemctl", "restart", UNIT)
    it.online(role, 30)
    it.ssm.deny(role.key)
    log = it.disk / "var/log/amazon/ssm/hibernate.log"
    log.unlink(missing_ok=True)
    machine.run("systemctl", "restart", UNIT)
    until(log.exists, 30, "the agent does not hibernate")
    settle(1 + random.random())
    valid = time.monotonic() + 9
    it.ssm.allow(role.key, after=9)
    machine.run("systemctl", "start", WATCHER)
    event = it.ssm.wait_for("accepted", 90, key=role.key, after=valid)
    assert event, machine.log(WATCHER)
    return event.at - valid


def cpu_when_well(it: Instance, machine: Machine) -> float:
    """Return what the watcher of an agent that is online costs with its default settings, in percent of a core."""
    write(it.disk, "etc/ssmwake.conf", conf(Config(), "ssmwake"))
    machine.run("systemctl", "restart", WATCHER)
    settle(5)
    group = machine.show(WATCHER, "ControlGroup")["ControlGroup"]

    def used() -> float:
        return int(machine.output("cat", f"/sys/fs/cgroup{group}/cpu.stat").split()[1]) / 1e6

    before, began = used(), time.monotonic()
    settle(80)
    return (used() - before) / (time.monotonic() - began) * 100


WELL = 0.06  # percent of a core
# what, how, the bounds of the median and of the worst in seconds
CASES: tuple[tuple[str, Callable[[Instance, Machine], float], float, float], ...] = (
    ("role late", late, 1.2, 2.5),
    ("role late, denied for 5 s", inconsistent, 12.0, 12.0),
    ("hibernating, after the role is valid", hibernating, 15.0, 15.0),
    ("role swapped", swapped, 9.0, 9.0),
)


def main() -> int:
    """Boot once, and run each case several times."""
    if lacks := needs.missing():
        sys.stderr.write(f"needs {', '.join(lacks)}\n")
        return 2
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    over = False
    with instance(SUITE) as it:
        write(it.disk, LIB, runtime(), 0o700)
        write(it.disk, "etc/ssmwake.conf", conf(Config(poll=1, poll_healthy=1), "ssmwake"))
        write(it.disk, "etc/cloud/cloud-init.disabled", "")
        with it.boot() as machine:
            machine.run("sh", LIB, "install")
            for name, case, median, worst in CASES:
                took = [case(it, machine) for _ in range(runs)]
                middle, most = statistics.median(took), max(took)
                over = over or middle > median or most > worst
                figures = (
                    f"median {middle:5.2f} s (at most {median:g}), worst of {runs} {most:5.2f} s (at most {worst:g})"
                )
                sys.stdout.write(f"{name:36} {figures}\n")
                sys.stdout.flush()
            well = cpu_when_well(it, machine)
            over = over or well > WELL
            sys.stdout.write(f"{'CPU when all is well':36} {well:.3f} percent of a core (at most {WELL:g})\n")
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
