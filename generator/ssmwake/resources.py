"""Where templates/ and schemas/ are, in a wheel and in a checkout alike."""

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
