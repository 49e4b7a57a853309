"""Indirect expansions of bash by mistake: `${!HOME}` is how Fn::Sub writes the shell's own, outside of it too."""

import re
from collections.abc import Iterator, Mapping

from ssmwake.lint.rules import WARNING, rule
from ssmwake.lint.shell.command import LOOPS, ParsedScript
from ssmwake.model import Finding
from ssmwake.text.source import Source

INDIRECT = rule(
    "SW265", WARNING, "an Fn::Sub escape outside Fn::Sub", reason="bash looks for a variable named by the value"
)

# Variables whose value is not the name of another variable.
OF_THE_SYSTEM = {"HOME", "HOSTNAME", "LANG", "LOGNAME", "PATH", "PWD", "RANDOM", "SECONDS", "SHELL", "UID", "USER"}
NAME = re.compile(r"[A-Za-z_]\w*")
PSEUDO = re.compile(r"\$\{!(AWS::\w+)\}")


def check(source: Source, script: ParsedScript) -> Iterator[Finding]:
    """Yield each `${!X}` where the value of X cannot be the name of a variable."""
    given = _given(script)
    # What another file sets is not seen.
    all_seen = not any(command.name in (".", "source", "eval") for command in script.commands)
    for one in script.expansions:
        values = given.get(one.name, [])
        may_name = (value is None or _may_name(value, given, all_seen=all_seen) for value in values)
        never = bool(values) and not any(may_name)
        if one.indirect and (never or (not values and one.name in OF_THE_SYSTEM)):
            message = f"${{!{one.name}}} is an indirect expansion outside Fn::Sub; write ${{{one.name}}}"
            yield INDIRECT.at(source.at_offset(one.start), message)
    for match in PSEUDO.finditer(source.text):
        message = (
            f"{match[0]} is not for bash, and Fn::Sub does not see it; put the text in Fn::Sub, and leave the ! out"
        )
        yield INDIRECT.at(source.at_offset(match.start()), message)


def _may_name(value: str, given: Mapping[str, object], *, all_seen: bool) -> bool:
    """Return whether a value may be the name of a variable: one of the environment, or one that the script sets."""
    return NAME.fullmatch(value) is not None and (value in given or value == value.upper() or not all_seen)


def _given(script: ParsedScript) -> dict[str, list[str | None]]:
    """Return the values that variables are given; None for one that only a run knows."""
    found: dict[str, list[str | None]] = {}
    for command in script.commands:
        for word in command.assignments:
            name, _, value = word.text.partition("=")
            computed = "$" in value and not value.startswith("$()")
            found.setdefault(name.rstrip("+"), []).append(None if computed or not value else value)
        first = command.words[0].text if command.words else ""
        if first in LOOPS or command.name in ("read", "local", "declare", "typeset", "getopts", "mapfile", "readarray"):
            for word in command.words[1:]:
                if NAME.fullmatch(word.text):
                    found.setdefault(word.text, []).append(None)
    return found
