"""Bytes that make lint crash, looked for by atheris, which is not among our dependencies: pip install atheris.

python tools/fuzz_lint.py CORPUS... -max_total_time=600; each CORPUS is a folder of files to begin with, and new ones
go to the first. It ends at the first crash with a traceback, and leaves the bytes in crash-*.
"""

import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).parents[1] / "generator"))

with atheris.instrument_imports(include=["ssmwake"]):
    from ssmwake.lint import Kind, fix, kind, lint, report
    from ssmwake.lint.shell import shellcheck
    from ssmwake.rules import RULES

KINDS = [None, *Kind]


def try_one(data: bytes) -> None:
    """Lint the bytes as the kind that the last of them says, fix them, and report them in each format."""
    # A line end stands for no kind: a file of the corpus is linted as what it is.
    what = KINDS[(data[-1] - ord("\n")) % len(KINDS)] if data else None
    kind(data)
    findings = lint("fuzzed", data, what, with_cfn_lint=False)
    fix.fixed(data, findings)
    for form in (
        report.as_json,
        lambda found: report.as_sarif(found, RULES),
        lambda found: report.as_github(found, RULES),
    ):
        form(findings).encode()
    report.as_junit(findings, ["fuzzed"]).encode()


if __name__ == "__main__":
    # shellcheck is another's program, and slow to start.
    shellcheck.check = lambda scripts, known=None: iter(())
    shellcheck.results = lambda texts: {}
    atheris.Setup(sys.argv, try_one)
    atheris.Fuzz()
