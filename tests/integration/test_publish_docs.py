"""What docs/publish.md shows and names is there, and what is there is named."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import ssmwake
from ssmwake.aws.client import PATIENT
from ssmwake.aws.session import IDENTITY
from ssmwake.cli import command
from ssmwake.cli.publish import command as publish
from ssmwake.config import load
from support.accounts import HERE
from support.fake_ssm import FakeSsm
from support.front import Front

PAGE = (Path(__file__).parents[2] / "docs" / "publish.md").read_text(encoding="utf-8")
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(language: str, text: str = PAGE) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


SHOWN = [line.split("#")[0].split() for block in blocks("sh", PAGE + README) for line in block.splitlines()]
COMMANDS = [words for words in SHOWN if words[:2] == ["ssmwake", "publish"]]


@pytest.mark.parametrize("words", COMMANDS, ids=shlex.join)
def test_each_command_that_is_shown_is_understood(
    words: list[str], moto: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", HERE.region)
    said = CliRunner().invoke(command, [*words[1:], *([] if "--print-policy" in words else ["--check"])])
    assert "Usage:" not in said.output, said.output
    # Nothing is there yet that could be promoted.
    fails = "--promote" in words or "--rollback" in words
    assert ("named v-0123456789ab" in said.output or "nothing was promoted" in said.output) == fails


def test_each_option_is_named_on_the_page_and_each_named_one_exists() -> None:
    options = {name for parameter in publish.params for name in parameter.opts if name.startswith("--")}
    named = set(re.findall(r"(?<!-)--[a-z][a-z-]+", PAGE))
    assert named <= options
    # Every command has those that are not specific to it.
    assert options - named <= {"--assume-role", "--color", "--config", "--no-config"}


def test_the_plan_that_is_shown_is_what_is_printed(
    front: Front, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(command, ["publish", "--region", "eu-west-1", "--region", "us-east-1", "--check"])
    (shown,) = re.findall(r"\n```\n(123456789012 .*?)```\n", PAGE, re.DOTALL)
    *plan, question = shown.splitlines()
    assert question == f"Publish to {plan[-1].partition(' in ')[2]}? [y/N]:"
    # Neither the contents of the documents nor the account are those of the page.
    assert _general("\n".join(plan)) == _general(said.output)


def _general(text: str) -> list[str]:
    text = re.sub("v-[0-9a-f]{12}", "VERSION", text.replace(" (example-prod)", ""))
    return re.sub(r"arn:aws:\S+", "ARN", text).splitlines()


def test_the_config_that_is_shown_is_valid() -> None:
    (text,) = blocks("yaml")
    config = load("ssmwake.yaml", text.encode())
    assert config.publish.launch_templates["lt-0123456789abcdef0"].promote


def test_the_python_that_is_shown_runs(fake: FakeSsm, front: Front, capsys: pytest.CaptureFixture[str]) -> None:
    (text,) = blocks("python")
    names: dict[str, object] = {}
    exec(text, names)
    assert names["ssmwake"] is ssmwake
    assert "create ssmwake" in capsys.readouterr().out


def test_the_time_outs_on_the_page_are_those_of_the_program() -> None:
    sentence = (
        f"costs its place {PATIENT.connect:.0f} seconds, "
        f"and one that does not answer {PATIENT.longest_call:.0f} seconds "
        f"({PATIENT.connect + IDENTITY:.0f} for the question"
    )
    assert sentence in " ".join(PAGE.split())
    assert f"Active after {PATIENT.active / 60:.0f} minutes" in " ".join(PAGE.split())
