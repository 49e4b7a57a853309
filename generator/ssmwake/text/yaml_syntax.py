"""YAML that cannot be read, and keys that are written twice."""

import re
from collections.abc import Iterator

import yaml

from ssmwake.model import Finding, Location, Severity, rule
from ssmwake.text.command import looks_like_command
from ssmwake.text.source import Source
from ssmwake.text.unreadable import BROKEN_USER_DATA, TEMPLATE

PLACEHOLDER = re.compile(r"%[\w.-]+%|@@?\w+@@?|\{%|<%")
DUPLICATE_KEY = rule(
    "SW205", Severity.ERROR, "a duplicate key", reason="the last one wins, and the first is silently lost"
)


def broken(source: Source, error: yaml.YAMLError, what: str = "") -> Finding:
    """Return the finding of YAML that cannot be read, at the line that does not fit.

    `what` is what the text is meant to be. In a template the place of a missing colon is where CloudFormation and
    cfn-lint report it, which is behind the line.
    """
    if isinstance(error, yaml.reader.ReaderError):
        return _unprintable(source, what)
    problem = str(getattr(error, "problem", None) or error)
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    advice = next((text for words, text in ADVICE.items() if words in problem), "")
    if (
        mark is not None
        and context is not None
        and what == TEMPLATE
        and NO_COLON in problem
        and not _is_end(source, mark)
    ):
        advice = f"line {source.at_offset(context.index).line} is neither a key nor a part of the value above"
    elif context is not None and (mark is None or _begins_the_fault(source.text, problem, mark, context)):
        mark = context
        advice = UNCLOSED if "expected ','" in problem else advice
    where = source.at_offset(mark.index) if mark else source.at(1)
    if mark is not None and source.text[mark.index : mark.index + 1] == "\t":
        problem, advice = "a tab", "indent with spaces"
    if mark is not None and NO_COLON in problem and looks_like_command(source.text, mark.index) and what != TEMPLATE:
        advice = "this line looks like a command: nothing can be appended to a cloud-config, so put it into runcmd"
    if mark is not None and TWO_TAGS.search(source.text, 0, mark.index) and source.text[mark.index] == "!":
        problem = "two tags on one value"
        advice = "write the first function in its long form, as a key with the second below it, or remove one"
    return BROKEN_USER_DATA.at(
        where, f"broken YAML{f' in {what}' if what else ''}: {problem}{advice and f'; {advice}'}"
    )


def _unprintable(source: Source, what: str) -> Finding:
    """Return the finding of a character that YAML does not take, wherever it is."""
    match = yaml.reader.Reader.NON_PRINTABLE.search(source.text)
    where = source.at_offset(match.start()) if match else source.at(1)
    message = f"broken YAML{f' in {what}' if what else ''}: control characters are not allowed; remove the character"
    return BROKEN_USER_DATA.at(where, message)


NO_COLON = "could not find expected ':'"
# What to do about a problem of libyaml's, by words in it.
ADVICE = {
    NO_COLON: "this line is neither a key nor a part of the value above",
    "mapping values are not allowed": "a colon and a space make a key; indent it like the keys around it, or quote it",
    "expected ',' or": "separate the items with commas, or close the bracket",
    "did not find expected key": "indent this line like the keys around it",
    "expected '-' indicator": "begin each item of the list with -, all in one column",
    "cannot start any token": "quote the value",
    "unexpected end of stream": "close the quote",
    "found undefined alias": "* begins a reference; quote the text",
    "unknown escape character": "use single quotes, in which a backslash is itself",
    "sequence entries are not allowed": "begin the list on a line of its own",
}
UNCLOSED = "close the bracket"
# What stands before a second tag.
TWO_TAGS = re.compile(r"(?<=[\s:\[,])![\w:.]+[ \t]+\Z")


def is_filled_in(source: Source, error: yaml.YAMLError) -> bool:
    """Return whether what YAML cannot read is the placeholder of another tool, which puts something else there."""
    mark = getattr(error, "problem_mark", None)
    return mark is not None and PLACEHOLDER.match(source.text, mark.index) is not None


def _begins_the_fault(text: str, problem: str, mark: yaml.Mark, context: yaml.Mark) -> bool:
    """Return whether the fault is where libyaml began to read what it cannot end, and not where it noticed."""
    if "end of stream" in problem or NO_COLON in problem:
        return True
    if "expected ','" not in problem or mark.line <= context.line:
        return False
    # A bracket that is open over lines has them further in.
    lines = text.split("\n")
    return _margin(lines[mark.line] if mark.line < len(lines) else "") <= _margin(lines[context.line])


def _is_end(source: Source, mark: yaml.Mark) -> bool:
    return not source.text[mark.index :].strip()


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def duplicates(source: Source, node: yaml.Node, seen: set[int]) -> Iterator[Finding]:
    """Yield each duplicate key of a mapping, at any depth, aliases once."""
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from duplicates(source, item, seen)
        return
    keys: dict[str, Location] = {}
    for key, inner in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in keys and key.value != "<<":
                first = keys[key.value].line
                yield DUPLICATE_KEY.at(source.of(key), f"'{key.value}' is already on line {first}; keep one")
            keys.setdefault(key.value, source.of(key))
        yield from duplicates(source, inner, seen)
