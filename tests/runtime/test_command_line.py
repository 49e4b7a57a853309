"""What a caller sees: options, settings, help, signals, odd surroundings."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from ssmwake.simulate.imds import Imds
from support.shells import SHELLS, Runtime, end, found


@pytest.mark.parametrize("command", ["", "--help", "-h", *(f"{verb} --help" for verb in ("wait", "run", "watch"))])
def test_help_is_on_standard_output_and_exits_with_0(command: str, runtime: Runtime) -> None:
    for shell in SHELLS:
        result = runtime.run(*command.split(), shell=shell)
        assert result.status == 0
        verb = command.split()[0] if command and command[0] != "-" else "status"
        assert re.match(rf"ssmwake {verb} \[--role NAME\].*: [a-z]", result.out)
        assert result.err == ""


@pytest.mark.parametrize("verb", ["status", "install", "uninstall"])
def test_help_does_nothing(verb: str, runtime: Runtime) -> None:
    before = sorted(runtime.root.rglob("*"))
    assert runtime.run(verb, "--help").out.startswith(f"ssmwake {verb}")
    assert [path for path in sorted(runtime.root.rglob("*")) if "bin-" not in str(path)] == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dance"], "dance is not a command"),
        (["--role", "web", "wait"], "--role is not a command"),
        (["wait", "--dance"], "--dance is not an option of wait"),
        (["wait", "--restart"], "--restart is not an option of wait"),
        (["uninstall", "--role", "web"], "--role is not an option of uninstall"),
        (["install", "now"], "now is not an option of install"),
        (["wait", "--role"], "--role needs a value"),
        (["wait", "--role", ""], "--role: '' is not the name of a role"),
        (["wait", "--role", "arn:aws:iam::123456789012:role/web"], "is not the name of a role"),
        (["wait", "--role", "a" * 65], "is not the name of a role"),
        (["wait", "--timeout"], "--timeout needs a value"),
        (["wait", "--timeout", "0"], "'0' is not a time such as 90, 90s or 10m"),
        (["wait", "--timeout", ""], "'' is not a time"),
        (["wait", "--timeout", "m"], "'m' is not a time"),
        (["wait", "--timeout", "1e3"], "is not a time"),
        (["wait", "--timeout", "010"], "is not a time"),
        (["wait", "--timeout", "31536000"], "is not a time"),
        (["wait", "--timeout", "25h"], "is not a time"),
        (["wait", "--timeout", "99999h"], "is not a time"),
        (["wait", "--timeout", "-5"], "is not a time"),
        (["wait", "--timeout", "5\033[2J"], "'5[2J' is not a time"),
        (["wait", "--poll", "x; reboot"], "is not a time"),
        (["wait", "--endpoint", 'http://x/"'], "is not a URL"),
        (["wait", "--endpoint", "http://x y"], "is not a URL"),
        (["wait", "--endpoint", "https://x:1"], "is not a URL"),
        (["wait", "--endpoint", "http://x"], "is not a URL"),
        (["wait", "--endpoint", "http://x:80/latest"], "is not a URL"),
    ],
)
def test_wrong_usage_is_said_with_status_64(arguments: list[str], words: str, runtime: Runtime) -> None:
    for shell in SHELLS:
        result = runtime.run(*arguments, shell=shell)
        assert (result.status, result.report["reason"]) == (64, "usage")
        assert words in result.err


@pytest.mark.parametrize("shell", SHELLS)
def test_flags_win_over_the_environment_and_that_over_the_file(shell: str, runtime: Runtime, imds: Imds) -> None:
    imds.attach("web")
    conf = runtime.root / "etc/ssmwake.conf"
    conf.parent.mkdir()
    conf.write_text("# a\nSSMWAKE_ROLE=from-file\nSSMWAKE_TIMEOUT=1s\nSSMWAKE_PATH=/x\nlower=case\n\nno equals\n")
    options = ("wait", "--endpoint", imds.url)
    assert runtime.run(*options, shell=shell).report["reason"] == "other-role"
    assert runtime.run(*options, shell=shell, SSMWAKE_ROLE="web").report["reason"] == "ready"
    other = runtime.run(*options, "--role", "db", shell=shell, SSMWAKE_ROLE="web")
    assert other.report["reason"] == "other-role"
    assert runtime.run(*options, "--role", "web", shell=shell, SSMWAKE_ROLE="db").report["reason"] == "ready"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_settings_file_is_data_and_not_code(shell: str, runtime: Runtime, imds: Imds) -> None:
    conf = runtime.root / "etc/ssmwake.conf"
    conf.parent.mkdir()
    victim = runtime.root / "touched"
    nasty = f"$(touch {victim})`touch {victim}`;touch {victim};\"'\\"
    conf.write_text(f"SSMWAKE_ROLE={nasty}\nSSMWAKE_TIMEOUT=1\nSSMWAKE_A[$(touch {victim})]=x\ntouch {victim}\n")
    imds.attach("web")
    result = runtime.run("wait", "--endpoint", imds.url, shell=shell)
    assert (result.status, result.report["reason"]) == (78, "bad-setting")
    assert not victim.exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_line_of_the_settings_that_is_not_one_is_reported_once(shell: str, runtime: Runtime, imds: Imds) -> None:
    imds.attach("web")
    conf = runtime.root / "etc/ssmwake.conf"
    conf.parent.mkdir()
    bad = ["SSMWAKE_ROLL=db", "SSMWAKE_ROLE", "SSMWAKE_ROLE = db", " SSMWAKE_ROLE=db", "export SSMWAKE_ROLE=db"]
    bad += ["role web", "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI", "SSMWAKE_ROLE;id=1", "[ssmwake]"]
    good = ("", "# SSMWAKE_ROLE=db", "#", "SSMWAKE_CARRIER=stack x", "SSMWAKE_POLL=5s")
    for line in bad:
        conf.write_text("\n".join([*good, line, "SSMWAKE_ROLE=web"]))
        done = runtime.run("wait", "--timeout", "5", "--endpoint", imds.url, shell=shell)
        assert (done.status, done.err.count("bad-setting: ")) == (0, 1), line
        assert "wJalr" not in done.err
    conf.write_text("\n".join([*good, "SSMWAKE_ROLE=web", ""]))
    assert "bad-setting" not in runtime.run("wait", "--timeout", "5", "--endpoint", imds.url, shell=shell).err


def test_a_role_that_is_not_the_named_one_is_waited_past(runtime: Runtime, imds: Imds) -> None:
    imds.attach("web")
    process = runtime.start("wait", "--role", "db", "--timeout", "20", "--endpoint", imds.url)
    time.sleep(2)
    imds.swap("db")
    out, err = process.communicate(timeout=10)
    assert json.loads(out)["role"] == "db"
    assert "waiting: the role is web, not db; waits for up to 20 s (other-role)" in err


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_at_once_with_its_report(
    shell: str, number: signal.Signals, status: int, runtime: Runtime, imds: Imds
) -> None:
    imds.fault("no-role")
    process = runtime.start("wait", "--poll", "30", "--endpoint", imds.url, shell=shell)
    deadline = time.monotonic() + 10
    while not imds.count("list") and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    began = time.monotonic()
    out, _ = end(process, number)
    assert time.monotonic() - began < 1
    assert process.returncode == status
    report = json.loads(out)
    assert (report["exit"], report["reason"]) == (status, "signal")


def test_a_signal_leaves_no_sleeper_behind(runtime: Runtime, imds: Imds) -> None:
    process = runtime.start("wait", "--timeout", "500", "--endpoint", imds.url)
    time.sleep(2)
    end(process)
    left = subprocess.run(["pgrep", "-s", str(process.pid)], capture_output=True, check=False)
    assert left.stdout == b""


@pytest.mark.parametrize("shell", SHELLS)
def test_it_works_in_odd_surroundings(shell: str, runtime: Runtime, imds: Imds, tmp_path: Path) -> None:
    imds.attach("web")
    gone = tmp_path / "gone"
    gone.mkdir()
    command = " ".join(runtime.command(shell, "wait", "--endpoint", imds.url, "--timeout", "3"))
    path = runtime.bin("curl")
    for line in (
        f"cd {gone} && /bin/rmdir {gone} && exec {command}",
        f"exec {command} <&-",
        f"exec {found('env')} -i PATH={path} {command}",
    ):
        gone.mkdir(exist_ok=True)
        done = subprocess.run(["sh", "-c", line], capture_output=True, env=runtime.environment("curl"), check=False)
        assert (done.returncode, json.loads(done.stdout)["reason"]) == (0, "ready"), done.stderr
    done = subprocess.run(["sh", "-c", f"exec {command} >&-"], env=runtime.environment("curl"), check=False)
    assert done.returncode == 0


def test_an_unwritable_run_folder_is_said_once_and_survived(runtime: Runtime, imds: Imds) -> None:
    (runtime.root / "run").write_text("a file where a folder should be")
    imds.attach("web")
    process = runtime.start("watch", "--endpoint", imds.url)
    time.sleep(3)
    out, err = end(process)
    assert json.loads(out)["role"] == "web"
    assert err.count("cannot be written") == 1


def test_proxies_and_curlrc_are_bypassed(runtime: Runtime, imds: Imds) -> None:
    imds.attach("web")
    (runtime.root / ".curlrc").write_text("proxy = http://127.0.0.1:9\n")
    proxy = "http://127.0.0.1:9"
    surroundings = {"HOME": str(runtime.root), "CURL_HOME": str(runtime.root)}
    surroundings |= dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"), proxy)
    for client in ("curl", "python3", "bash"):
        result = runtime.run("wait", "--endpoint", imds.url, "--timeout", "3", client=client, **surroundings)
        assert result.report["reason"] == "ready", client


def test_without_any_http_client_it_names_what_to_install(runtime: Runtime) -> None:
    result = runtime.run("wait", client="")
    assert (result.status, result.report["reason"]) == (69, "no-http-client")
    assert "curl, python3 or bash" in result.err


@pytest.mark.parametrize("shell", SHELLS)
def test_the_tools_of_busybox_do(shell: str, runtime: Runtime, imds: Imds) -> None:
    # That of Debian is built without classes of characters in tr.
    imds.attach("web")
    busybox = found("busybox")
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    for tool in runtime.bin("curl").iterdir():
        if tool.name in applets:
            tool.unlink()
            tool.symlink_to(busybox)
    done = runtime.run("wait", "--role", "db", "--timeout", "2", "--endpoint", imds.url, shell=shell)
    assert re.search(r"waiting: the role is web, not db; waits for up to 2 s \(other-role\)", done.err)
    assert (done.report["reason"], done.report["role"]) == ("other-role", "web")
    verdict = runtime.run("status", "--endpoint", imds.url, shell=shell).out.splitlines()[0]
    assert verdict.endswith("there is neither systemd nor OpenRC")


def test_it_never_asks_without_a_token(runtime: Runtime, imds: Imds) -> None:
    imds.attach("web")
    for client in ("curl", "python3", "bash"):
        runtime.run("wait", "--endpoint", imds.url, "--timeout", "3", client=client)
    assert not [request for request in imds.requests if request.status == 401]
    assert imds.count("token") == 3


def test_the_second_address_of_imds_is_tried_when_the_first_is_away(runtime: Runtime) -> None:
    with Imds("[::1]:0") as six:
        six.attach("web")
        script = runtime.root / "both.sh"
        text = runtime.script.read_text()
        text = text.replace("http://169.254.169.254:80", "http://127.0.0.1:1").replace(
            "http://[fd00:ec2::254]:80", six.url
        )
        script.write_text(text)
        for client in ("curl", "python3", "bash"):
            result = Runtime(script, runtime.root).run("wait", "--timeout", "5", client=client)
            assert result.report["reason"] == "ready", (client, result.err)


def as_nobody(runtime: Runtime, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    """Run it as a user without rights, in a root that this user may enter."""
    if os.getuid():
        pytest.fail("this test drops root, so it must be run by root")
    runtime.root.chmod(0o755)
    for parent in runtime.root.parents:
        if str(parent).startswith("/tmp/pytest"):
            parent.chmod(0o755)
    script = Path("/tmp") / f"ssmwake-{os.getpid()}.sh"
    script.write_text(runtime.script.read_text())
    script.chmod(0o644)
    try:
        return subprocess.run(
            ["sh", str(script), *arguments],
            capture_output=True,
            user=65534,
            group=65534,
            env={"PATH": "/usr/bin:/bin", **environment},
            check=False,
        )
    finally:
        script.unlink()


def test_a_service_user_waits_for_the_role_of_the_settings(runtime: Runtime, imds: Imds) -> None:
    imds.attach("web")
    conf = runtime.root / "etc/ssmwake.conf"
    conf.parent.mkdir()
    conf.write_text("SSMWAKE_ROLE=db\n")
    for mode, reason in ((0o644, "other-role"), (0o600, "cannot-read")):
        conf.chmod(mode)
        options = ("wait", "--timeout", "1", "--endpoint", imds.url)
        done = as_nobody(runtime, *options, SSMWAKE_ROOT=str(runtime.root))
        assert json.loads(done.stdout)["reason"] == reason
    assert b"chmod 644" in done.stderr


def test_only_root_may_restart_and_install(runtime: Runtime) -> None:
    for verb in ("run", "watch", "install", "uninstall"):
        done = as_nobody(runtime, verb)
        assert (done.returncode, json.loads(done.stdout)["reason"]) == (77, "need-root")
