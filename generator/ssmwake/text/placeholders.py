"""Placeholders of other programs, made into plain words at the same place."""

import re

from ssmwake.text.source import Edit, Source

SUB = re.compile(r"\$\{(!?)([^{}\n]*)\}")
SSM = re.compile(r"\{\{[^{}\n]*\}\}")

# A text that another tool puts something else in place of, as a whole: of rain, Ansible, Packer, envsubst, sed, EJS.
FOREIGN = re.compile(
    r"\s*(?:%[\w.-]+%|\$\{[^{}\n]*\}|\$[A-Z_][A-Z0-9_]*|\{\{.*\}\}|__\w+__|@@?\w+@@?|<%.*%>|<<\w+>>|<[A-Za-z_-]+>"
    r"|!\w+::\w+\s.*)\s*",
    re.DOTALL,
)
INSIDE = re.compile(r"\{\{|\{%|<%|__[A-Z][A-Z0-9_]*__|%[A-Z_][A-Z0-9_]+%|@@\w+@@")
OTHER_TOOLS = re.compile(r"%[\w.-]+%|__\w+__|@@?\w+@@?|<%[^%]*%>")
# What the AWS CLI reads on its command line, and nothing else does.
PATH = re.compile(r"\s*fileb?://\S+\s*")

# A message with such a word is about what only another program knows, and so about nothing.
WORD = re.compile("x{4}")


def ssm(source: Source) -> Source:
    """Return the text of a script with a word for each `{{ parameter }}` of Systems Manager."""
    return source.edited(Edit(match.start(), match.end(), word(match[0])) for match in SSM.finditer(source.text))


def jinja(source: Source) -> Source:
    """Return a Jinja template with a word for each expression, and nothing for statements and comments."""
    text, at, edits = source.text, 0, []
    # What is opened once too often is not closed by anything later; to look for that again would take ever longer.
    closers = {"{{": "}}", "{%": "%}", "{#": "#}"}
    while closers and (match := re.compile("|".join(map(re.escape, closers))).search(text, at)):
        end = text.find(closers[match[0]], match.end())
        if end < 0:
            del closers[match[0]]
            continue
        at = end + 2
        edits.append(Edit(match.start(), at, word(text[match.start() : at]) if match[0] == "{{" else ""))
    return source.edited(edits)


def is_placeholder(text: str) -> bool:
    """Return whether a text consists only of what another tool will replace."""
    return FOREIGN.fullmatch(text) is not None


def is_other_tools(text: str) -> bool:
    """Return whether a text is a placeholder that neither a shell nor AWS has."""
    return OTHER_TOOLS.fullmatch(text) is not None


def has_placeholder(text: str) -> bool:
    """Return whether another tool is to fill something into a text, whatever a shell makes of it."""
    return INSIDE.search(text) is not None


def is_path(text: str) -> bool:
    """Return whether a text is the path of a file and not what the file holds."""
    return PATH.fullmatch(text) is not None


def word(text: str) -> str:
    """Return a word as long as the text, so that a line keeps its length."""
    return "x" * len(text)
