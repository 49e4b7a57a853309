"""What a test reads off a machine that has booted."""

import re
from dataclasses import dataclass

from boot.harness.agent import UNIT
from boot.harness.container import Machine, until
from boot.harness.instance import finished

WATCHER = "ssmwake.service"


@dataclass(frozen=True)
class Ended:
    """How a boot ended: cloud-init's word and complaints, and the seconds to multi-user and to cloud-init's end."""

    status: str
    complaints: str
    multi_user: float
    cloud_final: float


def ended(machine: Machine, timeout: float = 90) -> Ended:
    """Wait for the end of the boot."""
    status = finished(machine, timeout)
    long = machine.run("cloud-init", "status", "--long", check=False).stdout
    complaints = long if "degraded" in long or "WARNING" in long else ""
    moments = [reached(machine, unit) - machine.booted for unit in ("multi-user.target", "cloud-final.service")]
    return Ended(status, complaints, *moments)


def reached(machine: Machine, unit: str) -> float:
    """Wait until a unit is active; return the moment at which it became so."""

    def look() -> float:
        return int(machine.show(unit, "ActiveEnterTimestampMonotonic")["ActiveEnterTimestampMonotonic"]) / 1e6

    return until(look, 30, f"{unit} did not become active")


def starts(machine: Machine, unit: str = UNIT) -> int:
    """Count how often systemd has started a unit in this boot."""
    return len(machine.starts(unit))


def watcher_runs(machine: Machine) -> bool:
    """Say whether the watcher is up."""
    return machine.show(WATCHER, "ActiveState")["ActiveState"] == "active"


def versions(machine: Machine) -> str:
    """Name the versions of cloud-init and systemd."""
    asked = machine.output("dpkg-query", "-W", "-f", "${Package} ${Version}\\n", "cloud-init", "systemd")
    # What follows a dash, a tilde or a plus in a version is the distribution's own count.
    return ", ".join(re.sub("( [^-~+]*).*", r"\1", line) for line in asked.splitlines())
