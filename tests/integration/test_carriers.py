"""What a person writes arrives on the instance as the same bytes, whatever it contains; scripts are run to see it."""

import base64
import gzip
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssmwake.model import Config, UserDataFormat, UserDataSettings
from ssmwake.render import Rendering, carriers, command_document
from ssmwake.render.runtime import wrapped
from ssmwake.render.yaml_text import block, quoted
from support import tools

# Reports its arguments, and fails on demand.
RUNTIME = '#!/bin/sh\nprintf "%s\\n" "$*" >>"$SSMWAKE_ROOT/calls"\nexit "${STATUS:-0}"\n'
SHELLS = {
    "dash": ["dash"],
    "bash": ["bash", "--posix"],
    "busybox": ["busybox", "sh"],
    "mksh": ["mksh"],
}


@pytest.fixture(autouse=True, scope="module")
def _runtime() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ssmwake.render.runtime", lambda: RUNTIME)
        patch.setattr(carriers, "carried", lambda: RUNTIME)
        patch.setattr(command_document, "carried", lambda: RUNTIME)
        patch.setattr(carriers, "packed", lambda: wrapped(gzip.compress(RUNTIME.encode(), mtime=0)))
        yield


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    name, *options = SHELLS[str(request.param)]
    return [tools.require(name), *options]


def run(argv: list[str], text: str, root: Path, **environment: str) -> int:
    return completed(argv, text, root, **environment).returncode


def completed(argv: list[str], text: str, root: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    script = root / "user-data"
    script.write_bytes(text.encode())
    values = {"PATH": os.environ["PATH"], "SSMWAKE_ROOT": str(root), "TMPDIR": str(root), **environment}
    return subprocess.run([*argv, str(script)], env=values, timeout=20, check=False, capture_output=True, text=True)


def called_with(text: str, action: str, settings: str = "keep", carrier: str = "ssmwake") -> str:
    """Return the script of a Command document as the agent makes it from the parameters of a caller."""
    for name, value in {"Action": action, "Settings": settings, "Carrier": carrier}.items():
        text = text.replace(f"{{{{ {name} }}}}", value)
    return text


def calls(root: Path) -> list[str]:
    path = root / "calls"
    return path.read_text().splitlines() if path.exists() else []


# Whatever a shell, YAML, Jinja, SSM, a heredoc or a terminal could take for something of its own.
TRICKY = r"""END|END_|'|"|$x|${#x}|$(id)|`id`|\|{{ Action }}|{% x %}|{# x|%{x}|$$|#|- a|: | |EOF|!x|*a|&|~|null"""
CONTROLS = "\n|\n\n|\t|\r|\r\n|é|\U0001f600|\x85|\u2028|\ufeff|\x7f|\x1b|\x01|mime-version: 1.0|#cloud-config|---|..."
tricky = st.sampled_from([*TRICKY.split("|"), *CONTROLS.split("|"), "|", "|| true"])
commands = st.lists(
    tricky | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20), min_size=1
).map("".join)
lists = st.lists(commands.filter(str.strip), min_size=1, max_size=3).map(tuple)


@settings(max_examples=300, deadline=None)
@given(lists)
def test_cloud_config_holds_the_commands_as_the_same_bytes(on_ready: tuple[str, ...]) -> None:
    config = yaml.safe_load(Rendering(Config(on_ready=on_ready)).text("user-data/cloud-config.yaml"))
    files = {file["path"]: file for file in config["write_files"]}
    assert gzip.decompress(base64.b64decode(files["/var/lib/ssmwake/ssmwake"]["content"])).decode() == RUNTIME
    assert files["/etc/ssmwake.on-ready"]["content"] == "\n".join(["#!/bin/sh", "set -e", *on_ready, ""])
    assert files["/etc/ssmwake.on-ready"]["permissions"] == "0700"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lists)
