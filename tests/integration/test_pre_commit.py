"""The hooks, as pre-commit itself installs and runs them from this checkout."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support import tools

TOP = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("pre-commit")
# One environment, which takes most of the time, for all tests.
pytestmark = pytest.mark.xdist_group("pre-commit")

TEMPLATE = """\
Resources:
  Web:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0123456789abcdef0
      UserData:
        Fn::Base64: |
          #!/bin/sh
          curl -s http://169.254.169.254/latest/meta-data/placement/region
"""
# What a project has besides, and what does not concern ssmwake.
OTHERS = {
    "package.json": "{}\n",
    "compose.yaml": "services: {}\n",
    "nginx.tftpl": "server { listen ${port}; }\n",
    "main.tf": 'output "a" { value = 1 }\n',
    "notes.txt": "Remember the milk.\n",
    "functions.sh": "f() { date; }\n",
    "build.sh": "#!/bin/sh\n" + "date\n" * 5000,
}


def run(
    *words: str, folder: Path, home: Path | None = None, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with nobody's settings of git, and pre-commit's environments in a place of its own."""
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PRE_COMMIT_HOME": str(home)}
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHON"))}
    if path:
        nobody["PATH"] = f"{path}:{os.environ['PATH']}"
    for role in ("AUTHOR", "COMMITTER"):
        nobody |= {f"GIT_{role}_NAME": "a", f"GIT_{role}_EMAIL": "a@example.com"}
    return subprocess.run(words, cwd=folder, env=clean | nobody, capture_output=True, text=True, check=False)


