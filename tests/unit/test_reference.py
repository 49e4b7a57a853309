"""The pages of the reference say what the commands and the schema say."""

import subprocess
import sys
from pathlib import Path

import pytest

from ssmwake.cli import VERBS

TOP = Path(__file__).parents[2]
PAGES = ("command-line.md", "configuration.md", "doctor.md")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, made in a process of its own: click remembers how a command was first asked for help."""
    folder = tmp_path_factory.mktemp("reference")
    subprocess.run([sys.executable, str(TOP / "tools" / "reference.py"), str(folder)], check=True)
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_what_make_render_writes(page: str, generated: Path) -> None:
    assert (TOP / "docs" / page).read_text(encoding="utf-8") == (generated / page).read_text(encoding="utf-8")


def test_every_verb_and_every_key_has_its_place(generated: Path) -> None:
    page = (generated / "command-line.md").read_text(encoding="utf-8")
    assert all(f"## ssmwake {verb}\n" in page for verb in VERBS)
    assert "| `user-data.include` | list of strings |" in (generated / "configuration.md").read_text(encoding="utf-8")
