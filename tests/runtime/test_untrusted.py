"""What comes from a killed run, the service manager, IMDS or the agent's files is checked before it is used."""

import json
import os
from pathlib import Path

import pytest

from ssmwake.simulate.imds import Imds
from support.shells import SHELLS, Runtime

NOWHERE = "http://127.0.0.1:9"
CONNECT = ("ec2-instance-connect", "ec2-instance-connect-harvest-hostkeys")


def command(runtime: Runtime, name: str, text: str) -> None:
    """Put a command of this name in front of all others."""
    (runtime.root / "run/systemd/system").mkdir(parents=True, exist_ok=True)
    path = runtime.bin("curl") / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_lock_of_a_killed_run_whose_number_another_process_has_holds_nobody_up(
    shell: str, runtime: Runtime, imds: Imds
) -> None:
    locks = runtime.root / "run/ssmwake"
    locks.mkdir(parents=True)
    started = Path(f"/proc/{os.getpid()}/stat").read_text().rpartition(") ")[2].split()[19]
    options = ("run", "--timeout", "2", "--endpoint", NOWHERE)
    for lock in (f"{os.getpid()}", f"{os.getpid()} 1", "", "x", "1 2 3", "999999999 1", "../self 1"):
        (locks / "run.lock").write_text(f"{lock}\n")
        assert runtime.run(*options, shell=shell).report["reason"] == "imds-unreachable", lock
    (locks / "run.lock").write_text(f"{os.getpid()} {started}\n")
    held = runtime.run(*options, shell=shell)
    assert (held.status, held.report["reason"]) == (0, "already-running")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_systemctl_that_fails_proves_nothing(shell: str, runtime: Runtime, imds: Imds) -> None:
    imds.attach("web")
    command(runtime, "systemctl", "echo Failed to connect to bus >&2; exit 1")
    result = runtime.run("run", "--timeout", "2", "--endpoint", imds.url, shell=shell)
    assert (result.status, result.report["reason"]) == (71, "agent-unknown")


@pytest.mark.parametrize(
    ("state", "restarted"), [("enabled", True), ("static", True), ("disabled", False), ("masked", False)]
)
@pytest.mark.parametrize("name", CONNECT)
def test_instance_connect_is_restarted_only_where_nobody_switched_it_off(
    name: str, state: str, restarted: bool, runtime: Runtime, imds: Imds
) -> None:
    imds.attach("web")
    unit = f"LoadState=loaded\\nSubState=dead\\nUnitFileState={state}\\nMainPID=0"
    agent = "LoadState=loaded\\nSubState=dead\\nUnitFileState=enabled\\nMainPID=0"
    command(
        runtime,
        "systemctl",
        f"""case "$*" in
        show*" {name}.service") printf '{unit}\\n' ;;
        show*" amazon-ssm-agent.service") printf '{agent}\\n' ;;
        show*) echo LoadState=not-found ;;
        *) echo "$*" >>"$SSMWAKE_ROOT/calls" ;;
        esac""",
    )
    report = runtime.run("run", "--timeout", "3", "--endpoint", imds.url).report
    calls = (runtime.root / "calls").read_text().splitlines()
    assert (f"--no-block restart {name}.service" in calls) == restarted
    assert report["instance_connect"] == (name if restarted else "no-unit")


HOSTILE = ('EC2"\\u0022', "EC2\\", "a\\r\\n\\u001b[31m", "$(id)", "x" * 5000)


@pytest.mark.parametrize("shell", SHELLS)
def test_what_the_agents_file_says_cannot_break_the_report_or_a_terminal(shell: str, runtime: Runtime) -> None:
    identity = runtime.root / "var/lib/amazon/ssm/runtimeconfig/identity_config.json"
    identity.parent.mkdir(parents=True)
    for text in (*HOSTILE, "EC2\r\x1b[31m\x07"):
        identity.write_text(f'{{"CredentialSource":"{text}","IdentityType":"EC2"}}')
        result = runtime.run("status", "--json", "--endpoint", NOWHERE, shell=shell)
        assert json.loads(result.out)["agent_source"] is not None
        seen = runtime.run("status", "--endpoint", NOWHERE, shell=shell)
        assert not set(map(chr, (*range(10), *range(11, 32), 127))) & set(seen.out + seen.err)
