"""What a template takes for its own, and the shell does not get: `${` and `%{` that were to be plain text."""

import re
from collections.abc import Iterator

from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.lint.terraform.tree import (
    Broken,
    Directive,
    Expression,
    Interpolation,
    Reference,
    TemplateExpression,
    walk,
)
from ssmwake.model import Finding
from ssmwake.text.source import Source

SHELL_VARIABLE = rule(
    "SW414", ERROR, "a shell variable that Terraform interpolates", reason="Terraform refuses the template"
)
PLAIN_DIRECTIVE = rule(
    "SW415", ERROR, "a plain %{ that Terraform takes for a directive", reason="Terraform refuses the template"
)
NEEDLESS_ESCAPE = rule(
    "SW417", WARNING, "a template escape in a plain file", reason="the shell gets one dollar too many"
)
BROKEN_TERRAFORM = rule("SW418", ERROR, "broken Terraform", reason="Terraform cannot read the module")

# ${#x}, ${!x}, ${x[@]}, ${x:-y}, ${x%%y}, ${x^^}, ${1}, ${?}: an operator of the shell comes first, or after a name.
SHELL = re.compile(r"\$\{(?:[#!]|[\w]+(?:\[[^\]\n]*\])?(?:[-:=?+%#/^,@}]|$)|\w+\[|[@*?$!-]\})")
# In a file that is not a template: escapes that nobody undoes.
DOUBLED = re.compile(r"\$(\$\{\w+[^}\n]*\})|%(%\{[a-z_]+\})")
CURL = re.compile(r"\bcurl\b.*(?:\s-w|\s-[a-zA-Z]*w\s|--write-out)")
SETS = re.compile(r"\b([A-Za-z_]\w*)\+?=|\bfor[ \t]+([A-Za-z_]\w*)")
DECLARES = re.compile(r"\b(?:read|local|export|declare)\b([^\n;|&=]*)")
OF_THE_SYSTEM = frozenset({"HOME", "HOSTNAME", "LANG", "LOGNAME", "PATH", "PWD", "RANDOM", "SHELL", "UID", "USER"})
HEREDOC = re.compile(r"<<-?\s*[\"'\\]?([A-Za-z_]\w*)")


def templates(expression: Expression, names: frozenset[str] | None = frozenset()) -> Iterator[Finding]:
    """Yield what is wrong with the templates in an expression, where these names are known; None for any name."""
    for one in walk(expression):
        if isinstance(one, Broken):
            yield _broken(one)
    for piece, _ in unknown(expression, names) if names is not None else ():
        yield for_the_shell(piece)


def unknown(expression: Expression, names: frozenset[str]) -> Iterator[tuple[Interpolation, str]]:
    """Yield each interpolation that is one name and no more, where nobody gives a value of this name."""
    waiting = [(expression, names)]
    while waiting:
        one, known = waiting.pop()
        known = known | one.names
        if isinstance(one, TemplateExpression):
            # What a for gives is known until its end, and further too: that is said too little, and nothing wrong.
            known = known.union(*(piece.names for piece in one.inside))
        if isinstance(one, Interpolation):
            inner = one.inside[0]
            if isinstance(inner, Reference) and len(inner.path) == 1 and inner.path[0] not in known:
                yield one, inner.path[0]
        waiting.extend((inner, known) for inner in reversed(one.inside))


def for_the_shell(piece: Interpolation) -> Finding:
    """Return the finding of a variable of the shell that Terraform looks for."""
    written = _short(piece.span.text)
    message = f"Terraform fills in {written}, and has no such name; write ${written} for the shell"
    return SHELL_VARIABLE.at(piece.span.where, message)


def of_the_shell(text: str) -> frozenset[str]:
    """Return the variables that a script sets itself, or has from the system."""
    names = {match[1] or match[2] for match in SETS.finditer(text)}
    for line in DECLARES.findall(text):
        names |= set(re.findall(r"[A-Za-z_]\w*", line))
    return OF_THE_SYSTEM | names


def _broken(piece: Broken) -> Finding:
    text = _short(piece.span.text)
    if text.startswith("%"):
        return PLAIN_DIRECTIVE.at(piece.span.where, f"Terraform reads {text} as a directive; write %{text}")
    if SHELL.match(text):
        return SHELL_VARIABLE.at(
            piece.span.where, f"Terraform fills in {text}, which is not an expression; write ${text} for the shell"
        )
    return BROKEN_TERRAFORM.at(piece.span.where, f"{text} is not an expression: {piece.problem}")


def _short(text: str) -> str:
    line = text.split("\n")[0]
    return line if len(line) <= 60 else f"{line[:57]}..."


def looks_rendered(template: TemplateExpression) -> bool:
    """Return whether a text can be a template: it has the statements of one, or nothing that would break it."""
    pieces = [piece for one in walk(template) for piece in (one,)]
    words = {piece.word for piece in pieces if isinstance(piece, Directive)}
    if words & {"if", "for"} and words & {"endif", "endfor"}:
        return True
    return not any(isinstance(piece, Broken) for piece in pieces)


def doubled(source: Source) -> Iterator[Finding]:
    """Yield the escapes in a script that is read as it stands; what the script writes into files is not looked at."""
    offset = 0
    heredoc = ""
    for line in source.text.split("\n"):
        if heredoc:
            heredoc = "" if line.strip() == heredoc else heredoc
        elif not line.lstrip().startswith("#"):
            for match in DOUBLED.finditer(line):
                plain = match[1] or match[2]
                if match[1] or CURL.search(line):
                    message = f"{match[0]} stays as it is in what file() reads; write {plain}, or use templatefile()"
                    yield NEEDLESS_ESCAPE.at(source.at_offset(offset + match.start()), message)
            opened = HEREDOC.search(line)
            heredoc = opened[1] if opened else ""
        offset += len(line) + 1
