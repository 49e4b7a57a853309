"""Automation documents: what a step says about the way on, and what the actions want."""

import re
from collections.abc import Iterator

import yaml

from ssmwake.lint.documents import script_step, vocabulary
from ssmwake.lint.documents.dynamic import nearest, opaque, plain, true
from ssmwake.lint.documents.fields import UNKNOWN_FIELD
from ssmwake.lint.documents.inputs import MISSING_INPUT, UNKNOWN_INPUT
from ssmwake.lint.documents.parameters import UNKNOWN_TYPE, type_hint
from ssmwake.lint.documents.steps import Step, everywhere, limits
from ssmwake.lint.rules import ERROR, INFO, WARNING, rule
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import items, pairs, value

INCOMPLETE_OUTPUT = rule(
    "SW374", ERROR, "an output without Name or Selector", reason="the service refuses the document"
)
FAILURE_WAY = rule("SW324", ERROR, "an invalid onFailure or onCancel", reason="the service refuses the document")
END_AND_NEXT = rule(
    "SW332",
    WARNING,
    "nextStep together with isEnd",
    reason="one of them does nothing",
    also={INFO: "where isEnd does no harm"},
)
WAIT_WITHOUT_TIMEOUT = rule(
    "SW333", WARNING, "a wait without timeoutSeconds", reason="it waits an hour before it gives up"
)

ONE_EXPRESSION = rule("SW342", ERROR, "And or Or with a single expression", reason="the service refuses the document")
NOT_ISO_8601 = rule("SW344", ERROR, "a time that is not ISO 8601", reason="the service refuses it, or the step fails")
RESERVED_OUTPUT = rule("SW345", ERROR, "a reserved output name", reason="the service refuses the document")

DURATION = re.compile(r"P(?=\d|T\d)(?:\d{1,9}D)?(?:T(?=\d)(?:\d{1,9}H)?(?:\d{1,9}M)?(?:\d{1,9}(?:\.\d{1,9})?S)?)?")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")
# Seven days: https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-sleep.html
LONGEST_SLEEP = 604_800
WAIT = "aws:waitForAwsResourceProperty"
# Of aws:loop, from its documentation.
ITERATIONS = 100


def check(source: Source, root: yaml.Node) -> Iterator[Finding]:
    """Yield what is wrong with each step of an Automation document by itself."""
    main = value(root, "mainSteps")
    actions = {step.name: step.action for step in everywhere(main)}
    for step in everywhere(main):
        yield from _ways(source, step, actions)
        message = "maxAttempts is not a whole number from 1 on; write one"
        yield from limits(source, value(step.node, "maxAttempts"), 1, None, message)
        most = script_step.LIMIT if step.action == "aws:executeScript" else None
        message = "timeoutSeconds is not a whole number from 1 on; write one"
        if most:
            message = f"timeoutSeconds of aws:executeScript is 1 to {most}; the script is ended after that anyway"
        yield from limits(source, value(step.node, "timeoutSeconds"), 1, most, message)
        if step.action == WAIT and "timeoutSeconds" not in pairs(step.node):
            message = "no timeoutSeconds, so this waits an hour before it gives up; say how long it may take"
            yield WAIT_WITHOUT_TIMEOUT.at(source.of(step.place), message)
        if true(value(step.node, "isEnd")) and (next_step := pairs(step.node).get("nextStep")):
            message = "nextStep and isEnd: true in one step; remove the one that is not meant"
            yield END_AND_NEXT.at(source.of(next_step[0]), message)
        if step.action == "aws:branch":
            yield from _choices(source, step)
            end = pairs(step.node).get("isEnd")
            if end and true(end[1]) and step.input("Default") is not None:
                message = "isEnd: true together with Default, to which the branch always leads; remove one of them"
                # It does no harm.
                yield END_AND_NEXT.at(source.of(end[0]), message, severity=INFO)
        if step.action == "aws:loop":
            yield from _loop(source, step)
        if step.action == "aws:executeScript":
            yield from script_step.check(source, step)
        if step.action == "aws:sleep" and not opaque(step.input()):
            yield from _sleep(source, step)
        yield from _outputs(source, step)


def _ways(source: Source, step: Step, actions: dict[str, str]) -> Iterator[Finding]:
    for field, known in (("onFailure", ("Abort", "Continue")), ("onCancel", ("Abort",))):
        node = value(step.node, field)
        text = plain(node)
        if node is None or text is None:
            continue
        # The schema of AWS takes several, with commas between them.
        for part in text.split(", "):
            target = part.removeprefix("step:")
            if part not in known and target == part:
                hint = f"write step:{part}" if part in actions else nearest(part, known, "write step:NAME, or Abort")
                yield FAILURE_WAY.at(source.of(node), f"no {field} '{part[:60]}'; {hint}")
            elif field == "onCancel" and actions.get(target) in vocabulary.NOT_AFTER_CANCEL:
                message = f"onCancel cannot lead to {actions[target]}; lead to a step of another action"
                yield FAILURE_WAY.at(source.of(node), message)


