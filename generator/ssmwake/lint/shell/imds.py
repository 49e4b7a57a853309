"""Requests to the instance metadata service that it does not answer: without a token, at a path that is not there."""

import re
from collections.abc import Iterator, Sequence

from ssmwake.lint.rules import ERROR, INFO, WARNING, rule
from ssmwake.lint.shell.command import ASSIGNMENT, Command, Word
from ssmwake.lint.shell.imds_fallback import without_token
from ssmwake.model import Finding, Replacement
from ssmwake.text.source import Source

IMDSV1 = rule(
    "SW210",
    ERROR,
    "IMDSv1",
    reason="the request is refused where tokens are required, as they should be",
    also={
        WARNING: "where HttpTokens is optional",
        INFO: "in a fallback for a machine without tokens",
    },
)
REFUSED_BY_IMDS = rule(
    "SW211",
    ERROR,
    "a request that IMDS refuses",
    reason="the answer is 404 or 400, and the script goes on without it",
    fixable=True,
)

# `instance-data` is a name that the resolver of a VPC has for it.
METADATA = r"(?:169\.254\.169\.254|\[fd00:ec2::254\]|instance-data(?:\.ec2\.internal)?(?=[:/]))(?::80)?"
ADDRESS = re.compile(METADATA)
PATH = re.compile(rf"{METADATA}/(?:meta-data|user-data|dynamic)\b")
LIFETIME = re.compile(r"x-aws-ec2-metadata-token-ttl-seconds\s*:\s*(\d+)\s*$", re.IGNORECASE)
# Seconds that a token may live, by the documentation of IMDSv2.
LONGEST = 21_600
CLIENTS = {"curl", "wget", "http", "https", "GET", "lwp-request"}
# Options by which a token may come, and those that take a word which has nothing to do with it.
NAMED = re.compile(r"-[a-zA-Z]*[HXK]|--(?:header|request|config|method|upload-file)")
WITH_WORD = {
    "curl": re.compile(r"-[a-zA-Z]*[omwAexudQrz]|--(?:output|max-time|connect-timeout|retry\S*|no-?proxy|proxy)"),
    "wget": re.compile(r"-[a-zA-Z]*[OoaTtUePQ]|--(?:output-\S+|timeout|tries|waitretry)"),
}
ASKED = re.compile(rf"(?:(?:^|://){METADATA})(?:/|$)")
VARIABLE = re.compile(r"\$(\{)?([A-Za-z_]\w*)(?(1)\})")
# Commands that do not follow an address that they are given.
WRITERS = {"echo", "printf", "logger", "grep", "egrep", "sed", "awk", ":", "[", "[[", "test", "case", "wall"}
# A request of Python without anything but an address, and perhaps a time-out.
PYTHON = re.compile(
    rf"""\b(?:urlopen|requests\.get|httpx\.get)\(\s*(["'])http://{METADATA}/[^"'\n]*\1\s*(?:,\s*timeout=[\d.]+\s*)?\)"""
)
FALLBACK = (
    "falls back to a request without a session token, which IMDS refuses where tokens are required; "
    "remove the fallback if they are"
)
POWERSHELL = re.compile(r"\b(?:Invoke-RestMethod|Invoke-WebRequest|irm|iwr)\b", re.IGNORECASE)
# Headers may follow on the next line, or be in a variable.
MAY_HAVE_HEADERS = re.compile(r"-headers|token|`\s*$|\s@\w", re.IGNORECASE)
ASKED_OVER_HTTP = re.compile(rf"http://{METADATA}/latest/(?!api/token)")
UNTOLD = "asks IMDS without a session token; get one with PUT /latest/api/token first"


def check(source: Source, commands: Sequence[Command]) -> Iterator[Finding]:
    """Yield each request of shell commands that IMDS refuses."""
    values = _values(commands)
    fallback = without_token(commands)
    fell_back = False
    for number, command in enumerate(commands):
        name = command.name
        for word in command.words:
            followed = name in CLIENTS or ASSIGNMENT.match(word.text) or word.text.startswith("http://")
            match = PATH.search(word.text) if followed and name not in WRITERS else None
            if match:
                start = _start(source, word, match[0])
                message = "IMDS has nothing at this path; start it with /latest"
                yield REFUSED_BY_IMDS.at(source.at_offset(start), message, fix=_latest(source, start))
            seconds = LIFETIME.search(word.text)
            if seconds and not 1 <= int(seconds[1][:9]) <= LONGEST:
                message = f"a token may live from 1 to {LONGEST} seconds, and IMDS answers 400; ask for fewer"
                yield REFUSED_BY_IMDS.at(source.at_offset(_start(source, word, seconds[1])), message)
        if name in CLIENTS and _without_token(name, command.arguments, values):
            where = source.at_offset(command.argv[0].start)
            if number in fallback:
                # Once for a script: who wrote one fallback wrote them all on purpose.
                if not fell_back:
                    yield IMDSV1.at(where, FALLBACK, severity=INFO)
                fell_back = True
            else:
                yield IMDSV1.at(where, UNTOLD)


def in_python(source: Source) -> Iterator[Finding]:
    """Yield each request of a Python script that is without a token for sure."""
    for match in PYTHON.finditer(source.text):
        line = source.text[source.text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if "#" not in line:
            yield IMDSV1.at(source.at_offset(match.start()), UNTOLD)


def _latest(source: Source, start: int) -> Replacement | None:
    """Return the fix that puts /latest behind the address; None where the address is put together from variables."""
    address = ADDRESS.match(source.text, start)
    return source.replacement(address.end(), address.end(), "/latest") if address else None


def in_powershell(source: Source) -> Iterator[Finding]:
    """Yield each request of a PowerShell script that is without a token for sure."""
    offset = 0
    for line in source.text.split("\n"):
        request = POWERSHELL.search(line) if ASKED_OVER_HTTP.search(line) else None
        if request and not line.lstrip().startswith("#") and not MAY_HAVE_HEADERS.search(line):
            yield IMDSV1.at(source.at_offset(offset + request.start()), UNTOLD)
        offset += len(line) + 1


def _start(source: Source, word: Word, text: str) -> int:
    """Return the offset of a text in a word, whose quotes are gone; of the word itself where it was not literal."""
    found = source.text.find(text, word.start, word.start + 2 * len(word.text) + 80)
    return found if found >= 0 else word.start


def _values(commands: Sequence[Command]) -> dict[str, str]:
    """Return the variables that are set to one and the same address wherever they are set."""
    values: dict[str, set[str]] = {}
    for command in commands:
        for word in command.assignments:
            name, _, text = word.text.partition("=")
            values.setdefault(name.rstrip("+"), set()).add("" if name.endswith("+") else text)
    single = {name: next(iter(texts)) for name, texts in values.items() if len(texts) == 1}
    return {name: text for name, text in single.items() if ADDRESS.search(text)}


def _without_token(name: str, arguments: list[str], values: dict[str, str]) -> bool:
    if any("%{http_code}" in word or "%{response_code}" in word for word in arguments):
        # A request for the status checks whether IMDSv1 is on.
        return False
    asks = False
    for before, word in zip(["", *arguments], arguments, strict=False):
        if NAMED.match(word) or "token" in word.lower() or word == "PUT":
            return False
        if name in WITH_WORD and WITH_WORD[name].fullmatch(before):
            continue
        known = VARIABLE.sub(lambda match: values.get(match[2], match[0]), word)
        if ASKED.search(known):
            asks = True
        elif known.startswith(("$", "`")):
            # Options in a variable may well hold the token.
            return False
    return asks
