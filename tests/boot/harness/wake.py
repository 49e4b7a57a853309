"""The runtime on a machine that has booted: install it, run it, and read what it and its watcher say."""

import contextlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from boot.harness.agent import UNIT
from boot.harness.container import Machine, until
from boot.harness.disk import write
from boot.harness.facts import WATCHER
from boot.harness.instance import LIB, Instance, instance
from ssmwake.model import Config
from ssmwake.render import runtime
from ssmwake.render.carriers import conf

# An agent that is well is looked at every 20 s by default; a test does not wait that long.
SUITE = "bookworm"
OFTEN = conf(Config(poll_healthy=1), "ssmwake")


@contextlib.contextmanager
def up(it: Instance, *, cloud_init: bool = False) -> Iterator[Machine]:
    """Boot with the runtime on the disk but not installed; cloud-init has nothing to do with most of these facts."""
    write(it.disk, LIB, runtime(), 0o700)
    if not cloud_init:
        write(it.disk, "etc/cloud/cloud-init.disabled", "")
    with it.boot() as machine:
        yield machine


@contextlib.contextmanager
def machine_of(options: str = "", settings: str = OFTEN) -> Iterator[tuple[Instance, Machine]]:
    """Boot a machine whose agent has these options."""
    with instance(SUITE, agent_options=options) as it:
        write(it.disk, "etc/ssmwake.conf", settings)
        with up(it) as machine:
            yield it, machine


def install(machine: Machine) -> float:
    """Install as user data does; return when that was done."""
    machine.run("sh", LIB, "install", timeout=30)
    return time.monotonic()


def watching(machine: Machine) -> int:
    """Wait for the watcher; return its process id."""
    return until(lambda: int(machine.show(WATCHER, "MainPID")["MainPID"]), 10, "the watcher does not run")


def status(machine: Machine) -> dict[str, object]:
    """Return what `ssmwake status --json` says."""
    fields: dict[str, object] = json.loads(machine.run("sh", LIB, "status", "--json", check=False).stdout)
    return fields


def people(machine: Machine) -> str:
    """Return what `ssmwake status` says to people."""
    return machine.run("sh", LIB, "status", check=False).stdout


@dataclass(frozen=True)
class Run:
    """How `ssmwake run` ended."""

    report: dict[str, Any]
    lines: str
    seconds: float


def run(machine: Machine, *options: str) -> Run:
    """Run `ssmwake run` next to whatever else runs."""
    began = time.monotonic()
    done = machine.run("sh", LIB, "run", *options, check=False, timeout=120)
    report = json.loads(done.stdout)
    assert report["exit"] == done.returncode
    return Run(report, done.stderr, time.monotonic() - began)


def changes(machine: Machine) -> list[tuple[str, str]]:
    """Return what the watcher has said in this boot: the word and the sentence of each line."""
    return re.findall(r"ssmwake: \S+Z ([a-z-]+): (.+)", machine.log(WATCHER))


def says(machine: Machine, word: str, timeout: float = 20) -> str:
    """Wait until the watcher has said a word; return its sentence."""

    def look() -> str:
        return next((sentence for said, sentence in reversed(changes(machine)) if said == word), "")

    return until(look, timeout, f"the watcher did not say {word!r}: {changes(machine)}", pause=0.2)


def restarts(machine: Machine) -> int:
    """Count how often the agent was started again in this boot."""
    return len(machine.starts(UNIT)) - 1