def _choices(source: Source, step: Step) -> Iterator[Finding]:
    for choice in items(step.input("Choices")):
        if not opaque(choice) and isinstance(choice, yaml.MappingNode) and value(choice, "NextStep") is None:
            message = "a choice without NextStep; name the step that it leads to"
            yield MISSING_INPUT.at(source.of(choice), message)
        yield from _condition(source, choice, set())


def _condition(source: Source, node: yaml.Node, seen: set[int]) -> Iterator[Finding]:
    """Yield what is wrong with the operation of a choice, at any depth of And, Or and Not."""
    if opaque(node) or not isinstance(node, yaml.MappingNode) or id(node) in seen:
        return
    seen.add(id(node))
    known = vocabulary.OPERATIONS | {"And", "Or", "Not", "Variable", "NextStep"}
    for name, (key, inner) in pairs(node).items():
        if name not in known:
            hint = nearest(name, vocabulary.OPERATIONS, "write one such as StringEquals")
            yield UNKNOWN_INPUT.at(source.of(key), f"aws:branch has no operation '{name[:60]}'; {hint}")
        elif name in ("And", "Or") and not opaque(inner) and len(items(inner) or [inner]) < 2:
            message = f"{name} needs two expressions or more, and this has one; leave {name} out"
            yield ONE_EXPRESSION.at(source.of(key), message)
        if name in ("And", "Or", "Not"):
            for part in items(inner) or [inner]:
                yield from _condition(source, part, seen)


def _loop(source: Source, step: Step) -> Iterator[Finding]:
    found = pairs(step.input())
    if opaque(step.input()):
        return
    if "Iterators" in found and "LoopCondition" in found:
        message = "Iterators and LoopCondition in one loop; aws:loop takes one of them, so remove the other"
        yield UNKNOWN_INPUT.at(source.of(found["LoopCondition"][0]), message)
    most = step.input("MaxIterations")
    message = f"MaxIterations is not between 1 and {ITERATIONS}; write a number from that range"
    yield from limits(source, most, 1, ITERATIONS, message)


def _sleep(source: Source, step: Step) -> Iterator[Finding]:
    """Yield that a time of aws:sleep is not written as ISO 8601 does."""
    duration, moment = step.input("Duration"), step.input("Timestamp")
    said = plain(duration)
    if duration is not None and said is not None:
        if not DURATION.fullmatch(said.upper()):
            yield NOT_ISO_8601.at(source.of(duration), f"'{said[:60]}' is not a duration of ISO 8601; {_iso(said)}")
        elif _seconds(said) > LONGEST_SLEEP:
            message = f"aws:sleep takes {LONGEST_SLEEP:,} seconds at most; write P7D or less"
            yield NOT_ISO_8601.at(source.of(duration), message)
    said = plain(moment)
    if moment is not None and said is not None and not MOMENT.fullmatch(said):
        message = f"'{said[:60]}' is not an ISO 8601 time; write one such as 2030-01-31T02:00:00Z"
        yield NOT_ISO_8601.at(source.of(moment), message)


def _seconds(duration: str) -> int:
    units = {"D": 86_400, "H": 3600, "M": 60, "S": 1}
    found = re.findall(r"(\d{1,9})(?:\.\d+)?([DHMS])", duration.upper())
    return sum(int(number) * units[unit] for number, unit in found)


def _iso(said: str) -> str:
    """Return the advice for a duration that is written in another way."""
    match = re.fullmatch(r"\s*(?:PT?)?(\d{1,6})\s*([a-z]*)\s*", said, re.IGNORECASE)
    unit = match[2][:1].upper() if match else ""
    if match is None or unit not in ("", "S", "M", "H", "D"):
        return "write one such as PT10M"
    return f"write P{match[1]}D" if unit == "D" else f"write PT{match[1]}{unit or 'S'}"


def _outputs(source: Source, step: Step) -> Iterator[Finding]:
    outputs = value(step.node, "outputs")
    if opaque(outputs):
        return
    for output in items(outputs):
        if opaque(output) or not isinstance(output, yaml.MappingNode):
            continue
        for field in ("Name", "Selector"):
            if field not in pairs(output):
                yield INCOMPLETE_OUTPUT.at(source.of(output), f"an output without {field}; write it")
        for name, (key, _) in pairs(output).items():
            if name not in ("Name", "Selector", "Type"):
                hint = nearest(name, ("Name", "Selector", "Type"), "remove it")
                yield UNKNOWN_FIELD.at(source.of(key), f"unknown field of an output '{name[:60]}'; {hint}")
        name_node = value(output, "Name")
        taken = vocabulary.OWN_OUTPUTS.get(step.action, frozenset())
        if name_node is not None and (named := plain(name_node)) in taken:
            message = f"{step.action} already has an output {named}; remove this one, or rename it"
            yield RESERVED_OUTPUT.at(source.of(name_node), message)
        node = value(output, "Type")
        kind = plain(node)
        if node is not None and kind is not None and kind not in vocabulary.OUTPUT_TYPES:
            hint = type_hint(kind, vocabulary.OUTPUT_TYPES, "write String")
            yield UNKNOWN_TYPE.at(source.of(node), f"unknown type of an output '{kind[:60]}'; {hint}")
