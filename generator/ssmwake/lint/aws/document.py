"""An SSM document as a resource describes it, whatever the carrier: its type, its name and that of its version."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from ssmwake.lint import documents
from ssmwake.lint.aws.setting import StatedSetting
from ssmwake.lint.deferred import Found
from ssmwake.lint.documents import fields, vocabulary
from ssmwake.lint.documents.dynamic import plain
from ssmwake.lint.rules import ERROR, rule
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import value

TYPE_MISMATCH = rule(
    "SW320", ERROR, "a document type that does not fit its schemaVersion", reason="the service refuses the document"
)
DOCUMENT_NAME = rule("SW321", ERROR, "an invalid document name", reason="the service refuses it")

NAME = re.compile(r"[A-Za-z0-9_.-]{3,128}")
VERSION_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
TYPES = frozenset().union(*vocabulary.VERSIONS.values())
# Where each account keeps the preferences of Session Manager: the only name of AWS that is anybody's to write.
PREFERENCES = "SSM-SessionManagerRunShell"


@dataclass(frozen=True)
class DocumentNames:
    """What the settings are called where the document is described, and the type of one that does not state it."""

    kind: str = "DocumentType"
    version_name: str = "VersionName"
    default: str = "Command"


@dataclass(frozen=True)
class DocumentResource:
    """A document as described, without its content; a setting that is not stated is None."""

    name: StatedSetting | None = None
    kind: StatedSetting | None = None
    version_name: StatedSetting | None = None
    # How its name begins, where only the deployment knows the rest.
    beginning: str = ""
    names: DocumentNames = DocumentNames()

    def runs(self, root: yaml.Node) -> bool:
        """Return whether it is a document that runs something, and no package or calendar."""
        steps = any(value(root, field) is not None for field in ("mainSteps", "runtimeConfig", "sessionType"))
        if self.kind is None or self.kind.value in TYPES:
            return steps or value(root, "schemaVersion") is not None
        return steps and self.kind.value is None


def check(
    resource: DocumentResource,
    source: Source,
    root: yaml.Node,
    *,
    whole: bool,
    size_known: bool = True,
    layout_known: bool = True,
) -> Iterator[Found]:
    """Yield what is wrong with a document, and with what its resource says about it."""
    yield from _name(resource)
    yield from _pairing(resource, source, root)
    yield from documents.check(source, root, whole=whole, size_known=size_known, layout_known=layout_known)


def _pairing(resource: DocumentResource, source: Source, root: yaml.Node) -> Iterator[Finding]:
    """Yield that the type of a resource and the schemaVersion of its content do not go together."""
    node, kind = value(root, "schemaVersion"), resource.kind
    number = plain(node) or ""
    known = vocabulary.VERSIONS.get(number)
    # A schemaVersion that no such document has is reported by itself.
    if known is None or node is None or fields.version(root) != number or (kind and kind.value is None):
        return
    names = resource.names
    said = (kind.value if kind else None) or names.default
    if said in known or said not in TYPES:
        return
    wanted = sorted(known)[0]
    if kind is None:
        message = f"schemaVersion '{number}' without {names.kind}, which is {said} then; write {names.kind}: {wanted}"
        yield TYPE_MISMATCH.at(source.of(node), message)
    else:
        message = f"{names.kind} is {said}, and schemaVersion '{number}' is {wanted}; change one of them"
        yield TYPE_MISMATCH.at(kind.where, message)


def _name(resource: DocumentResource) -> Iterator[Finding]:
    """Yield that a document, or its version, has a name that the service refuses."""
    name = resource.name.value if resource.name else None
    beginning = (resource.beginning if name is None else name)[:60]
    if resource.name and name != PREFERENCES and beginning.lower().startswith(vocabulary.RESERVED):
        message = f"'{beginning}': names that begin with aws, amazon or amzn are for AWS; begin with another word"
        yield DOCUMENT_NAME.at(resource.name.where, message)
    elif resource.name and name is not None and not NAME.fullmatch(name):
        message = f"'{name[:60]}' is not a valid name; use 3 to 128 letters, digits, _ . and -"
        yield DOCUMENT_NAME.at(resource.name.where, message)
    version = resource.version_name.value if resource.version_name else None
    if resource.version_name and version is not None and not VERSION_NAME.fullmatch(version):
        message = (
            f"'{version[:60]}' is not a valid {resource.names.version_name}; use 1 to 128 letters, digits, _ . and -"
        )
        yield DOCUMENT_NAME.at(resource.version_name.where, message)
