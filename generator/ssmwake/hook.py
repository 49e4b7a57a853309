"""What pre-commit runs: `ssmwake lint` on the changed files, without those that are none of lint's."""

import sys
from pathlib import Path

from ssmwake.cli import main
from ssmwake.lint import kind
from ssmwake.userdata.size import LIMIT


def lint_known() -> None:
    """Lint the files on the command line; one that a program put there, and not a person, may be anything."""
    known = [each for each in sys.argv[1:] if not Path(each).is_file() or _ours(each)]
    if any(Path(each).is_file() for each in known):
        sys.argv[1:] = ["lint", *known]
        main()


def _ours(path: str) -> bool:
    data = Path(path).read_bytes()
    # A script may be anybody's; one that is too large for user data is.
    return kind(data, path) is not None and not (data.startswith(b"#!") and len(data) > LIMIT)


if __name__ == "__main__":
    lint_known()
