"""What docs/doctor.md shows is what the commands print, and its pipelines run."""

import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

import ssmwake
from ssmwake.cli import command, doctor, wait, wake
from support.front import Front
from support.standin import Account, load, merged
from support.tools import require

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "doctor.md").read_text(encoding="utf-8")
CASES = TOP / "tests" / "cases" / "doctor"
ID = "i-0abc1234def567890"
StartFront = Callable[[Front], Front]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def start(start_front: StartFront, case: str, **change: object) -> Account:
    account = Account(merged(load(CASES / case), change))
    start_front(Front(account, clock=account.clock))
    return account


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setattr("ssmwake.operate.reader.LOOKUP_PAUSE", 0.0)


def shown(first: str) -> str:
    return next(one for one in blocks("console") if one.startswith(f"$ {first}")).partition("\n")[2]


def test_the_screen_of_one_instance_is_the_one_that_is_printed(start_front: StartFront) -> None:
    start(start_front, "late-role")
    done = CliRunner().invoke(command, ["doctor", ID])
    assert done.stdout == shown(f"ssmwake doctor {ID}")


def test_the_screen_of_a_fleet_is_the_one_that_is_printed(start_front: StartFront) -> None:
    late = {"started": "2026-11-26T10:00:14Z", "profile": "web"}
    change = {
        "instances": {
            "i-0000000000000000b": late,
            "i-0000000000000000c": {**late, "state": "stopped"},
            "i-0000000000000000d": late,
        },
        "nodes": {"i-0000000000000000d": {"pinged": "2026-11-26T10:18:00Z"}},
    }
    start(start_front, "endpoint-refuses-behind-nat", **change)
    done = CliRunner().invoke(command, ["doctor", "--all"])
    assert done.stdout == shown("ssmwake doctor --all")


README = re.findall(r"^ssmwake (?:doctor|wait|wake) .*$", (TOP / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
COMMANDS = [line.split("#")[0].split() for line in [*"".join(blocks("sh")).splitlines(), *README]]


@pytest.mark.parametrize("words", COMMANDS, ids=shlex.join)
def test_each_command_that_is_shown_is_understood(words: list[str], start_front: StartFront) -> None:
    start(start_front, "online-behind-scp")
    done = CliRunner().invoke(command, [*words[1:], *(["--timeout", "1s"] if words[1] == "wait" else [])])
    # --watch wants a terminal, --yes is missing where something would be asked.
    assert done.exit_code in (0, 1, 2, 69), done.output
    assert done.exit_code != 2 or "--watch redraws" in done.output or "give --yes" in done.output, done.output


@pytest.mark.parametrize("verb", [doctor, wait, wake], ids=["doctor", "wait", "wake"])
def test_each_option_is_named_on_the_page(verb: object) -> None:
    options = {name for one in verb.command.params for name in one.opts if name.startswith("--")}  # type: ignore[attr-defined]
    named = set(re.findall(r"(?<!-)--[a-z][a-z-]+", PAGE))
    assert options - named <= {"--color"}


def test_the_python_that_is_shown_runs(start_front: StartFront, capsys: pytest.CaptureFixture[str]) -> None:
    start(start_front, "role-for-ecs-tasks")
    (text,) = blocks("python")
    exec(text, {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{ID} role-untrusted known"
    assert "aws iam update-assume-role-policy" in lines[1]


def test_python_gets_typed_verdicts_and_refusals(start_front: StartFront, monkeypatch: pytest.MonkeyPatch) -> None:
    start(start_front, "late-role")
    (verdict,) = ssmwake.doctor(filters={"tag:Name": "web-7"}, region="eu-west-1")
    assert (verdict.id, verdict.verdict, verdict.is_known) == (ID, "asleep", True)
    assert verdict.retry
    assert f"{verdict.retry.first:%H:%M}" == "10:25"
    with pytest.raises(ValueError, match="not both"):
        ssmwake.doctor(ID, filters={"tag:Name": "x"})
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(ssmwake.Refused, match="no region"):
        ssmwake.doctor(ID)


def test_the_step_for_github_runs_as_it_is_shown(start_front: StartFront, tmp_path: Path) -> None:
    account = start(start_front, "online-behind-scp")
    account.state["instances"]["i-0def567890abc1234"] = account.state["instances"][ID]
    account.state["nodes"]["i-0def567890abc1234"] = account.state["nodes"][ID]
    (text,) = blocks("yaml")
    (step,) = yaml.safe_load(text)
    program(tmp_path)
    environment = {**os.environ, **step["env"], "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    # GitHub's runner starts a step like this.
    argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("case", "fails"), [("online-behind-scp", False), ("terminated", True)])
def test_terraform_waits_with_the_block_that_is_shown(
    case: str, fails: bool, start_front: StartFront, tmp_path: Path
) -> None:
    terraform = require("terraform")
    start(start_front, case)
    (text,) = blocks("hcl")
    # Where the instance comes from is the user's own; --timeout keeps the test short.
    text = text.replace("aws_instance.web.id", f'"{ID}"').replace("10m", "2s")
    (tmp_path / "main.tf").write_text(text, encoding="utf-8")
    program(tmp_path)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for words in (["init", "-input=false"], ["apply", "-auto-approve", "-input=false"]):
        done = subprocess.run(
            [terraform, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    # Terraform draws a box around it, and breaks its lines.
    printed = re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;]*m|[│╷╵]", " ", done.stderr))
    assert ("exit status: 69" in printed or "exit status 69" in printed) is fails, printed


def program(folder: Path) -> None:
    """Put a `ssmwake` on the path that is this checkout."""
    path = folder / "ssmwake"
    path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ssmwake "$@"\n', encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
