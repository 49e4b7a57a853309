"""Where templates/, schemas/ and the pages of lint's rules are, in a wheel and in a checkout alike."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def templates() -> Traversable:
    """Return the templates folder: inside the package in a wheel, beside generator/ in a checkout."""
    packaged = files("ssmwake") / "templates"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "templates"


def schema(name: str) -> str:
    """Return the text of one of our JSON Schemas, such as `config`."""
    return (files("ssmwake") / "schemas" / f"{name}.json").read_text(encoding="utf-8")


def page(rule: str) -> str | None:
    """Return the page of a rule of lint; None where none is written."""
    packaged = files("ssmwake") / "pages"
    folder = packaged if packaged.is_dir() else Path(__file__).parents[2] / "docs" / "rules"
    path = folder / f"{rule}.md"
    return path.read_text(encoding="utf-8") if path.is_file() else None
