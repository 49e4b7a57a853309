"""The first line of user data, by which cloud-init, and then the kernel, tell what it is."""

import re
from collections.abc import Iterator

from ssmwake.cloud_init.parts import LOOKED_AT, SCRIPTS, Part, PartKind, kind_of
from ssmwake.lint.rules import ERROR, INFO, rule
from ssmwake.lint.user_data.interpreter import problem_of
from ssmwake.model import Finding
from ssmwake.text.source import Source

ON_FIRST_LINE = rule(
    "SW267", ERROR, "a whole script on the #! line", reason="the kernel takes it for the interpreter, and nothing runs"
)
INTERPRETER_LINE = rule("SW277", ERROR, "a #! line that the kernel cannot use", reason="the script is not run")
INEXACT_HEADER = rule(
    "SW278",
    ERROR,
    "a misspelt header",
    reason="cloud-init fails on the part, or ignores it",
    also={INFO: "where cloud-init takes it at boot, and its schema does not"},
)

INTERPRETER = re.compile(r"#!\s*(\S*)")
ENV = re.compile(r"#!\s*\S*/env[ \t]+(?P<rest>.*)")
OPTIONS = re.compile(r"(?:[-+]\w*o[ \t]+\w+[ \t]+|[-+]\S+[ \t]+)+")
SHELLS = re.compile(r"(?:ba|da|a|k|z)?sh$")
# The path of a shell, and the first word of the next line without a newline between.
RUN_INTO = re.compile(r"/s?bin/(?:(?:ba|da|k|z)sh|sh)(?!db$)[a-z/]\S*$")
# Settings behind the header, where they are a part of the comment, and a line that is no comment.
IN_HEADER = re.compile(
    r"#cloud-config[ \t]+(?:\S.*[ \t])?(?:runcmd|bootcmd|packages?(?:_\w+)?|users|write_files|hostname|ssh_\w+)[ \t]*:"
)
SETTINGS = re.compile(r"(?m)^[ \t]*[^\s#]")
# Kinds whose first line is cut off by its exact spelling, at the very beginning.
EXACT = {PartKind.BOOTHOOK: "#cloud-boothook", PartKind.JSON_PATCH: "#cloud-config-jsonp"}
EVERYTHING = "everything is on the first line, so nothing runs; end #! with a newline, and each command too"


def check(source: Source) -> Iterator[Finding]:
    """Yield what is wrong with a first line that says a kind."""
    text = source.text
    kind = kind_of(text)
    blanks = len(text) - len(text.lstrip())
    first = text[blanks:].partition("\n")[0].rstrip()
    where = source.at_offset(blanks)
    if kind is PartKind.SCRIPT:
        interpreter = INTERPRETER.match(first)
        named = interpreter[1] if interpreter else ""
        if blanks:
            message = "the kernel runs a script only if #! comes first of all; remove what is before it"
            yield INTERPRETER_LINE.at(where, message)
        elif not named:
            yield INTERPRETER_LINE.at(where, "no interpreter after #!; write #!/bin/sh")
        elif problem := swallowed(first):
            yield ON_FIRST_LINE.at(where, problem)
        elif not named.startswith(("/", "$", "x" * 4)):
            yield INTERPRETER_LINE.at(
                where, f"the kernel looks for {named} in the folder it is in; write its whole path"
            )
        elif problem := problem_of(named):
            yield INTERPRETER_LINE.at(where, problem)
    elif kind is PartKind.CLOUD_CONFIG and IN_HEADER.match(first) and not SETTINGS.search(text, blanks + len(first)):
        message = (
            "all of it is on the first line, which is a comment, so nothing is done; give each key a line of its own"
        )
        yield INEXACT_HEADER.at(where, message)
    elif kind is PartKind.JINJA and blanks:
        message = "cloud-init renders a template only if its header comes first of all; remove what is before it"
        yield INEXACT_HEADER.at(where, message)
    elif kind in EXACT and (blanks or not first.startswith(EXACT[kind])):
        yield INEXACT_HEADER.at(
            where, f"cloud-init fails on this header; write exactly {EXACT[kind]}, with nothing before it"
        )
    elif kind in (PartKind.CLOUD_CONFIG, PartKind.ARCHIVE) and (blanks or not first.startswith("#cloud-config")):
        message = "cloud-init takes this header at boot, but `cloud-init schema` does not; begin with #cloud-config"
        yield INEXACT_HEADER.at(where, message, severity=INFO)


def swallowed(first: str) -> str:
    """Return why nothing runs of a script whose commands follow the interpreter on the first line; nothing else."""
    match = INTERPRETER.match(first)
    rest = first[match.end() :].strip() if match else ""
    if env := ENV.match(first):
        words = env["rest"].split()
        if len(words) > 1 and not words[0].startswith("-") and "=" not in words[0] and "xxxx" not in env["rest"]:
            only_options = all(word.startswith("-") for word in words[1:])
            cure = (
                f"write #!/bin/{words[0]} {' '.join(words[1:])}"
                if only_options
                else "put the script on lines of its own"
            )
            return f"env takes all of '{env['rest'][:40]}' as the name of one program; {cure}"
    elif match and SHELLS.search(match[1]) and len(rest.split()) > 1:
        options = rest.partition("#")[0].strip()
        if OPTIONS.fullmatch(f"{options} "):
            return f"the kernel passes '{rest[:40]}' as one option; write set {options[:40]} below"
        return EVERYTHING
    elif match and RUN_INTO.search(match[1]) and rest:
        return EVERYTHING
    return ""


def begins_too_late(part: Part) -> bool:
    """Return whether something stands before the #! of a script."""
    text = part.source.text
    return part.declared in SCRIPTS | LOOKED_AT and kind_of(text) is PartKind.SCRIPT and not text.startswith("#!")