def committed(folder: Path) -> str:
    """Make a repository of a folder; return its only commit."""
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "All"]):
        done = run("git", *words, folder=folder)
        assert done.returncode == 0, done.stderr
    return run("git", "rev-parse", "HEAD", folder=folder).stdout.strip()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where pre-commit keeps its environments."""
    tools.require("git")
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the configuration that the page shows, with all our hooks, out of this checkout as it is now."""
    tools.require("git")
    hooks = tmp_path_factory.mktemp("hooks")
    for name in ("generator", "templates", "docs/rules"):
        shutil.copytree(TOP / name, hooks / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(TOP / name, hooks)
    page = (TOP / "docs" / "lint.md").read_text()
    _, shown = re.findall(r"```yaml\n(repos:\n.*?)```", page, re.DOTALL)
    repos = yaml.safe_load(shown)["repos"]
    repos[0] |= {"repo": str(hooks), "rev": committed(hooks)}
    repos[0]["hooks"] += [{"id": "ssmwake-project"}, {"id": "ssmwake-render"}]
    return json.dumps({"repos": repos})


def project(folder: Path, config: str, files: dict[str, str]) -> None:
    """Make a repository of a user with the hooks."""
    for name, text in {**files, ".pre-commit-config.yaml": config}.items():
        (folder / name).write_text(text)
    committed(folder)


def test_a_hook_takes_the_files_of_lint_and_no_others(tmp_path: Path, config: str, home: Path) -> None:
    project(tmp_path, config, {**OTHERS, "template.yaml": TEMPLATE})
    done = run(str(PROGRAM), "run", "--all-files", "ssmwake", folder=tmp_path, home=home)
    assert done.returncode == 1, done.stderr
    assert "template.yaml:9:11: error: asks IMDS without a session token" in done.stdout
    assert not [name for name in OTHERS if name in done.stdout]
    done = run(str(PROGRAM), "run", "--files", *OTHERS, "--", "ssmwake", folder=tmp_path, home=home)
    assert done.returncode == 0, done.stdout


def test_a_local_hook_runs_the_command_that_is_installed(tmp_path: Path, home: Path) -> None:
    page = (TOP / "docs" / "lint.md").read_text()
    shown, _ = re.findall(r"```yaml\n(repos:\n.*?)```", page, re.DOTALL)
    project(tmp_path, shown, {**OTHERS, "template.yaml": TEMPLATE})
    done = run(str(PROGRAM), "run", "--all-files", folder=tmp_path, home=home, path=PROGRAM.parent)
    assert done.returncode == 1, done.stderr
    assert "template.yaml:9:11: error: asks IMDS without a session token" in done.stdout
    assert done.stdout.count("ssmwake: 1 CloudFormation template") == 1
    assert not [name for name in OTHERS if name in done.stdout]


def test_a_hook_takes_an_option(tmp_path: Path, config: str, home: Path) -> None:
    options = config.replace('{"id": "ssmwake"}', '{"id": "ssmwake", "args": ["--fail-on=warning"]}')
    project(tmp_path, options, {"user-data.sh": "#!/bin/sh\necho $RANDOM\n"})
    done = run(str(PROGRAM), "run", "--all-files", "ssmwake", folder=tmp_path, home=home)
    assert done.returncode == 1, done.stderr
    assert "user-data.sh:2:6: warning:" in done.stdout


def test_a_file_that_is_called_like_an_option_is_a_file_to_the_hook(tmp_path: Path, config: str, home: Path) -> None:
    files = {
        "--config=x.yaml": "#cloud-config\nruncmd:\n- curl -s http://169.254.169.254/latest/meta-data/ami-id\n",
        "x.yaml": "lint: {ignore: [{rule: SW210, reason: none}]}\n",
    }
    project(tmp_path, config, files)
    done = run(str(PROGRAM), "run", "--all-files", "ssmwake", folder=tmp_path, home=home)
    assert (done.returncode, "--config=x.yaml:3:" in done.stdout) == (1, True), done.stdout
    # Whoever sets args without -- at the end gets an error, and not another config.
    options = config.replace('{"id": "ssmwake"}', '{"id": "ssmwake", "args": ["--fail-on=warning"]}')
    (tmp_path / ".pre-commit-config.yaml").write_text(options)
    done = run(str(PROGRAM), "run", "--all-files", "ssmwake", folder=tmp_path, home=home)
    assert (done.returncode, "put -- before the files" in done.stdout) == (1, True), done.stdout


def test_a_hook_finds_user_data_without_a_first_line(tmp_path: Path, config: str, home: Path) -> None:
    project(tmp_path, config, {"user-data": "packages: [jq]\n", "boot.sh": "yum install -y httpd\n"})
    done = run(str(PROGRAM), "run", "--all-files", "ssmwake", folder=tmp_path, home=home)
    assert done.returncode == 1
    assert "user-data:1:1: error:" in done.stdout
    assert "boot.sh:1:1: error:" in done.stdout


def test_a_hook_takes_the_whole_project(tmp_path: Path, config: str, home: Path) -> None:
    project(tmp_path, config, {**OTHERS, "template.yaml": TEMPLATE})
    done = run(str(PROGRAM), "run", "--files", "notes.txt", "--", "ssmwake-project", folder=tmp_path, home=home)
    assert done.returncode == 1, done.stderr
    assert "template.yaml:9:11: error: asks IMDS without a session token" in done.stdout
    assert not [name for name in OTHERS if name in done.stdout]


def test_a_hook_sees_that_an_artifact_is_not_what_the_config_renders(tmp_path: Path, config: str, home: Path) -> None:
    shutil.copytree(TOP / "dist", tmp_path / "dist")
    project(tmp_path, config, OTHERS)
    done = run(str(PROGRAM), "run", "--all-files", folder=tmp_path, home=home)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("Passed") == 3
    (tmp_path / "dist" / "runtime" / "ssmwake.sh").write_text("#!/bin/sh\n")
    done = run(str(PROGRAM), "run", "--all-files", "ssmwake-render", folder=tmp_path, home=home)
    assert done.returncode == 1, done.stdout
    assert "dist/runtime/ssmwake.sh" in done.stdout
