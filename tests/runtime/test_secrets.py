"""Nothing secret leaves the runtime: not in argv, not in what it prints, not in files, not in a trace."""

import re
import subprocess
from pathlib import Path

import pytest

from ssmwake.simulate.imds import Imds
from support.shells import CLIENTS, SHELLS, Runtime, found


def secrets_of(imds: Imds) -> list[str]:
    role = imds.instance.role
    assert role
    assert imds.tokens, "the run never asked for a session token"
    return [*imds.tokens, role.secret, role.token, role.key]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("shell", SHELLS)
def test_no_secret_is_in_the_argv_of_any_process(shell: str, client: str, runtime: Runtime, imds: Imds) -> None:
    imds.attach("web")
    log = runtime.root / "strace"
    options = ("wait", "--endpoint", imds.url, "--timeout", "5")
    strace = [found("strace"), "-f", "-qq", "-s", "100000", "-e", "trace=execve", "-o", str(log)]
    subprocess.run(
        [*strace, *runtime.command(shell, *options)],
        check=True,
        env=runtime.environment(client),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    calls = log.read_text()
    assert calls.count("execve(") > 1
    for secret in secrets_of(imds):
        assert secret not in calls


@pytest.mark.parametrize("shell", SHELLS)
def test_no_secret_is_in_the_environment_of_a_process_whatever_the_caller_exports(
    shell: str, runtime: Runtime, imds: Imds
) -> None:
    imds.attach("web")
    # Every name that the runtime assigns to; a shell keeps exporting what was exported to it.
    names = set(re.findall(r"\b([a-z_]+)=", runtime.script.read_text()))
    names |= set(re.findall(r"\bfor ([a-z_]+) in\b", runtime.script.read_text()))
    assert {"token", "reply", "value", "word"} <= names
    log = runtime.root / "strace"
    strace = [found("strace"), "-f", "-qq", "-v", "-s", "100000", "-e", "trace=execve", "-o", str(log)]
    subprocess.run(
        [*strace, *runtime.command(shell, "wait", "--endpoint", imds.url, "--timeout", "5")],
        check=True,
        env=dict.fromkeys(names, "caller") | runtime.environment("curl"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    calls = log.read_text()
    assert "=caller" in calls, "strace shows no environment, so this shows nothing"
    for secret in secrets_of(imds):
        assert secret not in calls


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("shell", SHELLS)
def test_a_trace_shows_no_secret(shell: str, client: str, runtime: Runtime, imds: Imds) -> None:
    imds.attach("web")
    name, *options = shell.split()
    run = [found(name), *options, "-x", str(runtime.script), "wait", "--endpoint", imds.url, "--timeout", "5"]
    done = subprocess.run(
        run,
        check=True,
        env=runtime.environment(client, SHELLOPTS="xtrace") if name != "bash" else runtime.environment(client),
        capture_output=True,
        text=True,
    )
    assert "+" in done.stderr, "the shell traced nothing, so this shows nothing"
    for secret in secrets_of(imds):
        assert secret not in done.stdout + done.stderr


def test_shellopts_from_outside_show_no_secret(runtime: Runtime, imds: Imds) -> None:
    imds.attach("web")
    result = runtime.run("wait", "--endpoint", imds.url, shell="bash", client="bash", SHELLOPTS="xtrace")
    for secret in secrets_of(imds):
        assert secret not in result.out + result.err


def test_no_secret_is_in_any_file(runtime: Runtime, imds: Imds) -> None:
    imds.attach("web")
    for fault in ("", "code-failed", "credentials-no-token", "credentials-html", "trickle"):
        if fault:
            imds.fault(fault)
        runtime.run("wait", "--endpoint", imds.url, "--timeout", "2")
        result = runtime.run("status", "--json", "--endpoint", imds.url)
        imds.clear()
        for secret in secrets_of(imds):
            assert secret not in result.out + result.err
            for path in runtime.root.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    assert secret.encode() not in path.read_bytes(), path


def test_a_here_document_is_not_how_secrets_travel() -> None:
    # mksh and old bash write here-documents to a file in /tmp.
    parts = Path(__file__).parents[2] / "templates" / "runtime"
    for part in parts.glob("*.sh"):
        text = part.read_text().replace('<<<"$url"', "")
        assert "<<" not in text, part.name