def test_the_script_writes_the_commands_as_the_same_bytes(shell: list[str], on_ready: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        config = Config(on_ready=on_ready, role="a=b,c@d", user_data=UserDataSettings(format=UserDataFormat.SCRIPT))
        assert run(shell, carriers.script(config), root) == 0
        assert (root / "etc/ssmwake.on-ready").read_bytes() == carriers.on_ready(on_ready).encode()
        assert (root / "etc/ssmwake.conf").read_bytes() == b"SSMWAKE_CARRIER=ssmwake\nSSMWAKE_ROLE=a=b,c@d\n"
        assert (root / "var/lib/ssmwake/ssmwake").read_bytes() == RUNTIME.encode()
        assert calls(root) == ["install"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lists)
def test_the_command_document_writes_the_commands_as_the_same_bytes(
    shell: list[str], on_ready: tuple[str, ...]
) -> None:
    document = yaml.safe_load(Rendering(Config(on_ready=on_ready)).text("ssm/command.yaml"))
    (text,) = document["mainSteps"][0]["inputs"]["runCommand"]
    assert text.count("{{") == 3
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        assert run(shell, called_with(text, "install"), root) == 0
        assert (root / "etc/ssmwake.on-ready").read_bytes() == carriers.on_ready(on_ready).encode()
        assert calls(root) == ["install"]


@pytest.mark.parametrize(
    ("action", "called"),
    [
        ("install", "install"),
        ("run", "run"),
        ("status", "status"),
        ("restart", "run --restart"),
        ("uninstall", "uninstall"),
    ],
)
def test_an_action_calls_the_runtime_and_leaves_no_copy(
    shell: list[str], action: str, called: str, tmp_path: Path
) -> None:
    document = yaml.safe_load(Rendering(Config(role="web")).text("ssm/command.yaml"))
    assert action in document["parameters"]["Action"]["allowedValues"]
    (text,) = document["mainSteps"][0]["inputs"]["runCommand"]
    assert run(shell, called_with(text, action), tmp_path, STATUS="75") == 75
    assert calls(tmp_path) == [called]
    assert (tmp_path / "etc/ssmwake.conf").exists() == (action == "install")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "etc") == ["calls", "user-data"]


def test_files_of_the_script_are_for_root_alone(tmp_path: Path) -> None:
    assert run(["sh"], carriers.script(Config(role="web", on_ready=("true",))), tmp_path) == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("ssmwake*") if path.is_file()}
    assert modes == {"ssmwake": 0o700, "ssmwake.conf": 0o644, "ssmwake.on-ready": 0o700}


@pytest.mark.parametrize(
    ("user_data", "status", "expected"),
    [
        (UserDataSettings(), 0, ["install"]),
        (UserDataSettings(foreground=True), 0, ["install", "run"]),
        (UserDataSettings(strict=True), 75, ["install"]),
        (UserDataSettings(foreground=True, strict=True), 75, ["install"]),
    ],
)
def test_a_failing_runtime_fails_the_boot_only_when_that_is_asked_for(
    shell: list[str], tmp_path: Path, user_data: UserDataSettings, status: int, expected: list[str]
) -> None:
    config = Config(user_data=user_data)
    assert run(shell, carriers.script(config), tmp_path, STATUS="75") == status
    assert calls(tmp_path) == expected
    value = yaml.safe_load(carriers.cloud_config(config))
    _, *lines = value["runcmd"]
    ends = [line.rpartition(" || ")[2] for line in [value["write_files"][0]["content"].rstrip(), *lines]]
    assert ends == ["exit" if user_data.strict else "true"] * (len(lines) + 1)


