"""The way of an Automation through its steps: where it leads nowhere, never, or round and round."""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from ssmwake.lint.documents.dynamic import nearest, opaque, plain, true
from ssmwake.lint.documents.steps import Step, complete, everywhere, known, listed
from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import items, pairs, value

UNKNOWN_STEP = rule("SW311", ERROR, "a reference to a missing step", reason="the execution fails there")
UNREACHABLE_STEP = rule("SW317", WARNING, "an unreachable step", reason="it never runs")
ENDLESS = rule("SW331", WARNING, "steps in an endless loop", reason="the execution runs until somebody cancels it")

END = ""


@dataclass(frozen=True)
class Graph:
    """The steps by name, and the names that each can lead to; the end is a name that is empty."""

    steps: dict[str, Step]
    ways: dict[str, set[str]]

    def reached(self, starts: set[str], without: frozenset[str] = frozenset()) -> set[str]:
        """Return what can be reached, without passing through some steps."""
        found: set[str] = set()
        todo = list(starts)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += self.ways.get(name, set()) if name not in without else ()
        return found


def graph(main: yaml.Node | None) -> Graph | None:
    """Return the ways between the steps of a list; None where CloudFormation or a run has a say in them."""
    steps = listed(main)
    if not known(main) or not steps:
        return None
    led: dict[str, set[str]] = {}
    names = [*(step.name for step in steps), END]
    for step, after in zip(steps, names[1:], strict=True):
        ways = _ways(step, after)
        if ways is None:
            return None
        led.setdefault(step.name, set()).update(ways)
    return Graph({step.name: step for step in steps}, led)


def _ways(step: Step, after: str) -> set[str] | None:
    """Return the names that a step leads to; None where they are not known."""
    nodes = [value(step.node, key) for key in ("nextStep", "isEnd", "onFailure", "onCancel", "inputs")]
    if not step.action or any(
        opaque(node) or (isinstance(node, yaml.ScalarNode) and plain(node) is None) for node in nodes
    ):
        return None
    ends = true(value(step.node, "isEnd"))
    ways = {END if ends else plain(value(step.node, "nextStep")) or after}
    if step.action == "aws:branch":
        choices, default = step.input("Choices"), step.input("Default")
        if opaque(choices) or opaque(default):
            return None
        # A branch that no choice fits, and that has no Default, goes on to the next step.
        ways = ways if default is None else set()
        for node in (default, *(value(choice, "NextStep") for choice in items(choices))):
            if node is not None:
                if plain(node) is None:
                    return None
                ways.add(plain(node) or END)
        if any(opaque(choice) for choice in items(choices)):
            return None
    return ways | {name for _, name in _jumps(step)}


def _jumps(step: Step) -> Iterator[tuple[yaml.Node, str]]:
    for key in ("onFailure", "onCancel"):
        node = value(step.node, key)
        for part in (plain(node) or "").split(", "):
            if node is not None and part.startswith("step:"):
                yield node, part.removeprefix("step:")


def check(source: Source, root: yaml.Node) -> Iterator[Finding]:
    """Yield what is wrong with the ways through an Automation, and through each of its loops."""
    main = value(root, "mainSteps")
    everyone = {step.name for step in everywhere(main)} if complete(main) else None
    yield from _list(source, main, everyone)
    for step in everywhere(main):
        if step.action == "aws:loop":
            yield from _list(source, step.input("Steps"), everyone)


def _list(source: Source, main: yaml.Node | None, everyone: set[str] | None) -> Iterator[Finding]:
    if everyone is not None:
        for step in listed(main):
            yield from _targets(source, step, everyone)
    found = graph(main)
    if found is None:
        return
    first = next(iter(found.steps))
    reached = found.reached({first})
    # Where a reference is misspelt, the step that was meant is not the fault, nor is what it leads to.
    unknown = {name for ways in found.ways.values() for name in ways} - {*found.steps, END}
    meant = found.reached({first, *(name for name in found.steps if nearest(name, unknown, ""))})
    for name, step in found.steps.items():
        if name not in meant:
            message = f"no step leads to '{name[:60]}'; remove it, or lead to it"
            yield UNREACHABLE_STEP.at(source.of(step.place), message)
    if all(name in found.steps or name == END for name in reached):
        yield from _endless(source, found, reached)


def _targets(source: Source, step: Step, names: set[str]) -> Iterator[Finding]:
    nodes = [value(step.node, "nextStep")]
    if step.action == "aws:branch":
        nodes += [step.input("Default"), *(value(choice, "NextStep") for choice in items(step.input("Choices")))]
    targets = [(node, name) for node in nodes if node is not None and (name := plain(node)) is not None]
    for node, name in [*targets, *_jumps(step)]:
        if name not in names:
            hint = nearest(name, names - {step.name}, "name one of the document")
            yield UNKNOWN_STEP.at(source.of(node), f"there is no step '{name[:60]}'; {hint}")
        elif name == step.name and pairs(step.node).get("nextStep", (None, None))[1] is node:
            yield ENDLESS.at(source.of(node), f"'{name[:60]}' leads to itself, for ever; lead to another step")


def _endless(source: Source, found: Graph, reached: set[str]) -> Iterator[Finding]:
    """Yield the last way back of each round that has no way out."""
    back: dict[str, set[str]] = {}
    for name, ways in found.ways.items():
        for way in ways:
            back.setdefault(way, set()).add(name)
    lost = reached - Graph({}, back).reached({END})
    order = {name: number for number, name in enumerate(found.steps)}
    while lost:
        ahead = found.reached({min(lost, key=order.__getitem__)})
        # Each round leads back somewhere in the order of the document.
        backward = [name for name in ahead if any(order[way] <= order[name] for way in found.ways[name])]
        last = found.steps[max(backward, key=order.__getitem__)]
        if found.ways[last.name] != {last.name}:
            message = "the steps form a loop that never ends; add a branch or isEnd: true"
            yield ENDLESS.at(source.of(value(last.node, "nextStep") or last.place), message)
        lost -= ahead
