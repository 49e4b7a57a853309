"""The sandbox of a trial: its folder, the environment of its processes, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def environment_below(root: Path, commands: Path) -> dict[str, str]:
    """Return our environment without what would steer the runtime, and with what makes it stay below the root."""
    steering = ("SSMWAKE_", "SSM_COMMAND_ID", "AWS_SSM_INSTANCE_ID")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(steering)}
    return kept | {
        "PATH": f"{commands}:{os.environ.get('PATH', os.defpath)}",
        "SSMWAKE_ROOT": str(root),
        "TMPDIR": str(root),
    }


def package_folder() -> str:
    """Return the folder from which the agent's process imports this package."""
    return str(Path(__file__).parents[2])


def agent_command(root: Path, imds: str, ssm: str) -> tuple[str, ...]:
    where = ("--root", str(root), "--imds", imds, "--ssm", ssm)
    return (sys.executable, "-S", "-m", "ssmwake.simulate", "agent", *where)


def write_files(root: Path, files: Mapping[str, str]) -> None:
    """Write the files below the root, for nobody else to read, and what tells the runtime that systemd runs."""
    for name, text in files.items():
        target = root / name.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())
        target.chmod(0o700)
    (root / "run/systemd/system").mkdir(parents=True)


def end(watcher: subprocess.Popen[str]) -> None:
    """End the watcher and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(watcher.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        watcher.wait(2)
    with suppress(ProcessLookupError):
        os.killpg(watcher.pid, signal.SIGKILL)
    watcher.wait()
