"""An agent that is simulated, with an IMDS and an endpoint of its own, for tests of how it behaves."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ssmwake.simulate.endpoint import Endpoint
from ssmwake.simulate.imds import Imds

GENERATOR = Path(__file__).parents[2] / "generator"


def until(condition: Callable[[], object], timeout: float = 5.0) -> bool:
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@dataclass
class Bench:
    """An agent, an IMDS and an endpoint that belong together."""

    root: Path
    imds: Imds
    ssm: Endpoint
    lives: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *options: str, scale: float = 1.0, hurry: float = 20.0) -> subprocess.Popen[bytes]:
        where = ["--root", str(self.root), "--imds", self.imds.url]
        where += ["--ssm", self.ssm.address, "--messages", self.ssm.messages]
        command = [sys.executable, "-S", "-m", "ssmwake.simulate", "agent", *where, "--scale", str(scale)]
        self.lives.append(subprocess.Popen([*command, "--hurry", str(hurry), *options], cwd=GENERATOR))
        return self.lives[-1]

    def kill(self) -> None:
        for life in self.lives:
            life.kill()
            life.wait()

    def log(self, name: str = "amazon-ssm-agent.log") -> str:
        path = self.root / "var/log/amazon/ssm" / name
        return path.read_text() if path.exists() else ""

    def source(self) -> str:
        path = self.root / "var/lib/amazon/ssm/runtimeconfig/identity_config.json"
        return str(json.loads(path.read_text())["CredentialSource"])

    def says(self, text: str, timeout: float = 5.0) -> bool:
        return until(lambda: text in self.log(), timeout)

    def connections(self) -> int:
        """Count the addresses of SSM to which anybody is connected."""
        ports = {f"0100007F:{int(address.rpartition(':')[2]):04X}" for address in (self.ssm.address, self.ssm.messages)}
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return len({row[2] for row in rows if row[3] == "01"} & ports)

    def entered(self) -> list[float]:
        """Return when hibernate.log was written to, in seconds since the epoch."""
        lines = self.log("hibernate.log").splitlines()
        return [datetime.strptime(" ".join(line.split()[:2]), "%Y-%m-%d %H:%M:%S.%f").timestamp() for line in lines]


@contextmanager
def new_bench(root: Path) -> Iterator[Bench]:
    with Imds() as imds, Endpoint(messages="127.0.0.1:0") as ssm:
        bench = Bench(root, imds, ssm)
        try:
            yield bench
        finally:
            bench.kill()


def children(pid: int) -> list[str]:
    """Return the names of a process's children."""
    names = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        if int(rest.split()[1]) == pid:
            names.append(name)
    return names
