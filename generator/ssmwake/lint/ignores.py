"""Findings that a person has looked at and wants to keep quiet, each with a reason."""

import re

from ssmwake.model import Finding

MARK = re.compile(r"ssmwake: ignore(?P<file>-file)? (?P<rule>[A-Z]+\d+) +\S")


def ignored(one: Finding, text: str) -> bool:
    """Return whether the line of a finding, or the one above, or `ignore-file` anywhere, says its id and why."""
    if "ssmwake: ignore" not in text:
        return False
    for match in MARK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if match["rule"] == one.rule and (match["file"] or line in (one.where.line, one.where.line - 1)):
            return True
    return False
