"""The comments of shellcheck: which of them are errors, and which are about nothing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ssmwake.lint.rules import ERROR, rule
from ssmwake.model import Finding
from ssmwake.text.placeholders import WORD
from ssmwake.text.source import Source

UNPARSABLE = rule(
    "SW231",
    ERROR,
    "shell that cannot be parsed",
    reason="the shell stops there: the rest does not run, in some shells nothing at all",
)

# What is never reported. Variables come from anywhere (2034, 2154), and files are not there to be followed (1090,
# 1091). POSIX has `[ a \< b ]` since 2024, and each sh that images have knew it before (3012), and so with `local`
# (3043). Root writes where it redirects, with sudo before the command or without (2024). SW277 reports an interpreter
# without its folder, and one that is a folder (2239, 2246). The others are matters of taste: quotes that stand for
# themselves (2140), a file that is emptied (2188), lists that are split at spaces (2048, 2206, 2207), -a and -o (2166).
NOT_WANTED = frozenset({1090, 1091, 2024, 2034, 2048, 2140, 2154, 2166, 2188, 2206, 2207, 2239, 2246, 3012, 3043})
# What shellcheck calls information, and is a fault all the same: a file that a pipeline empties before it reads it.
FAULTS = frozenset({2094})
# A constant where a variable belongs: about a word that stands for what only another program knows, this is wrong.
CONSTANT = frozenset({2043, 2050, 2078, 2151, 2157, 2158, 2159, 2160, 2161, 2170, 2193, 2194, 2195, 2242, 2252, 2309})
# What is certainly not a fault, by the number of the comment and the text at its place: `a= b=` sets two variables to
# nothing, `&a=$!` keeps the number of the process, and these programs print one word without a star in it.
ONE_WORD = (
    r"\$\(\s*(?:uname|id|whoami|nproc|hostname|arch|lsb_release|getconf|date\s+\+['\"]?[%\w.:-]+['\"]?|rpm\s+-E"
    r"|dpkg\s+--print-architecture|(?:ec2|get)[-_](?:metadata|token)\b|cat\s+/(?:sys|proc|etc/hostname)\b"
    r"|which\s|command\s+-v|readlink\s|basename\s|dirname\s|git\s+(?:describe|rev-parse))[^|;&)]*\)"
)
MEANT = {
    1007: re.compile(r"\s*(?:[A-Za-z_]\w*=|;)"),
    1132: re.compile(r"&[A-Za-z_]\w*=\$!"),
    2046: re.compile(
        rf"{ONE_WORD}|`(?:cat\s+/(?:sys|proc|etc/hostname)|uname|hostname|nproc|which\s|whoami|arch)\b[^|;&`]*`"
    ),
    # `echo ===` is a line.
    2284: re.compile(r"(?:echo|printf)\b"),
}
# What `echo` prints is text: unquoted, only the spaces in it change, and `===` is a line and no comparison.
PRINTS = re.compile(r"^[^;|&#]*?(?:^|\s|[;&|({])(?:echo|printf)\s[^;|&]*$")
PRINTED = frozenset({2046, 2284})
# A brace that stands for itself is meant, as in `jsonpath={.a}`; one more than is opened is a slip of the pen.
LITERAL_BRACE = 1083
# What is put into an address has no spaces.
SPLIT, IN_URL = 2046, re.compile(r"://\S*$")
# A folder that every image has, or where the shell came from, is there.
CHANGES_FOLDER = 2164
ALWAYS_THERE = re.compile(
    r"(?:cd|pushd|popd)(?:[ \t]+(?:--[ \t]+)?[\"']?(?:-|\.\.?|~(?:root|ec2-user)?|\$\{?HOME\}?"
    r"|/(?:tmp|root|opt|etc|home|srv|mnt|media|run|boot|lib|s?bin)?"
    r"|/usr(?:/local)?(?:/(?:s?bin|lib|share|src))?|/var(?:/(?:log|lib|tmp|cache|spool|opt))?)/?[\"']?)?[ \t]*"
    r"(?:[;&|#)}]|$)"
)
FOLDER = re.compile(r"(?:cd|pushd)[ \t]+(?:--[ \t]+)?(?P<folder>[^\s;&|)]+?)/?(?=[\s;&|)]|$)")
# In double quotes a trap takes the values of now, which is meant, but for what only the end of the script knows.
EXPANDED_NOW, OF_THEN = 2064, re.compile(r"\$\{?(?:\?|LINENO\b|BASH_COMMAND\b|PIPESTATUS\b)")
# `export $x` exports what x names.
NOT_EXPORTED = 2163
# Guesses that a quote over several lines was forgotten; where it was, the text cannot be parsed.
UNCLOSED = frozenset({1078, 1079})
# The status of a command in `local a=$(...)` is lost, which matters only where the shell would stop for it.
MASKED_STATUS = 2155
ERREXIT = re.compile(r"(?m)^#!.*\s-\w*e|^\s*set\s+(?:-\w+\s+)*-\w*e|^\s*set\s.*-o\s+errexit")
# Features of bash; where bash is sh, as in Amazon Linux, Red Hat and SUSE, they work.
BASHISMS = range(3000, 4000)
BASH_IS_SH = re.compile(r"(?m)^[^#\n]*\b(?:yum|dnf|microdnf|amazon-linux-extras|rpm|zypper)\s")
DASH_IS_SH = re.compile(r"(?m)^[^#\n]*\b(?:apt-get|apt|dpkg|debconf-set-selections|add-apt-repository)\s")
# Of these dash makes a syntax error: arrays, process substitution.
BREAKS_DASH = {3001: "process substitution", 3030: "arrays", 3054: "arrays"}
# The parser gives up: where it began to read what it does not understand, where it stopped, and at which bracket.
BEGAN, STOPPED = 1073, 1072
UNEXPECTED = frozenset({1088, 1089})
GIVES_UP = UNEXPECTED | {BEGAN, STOPPED}
# "The mentioned syntax error was in this ...", which says nothing more.
WHERE_IT_WAS = 1009
# Not a keyword, because the bracket is part of the word: `if[`.
GLUED, KEYWORD = 1069, re.compile(r"(?:if|elif|while|until)\[")
# A keyword that is a word of the command before it: in `echo done` that is meant, in `if [ -f a ] then` it is not.
AS_WORD = 1010
NOT_ENDED = re.compile(r"[ \t]*(?:if|elif)[ \t](?:[^;#]|;(?![ \t]*then\b))*[ \t](?P<word>then)[ \t]*(?:#.*)?")
# Guesses, and what is a fault only where no other line helps.
UNREPORTED = UNCLOSED | {AS_WORD}
CONSTRUCT = re.compile(r"[Cc]ouldn't parse this (.+?)\. Fix to allow")
# Statements, and an expression, of Jinja, of Go's templates, of ERB: a shell has no such words.
STATEMENT = re.compile(r"\{%[-+]?\s|<%")
EXPRESSION = re.compile(r"\{\{")
# A line that consists only of what another program fills in, and may become any line of shell.
FILLED_IN = re.compile(r"(?m)^[ \t]*x{4,}[ \t]*$")


@dataclass(frozen=True)
class Comment:
    """A comment of shellcheck; line and column count from one, the end is behind the last character."""

    code: int
    line: int
    column: int
    end_line: int
    message: str
    is_information: bool = False

    @classmethod
    def of(cls, plain: dict[str, Any]) -> "Comment":
        """Return the comment that shellcheck writes as JSON."""
        message = " ".join(str(plain["message"]).split()).rstrip(". ")
        if message[1:2].islower():
            message = message[0].lower() + message[1:]
        information = plain["level"] in ("info", "style")
        return cls(plain["code"], plain["line"], plain["column"], plain["endLine"], message, information)


def errors(source: Source, dialect: str, found: Sequence[Comment]) -> Iterator[Finding]:
    """Yield where the shell stops, once for a script, because it cannot parse what follows."""
    if _is_unparsable(source, found):
        if not FILLED_IN.search(source.text) and not _is_of_template(source, found):
            yield _unparsable(source, found)
        return
    broken = [one for one in found if one.code in BREAKS_DASH]
    if broken and _is_dash(source.text, dialect):
        first = min(broken, key=lambda one: (one.line, one.column))
        what = BREAKS_DASH[first.code]
        message = f"sh is dash on Debian and Ubuntu, which has no {what} and stops here; begin with #!/bin/bash"
        yield UNPARSABLE.at(source.at(first.line, first.column), message)


def _is_of_template(source: Source, found: Sequence[Comment]) -> bool:
    """Return whether the parser stopped at what another tool will replace, or where it may leave anything."""
    lines = source.text.split("\n")
    places = {one.line for one in found if one.code in GIVES_UP}
    return STATEMENT.search(source.text) is not None or any(EXPRESSION.search(lines[number - 1]) for number in places)


def _is_unparsable(source: Source, found: Sequence[Comment]) -> bool:
    return any(one.code in GIVES_UP or _is_glued(source, one) or _is_as_word(source, one) for one in found)


def _is_glued(source: Source, one: Comment) -> bool:
    line = source.text.split("\n")[one.line - 1]
    return one.code == GLUED and any(match.end() == one.column for match in KEYWORD.finditer(line))


def _is_as_word(source: Source, one: Comment) -> bool:
    """Return whether a condition is not ended before its `then`, which no other line brings."""
    lines = source.text.split("\n")
    match = NOT_ENDED.fullmatch(lines[one.line - 1]) if one.code == AS_WORD else None
    following = next((line.strip() for line in lines[one.line :] if line.strip()), "")
    return match is not None and match.start("word") + 1 == one.column and not following.startswith("then")


def _unparsable(source: Source, found: Sequence[Comment]) -> Finding:
    """Return the finding for a text that the parser gave up on, at the beginning of what it could not read."""
    began = next((one for one in found if one.code == BEGAN), None)
    stopped = next((one for one in found if one.code in UNEXPECTED | {STOPPED}), None)
    # The parser's own numbers begin with 1; what it says besides names the fault.
    others = [one for one in found if one.code < 2000 and one.code not in GIVES_UP | {WHERE_IT_WAS}]
    glued = next((one for one in found if _is_glued(source, one) or _is_as_word(source, one)), None)
    place = began or stopped or glued or others[0]
    construct = CONSTRUCT.search(began.message) if began else None
    what = f"syntax error in this {construct[1]}" if construct else "syntax error"
    text = source.text.split("\n")[place.line - 1]
    if match := re.compile(r"<([\w-]+)>").search(text):
        advice = f"the shell reads from a file {match[1]}; replace {match[0]} by its value, or quote it"
    elif glued or others:
        message = (glued or others[0]).message
        advice = message[0].lower() + message[1:]
    elif not began:
        advice = "nothing opens what this closes, and nothing runs from here on; remove it, or open it"
    else:
        advice = "it has no end, and nothing runs from here on; close it"
        # What was decoded, or came as an option, is all in one line of the file, or in none.
        end = source.at(stopped.line).line if stopped else 0
        if end not in (0, source.at(place.line).line):
            advice = f"the shell looks for its end up to line {end}, and nothing runs from here on; close it"
    return UNPARSABLE.at(source.at(place.line, place.column), f"{what}: {advice}")


def without_harmless(source: Source, dialect: str, found: Sequence[Comment]) -> Iterator[Comment]:
    """Yield the comments that are likely to be faults, and no error of `errors`."""
    if _is_unparsable(source, found):
        return
    lines = source.text.split("\n")
    is_dash = _is_dash(source.text, dialect)
    is_bash = dialect == "sh" and not is_dash and BASH_IS_SH.search(source.text) is not None
    stops = ERREXIT.search(source.text) is not None
    seen: set[tuple[int, int]] = set()
    for one in found:
        if one.code in UNREPORTED or (one.is_information and (one.code not in FAULTS or (one.code, one.line) in seen)):
            continue
        # Of both ends of a pipeline the first is enough.
        seen.add((one.code, one.line))
        portable = one.code in BASHISMS and (is_bash or (is_dash and one.code in BREAKS_DASH))
        if portable or (one.code == MASKED_STATUS and not stops):
            continue
        if not _is_meant(source, lines, one):
            yield one


def _is_one_too_many(line: str, at: int) -> bool:
    """Return whether a closing brace closes what nothing on the line opens."""
    return line[at : at + 1] == "}" and line.count("}", 0, at + 1) > line.count("{", 0, at)


def _is_given_pairs(text: str, line: str, at: int) -> bool:
    """Return whether `export $x` is given `name=value`, as in a loop over the lines of a file."""
    name = re.compile(r"\$\{?(\w+)").match(line, at)
    return name is None or re.search(rf"\b(?:for|read)\b[^\n]*\b{name[1]}\b", text) is not None


def _is_there(text: str, lines: Sequence[str], one: Comment) -> bool:
    """Return whether a folder is one of every image, or the script has made it before."""
    line, at = lines[one.line - 1], one.column - 1
    if ALWAYS_THERE.match(line, at):
        return True
    folder = FOLDER.match(line, at)
    before = "\n".join([*lines[: one.line - 1], line[:at]]) if folder and "mkdir" in text else ""
    made = rf"\bmkdir\b[^\n;&|]*[ \t]{re.escape(folder['folder'])}/?(?=[\s;&|]|$)" if folder else ""
    return bool(before) and re.search(made, before) is not None


def _is_dash(text: str, dialect: str) -> bool:
    return dialect == "dash" or (dialect == "sh" and DASH_IS_SH.search(text) is not None)


def _is_meant(source: Source, lines: list[str], one: Comment) -> bool:
    """Return whether a comment is about what only another program knows, or about what is meant."""
    line = lines[one.line - 1]
    if one.code == LITERAL_BRACE and not _is_one_too_many(line, one.column - 1):
        return True
    if one.code == EXPANDED_NOW and not OF_THEN.search(line, one.column - 1):
        return True
    if one.code == NOT_EXPORTED and _is_given_pairs(source.text, line, one.column - 1):
        return True
    if one.code == CHANGES_FOLDER and _is_there(source.text, lines, one):
        return True
    if one.code == SPLIT and IN_URL.search(line[: one.column - 1]):
        return True
    meant = MEANT.get(one.code)
    if meant and meant.match(lines[one.line - 1], one.column - 1):
        return True
    if one.code in PRINTED and PRINTS.search(lines[one.line - 1][: one.column - 1]):
        return True
    mine = lines[one.line - 1 : one.end_line]
    return WORD.search(one.message) is not None or (
        one.code in CONSTANT and (source.filled(one.line) or any(WORD.search(line) for line in mine))
    )
