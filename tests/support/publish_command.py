"""`ssmwake publish`, run in this process or on a terminal."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from ssmwake.cli import command

SOURCE = str(Path(__file__).parents[2] / "generator")


def run(*arguments: str, **settings: Any) -> Result:
    return CliRunner().invoke(command, ["publish", *arguments], **settings)


def on_a_terminal(
    *arguments: str, typed: str, environment: dict[str, str] | None = None, prompt: bytes = b"[y/N]"
) -> tuple[int, str]:
    """Run the command on a terminal, type when it asks, and return its exit status and what was to be seen."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ssmwake", "publish", *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "PYTHONPATH": SOURCE, "TERM": "xterm", "COLUMNS": "120", **(environment or {})},
    )
    os.close(follower)
    seen, deadline, answered = b"", time.monotonic() + 60, False
    while time.monotonic() < deadline:
        if select.select([leader], [], [], 0.1)[0]:
            try:
                seen += os.read(leader, 65_536)
            except OSError:
                break
        if prompt in seen and not answered:
            os.write(leader, typed.encode())
            answered = True
    os.close(leader)
    return process.wait(timeout=10), seen.decode()
