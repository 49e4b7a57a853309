"""Two commands on one line that were written on two: YAML or CloudFormation left out the newline between them."""

import re
from collections.abc import Iterator, Sequence

from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.model import Finding
from ssmwake.text.source import Source

RUN_TOGETHER = rule(
    "SW419",
    WARNING,
    "two lines of a script that become one",
    reason="the shell takes them for one command, or a comment",
    also={ERROR: "where YAML folds the lines"},
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
# Characters of a line that are looked at.
ENOUGH = 200
# They run the command that follows them, or take one as a word.
TAKES_COMMANDS = {"sudo", "su", "env", "nohup", "xargs", "docker", "ssh", "timeout", "find", "echo", "aws", "exec"}


def begins_command(text: str) -> bool:
    """Return whether a text begins as a line of a script does, and hardly anything else."""
    return bool(PROGRAM.match(text) or BEGINS.match(text))


def run_together(line: str, after: str) -> bool:
    """Return whether a line was to end before the text that follows it."""
    if not begins_command(after) or GOES_ON.search(line) or len(line.split()) < 2:
        return False
    if line.startswith("#"):
        return True
    # With a space between them, the second may be an argument of the first.
    command = line.split()[0].rpartition("/")[2]
    return command not in TAKES_COMMANDS if line != line.rstrip() else begins_command(line)


def folded(scalars: Sequence[Source]) -> Iterator[Finding]:
    """Yield the first line of a script that a scalar of YAML folds into the line above; of each text that one holds."""
    for source in scalars:
        for before, mark in zip(source.marks, source.marks[1:], strict=False):
            if not mark.moves or source.text[mark.offset - 1 : mark.offset] != " " or mark.line <= before.line:
                continue
            start, end = source.text.rfind("\n", 0, mark.offset) + 1, mark.offset
            # Its beginning and its end say enough of a line, however long it is.
            line = source.text[start : min(start + ENOUGH, end)] + source.text[max(start + ENOUGH, end - ENOUGH) : end]
            line, after = line.lstrip(), source.text[end : end + ENOUGH]
            # The #! line has a rule of its own.
            if not line.startswith("#!") and run_together(line, after):
                message = "YAML folds this line into the one above, so the two are one command; write | instead of >"
                yield RUN_TOGETHER.at(source.at_offset(mark.offset), message, severity=ERROR)
                break
