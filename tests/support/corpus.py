"""The corpus of bad files: a folder for each rule, with the places where it is found."""

import json
from functools import cache
from pathlib import Path

from ssmwake.lint import lint
from ssmwake.model import Finding

BAD = Path(__file__).parents[1] / "corpus" / "bad"
# The files next to the cases: the places of the findings, and the cloud-init schema to check against.
SIDECARS = ("places.txt", "schema.json")


def files(rule: str) -> list[Path]:
    """Return the files of a rule; what Terraform reads is in folders next to them."""
    return sorted(path for path in (BAD / rule).iterdir() if path.is_file() and path.name not in SIDECARS)


@cache
def findings(path: Path) -> tuple[Finding, ...]:
    """Return the findings of a file of the corpus, which is linted once."""
    return lint_file(path)


def lint_file(path: Path) -> tuple[Finding, ...]:
    """Return the findings of a file of the corpus."""

    def neighbour(name: str) -> bytes | None:
        return (path.parent / name).read_bytes() if (path.parent / name).is_file() else None

    text = neighbour("schema.json")
    schema = None if text is None else json.loads(text)
    return lint(path.name, path.read_bytes(), with_cfn_lint=False, read=neighbour, cloud_init_schema=lambda: schema)
