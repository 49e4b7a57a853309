"""Where templates/, schemas/ and the pages of rules are: in a wheel, a zip, an editable install and a checkout."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

PACKAGE = Path(__file__).parent
CHECKOUT = PACKAGE.parents[1]


def templates() -> "Traversable":
    """Return the templates folder."""
    return _folder("templates", CHECKOUT / "templates")


def schema(name: str) -> str:
    """Return the text of one of our JSON Schemas, such as `config`."""
    return (_folder("schemas", PACKAGE / "schemas") / f"{name}.json").read_text(encoding="utf-8")


def page(rule: str) -> str | None:
    """Return the page of a rule of lint; None where none is written."""
    path = _folder("pages", CHECKOUT / "docs" / "rules") / f"{rule}.md"
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _folder(packaged: str, in_checkout: Path) -> "Traversable":
    """Return a folder of the package, or the one next to generator/ that becomes it in a wheel."""
    for folder in (PACKAGE / packaged, in_checkout):
        if folder.is_dir():
            return folder
    # The package is in a zip. What opens that takes longer to import than user data to render.
    from importlib.resources import files

    return files("ssmwake") / packaged
