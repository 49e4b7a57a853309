"""The inputs of an action: what is missing, what it does not know, and values that it does not take."""

import json
import re
from collections.abc import Iterator

import yaml

from ssmwake.lint.documents import vocabulary
from ssmwake.lint.documents.dynamic import COMPUTED, MENTION, nearest, opaque, plain
from ssmwake.lint.documents.parameters import INTERPOLATION_TYPE
from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.model import Finding
from ssmwake.text.placeholders import WORD
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import pairs, value

MISSING_INPUT = rule("SW318", ERROR, "a missing input", reason="the service refuses the document, or the step fails")
UNKNOWN_INPUT = rule(
    "SW319",
    WARNING,
    "an unknown input or value",
    reason="it does nothing, or the service refuses the document",
    also={ERROR: "where the action needs the input, or refuses the value"},
)
WRONG_TYPE = rule(
    "SW348", ERROR, "an input of the wrong type", reason="the agent cannot read the inputs, and the step fails"
)
NOT_INPUTS = rule("SW441", ERROR, "inputs that are not an object", reason="the service refuses the document")

# Names that a parameter, the API or another action has for an input.
OTHER_NAMES = {
    "executionTimeout": "timeoutSeconds",
    "timeout": "timeoutSeconds",
    "commands": "runCommand",
    "command": "runCommand",
    "workingDir": "workingDirectory",
}


def check(
    source: Source, step: yaml.Node, known: dict[str, vocabulary.Inputs], shared: frozenset[str]
) -> Iterator[Finding]:
    """Yield the inputs that an action wants and the step has not, and those that the action does not know."""
    action, found = value(step, "action"), pairs(step).get("inputs")
    wanted = known.get(plain(action) or "")
    if wanted is None or action is None or opaque(step):
        return
    node = found[1] if found else None
    if opaque(node):
        return
    yield from _values(source, plain(action) or "", node)
    if isinstance(node, yaml.SequenceNode):
        where = source.of(found[0] if found else action)
        yield NOT_INPUTS.at(where, "inputs has to be an object, and this is a list; remove the brackets, or the dashes")
        return
    names = pairs(node)
    # A needed input by a wrong name is one fault, and stands where that name is.
    meant = {name: _meant(name, wanted.needed - set(names)) for name in names if name not in wanted.known | shared}
    missing = sorted(wanted.needed - set(names) - set(meant.values()))
    if missing:
        where = source.of(found[0] if found else action)
        message = f"{plain(action)} has no {' and no '.join(missing)}; write it into inputs"
        yield MISSING_INPUT.at(where, message)
    elif wanted.either and not wanted.either & set(names):
        where = source.of(found[0] if found else action)
        message = f"{plain(action)} has neither {' nor '.join(sorted(wanted.either))}; write one into inputs"
        yield MISSING_INPUT.at(where, message)
    for name, (key, _) in names.items():
        if wanted.more and not meant.get(name):
            continue
        if name == "interpolationType":
            yield INTERPOLATION_TYPE.at(source.of(key), "interpolationType belongs to a parameter; move it there")
        elif name not in wanted.known | shared:
            other = OTHER_NAMES.get(name)
            hint = nearest(name, wanted.known | shared, "remove it")
            hint = f"it is {other}" if other in wanted.known else hint
            severity = ERROR if meant[name] else None
            message = f"{plain(action)} has no input '{name[:60]}'; {hint}"
            yield UNKNOWN_INPUT.at(source.of(key), message, severity=severity)


def _meant(name: str, missing: frozenset[str]) -> str:
    """Return the needed input that a name was meant for; nothing where it is another one."""
    other = OTHER_NAMES.get(name, "")
    return other if other in missing else next((one for one in sorted(missing) if nearest(name, (one,), "")), "")


def _commands(source: Source, inputs: yaml.Node | None) -> Iterator[Finding]:
    """Yield commands that are one text: only a parameter can stand for a list of them.

    RunScriptPluginInput in agent/plugins/runscript of https://github.com/aws/amazon-ssm-agent
    """
    node = value(inputs, "runCommand")
    if not isinstance(node, yaml.ScalarNode) or opaque(node) or not node.value or WORD.search(node.value):
        return
    if not MENTION.fullmatch(node.value.strip()) and not re.match(r"\s*[$%<@{]", node.value):
        message = "runCommand is a list of commands, and this is one text; write a dash, or brackets, before it"
        yield WRONG_TYPE.at(source.of(node), message)


def _values(source: Source, action: str, inputs: yaml.Node | None) -> Iterator[Finding]:
    for name, known in vocabulary.VALUES.get(action, {}).items():
        node = value(inputs, name)
        text = plain(node)
        exact = (action, name) in vocabulary.EXACT
        taken = known if exact else {each.lower() for each in known}
        if node is not None and text is not None and (text if exact else text.lower()) not in taken:
            same = next((each for each in known if each.lower() == text.lower()), None)
            hint = (
                f"did you mean '{same}'?" if same else nearest(text, known, f"write one of {', '.join(sorted(known))}")
            )
            message = f"{action} has no {name} '{text[:60]}'; {hint}"
            yield UNKNOWN_INPUT.at(source.of(node), message, severity=ERROR if exact else None)
    if action in vocabulary.SCRIPTS:
        yield from _commands(source, inputs)
    if action == "aws:downloadContent":
        yield from _download(source, plain(value(inputs, "sourceType")) or "", value(inputs, "sourceInfo"))


def _download(source: Source, kind: str, node: yaml.Node | None) -> Iterator[Finding]:
    """Yield what is wrong with sourceInfo, which is the text of a JSON object, or one in YAML."""
    if node is None or opaque(node):
        return
    if isinstance(node, yaml.MappingNode):
        # https://github.com/hashicorp/terraform-provider-aws/issues/21156
        message = "sourceInfo is the text of a JSON object, and this is an object; write it as one string"
        yield WRONG_TYPE.at(source.of(node), message)
    names: set[str] = set(pairs(node))
    if isinstance(node, yaml.ScalarNode):
        text = MENTION.sub("x", node.value)
        if COMPUTED.search(text) or not text.lstrip().startswith("{"):
            return
        try:
            names = set(json.loads(text, strict=False))
        except (json.JSONDecodeError, RecursionError) as error:
            message = (
                f"sourceInfo is not valid JSON: {getattr(error, 'msg', error)}; write it as an object in one string"
            )
            yield UNKNOWN_INPUT.at(source.of(node), message)
            return
    missing = sorted(vocabulary.SOURCES.get(kind, frozenset()) - names)
    if missing:
        message = f"sourceInfo of {kind} has no {' and no '.join(missing)}; write it"
        yield MISSING_INPUT.at(source.of(node), message)
