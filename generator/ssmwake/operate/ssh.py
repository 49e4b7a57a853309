"""Run the runtime on an instance by ssh, with a key that EC2 Instance Connect announces there for a minute."""

import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import Console, Unseen
from ssmwake.operate.reader import Reader
from ssmwake.operate.verdict import Verdict
from ssmwake.operate.wake_plan import Failed, WakePlan


def connect(
    reader: Reader, found: WakePlan, runtime: str, *, port: int, proxy: Sequence[str] = (), timeout: float = 300
) -> int:
    """Run the runtime on the instance by ssh with a key of this minute; return its exit status, or raise Failed."""
    instance = found.verdict.id
    facts = found.verdict.facts
    keys = facts.console.host_keys if facts and isinstance(facts.console, Console) else ()
    with tempfile.TemporaryDirectory(prefix="ssmwake-") as folder:
        key = Path(folder) / "key"
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ssmwake", "-f", str(key)]
        _run(made, timeout=30)
        known = Path(folder) / "known_hosts"
        known.write_text("".join(f"{instance} {one}\n" for one in keys), encoding="ascii")
        zone = found.verdict.zone
        sent = reader.ask(
            "ec2-instance-connect",
            "SendSSHPublicKey",
            InstanceId=instance,
            InstanceOSUser=found.user,
            SSHPublicKey=key.with_suffix(".pub").read_text(encoding="ascii").strip(),
            **({"AvailabilityZone": zone} if zone else {}),
        )
        if isinstance(sent, Unseen):
            raise Failed(reader.lines.get(sent.action, str(sent)))
        options = ssh_options(key, known, instance, is_known=bool(keys), proxy=proxy)
        host = instance if proxy else found.address
        # No -T: stdin is the runtime, so ssh asks for no terminal by itself.
        argv = ["ssh", *options, "-p", str(port), "-l", found.user, host, remote_command(found.verdict)]
        done = _run(argv, timeout=timeout, stdin=runtime)
    if done == 255:
        groups = facts.instance.interface.groups if facts and facts.instance.interface else ()
        ways = "--via endpoint, or --automation-role ARN" if not proxy else "--automation-role ARN"
        raise Failed(
            f"ssh did not reach {instance}, the lines above say why; let port {port} in "
            f"({', '.join(groups) or 'its security groups'}), or take another way: {ways}"
        )
    return done


def remote_command(verdict: Verdict) -> str:
    """Return what runs on the instance, and reads the runtime from stdin; -n, because nobody can type a password there.

    The instance may be set to wait for another role than the one that is there, and a restart is wanted now.
    """
    evidence = Evidence(verdict.facts) if verdict.facts else None
    runs = "sh -s run"
    if evidence and evidence.awaited_role:
        runs += f" --role {shlex.quote(evidence.role)}"
    return f'if [ "$(id -u)" = 0 ]; then exec {runs}; else exec sudo -n {runs}; fi'


def ssh_options(key: Path, known: Path, instance: str, *, is_known: bool, proxy: Sequence[str]) -> list[str]:
    """Return the options of ssh: nothing of the user's own, and only keys that the console showed."""
    settings: Mapping[str, str] = {
        "BatchMode": "yes",
        "ConnectTimeout": "20",
        "GlobalKnownHostsFile": "/dev/null",
        "HostKeyAlias": instance,
        "IdentitiesOnly": "yes",
        "ServerAliveInterval": "15",
        "StrictHostKeyChecking": "yes" if is_known else "accept-new",
        "UserKnownHostsFile": _quoted(str(known)),
    }
    options = ["-F", "none", "-i", str(key)]
    for name, value in settings.items():
        options += ["-o", f"{name}={value}"]
    if proxy:
        # ssh reads % as its own in ProxyCommand.
        options += ["-o", f"ProxyCommand={shlex.join(proxy).replace('%', '%%')}"]
    return options


def _quoted(path: str) -> str:
    return '"' + path.replace("%", "%%") + '"'


def _run(argv: Sequence[str], *, timeout: float, stdin: str = "") -> int:
    try:
        # What the other side writes goes to stderr: stdout is for the one line of JSON.
        done = subprocess.run(argv, input=stdin, text=True, stdout=subprocess.PIPE, timeout=timeout, check=False)
    except FileNotFoundError:
        raise Failed(f"{argv[0]} is not installed; install OpenSSH's client, or give --automation-role ARN") from None
    except subprocess.TimeoutExpired:
        raise Failed(f"{argv[0]} did not end within {timeout:.0f} s") from None
    return done.returncode
