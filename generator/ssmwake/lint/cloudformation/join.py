"""Scripts that Fn::Join puts together: two lines that become one, because a newline between them is missing."""

import re
from collections.abc import Iterator
from itertools import pairwise

import yaml

from ssmwake.lint.cloudformation.template import call, calls, plain
from ssmwake.lint.rules import WARNING, rule
from ssmwake.lint.user_data.first_line import swallowed
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import items

RUN_TOGETHER = rule(
    "SW419",
    WARNING,
    "lines that Fn::Join runs together",
    reason="the shell takes them for one command, or a comment",
)

# A program in a folder of programs, with what it is given.
PROGRAM = re.compile(r"/(?:usr/|opt/[\w.-]+/)?(?:local/)?s?bin/[\w.-]+(?:\s|$)")
# What a line of a script begins with, and hardly anything else does.
BEGINS = re.compile(
    r"(?:sudo|yum|dnf|apt-get|apt|amazon-linux-extras|systemctl|service|chkconfig|echo|export|curl|wget|aws|pip3?|mkdir|"
    r"chmod|chown|useradd|usermod|docker|cfn-init|cfn-signal|cfn-hup|set|touch|tar|unzip)\s+\S|(?:cd|cp|mv|rm|ln)\s+[-/~$\w]|"
    r"(?:if|while|until)\s+\S|(?:for)\s+\w+\s+in\s|[A-Z][A-Z0-9_]{2,}=\S|#[ \t]*\w"
)
# After one of these the line goes on, whatever comes.
GOES_ON = re.compile(
    r"(?:[\\|&;=:,/({\[<>\"'`-]|(?:^|\s)(?:then|do|else|exec|sudo|nohup|time|env|xargs|-(?!y\b)[\w-]+))\s*$"
)
# They run the command that follows them, or take one as a word.
TAKES_COMMANDS = {"sudo", "su", "env", "nohup", "xargs", "docker", "ssh", "timeout", "find", "echo", "aws", "exec"}


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
    begins = PROGRAM.match(after) or BEGINS.match(after)
    if not begins or GOES_ON.search(line) or len(line.split()) < 2:
        return False
    if line.startswith("#"):
        return True
    # With a space between them, the second may be an argument of the first.
    command = line.split()[0].rpartition("/")[2]
    return command not in TAKES_COMMANDS if line != line.rstrip() else bool(BEGINS.match(line) or PROGRAM.match(line))
