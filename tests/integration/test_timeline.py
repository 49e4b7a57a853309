"""The tool that draws README's time line draws it from a real run."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tools import timeline

SHOWN = [timeline.DOCS / f"timeline-{name}.svg" for name in timeline.THEMES]


def words(path: Path) -> list[str]:
    """Return the texts of a picture."""
    return [element.text or "" for element in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]


def test_the_tool_draws_a_run_in_both_themes(tmp_path: Path) -> None:
    timeline.write(tmp_path)
    light, dark = (words(tmp_path / path.name) for path in SHOWN)
    assert light == dark
    assert any(re.fullmatch(r"online after \d\.\d s", line) for line in light)


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.name)
def test_the_picture_in_the_docs_has_the_texts_of_a_run(path: Path) -> None:
    run = timeline.Run(1.3, 1522.0, ((0.0, "role attached"), (0.2, "ssmwake restarts the agent")))
    shape = [re.sub(r"\d+(\.\d)?", "N", line) for line in words(path)]
    for line in ElementTree.fromstring(timeline.picture(run, timeline.THEMES["light"])).itertext():
        if line.strip() and not line.startswith("From the role"):
            assert re.sub(r"\d+(\.\d)?", "N", line) in shape
