"""Session documents: how Session Manager opens a shell, a command or a port."""

from collections.abc import Iterator

import yaml

from ssmwake.lint.documents import vocabulary
from ssmwake.lint.documents.dynamic import nearest, opaque, plain
from ssmwake.lint.documents.fields import MISSING_FIELD, unknown
from ssmwake.lint.documents.steps import limits
from ssmwake.lint.rules import ERROR, rule
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import value

SESSION_SETTING = rule(
    "SW339", ERROR, "an invalid session setting", reason="the service refuses the document, or no session starts"
)


def check(source: Source, root: yaml.Node) -> Iterator[Finding]:
    """Yield what is wrong with a Session document of schema 1.0."""
    kind = value(root, "sessionType")
    if kind is None:
        if not opaque(root):
            yield MISSING_FIELD.at(source.of(root), "no sessionType; write Standard_Stream for a shell")
    elif (text := plain(kind)) is not None and text not in vocabulary.SESSION_TYPES:
        hint = nearest(text, vocabulary.SESSION_TYPES, "write Standard_Stream for a shell")
        yield SESSION_SETTING.at(source.of(kind), f"no sessionType '{text[:60]}'; {hint}")
    inputs = value(root, "inputs")
    if inputs is None or opaque(inputs):
        return
    yield from unknown(source, inputs, vocabulary.SESSION_INPUTS, "input of a session")
    message = "idleSessionTimeout is 1 to 60 minutes; write a number in this range"
    yield from limits(source, value(inputs, "idleSessionTimeout"), 1, 60, message)
    message = "maxSessionDuration is 1 to 1440 minutes; write a number in this range"
    yield from limits(source, value(inputs, "maxSessionDuration"), 1, 1440, message)
    for name in vocabulary.SESSION_SWITCHES:
        node = value(inputs, name)
        text = plain(node)
        if node is not None and text is not None and text.lower() not in ("true", "false"):
            yield SESSION_SETTING.at(source.of(node), f"{name} is true or false; write one of them")
