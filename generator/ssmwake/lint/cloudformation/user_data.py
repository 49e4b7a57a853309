"""The user data that a property of a template holds: in base64, and short enough, in each combination that can be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from ssmwake.cloud_init.packing import from_base64
from ssmwake.cloud_init.parts import is_mime, kind_of
from ssmwake.cloud_init.reader import ENCODED_TWICE
from ssmwake.cloud_init.size import LIMIT
from ssmwake.lint import user_data
from ssmwake.lint.aws.launch_data import PATH_AS_USER_DATA, PLAIN_USER_DATA
from ssmwake.lint.cloudformation import join
from ssmwake.lint.cloudformation.conditions import condition_combinations
from ssmwake.lint.cloudformation.evaluate import EvaluatedText, chosen, text
from ssmwake.lint.cloudformation.template import Template, call, calls, substitution
from ssmwake.lint.deferred import Found
from ssmwake.lint.rules import WARNING, rule
from ssmwake.lint.shell import joined_lines
from ssmwake.model import Finding, Replacement
from ssmwake.text.placeholders import is_path, is_placeholder, word
from ssmwake.text.source import Edit, Source
from ssmwake.text.yaml_nodes import items

MAY_OUTGROW = rule(
    "SW404", WARNING, "user data that may grow over 16,384 bytes", reason="EC2 refuses the launch with longer values"
)
NOT_REPLACED = rule(
    "SW406", WARNING, "a variable without Fn::Sub", reason="it is never replaced, and the shell finds nothing there"
)

# What no base64 has; a word that is made up has only letters.
NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=\s]")
# The key of a value that begins on its line, after what indents it.
KEY = re.compile(r"([ ]*(?:- +)*)[^\s#][^\n]*?:[ ]+")
# A variable of Fn::Sub in a text that Fn::Sub does not see.
PLACE = re.compile(r"\$\{((?:AWS::)?[A-Za-z0-9]+)\}")
# A script that writes a template of its own, or fills its text in by itself.
WRITES_TEMPLATES = re.compile(r"Fn::Sub|!Sub|AWSTemplateFormatVersion|\benvsubst\b")
# A variable can come from there.
READS_FILES = re.compile(r"^[ \t]*(?:\.|source)[ \t]", re.MULTILINE)
WORD = re.compile(r"\w+")
PSEUDO = {f"AWS::{name}" for name in ("AccountId", "Partition", "Region", "StackId", "StackName", "URLSuffix")}


@dataclass(frozen=True)
class UserDataValue:
    """User data as a template holds it: what is wrong with it, its texts, and its bytes with defaults and at most."""

    found: tuple[Found, ...]
    scripts: tuple[Source, ...]
    base: int
    most: int


def read(template: Template, node: yaml.Node, image: str | None = None) -> UserDataValue:
    """Return the user data of a property."""
    found: list[Found] = []
    scripts: list[Source] = []
    sizes = [(0, 0)]
    for combination in condition_combinations(template, node):
        holder = chosen(node, combination)
        if holder is None:
            continue
        outer = call(holder)
        if outer is None or outer.name != "Fn::Base64":
            whole = text(template, holder, combination)
            found += _bare(template, holder, whole)
            data = from_base64(whole.source.text) if whole.pieces and whole.known else None
            if data:
                inner = Source.at_place(whole.source.at(1), data.decode("utf-8", "surrogateescape"))
                found += user_data.check(inner, data, image)
                scripts.append(inner)
                sizes.append((len(data), len(data)))
            elif whole.kind_is_known and kind_of(whole.joined):
                found += _whole(whole, image)
            continue
        argument = chosen(outer.argument, combination)
        again = call(argument)
        if again is not None and again.name == "Fn::Base64":
            where = template.source.of(argument or holder)
            found.append(ENCODED_TWICE.at(where, "Fn::Base64 in Fn::Base64 encodes twice; remove one"))
        elif argument is not None:
            whole = text(template, argument, combination)
            found += _whole(whole, image)
            if whole.begins:
                scripts.append(whole.source)
            sizes.append((whole.base, whole.most))
    found += _not_replaced(template, node)
    found += join.check(template.source, node)
    # A text that begins with #! is a script, and so are its pieces.
    if any(script.text.startswith("#!") for script in scripts):
        written = [*literals(node), *(scalar for one in calls(node) if (scalar := substitution(one)[0]) is not None)]
        found += joined_lines.folded([template.source.inner(scalar) for scalar in written])
    base, most = (max(each) for each in zip(*sizes, strict=True))
    return UserDataValue(tuple(dict.fromkeys(found)), tuple(dict.fromkeys(scripts)), base, most)


def _bare(template: Template, node: yaml.Node, whole: EvaluatedText) -> Iterator[Finding]:
    """Yield where user data without Fn::Base64 is surely no base64."""
    if not whole.pieces or not whole.source.text.strip():
        return
    said = whole.source.text
    where = template.source.of(node)
    if re.match(r"\s*(?:Fn::|!)Base64\b", said):
        yield PLAIN_USER_DATA.at(where, "Fn::Base64 is text here; make it a key, with Fn::Sub below it")
    elif is_path(said):
        yield PLAIN_USER_DATA.at(where, PATH_AS_USER_DATA)
    elif is_placeholder(said):
        return
    elif NOT_BASE64.search(said) or (whole.known and from_base64(said) is None):
        found = call(node)
        name = found.name if found and found.name in ("Fn::Sub", "Fn::Join") else ""
        what = f"{name} gives plain text" if name else "plain text"
        message = f"{what}, where EC2 expects base64; put it in Fn::Base64"
        yield PLAIN_USER_DATA.at(where, message, fix=_in_base64(template.source, node))


def _in_base64(source: Source, node: yaml.Node) -> Replacement | None:
    """Return the fix that puts a text, or the Fn::Sub of one, into Fn::Base64."""
    start, end = node.start_mark.index, node.end_mark.index
    written = source.text[start:end]
    if not isinstance(node, yaml.ScalarNode) or from_base64(node.value) is not None:
        return None
    if node.tag.endswith(":str") and source.text.lstrip().startswith("{"):
        return source.replacement(start, end, f'{{"Fn::Base64": {written}}}')
    if node.tag.endswith(":str"):
        return source.replacement(start, start, "!Base64 ")
    key = KEY.match(source.text, source.text.rfind("\n", 0, start) + 1)
    if node.tag != "!Sub" or not written.startswith("!Sub") or "\n" not in written or not key or key.end() != start:
        return None
    # A short form cannot hold another one: the long form takes a line, and what is below moves in.
    margin = " " * (len(key[1]) + 2)
    lines = [f"  {line}" if line.strip() else line for line in written.split("\n")[1:]]
    end_of_line = "\r\n" if "\r\n" in written else "\n"
    head = f"{end_of_line}{margin}Fn::Base64: {written.partition(chr(10))[0]}"
    return source.replacement(len(source.text[:start].rstrip(" ")), end, "\n".join([head, *lines]))


def _whole(whole: EvaluatedText, image: str | None) -> Iterator[Found]:
    """Yield what is wrong with a text below Fn::Base64."""
    if not whole.begins:
        return
    # SW406 says what is wrong with a name of CloudFormation here, and shellcheck need not.
    source = whole.source.edited(
        Edit(match.start(), match.end(), word(match[0])) for match in PLACE.finditer(whole.joined) if match[1] in PSEUDO
    )
    # Without a header, what is made up could still have been one.
    if whole.kind_is_known or is_mime(source.text.encode("utf-8", "replace")):
        yield from user_data.check(source, source.text.encode("utf-8", "surrogateescape"), image, least=whole.base)
    if whole.base <= LIMIT < whole.most:
        message = f"{'up to ' if whole.bounded else ''}{whole.most:,} bytes {'' if whole.bounded else 'or more '}"
        message += "with the longest parameters, EC2 takes 16,384; bound them by MaxLength, or shorten the text"
        yield MAY_OUTGROW.at(source.at(1), message)


def _not_replaced(template: Template, node: yaml.Node) -> Iterator[Finding]:
    """Yield each place in a text without Fn::Sub that was meant to be replaced."""
    for scalar in literals(node):
        yield from not_replaced(template, template.source.inner(scalar))


def not_replaced(template: Template, source: Source) -> Iterator[Finding]:
    """Yield each `${X}` of a text that no Fn::Sub sees, where X can only be the template's."""
    if "${" not in source.text or WRITES_TEMPLATES.search(source.text):
        return
    # A word that stands there by itself too, as where it is assigned, is the script's own.
    own = set(WORD.findall(PLACE.sub("", source.text)))
    named = set() if READS_FILES.search(source.text) else set(template.parameters) | set(template.resources)
    ours = PSEUDO | (named - own)
    for match in PLACE.finditer(source.text):
        if match[1] in ours:
            message = f"{match[0]} is not replaced in a text without Fn::Sub; put the text in Fn::Sub"
            yield NOT_REPLACED.at(source.at_offset(match.start()), message)


def literals(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Yield each scalar of a value that CloudFormation leaves as it is, aliases once."""
    seen: set[int] = set()
    left = [node] if node is not None else []
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        found = call(one)
        if found is None and isinstance(one, yaml.ScalarNode):
            yield one
        elif found is None:
            for inner in one.value:
                left.append(inner[1] if isinstance(inner, tuple) else inner)
        elif found.name == "Fn::Sub":
            left += substitution(found)[1].values()
        elif found.name == "Fn::Base64":
            left.append(found.argument)
        elif found.name == "Fn::If":
            left += items(found.argument)[1:]
        elif found.name == "Fn::Join" and len(items(found.argument)) == 2:
            left += items(items(found.argument)[1])
