"""Command documents: what the agent ignores, or refuses, in a step."""

from collections.abc import Iterator

import yaml

from ssmwake.lint.documents.dynamic import nearest, opaque, plain
from ssmwake.lint.documents.steps import NO_STEPS, Step, action, limits, listed
from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.model import Finding
from ssmwake.text.placeholders import WORD
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import items, pairs, text_of, value

FIELD_BESIDE_INPUTS = rule("SW314", WARNING, "an inputs field outside inputs", reason="the agent ignores it there")
PRECONDITION = rule("SW323", ERROR, "an unrecognised precondition", reason="the step fails on every instance")
FLOW_INPUT = rule(
    "SW325", WARNING, "onFailure, onSuccess or finallyStep in inputs", reason="the agent ignores it and goes on"
)

# What the inputs of every step can say about the steps after it, since 3.0.502.0 of the agent.
FLOW = {"onFailure": ("exit", "successAndExit"), "onSuccess": ("exit",), "finallyStep": ("true", "false")}
PLATFORMS = ("linux", "windows", "macos")
PLATFORM = "platformType"
SECONDS = "timeoutSeconds is 5 to 172800; the agent takes 3600 instead, so write a number that it takes"


def check(source: Source, root: yaml.Node, version: str) -> Iterator[Finding]:
    """Yield what is wrong with each step of a Command document of schema 2.x."""
    steps = listed(value(root, "mainSteps"))
    for step in steps:
        for field in ("onFailure", "onSuccess", "finallyStep", "timeoutSeconds", "maxAttempts"):
            if found := pairs(step.node).get(field):
                message = (
                    "the agent never retries a step; remove maxAttempts, and retry in the script"
                    if field == "maxAttempts"
                    else f"the agent reads {field} in inputs only; move it there"
                )
                yield FIELD_BESIDE_INPUTS.at(source.of(found[0]), message)
        yield from limits(source, step.input("timeoutSeconds"), 5, 172_800, SECONDS)
        yield from _flow(source, step, last=step is steps[-1])
        yield from _precondition(source, step, version)


def plugins(source: Source, root: yaml.Node) -> Iterator[Finding]:
    """Yield what is wrong with a Command document of schema 1.2, which has plugins instead of steps."""
    config = value(root, "runtimeConfig")
    if opaque(config) or opaque(root):
        return
    if not pairs(config):
        where = source.of(config or root)
        yield NO_STEPS.at(where, "no runtimeConfig; write mainSteps, and schemaVersion '2.2'")
    for key, plugin in pairs(config).values():
        yield from action(source, key, automation=False)
        for each in properties(plugin):
            yield from limits(source, value(each, "timeoutSeconds"), 5, 172_800, SECONDS)


def properties(plugin: yaml.Node) -> list[yaml.Node]:
    """Return the inputs of a plugin of schema 1.2: one mapping, or a list of them."""
    found = value(plugin, "properties")
    return items(found) if isinstance(found, yaml.SequenceNode) else [found] if found is not None else []


def _flow(source: Source, step: Step, *, last: bool) -> Iterator[Finding]:
    for field, known in FLOW.items():
        node = step.input(field)
        text = plain(node)
        if node is None or text is None:
            continue
        if text.lower() not in known and text not in known:
            hint = nearest(text, known, f"write {known[0]}")
            yield FLOW_INPUT.at(source.of(node), f"the agent has no {field} '{text[:60]}'; {hint}")
        elif field == "finallyStep" and text.lower() == "true" and not last:
            message = "finallyStep is for the last step; the agent ignores it here, so move the step to the end"
            yield FLOW_INPUT.at(source.of(node), message)


def _precondition(source: Source, step: Step, version: str) -> Iterator[Finding]:
    found = pairs(step.node).get("precondition")
    if found is None or opaque(found[1]) or not pairs(found[1]):
        return
    if version == "2.0":
        yield PRECONDITION.at(source.of(found[0]), "schemaVersion 2.0 has no precondition; write '2.2'")
    for name, (key, arguments) in pairs(found[1]).items():
        if name != "StringEquals":
            yield PRECONDITION.at(source.of(key), f"no operator '{name[:60]}' in a precondition; write StringEquals")
        elif why := _wrong(arguments):
            yield PRECONDITION.at(source.of(key), why)


def _wrong(arguments: yaml.Node) -> str:
    """Return why the agent does not recognise what StringEquals compares; nothing if it does."""
    both = items(arguments)
    if opaque(arguments) or any(opaque(each) for each in both):
        return ""
    if len(both) != 2 or not all(isinstance(each, yaml.ScalarNode) for each in both):
        return "StringEquals compares two strings; write a list of two, such as [platformType, Linux]"
    texts = [text_of(each) for each in both]
    if texts[0] == texts[1]:
        return "StringEquals compares a string with itself; write another"
    if any("ssm:" in text for text in texts):
        return "a precondition cannot read the Parameter Store; compare a parameter of the document"
    if PLATFORM in texts:
        other = texts[texts[0] == PLATFORM]
        if "{{" in other:
            return "platformType cannot be compared with a parameter; write Linux, Windows or MacOS"
        if other.lower() not in PLATFORMS and not WORD.search(other):
            hint = nearest(other, ("Linux", "Windows", "MacOS"), "write Linux, Windows or MacOS")
            return f"no platform '{other[:60]}'; {hint}"
        return ""
    if not any("{{" in text or "${" in text for text in texts):
        hint = nearest(texts[0], (PLATFORM,), "compare platformType, or a {{ parameter }}")
        return f"StringEquals compares two fixed strings; {hint}"
    return ""
