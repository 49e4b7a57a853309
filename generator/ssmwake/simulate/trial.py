"""A trial on loopback: the rendered runtime against the fake IMDS, the stand-in agent and the stand-in SSM, as moments.

Everything lives in one temporary folder and ends with the trial. The agent keeps true time, so that nothing but the
runtime can wake it while we watch.
"""

from __future__ import annotations

import queue
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO, TypeVar

from ssmwake.simulate.agent_shared import KEY_CACHE, duration
from ssmwake.simulate.endpoint import ENDPOINT_FAULTS, Endpoint, Event
from ssmwake.simulate.imds import Imds
from ssmwake.simulate.metadata import Role
from ssmwake.simulate.sandbox import agent_command, end, environment_below, package_folder, write_files
from ssmwake.simulate.supervisor import Policy, Unit
from ssmwake.simulate.systemctl import Systemctl

UNIT = "amazon-ssm-agent.service"
LOG = "var/log/amazon/ssm/amazon-ssm-agent.log"
# For how long the runtime may take to notice what the endpoint has seen already.
GRACE = 3.0
# What stands before the word in a line of the runtime.
BEFORE_WORD = re.compile(r"^ssmwake: (\d{4}-\S+Z )?")

ENDINGS = {
    "stopping": ", which takes 7 s",
    "killed": ": it was asleep, and stopping it would have taken 7 s",
    "exited": " by itself; systemd restarts it after 90 s",
    "failed": " for good, until `systemctl reset-failed`",
}

T = TypeVar("T")


@dataclass(frozen=True)
class Setting:
    """What to put on the instance, and what happens to it; times are in seconds."""

    files: Mapping[str, str]  # absolute path -> text, below the temporary root
    runtime: str  # which of them is the runtime
    role: str = "web"
    role_after: float = 5.0
    swap_to: str = ""
    swap_after: float = 2.0
    faults: tuple[str, ...] = ()
    fault_for: float = float("inf")
    iam_lag: float = 0.0
    timeout: float = 60.0
    shell: tuple[str, ...] = ("sh",)
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class Moment:
    """Something that happened: seconds since the start, what it was, and a line about it."""

    at: float
    what: str
    text: str


