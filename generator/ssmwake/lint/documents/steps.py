"""The steps of a document: what each of them has to have, whichever kind it is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from ssmwake.lint.documents import inputs, vocabulary
from ssmwake.lint.documents.dynamic import branches, nearest, number, opaque, plain
from ssmwake.lint.documents.fields import MISSING_FIELD, OTHER_NAMES, UNKNOWN_FIELD, unknown
from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.model import Finding, Severity
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import items, pairs, value

NO_STEPS = rule("SW372", ERROR, "a document without steps", reason="the service refuses the document")
DUPLICATE_STEP = rule("SW304", ERROR, "two steps with the same name", reason="the service refuses the document")
UNKNOWN_ACTION = rule("SW305", ERROR, "an unknown action", reason="the step fails on every instance")
OUT_OF_RANGE = rule(
    "SW313",
    WARNING,
    "a number out of range",
    reason="the agent takes 3600 seconds instead, silently; the service refuses it",
)
STEP_NAME = rule("SW322", ERROR, "an invalid step name", reason="the service refuses the document")

# The documentation of Automation's steps; 128 is what the console takes.
NAME = re.compile(r"[A-Za-z0-9_]{1,128}")


@dataclass(frozen=True, eq=False)
class Step:
    """A step that is a mapping, and its name and action where they are known."""

    node: yaml.Node
    name: str
    action: str

    def input(self, *path: str) -> yaml.Node | None:
        """Return a node of its inputs."""
        return value(self.node, "inputs", *path)

    @property
    def place(self) -> yaml.Node:
        """Return the node to point at for the step as a whole: its name, if it has one."""
        return value(self.node, "name") or self.node


def listed(node: yaml.Node | None) -> list[Step]:
    """Return the steps of a list, without those that only CloudFormation knows."""
    found = [] if opaque(node) else items(node)
    return [
        Step(each, plain(value(each, "name")) or "", plain(value(each, "action")) or "")
        for each in found
        if isinstance(each, yaml.MappingNode) and not opaque(each)
    ]


def known(node: yaml.Node | None) -> bool:
    """Return whether each step of a list, its name and its action are in the document as they are."""
    if opaque(node):
        return False
    found = listed(node)
    return len(found) == len(items(node)) and all(step.name and step.action for step in found)


def complete(node: yaml.Node | None) -> bool:
    """Return whether all steps of a list, and of the loops in it, are known."""
    loops = [step for step in everywhere(node) if step.action == "aws:loop"]
    return known(node) and all(not opaque(step.input()) and known(step.input("Steps")) for step in loops)


def everywhere(node: yaml.Node | None) -> list[Step]:
    """Return the steps of a list, and those in loops; each once, however often an alias leads to it."""
    found: list[Step] = []
    seen: set[int] = set()
    todo = [node]
    while todo:
        for step in listed(todo.pop()):
            if id(step.node) not in seen:
                seen.add(id(step.node))
                found.append(step)
                if step.action == "aws:loop":
                    todo.append(step.input("Steps"))
    return found


def conditional(node: yaml.Node | None) -> list[Step]:
    """Return the steps of a list that CloudFormation may leave out, or choose between."""
    chosen = [one for item in ([] if opaque(node) else items(node)) for one in branches(item) if one is not item]
    return [
        Step(each, plain(value(each, "name")) or "", plain(value(each, "action")) or "")
        for each in chosen
        if isinstance(each, yaml.MappingNode) and not opaque(each)
    ]


def check(source: Source, root: yaml.Node, *, automation: bool) -> Iterator[Finding]:
    """Yield what is wrong with the steps of a document, one by one."""
    found = pairs(root).get("mainSteps")
    if found is None:
        # A key that was meant to be it is reported as that.
        misspelt = any(
            OTHER_NAMES.get(name) == "mainSteps" or nearest(name, ("mainSteps",), "", 0.7) for name in pairs(root)
        )
        if not opaque(root) and not misspelt:
            yield NO_STEPS.at(source.of(root), "no mainSteps; a document has one step at least")
        return
    key, main = found
    if opaque(main):
        return
    if not items(main):
        yield NO_STEPS.at(source.of(key), "no step in mainSteps; a document has one at least")
    for item in items(main):
        if not isinstance(item, yaml.MappingNode) and not opaque(item):
            yield MISSING_FIELD.at(source.of(item), "not a step; a step has a name, an action and inputs")
    names: set[str] = set()
    for step in everywhere(main):
        yield from _step(source, step, automation)
        if step.name in names:
            message = f"a step is named '{step.name[:60]}' already; give it another name"
            yield DUPLICATE_STEP.at(source.of(step.place), message)
        names |= {step.name} if step.name else set()


def _step(source: Source, step: Step, automation: bool) -> Iterator[Finding]:
    for field in ("name", "action"):
        if field not in pairs(step.node):
            yield MISSING_FIELD.at(source.of(step.node), f"a step without {field}; write it")
    if automation and step.name and not NAME.fullmatch(step.name):
        message = f"'{step.name[:60]}' is not a valid name of a step; use letters, digits and _, 128 at most"
        yield STEP_NAME.at(source.of(step.place), message)
    fields = vocabulary.AUTOMATION_STEP if automation else vocabulary.COMMAND_STEP
    # The agent ignores what only Automation has; nobody has seen the service refuse it.
    others = frozenset() if automation else vocabulary.AUTOMATION_STEP - vocabulary.COMMAND_STEP
    for name, (key, _) in pairs(step.node).items():
        if name in others and not opaque(step.node):
            message = f"{name} is a field of Automation, which the agent ignores; remove it"
            yield UNKNOWN_FIELD.at(source.of(key), message, severity=Severity.WARNING)
    yield from unknown(source, step.node, fields | others, "field of a step")
    actions = vocabulary.AUTOMATION_ACTIONS if automation else vocabulary.COMMAND_ACTIONS
    yield from action(source, value(step.node, "action"), automation)
    yield from inputs.check(source, step.node, actions, frozenset() if automation else vocabulary.SHARED)


def action(source: Source, node: yaml.Node | None, automation: bool) -> Iterator[Finding]:
    """Yield that an action is not known to this kind of document."""
    name = plain(node)
    mine, other = vocabulary.AUTOMATION_ACTIONS, vocabulary.COMMAND_ACTIONS
    if not automation:
        mine, other = other, mine
    if node is None or name is None or name in mine:
        return
    if name in other:
        kinds = ("a Command", "an Automation") if automation else ("an Automation", "a Command")
        hint = "; aws:runCommand runs a Command document" if automation else "; write schemaVersion '0.3' for one"
        yield UNKNOWN_ACTION.at(source.of(node), f"{name} is an action of {kinds[0]}, and this is {kinds[1]}{hint}")
    else:
        yield UNKNOWN_ACTION.at(
            source.of(node), f"unknown action '{name[:60]}'; {nearest(name, mine, 'remove the step')}"
        )


def limits(source: Source, node: yaml.Node | None, low: int, high: int | None, message: str) -> Iterator[Finding]:
    """Yield that a number is out of its range, or none at all."""
    text, found = plain(node), number(node)
    if node is None or not text:
        return
    if found is None or found < low or (high is not None and found > high):
        yield OUT_OF_RANGE.at(source.of(node), message)
