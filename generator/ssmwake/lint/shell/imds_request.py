"""Requests to the instance metadata service: the method, the headers and the path of each against what IMDS serves.

What a request holds is taken from the words of a command; of a word that only a run knows nothing is said.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ssmwake.lint.rules import ERROR, rule
from ssmwake.lint.shell.command import Command, Word
from ssmwake.lint.shell.imds import METADATA, PATH, REFUSED_BY_IMDS
from ssmwake.lint.shell.imds_paths import PathFault, fault_of
from ssmwake.model import Finding
from ssmwake.text.source import Source

TOKEN_REQUEST = rule(
    "SW254", ERROR, "a token that is not requested by PUT", reason="IMDS answers 405 or 400, and there is no token"
)
HEADER = rule(
    "SW255", ERROR, "a header that IMDS does not know", reason="IMDS answers 401 or 400, as if there was no token"
)
CATEGORY = rule(
    "SW256", ERROR, "a path that IMDS does not serve", reason="the answer is 404, often taken for the value"
)
ADDRESS = rule("SW257", ERROR, "not the address of IMDS", reason="nobody answers there, and the request times out")

IMDS = "169.254.169.254"
TOKEN, LIFETIME = "x-aws-ec2-metadata-token", "x-aws-ec2-metadata-token-ttl-seconds"
LIKE_OURS = re.compile(
    r"\s*(x[-_ ]?aws[\w-]*|aws-ec2-[\w-]*|x-ec2-[\w-]*|x-amz-ec2-[\w-]*)[ \t]*(:?)[ \t]*(\S*)", re.IGNORECASE
)
VARIABLE = re.compile(r"\$(\{)?([A-Za-z_]\w*)(?(1)\})")
URL = re.compile(rf"(?:^|(?P<scheme>https?)://){METADATA}(?P<path>/[^?#\s]*)?", re.IGNORECASE)
IN_PYTHON = re.compile(rf"""(?<=["'])http://{METADATA}(?P<path>/[^"'\s?#]+)""")
HEADER_IN_PYTHON = re.compile(r"""["'](?P<name>x-aws-ec2-metadata-[\w-]*)["']""", re.IGNORECASE)
# Something that is asked as IMDS is, by its number.
ASKED = re.compile(
    r"(?:https?://)?(?P<host>\d{1,4}(?:\.\d{1,4}){2,4})(?::80)?/(?:latest|1\.0|\d{4}-\d\d-\d\d)/(?:meta-data|user-data|dynamic|api/token)\b"
)
# Which options of one letter take a word.
CURL, WGET = "AbcCdDeEFHKmoPQrtTuUwxXyYz", "aoOPtTwQUeiBDIXAlR"
PART_OF_URL = re.compile(r"https?://|\d+\.\d+\.\d+\.\d+|\$|/?latest|instance-data")
FIRST_ARGUMENT = re.compile(r"/meta-data/\"?\$\{?1\}?\"?$")


@dataclass
class ImdsRequest:
    """A request as a command makes it; it is `certain` when no word may hold options that are not seen."""

    urls: list[Word] = field(default_factory=list)
    # None where only a run knows it.
    method: str | None = "GET"
    headers: list[Word] = field(default_factory=list)
    certain: bool = True


def check(source: Source, commands: Sequence[Command], *, expanded: bool = False) -> Iterator[Finding]:
    """Yield what is wrong with each request; a script in double quotes is `expanded` by the shell around it."""
    variables = _set_once(commands)
    values = {name: word for name, word in variables.items() if PART_OF_URL.match(word.text)}
    headers = {name: word for name, word in variables.items() if LIKE_OURS.match(word.text)}
    getters = {
        command.function
        for command in commands
        if command.function and any(FIRST_ARGUMENT.search(_known(word.text, values)) for word in command.words)
    }
    for command in commands:
        if command.name in ("curl", "wget"):
            yield from _request(source, command, values, headers, expanded=expanded)
        elif command.name in getters and len(command.argv) > 1:
            word = command.argv[1]
            if fault := fault_of(f"/latest/meta-data/{word.text.lstrip('/')}"):
                yield CATEGORY.at(source.at_offset(word.start), fault.message)


def in_python(source: Source) -> Iterator[Finding]:
    """Yield what is wrong with the requests of a Python script, as far as its strings tell."""
    for match in IN_PYTHON.finditer(source.text):
        line = source.text[source.text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if "#" in line:
            continue
        if fault := fault_of(match["path"]):
            where = source.at_offset(source.text.index(fault.part, match.start("path")))
            if fault.whole:
                yield CATEGORY.at(where, fault.message)
            else:
                yield REFUSED_BY_IMDS.at(where, fault.message)
        elif _is_for_token(match[0]) and re.search(
            r"\b(?:requests|httpx|session|client)\.get\($", line.rstrip("\"' f")
        ):
            yield TOKEN_REQUEST.at(
                source.at_offset(match.start()), "requests a token with GET, and IMDS takes PUT only; use put"
            )
    for match in HEADER_IN_PYTHON.finditer(source.text):
        name = match["name"].lower()
        if name not in (TOKEN, LIFETIME):
            yield HEADER.at(source.at_offset(match.start("name")), _misspelt(match["name"]))


def _misspelt(name: str) -> str:
    near = LIFETIME if "ttl" in name.lower() or "seconds" in name.lower() else TOKEN
    return f"{name[:60]} is not a header of IMDS; write X{near[1:]}"


def _parsed(command: Command) -> ImdsRequest:
    made = ImdsRequest()
    words = iter(command.argv[1:])
    for word in words:
        text = word.text
        name, value = text, None
        if text.startswith("--"):
            name, equals, rest = text.partition("=")
            value = Word(rest, word.start + len(name) + 1, word.end) if equals else None
        elif text.startswith("-") and len(text) > 1:
            takes = CURL if command.name == "curl" else WGET
            at = next((at for at, letter in enumerate(text) if at and letter in takes), 0)
            name = f"-{text[at]}" if at else text
            if at:
                value = Word(text[at + 1 :], word.start + at + 1, word.end) if text[at + 1 :] else next(words, None)
        else:
            made.urls.append(word)
            continue
        _option(made, command.name, name, value, words)
    return made


def _option(made: ImdsRequest, client: str, name: str, value: Word | None, words: Iterator[Word]) -> None:
    if name in ("-X", "--request", "--method"):
        value = value or next(words, None)
        if client == "curl" or name == "--method":
            made.method = value.text.upper() if value and "$" not in value.text else None
    elif name in ("-H", "--header"):
        value = value or next(words, None)
        if client == "curl" or name == "--header":
            made.headers += [value] if value else []
    elif name == "--url" and (value := value or next(words, None)):
        made.urls.append(value)
    elif client == "curl" and name in ("-T", "--upload-file") and made.method == "GET":
        made.method = "PUT"
    elif name in ("-K", "--config", "-i", "--input-file", "-e", "--execute") or "$" in name:
        made.certain = False


def _request(
    source: Source, command: Command, values: Mapping[str, Word], headers: Mapping[str, Word], *, expanded: bool
) -> Iterator[Finding]:
    made = _parsed(command)
    tokens = [token for word in made.urls if (token := _is_for_token(_known(word.text, values)))]
    asks = fails = False
    for word in made.urls:
        known = _known(word.text, values)
        yield from _address(source, word, known, values)
        match = URL.match(known)
        if match is None:
            continue
        asks = True
        fault = fault_of(match["path"] or "")
        fails = fails or (fault is not None and "token" in known)
        if match["scheme"] == "https":
            yield ADDRESS.at(source.at_offset(word.start), "IMDS answers http, not https; write http://")
        elif fault and fault.whole:
            yield CATEGORY.at(source.at_offset(_place(source, word, fault)), fault.message)
        elif fault and not any(PATH.search(each.text) for each in (word, *values.values())):
            # It has been reported if all of it is in one word.
            yield REFUSED_BY_IMDS.at(source.at_offset(word.start), fault.message)
    if not asks:
        return
    where = source.at_offset(command.argv[0].start)
    # A word that only a run knows may hold options.
    certain = made.certain and not any(_known(word.text, values).startswith(("$", "`")) for word in made.urls)
    # Which header a path needs that is not there, nobody knows.
    for word in [] if fails else made.headers:
        variable = VARIABLE.fullmatch(word.text)
        header = headers.get(variable[2], word) if variable else word
        yield from _header(source, header, for_token=bool(tokens), expanded=expanded)
    if tokens and len(tokens) == len(made.urls) and made.method not in (None, "PUT") and certain:
        message = f"requests a token by {made.method}, and IMDS takes PUT only; add -X PUT"
        yield TOKEN_REQUEST.at(where, message)
    elif tokens and made.method == "PUT" and certain and not made.headers:
        message = f"IMDS gives no token without the header {LIFETIME}; add it"
        yield TOKEN_REQUEST.at(where, message)


def _header(source: Source, word: Word, *, for_token: bool, expanded: bool) -> Iterator[Finding]:
    match = LIKE_OURS.match(word.text)
    if match is None:
        return
    raw = source.text[word.start : word.end]
    name = match[1].lower()
    found = raw.find(match[1])
    where = source.at_offset(word.start + max(found, 0))
    right = LIFETIME if for_token else TOKEN
    if name not in (TOKEN, LIFETIME):
        near = LIFETIME if "ttl" in name or "seconds" in name else TOKEN
        if difflib.SequenceMatcher(None, name, near).ratio() > 0.7:
            yield HEADER.at(where, _misspelt(match[1]))
    elif name != right:
        yield HEADER.at(where, f"this request needs the header {right}, not {name}; write that")
    elif not match[2]:
        yield HEADER.at(where, f"no colon after {match[1]}, so curl does not send it; write {match[1]}: VALUE")
    elif not expanded and re.search(r"'[^']*:[^']*\$(?:\(|\{?[A-Za-z_])[^']*'", raw) and "$" in match[3]:
        yield HEADER.at(where, "the shell expands nothing in single quotes, so IMDS gets no token; use double quotes")


def _address(source: Source, word: Word, known: str, values: Mapping[str, Word]) -> Iterator[Finding]:
    match = ASKED.match(known)
    if match is None or match["host"] == IMDS or not _is_near(match["host"], IMDS):
        return
    start = word.start
    if match["host"] not in word.text:
        start = next((value.start for value in values.values() if match["host"] in value.text), start)
        word = next((value for value in values.values() if match["host"] in value.text), word)
    found = source.text.find(match["host"], start, word.end)
    message = f"{match['host']} is not the address of IMDS; write {IMDS}"
    yield ADDRESS.at(source.at_offset(found if found >= 0 else start), message)


def _is_near(one: str, other: str) -> bool:
    """Return whether a few digits were mistyped, and the address is not that of another service."""
    if one.startswith("169.254.170.") or one == "169.254.169.123":
        return False
    if one.startswith("169.254.") or sorted(one) == sorted(other):
        return True
    return difflib.SequenceMatcher(None, one, other).ratio() > 0.85


def _place(source: Source, word: Word, fault: PathFault) -> int:
    """Return the offset at which the wrong part of a path stands, or its word where it does not stand there."""
    found = source.text.find(fault.part, word.start, word.end) if fault.part else -1
    return found if found >= 0 else word.start


def _is_for_token(known: str) -> bool:
    match = URL.match(known)
    return match is not None and (match["path"] or "").rstrip("/").endswith("/api/token")


def _known(text: str, values: Mapping[str, Word]) -> str:
    """Return a word with the variables that hold addresses filled in."""
    for _ in range(3):
        replaced = VARIABLE.sub(lambda match: values[match[2]].text if match[2] in values else match[0], text)
        if replaced == text or len(replaced) > 2000:
            break
        text = replaced
    return text


def _set_once(commands: Sequence[Command]) -> dict[str, Word]:
    """Return the variables that are set to one and the same text wherever they are set, each with the word of that."""
    found: dict[str, list[Word]] = {}
    for command in commands:
        for word in command.assignments:
            name, _, text = word.text.partition("=")
            found.setdefault(name.rstrip("+"), []).append(Word(text, word.start + len(name) + 1, word.end))
    return {name: words[0] for name, words in found.items() if len({word.text for word in words}) == 1}
