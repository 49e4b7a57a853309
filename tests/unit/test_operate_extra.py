"""The line that installs the package a tunnel needs fits the way in which ssmwake was installed."""

import importlib.util
import shlex
import sys
from pathlib import Path

import pytest

from ssmwake.operate import extra


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(extra, "requirement", lambda: "websockets>=14")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "ssmwake"))
    (tmp_path / "ssmwake").mkdir()
    return tmp_path / "ssmwake"


@pytest.mark.usefixtures("prefix")
def test_pip_installs_into_this_very_python() -> None:
    assert extra.install_line() == shlex.join([sys.executable, "-m", "pip", "install", "websockets>=14"])


@pytest.mark.usefixtures("prefix")
def test_an_environment_of_uv_without_pip_is_named_to_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert extra.install_line() == f"uv pip install --python {shlex.quote(sys.executable)} 'websockets>=14'"


def test_pipx_injects_it(prefix: Path) -> None:
    (prefix / "pipx_metadata.json").write_text("{}", encoding="utf-8")
    assert extra.install_line() == "pipx inject ssmwake 'websockets>=14'"


@pytest.mark.parametrize(
    ("where", "end"),
    [
        ("ssmwake", "ssmwake"),
        ("/home/me/my checkout", "'/home/me/my checkout'"),
        ("git+https://x/y", "git+https://x/y"),
    ],
)
def test_a_tool_of_uv_is_installed_with_it_from_where_it_came(
    where: str, end: str, prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extra, "source", lambda: where)
    (prefix / "uv-receipt.toml").write_text("", encoding="utf-8")
    assert extra.install_line() == f"uv tool install --with 'websockets>=14' {end}"


def test_uvx_runs_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = tmp_path / "archive-v0" / "xyz"
    prefix.mkdir(parents=True)
    (prefix / "pyvenv.cfg").write_text("home = /usr/bin\nuv = 0.9.1\n", encoding="utf-8")
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.setattr(extra, "requirement", lambda: "websockets>=14")
    monkeypatch.setattr(extra, "source", lambda: "/home/me/ssmwake")
    assert extra.install_line() == "uvx --with 'websockets>=14' --from /home/me/ssmwake ssmwake wake ..."


def test_the_requirement_is_that_of_the_package() -> None:
    assert extra.requirement().startswith("websockets>=")
