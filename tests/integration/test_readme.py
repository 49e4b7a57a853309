"""What the README shows does what the README says."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ssmwake.cli import command
from ssmwake.model import Config
from ssmwake.render.carriers import conf
from ssmwake.render.runtime import runtime

TOP = Path(__file__).parents[2]
README = (TOP / "README.md").read_text()
SHOWN = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("ssmwake ")
]
# What needs an AWS account is run against a fake one in tests/integration.
LOCAL = [line for line in SHOWN if not line.startswith("ssmwake publish")]


@pytest.mark.parametrize("line", LOCAL)
def test_each_command_that_is_shown_works(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setup.sh").write_text("#!/bin/sh\ndate >/root/started\n")
    (tmp_path / "app.yaml").write_text("#cloud-config\nruncmd:\n- touch /root/app\n")
    words, _, target = line.partition(" > ")
    environment = {"PYTHONPATH": str(TOP / "generator"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(words)], capture_output=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout, target


def test_each_verb_and_option_that_is_named_exists() -> None:
    runner = CliRunner()
    named = re.findall(r"`ssmwake ([a-z-]+)(?: [a-z]+)?((?: --?[a-z-]+)*)", README) + [
        (line.split()[1], " ".join(re.findall(r" --?[a-z-]+", line))) for line in SHOWN
    ]
    on_the_instance = {"status", "wait", "run", "install", "uninstall", "watch"}
    checked = 0
    for verb, options in named:
        if verb in on_the_instance:
            assert re.search(rf"\b{verb}\b", runtime())
            continue
        shown = runner.invoke(command, [verb, "--help"])
        assert shown.exit_code == 0, verb
        for option in options.split():
            assert option in shown.output or verb == "document", (verb, option)
        checked += 1
    assert checked > 5


def test_the_table_of_settings_names_what_the_instance_reads() -> None:
    named = set(re.findall(r"`(SSMWAKE_[A-Z_]+)`", README))
    every = Config(
        role="web", timeout=1, poll=1, poll_healthy=1, restart_after=(1,), instance_connect=False, on_ready=("true",)
    )
    assert named == {line.split("=")[0] for line in conf(every, "x").splitlines()[1:]}
    for name in named:
        assert name.removeprefix("SSMWAKE_") in runtime()


def test_the_exit_codes_are_those_of_the_runtime() -> None:
    sentence = re.search(r"Exit codes:(.*?)`journalctl", README, re.DOTALL)
    assert sentence
    assert set(re.findall(r"\b\d\d\b", sentence[1])) == set(re.findall(r"code=(\d\d)\b", runtime()))
