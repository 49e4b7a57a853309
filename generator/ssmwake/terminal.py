"""Other people's text for a terminal and for the log of a workflow: no character that either takes for a command."""

import re

# What runners take for a command: `::` at the beginning of a line (GitHub), and anywhere in it `##[` (GitHub),
# `##vso[` (Azure Pipelines) and `##teamcity[`.
COMMAND = re.compile(r"^\s*::|##\w*\[")


def printable(text: str, keep: str = "") -> str:
    """Return a text in which nothing is a command to a terminal or to a workflow.

    Whatever a terminal would not show as it is, line ends included, becomes its escape in Python; `keep` is left.
    """
    safe = "".join(char if char.isprintable() or char in keep else repr(char)[1:-1] for char in text)
    return COMMAND.sub(lambda match: match[0][:-1] + f"\\x{ord(match[0][-1]):02x}", safe)
