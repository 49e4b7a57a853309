"""The action for GitHub, its steps run as a runner runs them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((TOP / "action.yml").read_text())
INSTALL, LINT = ACTION["runs"]["steps"]
# One installation, which takes most of the time, for all tests.
pytestmark = pytest.mark.xdist_group("action")

SCRIPT = "#!/bin/sh\ncurl -s http://169.254.169.254/latest/meta-data/placement/region\n"
ANNOTATION = "::error file=user-data.sh,line=2,col=1,title=SW210%3A IMDSv1::asks IMDS without a session token"


def run(step: dict[str, Any], folder: Path, temporary: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run a step as a runner does: expressions stand for values, and bash gets a file."""
    values = {f"inputs.{name}": str(each["default"]) for name, each in ACTION["inputs"].items()}
    values |= {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}

    def filled(text: str) -> str:
        return re.sub(r"\$\{\{ *(.*?) *\}\}", lambda match: values[match[1]], text)

    script = temporary / "step.sh"
    script.write_text(filled(step["run"]))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    runner = {"GITHUB_ACTION_PATH": str(TOP), "GITHUB_WORKSPACE": str(folder), "RUNNER_TEMP": str(temporary)}
    argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    env = clean | runner | {name: filled(value) for name, value in step["env"].items()}
    return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a runner's folder in which the first step has installed ssmwake."""
    folder = tmp_path_factory.mktemp("runner")
    workspace = tmp_path_factory.mktemp("workspace")
    # What a repository may hold to be run instead of Python's own.
    for name in ("venv.py", "pip.py"):
        (workspace / name).write_text("raise SystemExit('not out of the repository')\n")
    done = run(INSTALL, workspace, folder, python=sys.executable)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a repository with a bad file and one that does not concern ssmwake."""
    (tmp_path / "user-data.sh").write_text(SCRIPT)
    (tmp_path / "package.json").write_text("{}")
    return tmp_path


def check(schema: str, path: Path) -> None:
    """Hold a file to one of the schemas that GitHub's own files have."""
    argv = ["-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
    done = subprocess.run([sys.executable, *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_action_holds_to_the_schema() -> None:
    check("github-actions", TOP / "action.yml")


def test_the_page_shows_a_workflow_with_inputs_that_exist(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```yaml\n(on: .*?)```", (TOP / "docs" / "lint.md").read_text(), re.DOTALL)
    (tmp_path / "workflow.yaml").write_text(shown)
    check("github-workflows", tmp_path / "workflow.yaml")
    _, step, upload = yaml.safe_load(shown)["jobs"]["lint"]["steps"]
    assert step["with"].keys() <= ACTION["inputs"].keys()
    # The step before fails where there are findings, and they are what is uploaded.
    assert upload["if"] == "always()"
    assert upload["with"]["sarif_file"] == step["with"]["sarif-file"]


def test_no_input_is_pasted_into_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_a_finding_becomes_an_annotation_and_fails_the_step(workspace: Path, temporary: Path) -> None:
    done = run(LINT, workspace, temporary)
    assert done.returncode == 1
    assert [line.partition("; ")[0] for line in done.stdout.splitlines()] == [ANNOTATION]
    (workspace / "user-data.sh").write_text("#!/bin/sh\ndate\n")
    done = run(LINT, workspace, temporary)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "ssmwake: 1 user data: no findings\n")


def test_a_warning_fails_the_step_where_that_is_wanted(workspace: Path, temporary: Path) -> None:
    (workspace / "user-data.sh").write_text("#!/bin/sh\necho $RANDOM\n")
    done = run(LINT, workspace, temporary)
    assert (done.returncode, done.stdout[:10]) == (0, "::warning ")
    assert run(LINT, workspace, temporary, fail_on="warning").returncode == 1


def test_sarif_is_written_where_it_is_wanted(workspace: Path, temporary: Path) -> None:
    done = run(LINT, workspace, temporary, sarif_file="all of it.sarif")
    assert done.returncode == 1
    assert ANNOTATION in done.stdout
    (result,) = json.loads((workspace / "all of it.sarif").read_text())["runs"][0]["results"]
    assert result["ruleId"] == "SW210"


def test_sarif_replaces_a_link_and_is_not_written_through_it(workspace: Path, temporary: Path) -> None:
    (workspace / "kept").write_text("mine")
    (workspace / "x.sarif").symlink_to("kept")
    run(LINT, workspace, temporary, sarif_file="x.sarif")
    assert (workspace / "kept").read_text() == "mine"
    assert json.loads((workspace / "x.sarif").read_text())["version"] == "2.1.0"


def test_every_package_is_installed_with_a_hash() -> None:
    installs = [line for line in INSTALL["run"].replace("\\\n", " ").splitlines() if "pip install" in line]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "requirements.lock" in installs[0]


def test_paths_stand_one_a_line(workspace: Path, temporary: Path) -> None:
    (workspace / "a folder").mkdir()
    (workspace / "user-data.sh").rename(workspace / "a folder" / "user data.sh")
    done = run(LINT, workspace, temporary, paths="\npackage.json/..\na folder\n")
    assert done.returncode == 1
    done = run(LINT, workspace, temporary, paths="a folder\n")
    assert done.stdout.startswith("::error file=a folder/user data.sh,line=2")


HOSTILE = [
    "$(touch owned)",
    "`touch owned`",
    '"; touch owned; "',
    "'; touch owned; '",
    "x\n; touch owned",
    "--config=owned",
    "--help",
    "-",
    "*",
    "${{ github.token }}",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_is_run(value: str, workspace: Path, temporary: Path) -> None:
    before = sorted(path.name for path in workspace.iterdir())
    as_path = run(LINT, workspace, temporary, paths=value)
    as_level = run(LINT, workspace, temporary, fail_on=value)
    assert as_path.returncode in (1, 2)
    assert as_level.returncode == 2
    assert sorted(path.name for path in workspace.iterdir()) == before
    run(LINT, workspace, temporary, sarif_file=value)
    assert not (workspace / "owned").exists()


def test_a_step_with_a_wrong_setting_fails_before_it_writes_annotations(workspace: Path, temporary: Path) -> None:
    done = run(LINT, workspace, temporary, fail_on="never", sarif_file="x.sarif")
    assert done.returncode == 2
    assert done.stdout == ""
