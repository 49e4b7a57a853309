"""What stands in a text for something that only another program knows, made into plain words of the same place."""

import re

from ssmwake.lint.source import Edit, Source

SUB = re.compile(r"\$\{(!?)([^{}\n]*)\}")
SSM = re.compile(r"\{\{[^{}\n]*\}\}")
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)

# A message with such a word is about what only another program knows, and so about nothing.
WORD = re.compile("x{4}")


def ssm(source: Source) -> Source:
    """Return the text of a script with a word for each `{{ parameter }}` of Systems Manager."""
    return source.edited(Edit(match.start(), match.end(), word(match[0])) for match in SSM.finditer(source.text))


def jinja(source: Source) -> Source:
    """Return a Jinja template with a word for each expression, and nothing for statements and comments."""
    edits = []
    for match in JINJA.finditer(source.text):
        edits.append(Edit(match.start(), match.end(), word(match[0]) if match[0].startswith("{{") else ""))
    return source.edited(edits)


def word(text: str) -> str:
    """Return a word as long as the text, so that a line keeps its length."""
    return "x" * len(text)
