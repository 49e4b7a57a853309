"""Correct files of every kind that people write: lint has neither an error nor a warning for any of them."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from ssmwake.lint import File, Kind, Severity, kind, lint_all
from ssmwake.model import Finding

GOOD = Path(__file__).parents[1] / "corpus" / "good"
FILES = sorted(str(path.relative_to(GOOD)) for path in GOOD.rglob("*") if path.is_file())
TEMPLATES = [name for name in FILES if name.startswith("cloudformation/")]
# The kinds that lint may take the files of a folder for; None is what it knows nothing of, and leaves alone.
KINDS: dict[str, set[Kind | None]] = {
    "user-data": {Kind.USER_DATA},
    "ssm": {Kind.SSM},
    "cloudformation": {Kind.CLOUDFORMATION},
    "launch-template": {Kind.LAUNCH_TEMPLATE},
    "other": {None},
}
SILENT: tuple[set[Kind | None] | None, ...] = (None, {None})
# Known false alarms: the file and the rules that are wrong about it. An entry that has become wrong fails, and goes.
KNOWN: dict[str, set[str]] = {}
# Known misreadings: files that lint takes for another kind, or for none.
MISREAD: dict[str, Kind | None] = {
    "user-data/bottlerocket.toml": None,
    "user-data/flatcar-ignition.json": None,
    "user-data/windows-powershell.txt": None,
}


def neighbour(path: str) -> bytes | None:
    """Return what a file of the corpus holds."""
    return (GOOD / path).read_bytes() if (GOOD / path).is_file() else None


@pytest.fixture(scope="module")
def alarms() -> dict[str, list[Finding]]:
    """All that lint has to say, by file; in one go, because shellcheck takes longer to start than to check."""
    files = [File(name, (GOOD / name).read_bytes()) for name in FILES]
    # What lint knows nothing of is left alone, unless its folder says that it is ours.
    read = [file for file in files if kind(file.data, file.path) or KINDS.get(file.path.split("/")[0]) not in SILENT]
    by_file: dict[str, list[Finding]] = {name: [] for name in FILES}
    for one in lint_all(read, with_cfn_lint=False, read=neighbour):
        if one.severity is not Severity.INFO:
            by_file[one.where.path].append(one)
    return by_file


@pytest.mark.parametrize("name", FILES)
def test_a_correct_file_gives_no_finding(name: str, alarms: dict[str, list[Finding]]) -> None:
    rules = {one.rule for one in alarms[name]}
    assert rules == KNOWN.get(name, set()), "\n".join(map(str, alarms[name]))


@pytest.mark.parametrize("name", [name for name in FILES if name.split("/")[0] in KINDS])
def test_a_correct_file_is_taken_for_what_it_is(name: str) -> None:
    found = kind((GOOD / name).read_bytes(), name)
    if name in MISREAD:
        assert found == MISREAD[name], "read as it should be; take it out of MISREAD"
        assert found not in KINDS[name.split("/")[0]], "no misreading"
    else:
        assert found in KINDS[name.split("/")[0]]


def test_what_is_known_of_files_is_known_of_files_that_exist() -> None:
    assert {*KNOWN, *MISREAD} <= set(FILES)


def test_cfn_lint_has_nothing_to_say_about_the_templates(tmp_path: Path) -> None:
    program = Path(sysconfig.get_path("scripts")) / "cfn-lint"
    # From elsewhere: cfn-lint reads settings from the folder it is started in.
    paths = [str(GOOD / name) for name in TEMPLATES]
    done = subprocess.run([sys.executable, program, *paths], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
