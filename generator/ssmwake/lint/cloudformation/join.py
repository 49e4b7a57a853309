"""Scripts that Fn::Join puts together: two lines that become one, because a newline between them is missing."""

from collections.abc import Iterator
from itertools import pairwise

import yaml

from ssmwake.lint.cloudformation.template import call, calls, plain
from ssmwake.lint.shell.joined_lines import RUN_TOGETHER, run_together
from ssmwake.lint.user_data.first_line import swallowed
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import items


def check(source: Source, node: yaml.Node) -> Iterator[Finding]:
    """Yield each piece of the user data below a node that runs into the next one."""
    for found in calls(node):
        both = items(found.argument)
        between = plain(both[0]) if found.name == "Fn::Join" and len(both) == 2 else None
        if between is None or "\n" in between or not isinstance(both[1], yaml.SequenceNode):
            continue
        pieces = both[1].value
        first = plain(pieces[0]) if pieces else None
        if first is None or not first.startswith("#!") or swallowed(first.split("\n")[0]):
            continue
        if "\n" not in first and not first.endswith("\n") and not _is_shebang_alone(pieces, between):
            continue
        for one, other in pairwise(pieces):
            if _run_together(one, other, between):
                message = "two pieces of Fn::Join run into each other; end this one with \\n"
                yield RUN_TOGETHER.at(source.of(one), message)


def _is_shebang_alone(pieces: list[yaml.Node], between: str) -> bool:
    """Return whether the first line ends before the next piece begins."""
    following = plain(pieces[1]) if len(pieces) > 1 else None
    return following is not None and following.startswith("\n")


def _run_together(one: yaml.Node, other: yaml.Node, between: str) -> bool:
    if call(one) or call(other):
        return False
    before, after = plain(one), plain(other)
    if before is None or after is None or before.endswith("\n") or not before.strip():
        return False
    line = (before.rpartition("\n")[2] + between).lstrip()
    return run_together(line, after)
