"""Every link of the docs leads to a file, and to a heading of it."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PAGES = sorted([*TOP.glob("*.md"), *TOP.glob("docs/**/*.md"), *TOP.glob("dist/**/*.md")])


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings, as GitHub makes them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", name).lower()).replace(" ", "-") for name in headings
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(TOP).as_posix())
def test_each_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
    broken = []
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_of_docs_is_in_the_index() -> None:
    index = (TOP / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in (TOP / "docs").glob("*.md")} - {"README.md"}
    assert pages == set(re.findall(r"\((?!\.\.|rules)([\w-]+\.md)\)", index))


def test_the_files_that_development_names_exist() -> None:
    page = (TOP / "docs" / "development.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:tests|tools|docs|operate|simulate|render|ssmwake)/[\w./*-]+\.(?:py|md))`", page))
    # SW299 and ID are placeholders of the guide.
    named = {name for name in named if not re.search(r"SW299|ID|ROOM|NAME", name)}
    assert len(named) > 8
    places = (TOP, TOP / "generator", TOP / "generator" / "ssmwake")
    assert [name for name in sorted(named) if not any(any(place.glob(name)) for place in places)] == []


def test_what_the_page_for_developers_names_is_in_the_code() -> None:
    page = (TOP / "docs" / "development.md").read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    named = set(re.findall(r"`(?:\w+\.)*(\w{3,})(?:\([^`]*\))?`", prose))
    paths = [path for folder in ("generator", "tests", "tools") for path in (TOP / folder).rglob("*.py")]
    words = {word for path in paths for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    # Families of rules, and the number of a rule that the page makes up.
    assert named - words - {path.stem for path in paths} - {"SW2xx", "SW3xx", "SW4xx", "W9699"} == set()
    files = re.findall(r"`((?:tests|tools|docs|ssmwake|operate|simulate|user_data|cloud_init)/[\w./]*\w)`", prose)
    files.remove("docs/rules/ID.md")
    assert [name for name in files if not (TOP / name).exists() and not list((TOP / "generator").rglob(name))] == []
