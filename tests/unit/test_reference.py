"""The pages of the reference say what the commands and the schema say."""

from collections.abc import Callable

import pytest
from tools import reference


@pytest.mark.parametrize(("page", "made"), reference.PAGES.items())
def test_the_page_is_what_make_render_writes(page: str, made: Callable[[], str]) -> None:
    assert (reference.DOCS / page).read_text(encoding="utf-8") == made(), "run `make render`"


def test_every_verb_and_every_key_has_its_place() -> None:
    from ssmwake.cli import VERBS

    page = reference.command_line()
    assert all(f"## ssmwake {verb}\n" in page for verb in VERBS)
    assert "| `user-data.include` | list of strings |" in reference.configuration()
