"""`ssmwake publish` as a person and a program meet it, and the same from Python."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ssmwake
from ssmwake.cli import publish
from ssmwake.model import Artifact, Finding, Location
from ssmwake.publish import Outcome, Publish, Refused
from support.accounts import HERE, state
from support.fake_ssm import FakeSsm
from support.front import Front, error
from support.publish_command import SOURCE, on_a_terminal, run

WHERE = ("--region", HERE.region)


def test_it_asks_on_a_terminal_and_no_means_nothing_is_written(fake: FakeSsm, front: Front) -> None:
    status, seen = on_a_terminal(*WHERE, typed="n\n")
    assert (status, state(fake)) == (1, {})
    assert "nothing was changed" in seen
    assert not any(call.writes for call in front.calls)


def test_yes_on_a_terminal_publishes_with_colour_and_progress(fake: FakeSsm, front: Front) -> None:
    status, seen = on_a_terminal("--region", "eu-west-1", "--region", "us-east-1", typed="y\n")
    assert status == 0
    assert set(state(fake)) >= {"ssmwake"}
    assert "\x1b[32m" in seen
    assert "planning" in seen


def test_no_color_is_obeyed(fake: FakeSsm, front: Front) -> None:
    _, seen = on_a_terminal(*WHERE, typed="y\n", environment={"NO_COLOR": "1"})
    assert "\x1b[3" not in seen


def test_stdout_carries_the_table_and_the_words_go_to_stderr(fake: FakeSsm, front: Front) -> None:
    said = run(*WHERE, "--yes")
    assert said.exit_code == 0
    head, _ = (line.split() for line in said.stdout.splitlines())
    assert head == ["account", "region", "result", "changes"]
    assert "create ssmwake" in said.stderr


def test_a_failure_is_in_the_table_in_a_line_and_in_the_status(fake: FakeSsm, front: Front) -> None:
    front.spoil = lambda call: error(call, "AccessDeniedException") if call.region == "eu-west-2" else None
    said = run("--region", "eu-west-1", "--region", "eu-west-2", "--yes")
    assert said.exit_code == 1
    assert [line.split()[2] for line in said.stdout.splitlines()[1:]] == ["done", "failed"]
    # The plan says it, and the run does not say it once more.
    assert said.stderr.count("not allowed: ssm:GetDocument on arn:aws:ssm:eu-west-2:*:document/ssmwake") == 1
    program = json.loads(run("--region", "eu-west-1", "--region", "eu-west-2", "--yes", "--json").stdout)
    assert [(place["region"], place["outcome"]) for place in program["places"]] == [
        ("eu-west-1", "unchanged"),
        ("eu-west-2", "failed"),
    ]
    assert not program["ok"]


def test_check_for_a_program_holds_the_diff_and_the_actions(fake: FakeSsm, front: Front) -> None:
    said = run(*WHERE, "--check", "--json")
    assert said.exit_code == 1
    (place,) = json.loads(said.stdout)["places"]
    assert place["outcome"] == "planned"
    assert "+schemaVersion" in place["diffs"]["ssmwake"]


def test_a_region_that_is_given_twice_is_one_place(fake: FakeSsm, front: Front) -> None:
    assert len(json.loads(run(*WHERE, *WHERE, "--yes", "--json").stdout)["places"]) == 1


def test_no_region_is_said(front: Front) -> None:
    said = run("--yes")
    assert said.exit_code == 1
    assert said.output == "ssmwake: error: no region; give --region, or set AWS_REGION\n"


def test_everyone_must_be_said_twice(fake: FakeSsm, front: Front, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("documents: {share-with: [all]}\n")
    said = run("-c", str(config), *WHERE, "--yes")
    assert said.exit_code == 1
    assert "error: `all` shares the documents with everyone, which the config alone cannot do" in said.stderr
    assert "--share-with-all" not in said.stderr
    assert front.calls == []
    assert run("-c", str(config), *WHERE, "--yes", "--share-with-all").exit_code == 0
    assert state(fake)["ssmwake"]["shared"] == {"all"}


def test_an_error_of_lint_stops_the_publish(fake: FakeSsm, front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def lint(artifacts: list[Artifact]) -> list[Finding]:
        seen.extend(artifact.path for artifact in artifacts)
        return [Finding(Location("ssm/command.yaml", 3, 1), "SW399", "wrong; fix it")]

    monkeypatch.setattr(publish, "lint_before_publishing", lint)
    said = run(*WHERE, "--yes")
    assert said.exit_code == 1
    assert "ssm/command.yaml:3:1: error: wrong; fix it [SW399]" in said.stderr
    assert "nothing was published" in said.stderr
    assert {"ssm/command.yaml", "ssm/automation.yaml"} == set(seen)
    assert front.calls == []
    assert run(*WHERE, "--yes", "--no-lint").exit_code == 0


def test_no_lint_is_said_in_the_output(fake: FakeSsm, front: Front) -> None:
    assert "not linted, because of --no-lint" in run(*WHERE, "--yes", "--no-lint").stderr


def test_promote_and_rollback_on_the_command_line(fake: FakeSsm, front: Front, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    assert run(*WHERE, "--yes").exit_code == 0
    config.write_text("role: web\n")
    assert run("-c", str(config), *WHERE, "--yes", "--no-promote").exit_code == 0
    assert state(fake)["ssmwake"]["default"] == 1
    name = state(fake)["ssmwake"]["versions"][2][0]
    assert run(*WHERE, "--yes", "--promote", name).exit_code == 0
    assert state(fake)["ssmwake"]["default"] == 2
    assert run(*WHERE, "--yes", "--rollback").exit_code == 0
    assert state(fake)["ssmwake"]["default"] == 1


def test_the_same_from_python(fake: FakeSsm, front: Front) -> None:
    plan = ssmwake.plan(role="web", publish={"regions": [HERE.region]})
    assert (plan.changes, state(fake)) == (True, {})
    (result,) = ssmwake.execute(plan)
    assert result.outcome is Outcome.DONE
    assert not ssmwake.plan(role="web", publish={"regions": [HERE.region]}, purpose=Publish()).changes
    with pytest.raises(Refused, match="no region"):
        ssmwake.plan()


@pytest.mark.parametrize("arguments", [["--help"], ["user-data"], ["document", "command"], ["render", "--check"]])
def test_no_other_command_imports_boto3(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom ssmwake.cli import command\n"
        f"try:\n    command.main({arguments!r}, standalone_mode=False)\nexcept SystemExit:\n    pass\n"
        "sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
