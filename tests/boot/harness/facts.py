"""What a test reads off a machine that has booted."""

import re
from collections.abc import Callable
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
    complaints = long if status != "done" or "degraded" in long or "WARNING" in long else ""
    multi_user = moment(machine, "multi-user.target", "ActiveEnterTimestampMonotonic")
    # It may have failed, because of a person's script; then it never becomes active.
    cloud_final = moment(machine, "cloud-final.service", "ExecMainExitTimestampMonotonic")
    return Ended(status, complaints, multi_user - machine.booted, cloud_final - machine.booted)


def moment(machine: Machine, unit: str, name: str) -> float:
    """Wait until a unit has a timestamp; return it."""
    return until(lambda: int(machine.show(unit, name)[name]) / 1e6, 30, f"{unit} has no {name}")


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


def tell(record: Callable[[str, object], None], machine: Machine, form: str, case: str, measured: str) -> None:
    """Leave a row of the table that ends the run, as a property of the test's report."""
    suite = machine.output("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME")
    record("booted", f"{suite}, {versions(machine)}|{form}|{case}|{measured}")
