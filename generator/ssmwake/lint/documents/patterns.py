"""Regular expressions as the agent reads them, with RE2: what does not compile, what is not anchored, what is code."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

# What a shell, PowerShell included, reads as more than text; a space only parts words.
CODE = frozenset("$`;&|<>()\"'\\\n\r")
FLAGS = re.compile(r"\(\?[a-zA-Z]+\)")
GROUP = re.compile(r"\((?:\?(?:P?<[A-Za-z_][A-Za-z0-9_]*>|[a-zA-Z-]*:))?")
REPEAT = re.compile(r"[*+?]|\{([0-9]{1,9})(?:(,)([0-9]{0,9}))?\}")
# RE2 refuses to repeat more often: maxRepeat in Go's regexp/syntax.
REPEATS = 1000
# More groups than a person writes, and fewer than Python can nest.
GROUPS = 100
# Seconds until a value is taken to match, and the longest value that is tried: SSM takes 4,096 characters.
PATIENCE = 0.5
LONGEST = 4096
# What RE2 reads and Python does not, or reads as something else: the default is not tried against it.
OTHERWISE = re.compile(r"\\[pPQEzCxGRXhHvVkK]|\[\[|\[:|&&|\(\?<|.\(\?[a-zA-Z]|\(\?[a-zA-Z]*[-Us]")


@dataclass(frozen=True)
class Token:
    """A piece of a pattern; its kind is its first character, `*` for every repetition, `c` for any other character."""

    kind: str
    text: str
    start: int


def tokens(pattern: str) -> Iterator[Token]:
    """Yield the pieces of a pattern, in order; together they are the pattern."""
    at = 0
    while at < len(pattern):
        kind, length = pattern[at], 1
        if kind == "\\":
            length = 2
        elif kind == "[":
            length = _class(pattern, at) - at
        elif kind == "(":
            match = GROUP.match(pattern, at)
            length = match.end() - at if match else 1
        elif repeat := REPEAT.match(pattern, at):
            kind, length = "*", repeat.end() - at
        elif kind not in ")|^$.":
            kind = "c"
        yield Token(kind, pattern[at : at + length], at)
        at += length


def _class(pattern: str, start: int) -> int:
    """Return where a character class ends."""
    at = start + 1
    at += pattern[at : at + 1] == "^"
    at += pattern[at : at + 1] == "]"
    while at < len(pattern) and pattern[at] != "]":
        if pattern.startswith("[:", at) and (end := pattern.find(":]", at)) > 0:
            at = end + 2
        else:
            at += 2 if pattern[at] == "\\" else 1
    return at + 1


def compile_error(pattern: str, *, agent: bool = True) -> str:
    """Return why RE2, or Java where no agent has a say, refuses a pattern; nothing where only they can say."""
    before = ""
    for token in tokens(pattern) if agent else ():
        rest = pattern[token.start : token.start + 4]
        if token.kind == "(" and re.match(r"\(\?(?:<?[=!])", rest):
            return "look-around, which RE2, the agent's engine, does not support"
        if token.kind == "(" and rest.startswith("(?>"):
            return "an atomic group, which RE2, the agent's engine, does not support"
        if (token.kind == "\\" and re.match(r"\\[1-9k]", rest)) or rest.startswith("(?P="):
            return "a back reference, which RE2, the agent's engine, does not support"
        if token.kind == "*":
            if before == "*" and token.text == "+":
                return "a possessive repetition, which RE2, the agent's engine, does not support"
            if any(int(count) > REPEATS for count in re.findall("[0-9]+", token.text)):
                return f"a repetition of more than {REPEATS}, which RE2 refuses"
        before = token.kind
    if _foreign(pattern):
        return ""
    try:
        _compiled(pattern)
    except (re.error, OverflowError) as error:
        return str(error)
    return ""


def _foreign(pattern: str) -> bool:
    """Return whether Python has no say: it would read the pattern otherwise, or nest too deeply to read it."""
    return bool(OTHERWISE.search(pattern)) or pattern.count("(") > GROUPS


def _compiled(pattern: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(pattern)


def anchored(pattern: str, depth: int = 0) -> bool:
    """Return whether a pattern has to match all of a value: it is searched for otherwise."""
    flags = FLAGS.match(pattern)
    pieces = list(tokens(pattern[flags.end() :] if flags else pattern))
    return all(_held(branch, depth) for branch in _branches(pieces))


def _held(branch: list[Token], depth: int) -> bool:
    if len(branch) > 1 and branch[0].kind == "(" and branch[-1].kind == ")" and _closes(branch) and depth < 20:
        return anchored("".join(token.text for token in branch[1:-1]), depth + 1)
    texts = [token.text for token in branch]
    start = texts[:1] in (["^"], [r"\A"]) or texts[:2] == [".", "*"]
    end = texts[-1:] in (["$"], [r"\z"]) or texts[-2:] == [".", "*"]
    return start and end


def _branches(pieces: list[Token]) -> list[list[Token]]:
    """Return what stands between the `|` outside of groups."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in pieces:
        depth += (token.kind == "(") - (token.kind == ")")
        if token.kind == "|" and depth == 0:
            found.append([])
        else:
            found[-1].append(token)
    return found


def _closes(branch: list[Token]) -> bool:
    """Return whether the first bracket is closed by the last."""
    depth = 0
    for number, token in enumerate(branch, 1):
        depth += (token.kind == "(") - (token.kind == ")")
        if depth == 0:
            return number == len(branch)
    return False


def is_shell_safe(pattern: str) -> bool:
    """Return whether no value that matches can be code: anchored, and nothing in it that a shell reads as more."""
    if not anchored(pattern) or FLAGS.search(pattern):
        return False
    pieces = list(tokens(pattern))
    for token, after in zip(pieces, [*pieces[1:], None], strict=True):
        # One character of any kind is not enough for a command.
        if token.kind == "." and after and after.kind == "*":
            return False
        if token.kind == "c" and token.text in CODE:
            return False
        if token.kind == "\\" and not _is_safe_escape(token.text):
            return False
        if token.kind == "[" and not _is_safe_class(token.text):
            return False
    return True


def _is_safe_escape(text: str) -> bool:
    return text[1:] not in CODE and text[1:] not in tuple("sSDWCpPxnrtvfuUQE") and len(text) == 2


def _is_safe_class(text: str) -> bool:
    inner = re.sub(r"\[:(?:alnum|alpha|digit|lower|upper|xdigit):\]", "", text[1:-1])
    if inner.startswith("^") or "[" in inner:
        return False
    chars = re.findall(r"\\.|.", inner, re.DOTALL)
    at = 0
    while at < len(chars):
        if chars[at].startswith("\\") and not _is_safe_escape(chars[at]):
            return False
        first = last = chars[at][-1]
        if chars[at + 1 : at + 2] == ["-"] and at + 2 < len(chars):
            at += 2
            last = chars[at][-1]
        if any(first <= code <= last for code in CODE):
            return False
        at += 1
    return True


def fits(pattern: str, text: str) -> bool:
    """Return whether the pattern is found in a text; also where that would take too long to find out."""
    if _foreign(pattern) or compile_error(pattern) or len(text) > LONGEST:
        return True
    # Made for this: unlike those of the standard library its expressions end in time, in every thread.
    import regex  # type: ignore[import-untyped]

    try:
        return regex.search(pattern, text, timeout=PATIENCE) is not None
    except (TimeoutError, regex.error, RecursionError, MemoryError):
        return True
