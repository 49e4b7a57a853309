"""What CloudFormation says about a document beside its content: its type, its name and that of its version."""

import re
from collections.abc import Iterator

import yaml

from ssmwake.lint.documents import vocabulary
from ssmwake.lint.documents.dynamic import opaque, plain
from ssmwake.lint.rules import ERROR, rule
from ssmwake.lint.text.source import Source
from ssmwake.lint.text.yaml_nodes import value
from ssmwake.model import Finding

TYPE_MISMATCH = rule(
    "SW320", ERROR, "a type and a schemaVersion that do not fit", reason="the service refuses the document"
)
DOCUMENT_NAME = rule("SW321", ERROR, "the name of a document", reason="the service refuses it")

NAME = re.compile(r"[A-Za-z0-9_.-]{3,128}")
VERSION_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
# CloudFormation's own default for DocumentType.
DEFAULT = "Command"
TYPES = frozenset().union(*vocabulary.VERSIONS.values())


def runs(properties: yaml.Node, root: yaml.Node) -> bool:
    """Return whether a resource of CloudFormation is a document that runs something, and no package or calendar."""
    kind = value(properties, "DocumentType")
    steps = any(value(root, field) is not None for field in ("mainSteps", "runtimeConfig", "sessionType"))
    if kind is None or plain(kind) in TYPES:
        return steps or value(root, "schemaVersion") is not None
    return steps and plain(kind) is None


def pairing(inner: Source, root: yaml.Node, outer: Source, properties: yaml.Node) -> Iterator[Finding]:
    """Yield that the DocumentType of a resource and the schemaVersion of its content do not go together."""
    kind, number = value(properties, "DocumentType"), plain(value(root, "schemaVersion")) or ""
    node = value(root, "schemaVersion")
    known = vocabulary.VERSIONS.get(number)
    if known is None or node is None or opaque(properties) or (kind is not None and plain(kind) is None):
        return
    name = plain(kind) or DEFAULT
    if name in known or name not in TYPES:
        return
    wanted = sorted(known)[0]
    if kind is None:
        message = (
            f"schemaVersion '{number}' without DocumentType, which is {DEFAULT} then; write DocumentType: {wanted}"
        )
        yield TYPE_MISMATCH.at(inner.of(node), message)
    else:
        yield TYPE_MISMATCH.at(outer.of(kind), f"{name}, and schemaVersion '{number}' is {wanted}; change one of them")


def names(source: Source, properties: yaml.Node) -> Iterator[Finding]:
    """Yield that a document, or its version, has a name that the service refuses."""
    node = value(properties, "Name")
    name = plain(node)
    if node is not None and name is not None:
        if name.lower().startswith(vocabulary.RESERVED):
            message = f"'{name[:60]}': names that begin with aws, amazon or amzn are for AWS; begin with another word"
            yield DOCUMENT_NAME.at(source.of(node), message)
        elif not NAME.fullmatch(name):
            yield DOCUMENT_NAME.at(
                source.of(node), f"'{name[:60]}' is no name; use 3 to 128 letters, digits, _ . and -"
            )
    node = value(properties, "VersionName")
    name = plain(node)
    if node is not None and name is not None and not VERSION_NAME.fullmatch(name):
        message = f"'{name[:60]}' is no VersionName; use 1 to 128 letters, digits, _ . and -"
        yield DOCUMENT_NAME.at(source.of(node), message)
