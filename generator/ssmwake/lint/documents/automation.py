"""Automation documents: what a step says about the way on, and what the actions want."""

from collections.abc import Iterator

import yaml

from ssmwake.lint.documents import vocabulary
from ssmwake.lint.documents.dynamic import nearest, opaque, plain, true
from ssmwake.lint.documents.fields import UNKNOWN_FIELD
from ssmwake.lint.documents.inputs import MISSING_INPUT, UNKNOWN_INPUT
from ssmwake.lint.documents.parameters import UNKNOWN_TYPE
from ssmwake.lint.documents.steps import Step, everywhere, limits
from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.lint.text.source import Source
from ssmwake.lint.text.yaml_nodes import items, pairs, value
from ssmwake.model import Finding, Severity

INCOMPLETE_OUTPUT = rule(
    "SW374", ERROR, "an output without Name or Selector", reason="the service refuses the document"
)
FAILURE_WAY = rule("SW324", ERROR, "onFailure or onCancel of a step", reason="the service refuses the document")
END_AND_NEXT = rule("SW332", WARNING, "nextStep beside isEnd", reason="one of them does nothing")
WAIT_WITHOUT_TIMEOUT = rule(
    "SW333", WARNING, "a wait without timeoutSeconds", reason="it waits an hour before it gives up"
)

WAIT = "aws:waitForAwsResourceProperty"
# Of aws:loop, from its documentation.
ITERATIONS = 100


def check(source: Source, root: yaml.Node) -> Iterator[Finding]:
    """Yield what is wrong with each step of an Automation document by itself."""
    main = value(root, "mainSteps")
    actions = {step.name: step.action for step in everywhere(main)}
    for step in everywhere(main):
        yield from _ways(source, step, actions)
        message = "maxAttempts is a whole number, 1 or more; correct it"
        yield from limits(source, value(step.node, "maxAttempts"), 1, None, message)
        message = "timeoutSeconds is a whole number, 1 or more; correct it"
        yield from limits(source, value(step.node, "timeoutSeconds"), 1, None, message)
        if step.action == WAIT and "timeoutSeconds" not in pairs(step.node):
            message = "no timeoutSeconds, so this waits an hour before it gives up; say how long it may take"
            yield WAIT_WITHOUT_TIMEOUT.at(source.of(step.place), message)
        if true(value(step.node, "isEnd")) and (next_step := pairs(step.node).get("nextStep")):
            message = "nextStep beside isEnd: true; remove the one that is not meant"
            yield END_AND_NEXT.at(source.of(next_step[0]), message)
        if step.action == "aws:branch":
            yield from _choices(source, step)
            end = pairs(step.node).get("isEnd")
            if end and true(end[1]) and step.input("Default") is not None:
                message = "isEnd: true beside Default, to which the branch always leads; remove one of them"
                # It does no harm.
                yield END_AND_NEXT.at(source.of(end[0]), message, severity=Severity.INFO)
        if step.action == "aws:loop":
            yield from _loop(source, step)
        if step.action == "aws:executeScript":
            yield from _handler(source, step)
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
            yield UNKNOWN_INPUT.at(source.of(key), f"aws:branch knows no operation '{name[:60]}'; {hint}")
        elif name in ("And", "Or", "Not"):
            for part in items(inner) or [inner]:
                yield from _condition(source, part, seen)


def _loop(source: Source, step: Step) -> Iterator[Finding]:
    found = pairs(step.input())
    if opaque(step.input()):
        return
    if "Iterators" in found and "LoopCondition" in found:
        message = "Iterators beside LoopCondition; aws:loop takes one of them, so remove the other"
        yield UNKNOWN_INPUT.at(source.of(found["LoopCondition"][0]), message)
    most = step.input("MaxIterations")
    message = f"MaxIterations is 1 to {ITERATIONS}; correct it"
    yield from limits(source, most, 1, ITERATIONS, message)


def _handler(source: Source, step: Step) -> Iterator[Finding]:
    runtime = step.input("Runtime")
    wanted = (plain(runtime) or "").startswith("python") and not opaque(step.input())
    if wanted and runtime is not None and "Handler" not in pairs(step.input()):
        yield MISSING_INPUT.at(source.of(runtime), "Python without Handler; name the function that is called")


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
        node = value(output, "Type")
        kind = plain(node)
        if node is not None and kind is not None and kind not in vocabulary.OUTPUT_TYPES:
            hint = nearest(kind, vocabulary.OUTPUT_TYPES, "write String")
            yield UNKNOWN_TYPE.at(source.of(node), f"unknown type of an output '{kind[:60]}'; {hint}")
