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


def ignored(one: Finding, text: str) -> bool:
    """Return whether the line of a finding, or the one above, or `ignore-file` anywhere, says its id and why."""
    if "ssmwake: ignore" not in text:
        return False
    for match in MARK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if match["rule"] == one.rule and (match["file"] or line in (one.where.line, one.where.line - 1)):
            return True
    return False
