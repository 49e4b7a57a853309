"""Run the joined runtime: in each shell that it must work in, with each HTTP client, in a temporary root."""

import json
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import tools

# Those of the machine; what is missing is named once at the end of the run, and is a failure in CI.
SHELLS = tuple(
    shell for shell in ("dash", "bash --posix", "busybox ash", "mksh", "yash", "ksh93") if tools.find(shell.split()[0])
) or ("sh",)
CLIENTS = tuple(client for client in ("curl", "python3", "bash") if tools.find(client))
# What a base image has besides its HTTP client; nothing else is on PATH in these tests.
TOOLS = [
    "sh",
    "cat",
    "chmod",
    "cmp",
    "date",
    "expr",
    "grep",
    "id",
    "ln",
    "ls",
    "mkdir",
    "mv",
    "printf",
    "od",
    "rm",
    "sed",
    "sleep",
]
TOOLS += ["tail", "tr", "true"]
# What a client needs besides itself.
COMPANIONS = {"bash": ["timeout"]}


@dataclass(frozen=True)
class Result:
    """How a run of the runtime ended."""

    shell: str
    client: str
    status: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The one JSON line on standard output."""
        lines = self.out.splitlines()
        assert len(lines) == 1, f"{self}: not exactly one line"
        report: dict[str, Any] = json.loads(lines[0])
        return report


@dataclass(frozen=True)
class Runtime:
    """The joined runtime in a temporary root."""

    script: Path
    root: Path

    def bin(self, client: str) -> Path:
        """A folder with the tools of a base image and one HTTP client."""
        folder = self.root / f"bin-{client}"
        if not folder.exists():
            folder.mkdir(parents=True)
            # The machine's own tools, not a version manager's shims, which need more than a base image has.
            for tool in (*TOOLS, *([client, *COMPANIONS.get(client, [])] if client else [])):
                (folder / tool).symlink_to(found(tool))
        return folder

    def environment(self, client: str, **more: str) -> dict[str, str]:
        return {"PATH": str(self.bin(client)), "SSMWAKE_ROOT": str(self.root), **more}

    def command(self, shell: str, *arguments: str) -> list[str]:
        name, *options = shell.split()
        return [found(name), *options, str(self.script), *arguments]

    def run(self, *arguments: str, shell: str = SHELLS[0], client: str = "curl", **environment: str) -> Result:
        done = subprocess.run(
            self.command(shell, *arguments),
            check=False,
            env=self.environment(client, **environment),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        return Result(shell, client, done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))

    def start(
        self, *arguments: str, shell: str = SHELLS[0], client: str = "curl", **env: str
    ) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(shell, *arguments),
            env=self.environment(client, **env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run_everywhere(self, *arguments: str, clients: tuple[str, ...] = CLIENTS) -> list[Result]:
        """Run in every shell with every client, side by side."""
        for client in clients:
            self.bin(client)
        pairs = [(shell, client) for client in clients for shell in SHELLS]
        with ThreadPoolExecutor(len(pairs)) as pool:
            return list(pool.map(lambda pair: self.run(*arguments, shell=pair[0], client=pair[1]), pairs))


def found(tool: str) -> str:
    """Return the path of a program; leave the test out where it is missing."""
    return tools.require(tool)


def end(process: "subprocess.Popen[str]", number: int = signal.SIGTERM) -> tuple[str, str]:
    """Send a signal to a run that was started, and return what it said."""
    if process.poll() is None:
        os.kill(process.pid, number)
    out, err = process.communicate(timeout=20)
    return out, err
