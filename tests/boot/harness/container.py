"""A container with systemd as PID 1: boot a disk, run commands inside, read its journal, stop it in order or not."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from boot.harness.network import NAMESPACES, Network

# Without it systemd 258 and later do not start on a host whose control groups are of the first version.
UNIFIED = {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
# BPF is how systemd enforces IPAddressDeny=; without it the confinement of our unit would be untested.
CAPABILITIES = "CAP_BPF,CAP_PERFMON,CAP_NET_ADMIN,CAP_SYS_RESOURCE"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
T = TypeVar("T")
STARTED = "39f53479d3a045ac8e11786248231fbf"  # systemd's MESSAGE_ID of "a unit has started"


@dataclass(frozen=True)
class Machine:
    """A container that runs; its clock (`time.monotonic`) is the host's."""

    nspawn: subprocess.Popen[bytes]
    leader: int
    root: Path
    console: Path
    booted: float

    def run(self, *command: str, timeout: float = 60, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root, with an empty environment."""
        enter = [
            "nsenter",
            f"--target={self.leader}",
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--root",
            "--wd=/",
        ]
        done = subprocess.run(
            [*enter, "--", "env", "-i", f"PATH={PATH}", "HOME=/root", *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def output(self, *command: str, timeout: float = 60) -> str:
        """Return what a command that succeeds prints."""
        return self.run(*command, timeout=timeout).stdout.strip()

    def show(self, unit: str, *names: str) -> dict[str, str]:
        """Return properties of a unit."""
        lines = self.output("systemctl", "show", unit, *(f"--property={name}" for name in names)).splitlines()
        return dict(line.split("=", 1) for line in lines)

    def journal(self, *matches: str) -> list[dict[str, Any]]:
        """Return the entries of this boot's journal that match."""
        return [json.loads(line) for line in self.output("journalctl", "-b", "-o", "json", *matches).splitlines()]

    def log(self, unit: str) -> str:
        """Return what a unit has logged in this boot."""
        return self.output("journalctl", "-b", "-o", "short-monotonic", "--no-hostname", "-u", unit)

    def starts(self, unit: str) -> list[float]:
        """Return the moments at which systemd started a unit in this boot."""
        entries = self.journal("_PID=1", f"MESSAGE_ID={STARTED}", f"UNIT={unit}")
        return [int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6 for entry in entries]

    def running(self) -> bool:
        return self.nspawn.poll() is None

    def power_off(self, timeout: float = 60) -> float:
        """Shut down in order; return the seconds that it took."""
        started = time.monotonic()
        self.run("systemctl", "--no-block", "poweroff")
        self.nspawn.wait(timeout)
        return time.monotonic() - started

    def cut(self) -> None:
        """Cut the power: every process dies at once, without a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.leader, signal.SIGKILL)
        self.nspawn.wait(20)


@contextlib.contextmanager
def boot(
    disk: Path, net: Network, binds: Mapping[Path, str] | None = None, options: tuple[str, ...] = ()
) -> Iterator[Machine]:
    """Boot a disk in a network, with folders of the host shown inside; whatever still runs at the end is cut."""
    console = disk.parent / "console"
    command = ["setpriv", "--pdeathsig", "TERM", "systemd-nspawn", "--quiet", "--register=no", "--keep-unit"]
    command += ["--resolv-conf=off", "--timezone=off", "--console=read-only"]
    command += [f"--network-namespace-path={NAMESPACES / net.guest}", f"--directory={disk}"]
    command += [f"--machine={net.guest}", f"--capability={CAPABILITIES}", "--system-call-filter=bpf"]
    command += [f"--bind-ro={source}:{target}" for source, target in (binds or {}).items()]
    with console.open("ab") as output:
        nspawn = subprocess.Popen(
            [*command, *options, "/usr/sbin/boot-init"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **UNIFIED},
        )
    booted = time.monotonic()
    try:
        leader = until(lambda: child(nspawn, console), 30, "the container has no PID 1")
        machine = Machine(nspawn, leader, disk, console, booted)
        until(
            lambda: machine.run("systemctl", "is-system-running", check=False).stdout.strip() not in ("", "offline"), 30
        )
        yield machine
    finally:
        # A nspawn that is terminated kills the container; one that is killed leaves it behind.
        nspawn.terminate()
        nspawn.wait(20)


def child(nspawn: subprocess.Popen[bytes], console: Path) -> int:
    """Return the PID 1 of the container, or 0 while it is not there yet."""
    if nspawn.poll() is not None:
        raise AssertionError(f"systemd-nspawn ended with {nspawn.returncode}:\n{console.read_text(errors='replace')}")
    children = Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children").read_text().split()
    for process in map(int, children):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{process}/comm").read_text().strip() == "systemd":
                return process
    return 0


def until(look: Callable[[], T], timeout: float, why: str = "it did not happen", pause: float = 0.05) -> T:
    """Wait until a look gives something true, and return that."""
    deadline = time.monotonic() + timeout
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{why} within {timeout:g} s")
        time.sleep(pause)
    return seen
