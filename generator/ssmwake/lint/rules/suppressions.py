"""Findings that a person has looked at and wants to keep quiet, each with a reason."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from ssmwake.model import Finding, Ignore

MARK = re.compile(r"ssmwake: ignore(?P<file>-file)? (?P<rule>[A-Z]+\d+) +\S")


def settled(one: Finding, ignores: Iterable[Ignore]) -> bool:
    """Return whether a config says that the rule does not matter in that file."""
    path = one.where.path.removeprefix("./")
    return any(ignore.rule == one.rule and fnmatchcase(path, ignore.path) for ignore in ignores)


def heard(findings: Iterable[Finding], text: str) -> tuple[Finding, ...]:
    """Return the findings of a text that no comment spares: on their line, on the one above, or for the whole file."""
    spared: set[tuple[str, int]] = set()
    line = last = 0
    for match in MARK.finditer(text):
        line += text.count("\n", last, match.start())
        last = match.start()
        # Lines count from one, and no finding stands at line zero.
        spared |= {(match["rule"], 0)} if match["file"] else {(match["rule"], line + 1), (match["rule"], line + 2)}
    return tuple(one for one in findings if not {(one.rule, 0), (one.rule, one.where.line)} & spared)
