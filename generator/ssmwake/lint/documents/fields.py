"""What every document has: its size, its schemaVersion, and fields that are known."""

from collections.abc import Iterable, Iterator

import yaml

from ssmwake.lint.documents import vocabulary
from ssmwake.lint.documents.dynamic import nearest, opaque, plain, walk
from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.model import Finding
from ssmwake.text.placeholders import WORD
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import is_string, items, pairs, text_of, value

NOT_A_DOCUMENT = rule("SW300", ERROR, "not an SSM document", reason="the service refuses it")
SCHEMA_VERSION = rule(
    "SW301", ERROR, "an invalid schemaVersion", reason="the service expects a known string", fixable=True
)
MISSING_FIELD = rule("SW302", ERROR, "a missing field", reason="the service refuses the document")
UNKNOWN_FIELD = rule(
    "SW303",
    ERROR,
    "an unknown field",
    reason="the service refuses it, or the agent ignores it",
    also={WARNING: "where the agent ignores it"},
)
DOCUMENT_TOO_LARGE = rule("SW312", ERROR, "a document over 64 KB", reason="the service refuses the document")

# What other formats call a field.
OTHER_NAMES = {"steps": "mainSteps", "schema": "schemaVersion", "version": "schemaVersion"}
# The only schema of Session documents.
SESSION = "1.0"
WRITE_VERSION = "write '2.2' for a Command, '0.3' for an Automation"
# Bytes of a document: the quota of Systems Manager.
LIMIT = 65_536
# Anything so much larger is not a document, and the rest of lint would take a minute for it.
LINTED = 16 * LIMIT


def size(source: Source, root: yaml.Node, *, whole: bool) -> Iterator[Finding]:
    """Yield that a document is too large; inside a template only what CloudFormation cannot shorten is counted."""
    texts = [source.text] if whole else [scalar.value for scalar in walk(root, set())]
    length = sum(len(text.encode("utf-8", "surrogateescape")) for text in texts)
    if length > LIMIT:
        message = f"{length:,} bytes, and {LIMIT:,} are allowed; fetch what is large from S3"
        yield DOCUMENT_TOO_LARGE.at(source.at(1) if whole else source.of(root), message)


def schema(source: Source, root: yaml.Node) -> Iterator[Finding]:
    """Yield what is wrong with the schemaVersion."""
    node = value(root, "schemaVersion")
    if node is None:
        yield SCHEMA_VERSION.at(source.of(root), f"no schemaVersion; {WRITE_VERSION}")
    elif not (opaque(node) or WORD.search(text_of(node)) or plain(node) in {*vocabulary.VERSIONS, *vocabulary.OLD}):
        what = (
            f"there is no schemaVersion '{node.value[:60]}'" if isinstance(node, yaml.ScalarNode) else "not a version"
        )
        yield SCHEMA_VERSION.at(source.of(node), f"{what}; {WRITE_VERSION}")
    elif is_session(root) and plain(node) not in (SESSION, None):
        yield SCHEMA_VERSION.at(source.of(node), f"Session documents have schemaVersion '{SESSION}'; write that")
    elif not opaque(node) and not is_string(node):
        start, end = node.start_mark.index, node.end_mark.index
        quoted = source.replacement(start, end, f'"{source.text[start:end]}"')
        yield SCHEMA_VERSION.at(source.of(node), "schemaVersion is a string; write it in quotes", fix=quoted)


def is_session(root: yaml.Node) -> bool:
    """Return whether a document says how a session is opened, whatever its schemaVersion is."""
    return value(root, "sessionType") is not None and value(root, "mainSteps") is None


def version(root: yaml.Node) -> str:
    """Return the schema of a document; where it is none that is known, the one that its steps are of; or nothing."""
    text = plain(value(root, "schemaVersion")) or ""
    if text and is_session(root):
        return SESSION
    if text in vocabulary.VERSIONS:
        return text
    if text in vocabulary.OLD:
        return "2.0"
    actions = {plain(value(step, "action")) for step in items(value(root, "mainSteps"))}
    if actions & set(vocabulary.AUTOMATION_ACTIONS):
        return "0.3"
    return "2.2" if actions & set(vocabulary.COMMAND_ACTIONS) else ""


def unknown(
    source: Source, node: yaml.Node, known: Iterable[str], word: str, of_automation: Iterable[str] = ()
) -> Iterator[Finding]:
    """Yield each key of the mapping that is not known, with the nearest that is; some belong in an Automation."""
    known, of_automation = frozenset(known), frozenset(of_automation)
    if opaque(node):
        return
    for name, (key, _) in pairs(node).items():
        if name in known:
            continue
        hint = f"did you mean '{OTHER_NAMES[name]}'?" if OTHER_NAMES.get(name) in known else ""
        hint = hint or nearest(name, known, "remove it")
        if name in of_automation or name.lower() in {each.lower() for each in of_automation - known}:
            hint = "Automations have it, so write schemaVersion '0.3' for one, or remove it"
        yield UNKNOWN_FIELD.at(source.of(key), f"unknown {word} '{name[:60]}'; {hint}")
