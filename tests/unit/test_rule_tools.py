"""The tools that start a rule, and that write its page around what is written by hand."""

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ssmwake.cfn_rules import cfn_id
from ssmwake.model import Severity
from ssmwake.rules import LINT_RULES

ROOT = Path(__file__).parents[2]


def tool(name: str) -> ModuleType:
    """Return a module of tools/."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a rule is made of."""
    shutil.copytree(ROOT / "generator" / "ssmwake", tmp_path / "generator" / "ssmwake")
    (tmp_path / "docs" / "rules").mkdir(parents=True)
    (tmp_path / "tests" / "corpus" / "bad").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("module", ["lint.shell.imds", "lint.shell.command"])
def test_a_rule_that_is_started_is_in_the_table(checkout: Path, module: str) -> None:
    new_rule = tool("new_rule")
    paths = new_rule.start(checkout, "SW299", module, "NEW", "a new fault", "warning", "it fails")
    assert [path.exists() for path in paths] == [True] * 4
    code = (
        "from ssmwake.rules import RULES; rule = RULES['SW299']; print(rule.severity, rule.title, rule.reason, sep=':')"
    )
    environment = {"PYTHONPATH": str(checkout / "generator")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "warning:a new fault:it fails\n"
    formatted = [sys.executable, "-m", "ruff", "check", "--select", "F,E", "--isolated", "--line-length", "120"]
    assert subprocess.run([*formatted, str(paths[0])], check=False).returncode == 0


def test_an_id_is_given_once(checkout: Path) -> None:
    with pytest.raises(ValueError, match=r"SW210 is the id of a rule in generator/ssmwake/lint/shell/imds\.py"):
        tool("new_rule").start(checkout, "SW210", "lint.shell.imds", "NEW", "a new fault", "warning", "it fails")


def test_the_pages_are_what_the_rules_say_around_the_prose() -> None:
    for path, text in tool("rule_pages").pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run make render"


def test_a_page_keeps_what_is_written_by_hand() -> None:
    rule_pages = tool("rule_pages")
    rule = LINT_RULES["SW211"]
    prose = "Prose.\n\n## Bad\n\n```sh\nx\n```"
    once = rule_pages.page(rule, f"# SW211: another title\n\n{prose}\n")
    assert prose in once
    assert once.startswith(f"# SW211: {rule.title}\n\nError: ")
    assert rule_pages.page(rule, once) == once


PAGE = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")


def test_the_page_starts_a_rule_with_a_command_that_works(checkout: Path) -> None:
    new_rule = tool("new_rule")
    (shown,) = re.findall(r"^ *\$ python tools/new_rule\.py (.*)$", PAGE, re.MULTILINE)
    name, module, constant, title, *options = shlex.split(shown)
    values = dict(zip(options[::2], options[1::2], strict=True))
    paths = new_rule.start(checkout, name, module, constant, title, values["--severity"], values["--reason"])
    value = re.search(r"^ *(SLOW_TOKEN = rule\(.*\))$", PAGE, re.MULTILINE)
    assert value is not None
    assert value[1] in paths[0].read_text(encoding="utf-8").splitlines()


def test_the_page_names_each_room_and_the_numbers_of_the_plugin() -> None:
    rooms = {path.name.removesuffix(".py") for path in (ROOT / "generator" / "ssmwake" / "lint").iterdir()} - {
        "__pycache__"
    }
    assert {room for room in rooms if not re.search(rf"\b{room}\b", PAGE)} == set()
    (rule, number), *_ = re.findall(r"`(SW\d+)` is `W(\d+)` there", PAGE)
    assert cfn_id(rule, Severity.WARNING) == f"W{number}"
