"""The files that come with an Automation document: their checksums, and the steps that run them."""

import re
from collections.abc import Iterator

import yaml

from ssmwake.lint.documents.dynamic import nearest, opaque, plain
from ssmwake.lint.documents.steps import everywhere
from ssmwake.lint.rules import ERROR, rule
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import pairs, value

CHECKSUM = rule("SW338", ERROR, "a file without its checksum", reason="the service refuses the document")

SHA256 = re.compile(r"[A-Fa-f0-9]{64}")


def check(source: Source, root: yaml.Node) -> Iterator[Finding]:
    """Yield each file without a valid checksum, and each attachment that is not among the files of the document."""
    files = value(root, "files")
    if opaque(files) or opaque(root):
        return
    names = pairs(files)
    for name, (key, node) in names.items():
        if opaque(node) or opaque(value(node, "checksums")):
            continue
        checksum = value(node, "checksums", "sha256")
        text = plain(checksum)
        if checksum is None:
            message = f"file '{name[:60]}' has no checksums: sha256; write what sha256sum prints"
            yield CHECKSUM.at(source.of(key), message)
        elif text is not None and not SHA256.fullmatch(text):
            message = "not a SHA-256, which has 64 hexadecimal digits; write what sha256sum prints"
            yield CHECKSUM.at(source.of(checksum), message)
    for step in everywhere(value(root, "mainSteps")):
        attachment = step.input("Attachment")
        attached = plain(attachment)
        if step.action == "aws:executeScript" and attachment and attached and attached not in names:
            hint = nearest(attached, names, "add it to files, with its checksum")
            yield CHECKSUM.at(source.of(attachment), f"no file '{attached[:60]}' comes with the document; {hint}")
