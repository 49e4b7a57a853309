"""Source the parts of the runtime and run some of their functions, without the rest of it."""

import subprocess
import time
from pathlib import Path

from ssmwake.resources import templates
from support.shells import Runtime, found

PARTS = ("settings", "agent", "refusal", "retries", "processes", "clock")


def call(runtime: Runtime, shell: str, commands: str) -> str:
    """Return what the commands print in a shell; they must say nothing on standard error."""
    sources = "\n".join(f'. "{templates()}/runtime/{name}.sh"' for name in PARTS)
    name, *options = shell.split()
    done = subprocess.run(
        [found(name), *options, "-c", f"set -u\n{sources}\nrole=web unit=amazon-ssm-agent.service\n{commands}"],
        env=runtime.environment("curl"),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stderr == ""
    return done.stdout


def write_log(root: Path, *lines: str, ago: int = 0) -> str:
    """Write the agent's log, and return the time that its lines have."""
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time.time() - ago)) + ".1234"
    path = root / "var/log/amazon/ssm/amazon-ssm-agent.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{stamp} {line}\n" for line in lines))
    return stamp
