"""Scripts that a command is given as an argument: those of `sh -c` and its like, and of `trap`."""

import re
from itertools import pairwise

from ssmwake.lint.shell.command import Command
from ssmwake.text.source import Source

DIALECTS = {"sh", "bash", "dash", "ksh"}
SHELLS = {"ash", *DIALECTS}


def script_argument(source: Source, command: Command) -> tuple[bool, Source] | None:
    """Return the script that a command is given, where it stands there as it is, and whether literally."""
    word = None
    if command.name in SHELLS:
        given = (word for option, word in pairwise(command.argv) if re.fullmatch(r"-[a-z]*c", option.text))
        word = next(given, None)
    elif command.name == "trap" and len(command.argv) > 2 and " " in command.argv[1].text:
        word = command.argv[1]
    if word is None:
        return None
    quote = source.text[word.start : word.start + 1]
    start = word.start + (quote in ("'", '"'))
    inner = source.slice(start, start + len(word.text))
    return (quote == "'", inner) if inner.text == word.text else None
