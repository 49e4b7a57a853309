"""A release takes one command: a tag, a wheel, an sdist, and their hashes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ssmwake import __version__
from support import tools

TOP = Path(__file__).parents[2]
NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "HOME": "/nonexistent"} | {
    f"GIT_{role}_{what}": "a@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


def git(folder: Path, *words: str) -> str:
    """Run git without anybody's settings; return what it prints."""
    argv = [tools.require("git"), "-C", str(folder), *words]
    return subprocess.run(argv, env={**os.environ, **NOBODY}, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit that holds what a release needs."""
    folder = tmp_path / "checkout"
    for name in ("generator", "templates", "dist", "tools", "docs"):
        shutil.copytree(TOP / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore"):
        shutil.copy(TOP / name, folder / name)
    git(tmp_path, "init", "--quiet", str(folder))
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "All")
    return folder


def release(folder: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **NOBODY, "PYTHON": sys.executable}
    return subprocess.run(["sh", "tools/release.sh"], cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_a_release_is_tagged_built_and_hashed(checkout: Path) -> None:
    done = release(checkout)
    assert done.returncode == 0, done.stderr
    made = {path.name for path in (checkout / "build/release").iterdir()}
    assert made == {f"ssmwake-{__version__}-py3-none-any.whl", f"ssmwake-{__version__}.tar.gz", "SHA256SUMS"}
    sums = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=checkout / "build/release", check=False
    )
    assert sums.returncode == 0
    assert git(checkout, "tag").split() == [f"v{__version__}"]
    assert release(checkout).stderr == f"release: the tag v{__version__} exists; raise the version first\n"


def test_a_release_without_its_section_in_the_changelog_is_refused(checkout: Path) -> None:
    page = checkout / "CHANGELOG.md"
    text, heading = page.read_text(), rf"## {re.escape(__version__)} .*\n"
    for instead in ("", f"## {__version__} (unreleased)\n"):
        page.write_text(re.sub(heading, instead, text))
        git(checkout, "commit", "--quiet", "--all", "--message", "No section")
        assert "has no section" in release(checkout).stderr
    assert git(checkout, "tag") == ""


def test_changes_that_are_not_committed_are_refused(checkout: Path) -> None:
    (checkout / "README.md").write_text("changed\n")
    assert "the work tree has changes" in release(checkout).stderr
