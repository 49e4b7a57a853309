"""Shell that runs on an instance: what is wrong with it beyond what shellcheck knows."""

import re
from collections.abc import Iterator

from ssmwake.lint.rules import finding
from ssmwake.lint.shell import Found, Script, dialect
from ssmwake.lint.source import Source
from ssmwake.model import Finding

METADATA = r"(?:169\.254\.169\.254|\[fd00:ec2::254\])"
ASKS = re.compile(rf"\b(?:curl|wget)\b[^|;&]*{METADATA}[^\s\"';|&]*")
PATH = re.compile(rf"{METADATA}(?::80)?/(?:meta-data|user-data|dynamic)\b")
RESTARTS = re.compile(r"\bsystemctl\s+(?!.*--no-block)(?:\S+\s+)*?(?:try-)?restart\s+\S*amazon-ssm-agent")


def check(source: Source) -> Iterator[Found]:
    """Yield what is wrong with a script that is run at the first boot, and the script itself where it is shell."""
    yield from commands(source)
    if name := dialect(source.text):
        yield Script(name, source)


def commands(source: Source) -> Iterator[Finding]:
    """Yield what is wrong with commands, line by line, whatever runs them."""
    lines = source.text.split("\n")
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("#"):
            continue
        whole, more = line, number
        while whole.endswith("\\") and more < len(lines):
            whole, more = whole[:-1] + lines[more], more + 1
        if match := PATH.search(line):
            where = source.at(number, match.start() + 1)
            yield finding("SW211", where, "IMDS has nothing at this path; begin it with /latest")
        match = ASKS.search(whole)
        # Options that stand in a variable may well hold the token.
        named = re.search(r"\s(?:-[a-zA-Z]*[HXK]|--header|--request|--config|--method)", whole)
        if match and not named and not re.search(r"\s\"?\$", match[0]):
            where = source.at(number, min(match.start(), len(line)) + 1)
            yield finding("SW210", where, "asks IMDS without a session token; get one by PUT /latest/api/token first")
        if match := RESTARTS.search(line):
            where = source.at(number, match.start() + 1)
            yield finding("SW212", where, "waits for a restart that may wait for the end of cloud-init; add --no-block")
