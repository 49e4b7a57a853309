"""The parameters of a document: their names, types and constraints, and defaults that obey them."""

import re
from collections.abc import Collection, Iterator

import yaml

from ssmwake.lint.documents import patterns, vocabulary
from ssmwake.lint.documents.dynamic import nearest, number, opaque, plain, scalars
from ssmwake.lint.documents.fields import unknown
from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import changed_by_yaml, items, pairs, text_of, value

UNTYPED_PARAMETER = rule("SW373", ERROR, "a parameter without a type", reason="the service refuses the document")
PATTERN_NOT_ANCHORED = rule(
    "SW308", WARNING, "an allowedPattern that is not anchored", reason="it is searched for: 5; reboot passes"
)
BROKEN_PATTERN = rule("SW309", ERROR, "an allowedPattern that does not compile", reason="every run fails")
REFUSED_DEFAULT = rule("SW310", ERROR, "a default that is not allowed", reason="every run with the default fails")
PARAMETER_NAME = rule(
    "SW316", ERROR, "an invalid parameter name", reason="the agent drops a parameter that is not letters and digits"
)
INTERPOLATION_TYPE = rule(
    "SW328",
    WARNING,
    "an interpolationType without effect",
    reason="the parameter is still pasted as text, or not there at all",
)
TWO_DOLLARS = rule("SW329", WARNING, "two dollar signs in a default", reason="the agent turns them into one")
UNKNOWN_TYPE = rule(
    "SW330", ERROR, "an invalid parameter type", reason="the agent drops it, or the service refuses the document"
)

CHANGED_VALUE = rule(
    "SW349",
    WARNING,
    "a value that YAML changes",
    reason="the parameter takes another text than the one that is written",
    fixable=True,
)

# What other languages call a type, in small letters.
OTHER_TYPES = {
    "list": "StringList",
    "array": "StringList",
    "int": "Integer",
    "number": "Integer",
    "bool": "Boolean",
    "map": "StringMap",
    "object": "StringMap",
}

AWS_TYPE = re.compile(r"(?:List<)?AWS::[A-Za-z0-9]+::[A-Za-z0-9:<>]+>?")


def check(source: Source, root: yaml.Node, version: str) -> Iterator[Finding]:
    """Yield what is wrong with the parameters of a document of this schema."""
    parameters = value(root, "parameters")
    if parameters is None or opaque(parameters):
        return
    for name, (key, parameter) in pairs(parameters).items():
        if opaque(parameter):
            continue
        if version in ("1.2", "2.0", "2.2") and not re.fullmatch(r"[A-Za-z0-9]+", name):
            message = f"the agent drops parameter '{name[:60]}'; name it with letters and digits only"
            yield PARAMETER_NAME.at(source.of(key), message)
        if not isinstance(parameter, yaml.MappingNode):
            yield UNTYPED_PARAMETER.at(source.of(key), f"parameter '{name[:60]}' has no type; write type: String")
            continue
        yield from unknown(source, parameter, vocabulary.PARAMETER, "field of a parameter")
        yield from _type(source, key, name, parameter, version)
        yield from _pattern(source, parameter, version)
        yield from _default(source, parameter)
        yield from _changed(source, parameter)
        yield from _interpolation(source, parameter, version)


def _type(source: Source, key: yaml.Node, name: str, parameter: yaml.Node, version: str) -> Iterator[Finding]:
    node = value(parameter, "type")
    if node is None:
        yield UNTYPED_PARAMETER.at(source.of(key), f"parameter '{name[:60]}' has no type; write type: String")
        return
    kind = plain(node)
    if kind is None or version == "1.0":
        return
    automation = version == "0.3"
    known = vocabulary.AUTOMATION_TYPES if automation else vocabulary.COMMAND_TYPES
    if kind in known or (automation and AWS_TYPE.fullmatch(kind)):
        return
    if automation:
        yield UNKNOWN_TYPE.at(source.of(node), f"unknown type '{kind[:60]}'; {type_hint(kind, known, 'write String')}")
    else:
        hint = type_hint(kind, known, "write String, with allowedValues or allowedPattern")
        yield UNKNOWN_TYPE.at(source.of(node), f"the agent drops a parameter of type '{kind[:60]}'; {hint}")


