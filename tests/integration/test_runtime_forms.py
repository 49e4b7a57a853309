"""The runtime that is carried is the one that was reviewed, and anybody can see that with the commands of the page."""

import json
import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from ssmwake.render.runtime import carried, runtime, without_comments

SCRIPTS = Path(sysconfig.get_path("scripts"))
PAGE = (Path(__file__).parents[2] / "docs" / "runtime.md").read_text()


def parsed(script: str) -> Any:
    """Return what shfmt reads, without comments and places."""
    done = subprocess.run(
        [SCRIPTS / "shfmt", "--language-dialect", "posix", "--to-json"],
        input=script,
        capture_output=True,
        text=True,
        check=True,
    )
    return without_places(json.loads(done.stdout))


def without_places(node: Any) -> Any:
    if isinstance(node, list):
        return [without_places(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key not in ("Comments", "Last")}
    return {key: without_places(value) for key, value in kept.items() if not is_place(value)}


def is_place(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"Offset", "Line", "Col"}


def test_what_is_carried_is_the_same_shell_as_the_source() -> None:
    assert parsed(carried()) == parsed(runtime())


@pytest.mark.parametrize(
    ("script", "same"),
    [
        ("echo a # b\n\n# c\nif true; then\n    # d\n    echo e\nfi\n", True),
        ("echo 'a\n\nb'\n", False),
        ("echo 'a\n# b\nc'\n", False),
        ('echo "a\n    # b\nc"\n', False),
    ],
)
def test_the_comparison_sees_a_string_that_loses_a_line(script: str, same: bool) -> None:
    assert (parsed(without_comments(f"#!/bin/sh\n{script}")) == parsed(f"#!/bin/sh\n{script}")) == same


def test_the_commands_on_the_page_compare_what_is_carried_with_what_was_reviewed(tmp_path: Path) -> None:
    section = PAGE.partition("\n## Review what runs as root\n")[2].partition("\n## ")[0]
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))
    assert commands.count("cmp") == 2
    installed = tmp_path / "installed"
    assert "`ssmwake runtime --carried`" in section
    commands += "\nssmwake runtime | cmp - ssmwake.sh && ssmwake runtime --carried | cmp - reviewed\n"
    commands = commands.replace("sudo cat /usr/local/sbin/ssmwake", f"cat {installed}")
    (tmp_path / "ssmwake.sh").write_text(runtime())
    environment = {"PATH": f"{SCRIPTS}:/usr/bin:/bin"}

    def status() -> int:
        line = ["sh", "-e", "-c", commands]
        return subprocess.run(line, cwd=tmp_path, env=environment, check=False, capture_output=True).returncode

    installed.write_text(carried())
    assert status() == 0
    installed.write_text(carried().replace("umask 077", "umask 000"))
    assert status() == 1
