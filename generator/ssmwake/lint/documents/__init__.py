"""SSM documents: what the service refuses, and what the agent ignores without a word."""

from collections.abc import Iterator

import yaml

from ssmwake.lint.deferred import Found
from ssmwake.lint.documents import (
    attachments,
    automation,
    command,
    destructive,
    fields,
    graph,
    parameters,
    references,
    scripts,
    session,
    steps,
    vocabulary,
)
from ssmwake.text.source import Source
from ssmwake.text.yaml_syntax import duplicates


def check(
    source: Source, root: yaml.Node, *, whole: bool = True, size_known: bool = True, layout_known: bool = True
) -> Iterator[Found]:
    """Yield what is wrong with a Command, Automation or Session document, which is the whole source or a part.

    Its size is not known where words of it stand for something else, its layout where whole lines may come or go.
    """
    if size_known:
        yield from fields.size(source, root, whole=whole)
    if whole and len(source.text) > fields.LINTED:
        return
    # cfn-lint reports those in a template.
    if whole and layout_known:
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
        yield from fields.unknown(source, root, vocabulary.AUTOMATION, "field")
        yield from steps.check(source, root, automation=True)
        yield from automation.check(source, root)
        yield from graph.check(source, root)
        yield from destructive.check(source, root)
        yield from references.automation(source, root, found)
        yield from attachments.check(source, root)
        return
    yield from references.command(source, root)
    if version == "1.0":
        yield from fields.unknown(source, root, vocabulary.SESSION, "field")
        yield from session.check(source, root)
    elif version == "1.2":
        yield from fields.unknown(source, root, vocabulary.COMMAND_1_2, "field")
        yield from command.plugins(source, root)
    else:
        yield from fields.unknown(source, root, vocabulary.COMMAND, "field", vocabulary.AUTOMATION)
        yield from steps.check(source, root, automation=False)
        yield from command.check(source, root, version)


__all__ = ["check"]