def type_hint(kind: str, known: Collection[str], otherwise: str) -> str:
    """Return the hint that names the type which was meant."""
    other = OTHER_TYPES.get(kind.lower())
    return f"did you mean '{other}'?" if other in known else nearest(kind, known, otherwise)


def _pattern(source: Source, parameter: yaml.Node, version: str) -> Iterator[Finding]:
    node = value(parameter, "allowedPattern")
    pattern = plain_pattern(node)
    if node is None or pattern is None:
        return
    # No agent reads an Automation; how its service matches is not known, but it is Java that does.
    agent = version != "0.3"
    if why := patterns.compile_error(pattern, agent=agent):
        yield BROKEN_PATTERN.at(source.of(node), f"allowedPattern does not compile: {why}; fix the expression")
    elif agent and not patterns.anchored(pattern):
        yield PATTERN_NOT_ANCHORED.at(
            source.of(node), "allowedPattern may match any part of a value; write ^(?:...)$ to match all of it"
        )


def plain_pattern(node: yaml.Node | None) -> str | None:
    """Return the regular expression of a node; None where only CloudFormation knows it."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) and not opaque(node) else None


def _default(source: Source, parameter: yaml.Node) -> Iterator[Finding]:
    default = value(parameter, "default")
    if default is None or opaque(default) or default.tag.endswith(":null"):
        return
    for scalar in scalars(default):
        if "$$" in scalar.value:
            where = source.inner(scalar).at_offset(scalar.value.index("$$"))
            message = "the agent makes one dollar sign of two; keep the text in the script, or put a file there"
            yield TWO_DOLLARS.at(where, message)
    kind = plain(value(parameter, "type"))
    # What a store or a generator fills in later obeys whatever it obeys.
    if any(plain(scalar) is None for scalar in scalars(default)):
        return
    if wrong := _unlike(default, kind or ""):
        yield REFUSED_DEFAULT.at(source.of(default), f"the default is {wrong}, and the type {kind}; make them fit")
        return
    if isinstance(default, yaml.MappingNode):
        return
    for scalar in scalars(default):
        if wrong := _refused(scalar, parameter):
            yield REFUSED_DEFAULT.at(source.of(scalar), f"default '{scalar.value[:60]}' {wrong}")
    if isinstance(default, yaml.SequenceNode):
        yield from _bounds(source, default, len(default.value), parameter, "Items", "items")
    elif default.value:
        yield from _bounds(source, default, len(default.value), parameter, "Chars", "characters")


def _changed(source: Source, parameter: yaml.Node) -> Iterator[Finding]:
    """Yield each value of a text that YAML reads as a truth value or a number, and so changes."""
    if plain(value(parameter, "type")) not in ("String", "StringList"):
        return
    for field in ("default", "allowedValues"):
        for scalar in scalars(value(parameter, field)):
            if made := changed_by_yaml(scalar):
                start, end = scalar.start_mark.index, scalar.end_mark.index
                fix = source.replacement(start, end, f'"{scalar.value}"')
                message = f"YAML makes {made.lower()} of {scalar.value[:60]}; put it in quotes"
                yield CHANGED_VALUE.at(source.of(scalar), message, fix=fix)


def _unlike(default: yaml.Node, kind: str) -> str:
    """Return what a default is that its type can never be."""
    if kind in ("StringList", "MapList") and isinstance(default, yaml.ScalarNode) and default.value:
        # A list may come as the text of one.
        return "" if default.value.lstrip()[:1] == "[" else "a string"
    if kind in ("String", "Integer", "Boolean") and isinstance(default, yaml.SequenceNode):
        return "a list"
    if kind in ("String", "Integer", "Boolean", "StringList") and isinstance(default, yaml.MappingNode):
        return "a mapping"
    text = plain(default) or ""
    if kind == "Integer" and text and not re.fullmatch(r"[+-]?[0-9]+", text):
        return f"'{text[:60]}'"
    if kind == "Boolean" and text and text.lower() not in ("true", "false", "yes", "no", "on", "off"):
        return f"'{text[:60]}'"
    return ""


def _refused(scalar: yaml.ScalarNode, parameter: yaml.Node) -> str:
    """Return why the constraints of a parameter refuse a default."""
    allowed = value(parameter, "allowedValues")
    known = items(allowed)
    fixed = all(isinstance(item, yaml.ScalarNode) and not opaque(item) for item in known)
    if known and fixed and not opaque(allowed):
        texts = {_text(item) for item in known}
        if _text(scalar) not in texts:
            return f"is not one of the allowedValues; {nearest(_text(scalar), texts, 'add it, or choose another')}"
    pattern = plain_pattern(value(parameter, "allowedPattern"))
    if pattern is not None and not patterns.fits(pattern, scalar.value):
        return "does not match its allowedPattern; change one of them"
    return ""


def _text(node: yaml.Node) -> str:
    """Return the text of a scalar; truth values are alike however they are written."""
    text = text_of(node)
    return text.lower() if text.lower() in ("true", "false") else text


def _bounds(
    source: Source, default: yaml.Node, size: int, parameter: yaml.Node, suffix: str, unit: str
) -> Iterator[Finding]:
    least, most = number(value(parameter, f"min{suffix}")), number(value(parameter, f"max{suffix}"))
    if least is not None and size < least:
        yield REFUSED_DEFAULT.at(
            source.of(default), f"the default has {size} {unit}, and min{suffix} is {least}; make them fit"
        )
    if most is not None and size > most:
        yield REFUSED_DEFAULT.at(
            source.of(default), f"the default has {size} {unit}, and max{suffix} is {most}; make them fit"
        )


def _interpolation(source: Source, parameter: yaml.Node, version: str) -> Iterator[Finding]:
    found = pairs(parameter).get("interpolationType")
    if not found:
        return
    key, node = found
    text = plain(node)
    if text is not None and text not in ("ENV_VAR", "NONE"):
        message = f"unknown interpolationType '{text[:60]}'; write ENV_VAR, or remove it"
        yield INTERPOLATION_TYPE.at(source.of(node), message)
    elif version not in ("2.2", "") and text == "ENV_VAR":
        message = "interpolationType works with schemaVersion 2.2 only; remove it, or raise the schemaVersion"
        yield INTERPOLATION_TYPE.at(source.of(key), message)
    elif text == "ENV_VAR" and plain(value(parameter, "type")) not in ("String", None):
        message = "ENV_VAR is for parameters of type String; make it a String, or remove interpolationType"
        yield INTERPOLATION_TYPE.at(source.of(key), message)


def is_shell_safe(parameter: yaml.Node) -> bool:
    """Return whether no value of the parameter can be code, or nothing is known about it."""
    kind = plain(value(parameter, "type"))
    allowed, pattern = value(parameter, "allowedValues"), value(parameter, "allowedPattern")
    if opaque(parameter) or opaque(allowed) or opaque(pattern) or kind is None:
        return True
    if kind in ("Integer", "Boolean") or AWS_TYPE.fullmatch(kind) or items(allowed):
        return True
    text = plain_pattern(pattern)
    return text is not None and patterns.is_shell_safe(text)


def by_variable(parameter: yaml.Node) -> bool:
    """Return whether the agent hands the parameter to scripts as a variable of the environment."""
    return plain(value(parameter, "interpolationType")) == "ENV_VAR"
