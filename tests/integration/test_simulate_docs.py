"""docs/simulator.md says what the simulator can do, and the simulator needs no more than it says."""

import ast
import re
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ssmwake.cli.try_ import command
from ssmwake.simulate.endpoint import ENDPOINT_FAULTS, Endpoint
from ssmwake.simulate.faults import FAULTS
from ssmwake.simulate.imds import Imds
from ssmwake.simulate.serve import endpoint_actions, imds_actions

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/simulator.md").read_text(encoding="utf-8")
MODULES = sorted((ROOT / "generator/ssmwake/simulate").glob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_module_needs_python_3_9_and_its_standard_library(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"), feature_version=(3, 9))
    names = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    foreign = [name for name in names if name.split(".")[0] not in sys.stdlib_module_names]
    assert all(name.startswith("ssmwake.simulate") for name in foreign)


def test_every_action_of_the_control_port_is_in_the_page() -> None:
    with Imds() as imds, Endpoint() as ssm:
        actions = [*imds_actions(imds), *endpoint_actions(ssm)]
    assert [action for action in actions if f"`{action}`" not in PAGE] == []


def test_the_commands_of_the_page_name_options_and_faults_that_exist() -> None:
    lines = re.findall(r"`(ssmwake try [^`]+)`", PAGE)
    assert len(lines) >= 6
    for line in lines:
        words = shlex.split(line)[2:]
        context = command.make_context("try", list(words), resilient_parsing=True)
        assert set(context.params["faults"]) <= {*FAULTS, *ENDPOINT_FAULTS}
        known = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known


def test_the_page_counts_the_faults() -> None:
    listed = CliRunner().invoke(command, ["--list-faults"]).stdout.splitlines()
    assert len(listed) == len(FAULTS) + len(ENDPOINT_FAULTS)
    assert len(FAULTS) > int(re.findall(r"can fail in\s+more than (\d+)\s+ways", PAGE)[0])
