"""Templates: a fault in one is reported at its line, and each package mirrors its folder."""

from pathlib import Path

import pytest

from ssmwake.model import Config, Invalid
from ssmwake.render import templates
from ssmwake.render.templates import render_template


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(templates, "templates", lambda: tmp_path)
    templates.environment.cache_clear()
    (tmp_path / "room").mkdir()
    return tmp_path


def render(text: str, folder: Path) -> str:
    (folder / "room/a.txt.j2").write_text(text)
    templates.environment.cache_clear()
    return render_template("room/a.txt", Config(role="web"), lambda path: f"<{path}>")


def refusal(text: str, folder: Path) -> str:
    with pytest.raises(Invalid) as caught:
        render(text, folder)
    return str(caught.value)


def test_templates_are_found_in_their_rooms_and_includes_are_none(folder: Path) -> None:
    for name in ("room/b.yaml.j2", "room/_part.j2", "room/plain.sh", "top.j2"):
        (folder / name).write_text("")
    assert templates.paths() == ("room/b.yaml", "top")


def test_a_template_places_values_and_keeps_its_last_line_end(folder: Path) -> None:
    text = "<%= config.role %> <%= artifact('x/y') %>\n  <% if true %>\n"
    text += "${#x} {{ A }} {# x #} <%= 'é: \\n' | quoted %>\n<% endif %>\n"
    assert render(text, folder) == 'web <x/y>\n${#x} {{ A }} {# x #} "\\xE9: \\n"\n'
    assert render("a:\n  <%= 'x\\ny\\n' | block(2) %>\n", folder) == "a:\n  |\n  x\n  y\n"


def test_a_fault_is_reported_at_its_line_also_in_an_include(folder: Path) -> None:
    (folder / "_part.j2").write_text("fine\n<%= nope %>\n")
    assert (
        refusal("\n<% include '_part.j2' %>\n", folder) == "templates/_part.j2:2:1: error: 'nope' is undefined [SW020]"
    )
    assert refusal("\n\n<%= config.nope %>\n", folder).startswith("templates/room/a.txt.j2:3:1: error: ")
    assert refusal("<% if %>", folder).startswith("templates/room/a.txt.j2:1:1: error: expected an expression")
    assert refusal("\n<% include 'absent.j2' %>", folder).startswith("templates/room/a.txt.j2:2:1: error: ")