def test_a_script_is_run_again_at_the_next_boot_until_it_has_installed(shell: list[str], tmp_path: Path) -> None:
    retry = tmp_path / carriers.RETRY.lstrip("/")
    retry.parent.mkdir(parents=True)
    part = tmp_path / "var/lib/cloud/instance/scripts/part-001"
    part.parent.mkdir(parents=True)
    part.write_text(carriers.script(Config()))
    environment = {"PATH": os.environ["PATH"], "SSMWAKE_ROOT": str(tmp_path)}
    subprocess.run([*shell, str(part)], env=environment, capture_output=True, timeout=20, check=True)
    assert retry.readlink() == part
    again = subprocess.run([*shell, str(retry)], env=environment, capture_output=True, timeout=20, check=True)
    assert (again.stdout, again.stderr) == (b"", b"")
    assert retry.readlink() == part
    assert calls(tmp_path) == ["install", "install"]


def test_a_script_that_is_run_by_hand_leaves_nothing_for_the_next_boot(shell: list[str], tmp_path: Path) -> None:
    retry = tmp_path / carriers.RETRY.lstrip("/")
    retry.parent.mkdir(parents=True)
    assert run(shell, carriers.script(Config()), tmp_path) == 0
    assert not retry.is_symlink()
    assert calls(tmp_path) == ["install"]


