"""What README shows does what README says, in both languages."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ssmwake.cli import command
from ssmwake.render.runtime import runtime

TOP = Path(__file__).parents[2]
README = (TOP / "README.md").read_text(encoding="utf-8")
CHINESE = (TOP / "README.zh-TW.md").read_text(encoding="utf-8")
SHOWN = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("ssmwake ")
]
# What needs an AWS account is run against a stand-in: tests of the desk and of publish.
AWS = ("doctor", "wait", "wake", "publish")
LOCAL = [line for line in SHOWN if line.split()[1] not in AWS]
ON_THE_INSTANCE = {"status", "run", "install", "uninstall", "watch"}


@pytest.mark.parametrize("line", LOCAL)
def test_each_command_that_is_shown_works(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # As long as the scripts of others are.
    steps = "".join(f"install -d -m 0750 /srv/app/{number}\n" for number in range(80))
    (tmp_path / "setup.sh").write_text(f"#!/bin/sh\n{steps}")
    words, _, target = line.partition(" > ")
    environment = {"PYTHONPATH": str(TOP / "generator"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(words)], capture_output=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout, target


def test_each_verb_and_option_that_is_named_exists() -> None:
    runner = CliRunner()
    named = re.findall(r"`ssmwake ([a-z-]+)((?: --?[a-z-]+)*)", README)
    named += [(line.split()[1], " ".join(re.findall(r" --?[a-z-]+", line))) for line in SHOWN]
    for verb, options in named:
        shown = runner.invoke(command, [verb, "--help"])
        assert shown.exit_code == 0, verb
        assert all(option in shown.output for option in options.split()), (verb, options)
    assert {verb for verb, _ in named} >= {"doctor", "wake", "user-data", "publish", "lint"}


def test_what_is_shown_of_the_runtime_is_a_command_of_it() -> None:
    shown = set(re.findall(r"^ssh \S+ sudo sh -s -- ([a-z-]+)", README, re.MULTILINE))
    assert shown
    assert shown <= ON_THE_INSTANCE
    assert all(re.search(rf"\b{verb}\b", runtime()) for verb in shown)


def without_times(shown: str) -> list[str]:
    """Return the lines of a trial without times, sorted: what falls into the same tenth of a second changes places."""
    lines = re.sub(r"^ +\d+\.\d s|(?<=ssmwake) +\d+\.\d s(?=  #)", "", shown, flags=re.MULTILINE).splitlines()
    return sorted(lines)


def test_what_is_shown_of_try_is_what_it_prints() -> None:
    shown = [
        re.search(r"^( +0\.0 s .*?)```", text, re.MULTILINE | re.DOTALL)
        for text in (README, (TOP / "docs" / "simulator.md").read_text(encoding="utf-8"))
    ]
    environment = {"PYTHONPATH": str(TOP / "generator"), "PATH": "/usr/bin:/bin"}
    printed: list[list[str]] = []
    # A machine that is busy with other tests may need another restart, or end before the runtime's last line.
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-m", "ssmwake", "try"], capture_output=True, text=True, env=environment, check=True
        )
        printed.append(without_times(done.stdout))
        if all(one and without_times(one[1]) == printed[-1] for one in shown):
            return
    assert printed == [without_times(one[1]) for one in shown if one]


def blocks(text: str) -> list[str]:
    """Return the blocks of code, without comments: those are translated."""
    return [re.sub(r" +#.*", "", block) for block in re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL)]


def test_both_languages_show_the_same_code() -> None:
    assert blocks(CHINESE) == blocks(README)


def test_both_languages_link_to_the_same_pages() -> None:
    def targets(text: str) -> set[str]:
        return set(re.findall(r"\]\(([^)#][^)]*)\)", text)) - {"README.md", "README.zh-TW.md"}

    assert targets(CHINESE) == targets(README)
