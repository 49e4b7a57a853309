"""Units without systemd: each runs one process, restarts it as its policy says, and can be asked as systemd can.

Restart=always with RestartSec, KillMode=process or control-group, a start limit of five starts in ten seconds, and jobs
that are queued one after another. `ssmwake.simulate.systemctl` puts a command named systemctl in front of it.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

START_LIMIT = 5
START_INTERVAL = 10.0


@dataclass(frozen=True)
class Policy:
    """What a unit file says."""

    name: str
    command: tuple[str, ...]
    restart_sec: float = 90.0
    kill_mode: str = "process"
    stop_timeout: float = 90.0
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """Something that was asked of a unit; `done` is set when it is over."""

    verb: str
    done: threading.Event = field(default_factory=threading.Event)
    failure: str = ""


class Unit:
    """A unit and the thread that looks after it."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.file_state = "enabled"  # or disabled, or masked
        self.active, self.sub, self.result = "inactive", "dead", "success"
        self.starts: list[float] = []
        self.restarts = 0
        self.history: list[tuple[float, str]] = []  # (time.monotonic(), started|stopping|killed|exited|failed)
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: list[int] = []
        self._jobs: queue.Queue[Job | subprocess.Popen[bytes]] = queue.Queue()
        self._pending: list[Job] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._look_after, daemon=True)
        self._thread.start()

    @property
    def main_pid(self) -> int:
        """The process id of the main process, 0 when there is none."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else 0

    def properties(self) -> dict[str, str]:
        """Return what `systemctl show` prints."""
        masked = self.file_state == "masked"
        return {
            "Id": self.policy.name,
            "LoadState": "masked" if masked else "loaded",
            "ActiveState": self.active,
            "SubState": self.sub,
            "UnitFileState": self.file_state,
            "MainPID": str(self.main_pid),
            "Job": str(len(self._pending)) if self._pending else "",
            "KillMode": self.policy.kill_mode,
            "Restart": "always",
            "RestartUSec": f"{self.policy.restart_sec:g}s",
            "NRestarts": str(self.restarts),
            "Result": self.result,
            "Type": "simple",
        }

    def submit(self, verb: str) -> Job:
        """Queue a start, stop or restart; a restart that is waiting already stands for the new one."""
        with self._lock:
            waiting = next((job for job in self._pending if job.verb == verb), None)
            if waiting is not None:
                return waiting
            job = Job(verb)
            self._pending.append(job)
        self._jobs.put(job)
        return job

    def signal(self, number: int) -> bool:
        """Send a signal to the main process and say whether there is one."""
        if not self.main_pid:
            return False
        with suppress(ProcessLookupError):
            os.kill(self.main_pid, number)
        return True

    def reset_failed(self) -> None:
        """Forget a failure and the starts that were counted."""
        self.starts.clear()
        if self.active == "failed":
            self.active, self.sub, self.result = "inactive", "dead", "success"

    def close(self) -> None:
        """Kill every process that the unit ever started, and end the thread."""
        self._jobs.put(Job("close"))
        for group in self._groups:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        self._thread.join()
        for group in self._groups:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def _look_after(self) -> None:
        while True:
            holding = self.sub == "auto-restart"
            try:
                item = self._jobs.get(timeout=self.policy.restart_sec if holding else None)
            except queue.Empty:
                self.restarts += 1
                self._start()
                continue
            if isinstance(item, subprocess.Popen):
                if item is self._process:
                    self._exited(item)
                continue
            if item.verb == "close":
                return
            if item.verb in ("stop", "restart"):
                self._stop()
            if item.verb in ("start", "restart") and not self.main_pid:
                item.failure = self._start()
            with self._lock:
                self._pending.remove(item)
            item.done.set()

    def _start(self) -> str:
        now = time.monotonic()
        self.starts = [start for start in self.starts if now - start < START_INTERVAL]
        if len(self.starts) >= START_LIMIT:
            self.active, self.sub, self.result = "failed", "failed", "start-limit-hit"
            self._note("failed")
            return f"Job for {self.policy.name} failed: start limit hit"
        self.starts.append(now)
        try:
            self._process = subprocess.Popen(
                self.policy.command,
                env={**os.environ, **self.policy.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            self.active, self.sub, self.result = "failed", "failed", "exit-code"
            self._note("failed")
            return f"{self.policy.command[0]}: {error.strerror}"
        self._groups.append(self._process.pid)
        self.active, self.sub, self.result = "active", "running", "success"
        self._note("started")
        threading.Thread(target=self._watch, args=(self._process,), daemon=True).start()
        return ""

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self._jobs.put(process)

    def _exited(self, process: subprocess.Popen[bytes]) -> None:
        if self.policy.kill_mode == "control-group":
            self._kill_group(process, signal.SIGKILL)
        self._process = None
        self.result = "signal" if process.returncode < 0 else "exit-code" if process.returncode else "success"
        self.active, self.sub = "activating", "auto-restart"
        self._note("killed" if process.returncode == -signal.SIGKILL else "exited")

    def _stop(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            self.active, self.sub = "deactivating", "stop-sigterm"
            self._note("stopping")
            self._kill(process, signal.SIGTERM)
            try:
                process.wait(self.policy.stop_timeout)
            except subprocess.TimeoutExpired:
                self._kill(process, signal.SIGKILL)
                process.wait()
        self._process = None
        self.active, self.sub, self.result = "inactive", "dead", "success"

    def _note(self, what: str) -> None:
        self.history.append((time.monotonic(), what))

    def _kill(self, process: subprocess.Popen[bytes], number: int) -> None:
        if self.policy.kill_mode == "control-group":
            self._kill_group(process, number)
        else:
            process.send_signal(number)

    @staticmethod
    def _kill_group(process: subprocess.Popen[bytes], number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