def test_what_cloud_init_runs_early_in_each_boot_only_puts_itself_where_it_runs_late(
    shell: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retry, noted = tmp_path / "retry", tmp_path / "noted"
    monkeypatch.setattr(carriers, "RETRY", str(retry))
    monkeypatch.setattr(carriers, "SCRIPTS_NOTED", str(noted))
    text = carriers.boothook(carriers.script(Config()))
    early = tmp_path / "boothooks"
    early.mkdir()
    assert run(shell, text, early) == 0
    assert retry.readlink() == early / "user-data"
    retry.unlink()
    noted.touch()
    assert run(shell, text, early) == 0
    assert not retry.is_symlink()
    assert calls(early) == []
    assert run(shell, text, tmp_path) == 0
    assert calls(tmp_path) == ["install"]


def test_the_runtime_is_the_last_of_the_files_that_a_cloud_config_writes() -> None:
    files = yaml.safe_load(carriers.cloud_config(Config(role="web", on_ready=("true",))))["write_files"]
    assert [file["path"] for file in files][:: len(files) - 1] == [carriers.RETRY, carriers.HOME]


def test_settings_that_equal_the_defaults_are_not_written() -> None:
    assert carriers.conf(Config(), "ssmwake") == "SSMWAKE_CARRIER=ssmwake\n"
    every = Config("r", 1, 2, 3, (4, 5), False)
    assert carriers.conf(every, "stack a") == (
        "SSMWAKE_CARRIER=stack a\nSSMWAKE_ROLE=r\nSSMWAKE_TIMEOUT=1\nSSMWAKE_POLL=2\nSSMWAKE_POLL_HEALTHY=3\n"
        "SSMWAKE_RESTART_AFTER=4 5\nSSMWAKE_INSTANCE_CONNECT=no\n"
    )


def etc(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (root / "etc").iterdir()}


def document_script(config: Config) -> str:
    (text,) = yaml.safe_load(Rendering(config).text("ssm/command.yaml"))["mainSteps"][0]["inputs"]["runCommand"]
    return str(text)


def test_a_document_replaces_the_settings_that_it_wrote_itself(shell: list[str], tmp_path: Path) -> None:
    before = document_script(Config(role="web", on_ready=("echo one",)))
    assert run(shell, called_with(before, "install"), tmp_path) == 0
    assert run(shell, called_with(document_script(Config(role="db")), "install"), tmp_path) == 0
    assert etc(tmp_path) == {"ssmwake.conf": "SSMWAKE_CARRIER=ssmwake\nSSMWAKE_ROLE=db\n"}


@pytest.mark.parametrize("there", ["SSMWAKE_CARRIER=stack web\nSSMWAKE_ROLE=web\n", "SSMWAKE_ROLE=web\n", ""])
def test_a_document_keeps_the_settings_of_another_carrier_and_says_so(
    shell: list[str], there: str, tmp_path: Path
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/ssmwake.conf").write_text(there)
    (tmp_path / "etc/ssmwake.on-ready").write_text("#!/bin/sh\necho web\n")
    before = etc(tmp_path)
    text = document_script(Config(role="db", on_ready=("echo db",)))
    done = completed(shell, called_with(text, "install"), tmp_path)
    assert etc(tmp_path) == before
    writer = "stack web" if "CARRIER" in there else "somebody else"
    assert f"ssmwake.conf, which {writer} wrote; to replace them with those of ssmwake" in done.stdout
    assert calls(tmp_path) == ["install"]
    assert run(shell, called_with(text, "install", "replace"), tmp_path) == 0
    assert etc(tmp_path)["ssmwake.conf"] == "SSMWAKE_CARRIER=ssmwake\nSSMWAKE_ROLE=db\n"
    assert "echo db" in etc(tmp_path)["ssmwake.on-ready"]


@pytest.mark.parametrize("action", ["run", "status", "restart", "uninstall"])
def test_only_install_touches_settings(shell: list[str], action: str, tmp_path: Path) -> None:
    text = document_script(Config(role="db", on_ready=("echo db",)))
    assert run(shell, called_with(text, action, "replace"), tmp_path) == 0
    assert not (tmp_path / "etc").exists()


APPENDED = 'umask >>"$SSMWAKE_ROOT/mask"\necho ECS_CLUSTER=web >>"$SSMWAKE_ROOT/appended"\n'


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("foreground", [False, True])
@pytest.mark.parametrize("status", ["0", "75"])
def test_what_is_appended_to_the_script_runs_whatever_ssmwake_ended_with(
    shell: list[str], strict: bool, foreground: bool, status: str, tmp_path: Path
) -> None:
    config = Config(user_data=UserDataSettings(strict=strict, foreground=foreground))
    ended = run(shell, carriers.script(config) + APPENDED, tmp_path, STATUS=status)
    assert (tmp_path / "appended").read_text() == "ECS_CLUSTER=web\n"
    assert (tmp_path / "mask").read_text().strip()[-2:] == f"{os.umask(os.umask(0o22)):03o}"[-2:]
    assert ended == (int(status) if strict else 0)


def test_a_later_boot_runs_ours_again_and_not_what_is_appended(
    shell: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retry = tmp_path / "per-boot"
    monkeypatch.setattr(carriers, "RETRY", str(retry))
    text = carriers.script(Config()) + APPENDED
    assert run(shell, text, tmp_path) == 0
    retry.symlink_to(tmp_path / "user-data")
    environment = {"PATH": os.environ["PATH"], "SSMWAKE_ROOT": str(tmp_path)}
    subprocess.run([*shell, str(retry)], env=environment, timeout=20, check=True)
    assert calls(tmp_path) == ["install", "install"]
    assert (tmp_path / "appended").read_text() == "ECS_CLUSTER=web\n"


def test_a_disk_that_takes_nothing_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    home = tmp_path / "var/lib/ssmwake"
    home.mkdir(parents=True)
    (home / "ssmwake.new").mkdir()
    (home / "ssmwake").write_text("old")
    run(["sh"], carriers.script(Config()), tmp_path)
    assert (home / "ssmwake").read_text() == "old"


@settings(max_examples=500, deadline=None)
@given(commands, st.integers(1, 8))
def test_a_scalar_parses_back_as_the_same_text(text: str, indent: int) -> None:
    assert yaml.safe_load(f"a: {quoted(text)}\nb: 1\n") == {"a": text, "b": 1}
    assert yaml.safe_load(f"a: {block(text, indent)}\nb: 1\n") == {"a": text, "b": 1}


@pytest.mark.parametrize("text", ["yes", "null", "1e3", "0x1", "1_0", "=", "~", "a: b", "a #b", "-", "", " a", "a "])
def test_text_that_yaml_takes_for_something_else_is_quoted(text: str) -> None:
    assert yaml.safe_load(quoted(text)) == text
