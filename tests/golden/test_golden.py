"""The artifacts of a config, byte for byte: a case holds what differs from dist/, and `make render` refreshes it."""

from pathlib import Path

import pytest

from ssmwake.cli.inputs import settings
from ssmwake.dist import drift
from ssmwake.model import Config, Invalid
from ssmwake.render import render

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/ssmwake.yaml"))
INVALID = sorted(path.parent for path in HERE.glob("invalid/*/expected.txt"))


def test_dist_is_the_render_of_the_empty_config() -> None:
    assert drift(render(Config()), HERE.parents[1] / "dist") == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_renders_to_its_dist(case: Path) -> None:
    usual = {artifact.path: artifact.text for artifact in render(Config())}
    rendered = {artifact.path: artifact.text for artifact in render(*settings(str(case / "ssmwake.yaml")))}
    golden = {
        path.relative_to(case / "dist").as_posix(): path.read_text(encoding="utf-8")
        for path in (case / "dist").rglob("*")
        if path.is_file()
    }
    assert {path: text for path, text in rendered.items() if usual.get(path) != text} == golden
    assert all(line.partition("  ")[2] in rendered for line in golden["SHA256SUMS"].splitlines())


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case.name)
def test_an_invalid_case_is_refused_with_these_words(case: Path) -> None:
    with pytest.raises(Invalid) as caught:
        render(*settings(str(case / "ssmwake.yaml")))
    said = "".join(f"{finding}\n" for finding in caught.value.findings).replace(f"{case}/", "")
    assert said == (case / "expected.txt").read_text(encoding="utf-8")


def test_there_are_cases() -> None:
    assert len(CASES) >= 3
    assert len(INVALID) >= 5
