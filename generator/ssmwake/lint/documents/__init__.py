"""SSM documents: what the service refuses, and what the agent ignores without a word."""

from collections.abc import Iterator

import yaml

from ssmwake.lint.cloud_config import duplicates
from ssmwake.lint.documents import (
    attachments,
    automation,
    command,
    danger,
    fields,
    graph,
    naming,
    parameters,
    references,
    scripts,
    session,
    steps,
    words,
)
from ssmwake.lint.documents.naming import runs
from ssmwake.lint.shell import Found
from ssmwake.lint.source import Source


def check(source: Source, root: yaml.Node, *, whole: bool = True) -> Iterator[Found]:
    """Yield what is wrong with a Command, Automation or Session document, which is the whole source or a part."""
    yield from fields.size(source, root, whole=whole)
    if whole and len(source.text) > fields.LINTED:
        return
    # cfn-lint tells of those in a template.
    if whole:
        yield from duplicates(source, root, set())
    yield from fields.schema(source, root)
    version = fields.version(root)
    if not version:
        return
    yield from parameters.check(source, root, version)
    yield from references.unused(source, root)
    found = list(scripts.codes(root))
    yield from scripts.check(source, root, found)
    if version == "0.3":
        yield from fields.unknown(source, root, words.AUTOMATION, "field")
        yield from steps.check(source, root, automation=True)
        yield from automation.check(source, root)
        yield from graph.check(source, root)
        yield from danger.check(source, root)
        yield from references.automation(source, root, found)
        yield from attachments.check(source, root)
        return
    yield from references.command(source, root)
    if version == "1.0":
        yield from fields.unknown(source, root, words.SESSION, "field")
        yield from session.check(source, root)
    elif version == "1.2":
        yield from fields.unknown(source, root, words.COMMAND_1_2, "field")
        yield from command.plugins(source, root)
    else:
        yield from fields.unknown(source, root, words.COMMAND, "field")
        yield from steps.check(source, root, automation=False)
        yield from command.check(source, root, version)


def resource(outer: Source, properties: yaml.Node, inner: Source, root: yaml.Node) -> Iterator[Found]:
    """Yield what is wrong with the document of a CloudFormation resource, and with what is said about it there."""
    yield from naming.names(outer, properties)
    yield from naming.pairing(inner, root, outer, properties)
    yield from check(inner, root, whole=inner is not outer)


__all__ = ["check", "resource", "runs"]
