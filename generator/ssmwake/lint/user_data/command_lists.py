"""Commands of runcmd and bootcmd that are lists: cloud-init quotes each of their words, so the shell sees no syntax.

What cloud-init makes of a list is in `shellify` of https://github.com/canonical/cloud-init/blob/main/cloudinit/subp.py.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import yaml

from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.model import Finding
from ssmwake.text.placeholders import WORD
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import changed_by_yaml, effective, items

EMPTY_ITEM = rule(
    "SW245", WARNING, "an empty command", reason="cloud-init before 21.4, as on Amazon Linux 2, then runs no command"
)
ONE_WORD = rule("SW246", ERROR, "a whole command as one list item", reason="no program has such a name")
SYNTAX_AS_WORD = rule(
    "SW247",
    ERROR,
    "shell syntax in a list",
    reason="the program gets it as a word, literally",
    also={WARNING: "where the word is a variable"},
)
CHANGED_VALUE = rule(
    "SW248", ERROR, "a word that YAML changes", reason="the program gets another number, or True", fixable=True
)

SHELLS = {"sh", "bash", "dash", "ash", "ksh", "zsh"}
REDIRECTION = re.compile(r"\d?(?:>>?|<<<|&>>?|>&)(?:&\d|\s*/\S*|\S*)|<|2>&1")
OPERATORS = {"|", "||", "&&", "&", ";"}
# They take such words as arguments.
COMPARE = {"[", "[[", "test", "expr", "find", "xargs", "grep", "egrep", "fgrep", "rg", "tr", "jq", "sed", "awk", "perl"}
# A delimiter comes after an option, such as -d or --separator.
OPTION = re.compile(r"-{1,2}[\w-]+$")
VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\}|\([^()]+\))|`[^`]+`")
# They replace variables themselves, or hand the word to a shell.
EXPAND = {"envsubst", "su", "ssh", "env", "docker", "podman", "kubectl", "crontab", "systemd-run", "runuser", "printf"}


def check(source: Source, root: yaml.MappingNode) -> Iterator[Finding]:
    """Yield what is wrong with the commands of a cloud-config that are lists, and with those that are empty."""
    found = effective(root)
    for key in ("bootcmd", "runcmd"):
        for item in items(found[key][1]) if key in found else []:
            if item.tag.endswith(":null"):
                message = "an empty item; cloud-init before 21.4 then runs no command at all, so remove it"
                # A node of nothing stands right after the dash.
                start = item.start_mark.index
                start += source.text[start : start + 1] == " "
                yield EMPTY_ITEM.at(source.at_offset(start), message)
            elif isinstance(item, yaml.SequenceNode) and item.tag.endswith(":seq"):
                yield from _list(source, item)


def _list(source: Source, item: yaml.SequenceNode) -> Iterator[Finding]:
    words = [word for word in item.value if isinstance(word, yaml.ScalarNode)]
    if not words or len(words) != len(item.value):
        return
    name = words[0].value.rpartition("/")[2]
    for word in words:
        yield from _changed(source, word)
    if re.search(r"\s", words[0].value.strip()) and not WORD.search(words[0].value):
        if len(words) == 1:
            message = "one word with spaces is the name of a program; leave the brackets out"
        else:
            message = f"'{words[0].value[:40]}' is the name of a program here; make each word an item of its own"
        yield ONE_WORD.at(source.of(item if len(words) == 1 else words[0]), message)
    elif name in SHELLS:
        yield from _shell(source, name, words[1:])
    elif name not in COMPARE:
        yield from _syntax(source, name, words)


def _shell(source: Source, name: str, words: Sequence[yaml.ScalarNode]) -> Iterator[Finding]:
    """Yield that a shell is given commands where it takes the name of a file."""
    for word in words:
        if re.fullmatch(r"[-+][a-zA-Z]*c[a-zA-Z]*|-s|--", word.value):
            return
        if word.value.startswith(("-", "+")):
            continue
        if re.search(r"\s(?:&&|\|\||\||>|;)|;\s|\s-|\s", word.value.strip()):
            message = f"{name} takes this as the name of a file; put -c before it"
            yield ONE_WORD.at(source.of(word), message)
        return


def _syntax(source: Source, name: str, words: Sequence[yaml.ScalarNode]) -> Iterator[Finding]:
    for before, word in pairwise(words):
        text = word.value
        if OPTION.match(before.value) and text in {*OPERATORS, "<", ">"}:
            continue
        if text in OPERATORS or (REDIRECTION.fullmatch(text) and not re.fullmatch(r"\d", text)):
            message = f"'{text[:40]}' is passed to {name[:40]} as an argument; write the command as one string"
            yield SYNTAX_AS_WORD.at(source.of(word), message)
            return
    for word in words[1:] if name not in EXPAND else []:
        if VARIABLE.fullmatch(word.value):
            message = f"{word.value[:60]} is not expanded in a list; write the command as one string"
            yield SYNTAX_AS_WORD.at(source.of(word), message, severity=WARNING)
            return


def _changed(source: Source, word: yaml.ScalarNode) -> Iterator[Finding]:
    """Yield that a word reaches the program in another form, as it is a value of YAML's."""
    kind = word.tag.rpartition(":")[2]
    made = ("None" if kind == "null" else changed_by_yaml(word)) if not word.style else None
    if made is None or made == word.value or WORD.search(word.value):
        return
    start, end = word.start_mark.index, word.end_mark.index
    fix = source.replacement(start, end, f"'{word.value}'") if not word.style and word.value else None
    written = word.value or "nothing"
    message = f"YAML reads {written} as the {_NAMES[kind]} {made}, which the program gets; put it in quotes"
    yield CHANGED_VALUE.at(source.of(word), message, fix=fix)


_NAMES = {"int": "number", "float": "number", "bool": "value", "null": "value"}