class Trial:
    """One trial; `moments` runs it, and the attributes tell how far it came."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.slept = 0.0  # what the agent announced last
        self.first_sleep_ends = 0.0
        self.attached_at: float | None = None
        self.online_at: float | None = None
        self.swapped_at: float | None = None
        self.swap_online_at: float | None = None
        self.confirmed = False  # the runtime has said that the agent is online
        self.starts = 0
        self.state = "no agent"
        self._role: Role | None = None
        self._began = 0.0
        self._lines: queue.Queue[tuple[float, str]] = queue.Queue()
        self._seen: dict[str, int] = {}

    @property
    def ok(self) -> bool:
        """Say whether the agent came online with the role that is attached last."""
        return (self.swap_online_at if self.setting.swap_to else self.online_at) is not None

    def moments(self) -> Generator[Moment, None, None]:
        """Run the trial and yield what happens, until the agent is online or the time is up."""
        with ExitStack() as stack:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ssmwake-")))
            imds = stack.enter_context(Imds())
            ssm = stack.enter_context(Endpoint())
            unit = Unit(
                Policy(UNIT, agent_command(root, imds.url, ssm.address), environment={"PYTHONPATH": package_folder()})
            )
            systemctl = stack.enter_context(Systemctl(root / "bin", unit))
            self._began = time.monotonic()
            for name in self.setting.faults:
                (ssm if name in ENDPOINT_FAULTS else imds).fault(name, self.setting.fault_for)
                yield self._moment("fault", f"fault: {name}")
            if self.setting.role_after <= 0:
                yield self._attach(imds, ssm)
            else:
                yield self._moment("role-absent", "role absent: IMDS shows no instance profile")
            unit.submit("start").done.wait(5)
            write_files(root, self.setting.files)
            watcher = self._watcher(root, imds.url, systemctl.path)
            stack.callback(self._reader.join, 2)
            stack.callback(end, watcher)
            yield from self._follow(root, imds, ssm, unit)

    def _watcher(self, root: Path, endpoint: str, path: Path) -> subprocess.Popen[str]:
        runtime = root / self.setting.runtime.lstrip("/")
        watcher = subprocess.Popen(
            [*self.setting.shell, str(runtime), "watch", "--endpoint", endpoint],
            env={**environment_below(root, path), **self.setting.environment},
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        assert watcher.stderr is not None
        self._reader = threading.Thread(target=self._read, args=(watcher.stderr,), daemon=True)
        self._reader.start()
        return watcher

    def _read(self, words: TextIO) -> None:
        with words:
            for line in words:
                self._lines.put((self._now(), line.strip()))

    def _follow(self, root: Path, imds: Imds, ssm: Endpoint, unit: Unit) -> Iterator[Moment]:
        healed = self.setting.fault_for if self.setting.faults else float("inf")
        while (now := self._now()) < self.setting.timeout:
            if now >= healed:
                healed = float("inf")
                yield self._moment("fault-over", "fault over")
            if self.attached_at is None and now >= self.setting.role_after:
                yield self._attach(imds, ssm)
            if self._swap_is_due(now):
                yield self._swap(imds, ssm)
            # The endpoint first: what the runtime says counts as a confirmation only once the agent is online.
            yield from sorted([*self._endpoint(ssm), *self._runtime(), *self._unit(unit), *self._agent(root)])
            reached = self.swap_online_at if self.setting.swap_to else self.online_at
            if reached is not None and (self.confirmed or now >= reached + GRACE):
                return
            time.sleep(0.05)
        yield self._moment("timeout", f"time is up after {self.setting.timeout:g} s: {self.state}")

    # What we do to the instance.

    def _attach(self, imds: Imds, ssm: Endpoint) -> Moment:
        self._role = imds.attach(self.setting.role)
        ssm.allow(self._role.key, self.setting.iam_lag)
        moment = self._moment("role-attached", f"role attached: {self._role.name}")
        self.attached_at = moment.at
        return moment

    def _swap_is_due(self, now: float) -> bool:
        if not self.setting.swap_to or self.swapped_at is not None or self.online_at is None:
            return False
        return now >= self.online_at + (
            self.setting.swap_after if self.confirmed else max(self.setting.swap_after, GRACE)
        )

    def _swap(self, imds: Imds, ssm: Endpoint) -> Moment:
        self._role = imds.swap(self.setting.swap_to)
        ssm.allow(self._role.key, self.setting.iam_lag)
        self.confirmed = False
        moment = self._moment("role-swapped", f"role swapped: {self._role.name}, of another profile")
        self.swapped_at = moment.at
        return moment

    # What we see.

    def _runtime(self) -> Iterator[Moment]:
        while not self._lines.empty():
            at, line = self._lines.get()
            self.confirmed = self.confirmed or (self.ok_so_far and " online: " in line)
            yield Moment(at, "runtime", f"runtime: {BEFORE_WORD.sub('', line)}")

    @property
    def ok_so_far(self) -> bool:
        """Say whether the endpoint has seen the agent with the role of the moment."""
        return (self.online_at if self.swapped_at is None else self.swap_online_at) is not None

    def _unit(self, unit: Unit) -> Iterator[Moment]:
        for at, what in self._new("unit", unit.history):
            if what == "started":
                self.starts += 1
                self.state = "agent started"
                again = ("agent-woken", "agent woken: a new main process")
                yield Moment(at - self._began, *(again if self.starts > 1 else ("agent-started", "agent started")))
            else:
                self.state = f"agent {what}"
                yield Moment(at - self._began, f"agent-{what}", f"agent {what}{ENDINGS[what]}")

    def _agent(self, root: Path) -> Iterator[Moment]:
        log = root / LOG
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        for line in self._new("agent", lines):
            sleep = re.search(r"Sleeping for (?:(\d+)h)?(\d+)m(\d+)s", line)
            if sleep:
                hours, minutes, seconds = (int(number or 0) for number in sleep.groups())
                self.slept = hours * 3600.0 + minutes * 60 + seconds
                self.first_sleep_ends = self.first_sleep_ends or self._now() + self.slept
                self.state = f"agent asleep for {duration(self.slept)}"
                yield self._moment("agent-asleep", f'agent asleep: it says "{sleep[0]}"')

    def _endpoint(self, ssm: Endpoint) -> Iterator[Moment]:
        for event in self._new("endpoint", ssm.events):
            at = event.at - self._began
            if event.what == "channel" and self._role is not None and event.key == self._role.key:
                self._online(at)
                yield Moment(at, "agent-online", "agent online: its control channel is open")
            elif event.what in ("accepted", "denied", "failed") and event.call == "UpdateInstanceInformation":
                text, new = description(event), f"{event.what} {event.key}"
                if self._seen.get("said") != hash(new):  # a worker and its core make the same call
                    self._seen["said"] = hash(new)
                    yield Moment(at, f"call-{event.what}", text)

    def _online(self, at: float) -> None:
        self.state = "agent online"
        if self.swapped_at is None:
            self.online_at = at if self.online_at is None else self.online_at
        elif self.swap_online_at is None:
            self.swap_online_at = at

    def _new(self, source: str, items: list[T]) -> list[T]:
        seen = self._seen.get(source, 0)
        self._seen[source] = len(items)
        return items[seen:]

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _moment(self, what: str, text: str) -> Moment:
        return Moment(self._now(), what, text)


def description(event: Event) -> str:
    if event.what == "accepted":
        return "agent's call to SSM accepted"
    return f"agent's call to SSM {event.what}" + (": IAM does not know the role yet" if event.what == "denied" else "")


def waits(trial: Trial) -> Iterator[tuple[str, float, float]]:
    """Yield, for each role, how long it took until the agent was online, and how long the agent alone would have taken.

    Asleep, it would have slept on; online with an old key, it would have kept that key for 30 minutes.
    """
    if trial.attached_at is not None and trial.online_at is not None and trial.slept:
        yield "role attached", trial.online_at - trial.attached_at, trial.first_sleep_ends - trial.attached_at
    if trial.swapped_at is not None and trial.swap_online_at is not None:
        yield "role swapped", trial.swap_online_at - trial.swapped_at, KEY_CACHE
