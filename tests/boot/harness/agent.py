"""The stand-in agent on a disk: its code, and a unit with the vendor's restart policy."""

import hashlib
import subprocess
from pathlib import Path

from boot.harness.disk import write
from boot.harness.network import HOST
from boot.harness.network import MESSAGES as MESSAGES_HOST
from ssmwake import simulate

UNIT = "amazon-ssm-agent.service"
SNAP_UNIT = "snap.amazon-ssm-agent.amazon-ssm-agent.service"
SSM = f"{HOST}:8443"
MESSAGES = f"{MESSAGES_HOST}:8443"
# Through a proxy the agent is connected to one address for everything.
PROXY = f"--messages {SSM}"
SSM_NAME = "ssm.eu-central-1.amazonaws.com"
HOME = "opt/agent"


def unit_text(after: str = "network-online.target", target: str = "multi-user.target", options: str = "") -> str:
    """Return a unit file; how it restarts and what it kills is as in the vendor's packages."""
    return f"""[Unit]
Description=stand-in for amazon-ssm-agent
After={after}
[Service]
Environment=PYTHONPATH=/{HOME}
ExecStart=/{HOME}/amazon-ssm-agent -m ssmwake.simulate agent --ssm {SSM} --messages {MESSAGES} {options}
KillMode=process
Restart=always
RestartSec=90
RestartPreventExitStatus=194
[Install]
WantedBy={target}
"""


def put_code(disk: Path, worker: bool = True) -> None:
    """Copy the stand-in's code, which needs only Python's standard library, and the program of an agent's worker."""
    if worker:
        # The stand-in puts it there where it is missing, and cannot where /usr is read-only.
        write(disk, "usr/bin/ssm-agent-worker", "")
    # The kernel names a process after the file that is executed, and the real agent has its name from the start.
    (disk / HOME).mkdir(parents=True, exist_ok=True)
    (disk / HOME / "amazon-ssm-agent").symlink_to("/usr/bin/python3")
    write(disk, f"{HOME}/ssmwake/__init__.py", "")
    for source in Path(simulate.__path__[0]).glob("*.py"):
        write(disk, f"{HOME}/ssmwake/simulate/{source.name}", source.read_bytes())


def install(disk: Path, unit: str, after: str, target: str, options: str = "") -> None:
    """Put the agent on a disk and enable it."""
    put_code(disk, worker="2.3" not in options)
    write(disk, f"etc/systemd/system/{unit}", unit_text(after, target, options))
    wanted = disk / f"etc/systemd/system/{target}.wants" / unit
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.symlink_to(f"/etc/systemd/system/{unit}")


def package(disk: Path, folder: Path) -> None:
    """Put an apt repository with the agent's package on a disk, as its only source; nothing is installed yet."""
    tree = folder / "package"
    put_code(tree)
    write(tree, f"lib/systemd/system/{UNIT}", unit_text())
    control = "Package: amazon-ssm-agent\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: stand-in\n"
    write(tree, "DEBIAN/control", control)
    write(tree, "DEBIAN/postinst", f"#!/bin/sh\nsystemctl daemon-reload\nsystemctl enable --now {UNIT}\n", 0o755)
    repository = disk / "opt/repository"
    repository.mkdir(parents=True)
    deb = repository / "agent.deb"
    quiet = subprocess.DEVNULL
    subprocess.run(["dpkg-deb", "--build", str(tree), str(deb)], check=True, timeout=60, stdout=quiet)
    content = deb.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    write(disk, "opt/repository/Packages", f"{control}Filename: ./agent.deb\nSize: {len(content)}\nSHA256: {digest}\n")
    write(disk, "etc/apt/sources.list", "deb [trusted=yes] file:/opt/repository ./\n")
