"""What `{{ }}` refers to: parameters, variables, and what steps put out."""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from ssmwake.lint.documents import vocabulary
from ssmwake.lint.documents.dynamic import MENTION, Mention, mentions, names, nearest, opaque, plain, transposed, walk
from ssmwake.lint.documents.scripts import VARIABLE, Code
from ssmwake.lint.documents.steps import Step, complete, everywhere
from ssmwake.lint.rules import ERROR, INFO, WARNING, Rule, rule
from ssmwake.model import Finding, Location
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import items, pairs, value

UNDECLARED_PARAMETER = rule("SW306", ERROR, "an undeclared parameter", reason="the service refuses the document")
MISSPELT_PARAMETER = rule(
    "SW326", WARNING, "a misspelt parameter", reason="the agent leaves {{ }} in the script as it is"
)
UNUSED_PARAMETER = rule("SW327", INFO, "an unused parameter", reason="its value has no effect")
UNKNOWN_OUTPUT = rule(
    "SW335", ERROR, "a reference to a missing output", reason="the service refuses the document, or the step fails"
)

# A maintenance window puts the id of its target in their place.
WINDOW = frozenset({"RESOURCE_ID", "TARGET_ID", "TARGET_TYPE", "WINDOW_ID", "WINDOW_TASK_ID"})
# These put out what their `outputs` say, and what is named here; of all other actions nothing is checked.
BUILT_IN = {
    "aws:executeAwsApi": frozenset({"Output", "OutputPayload", "Payload"}),
    "aws:executeScript": frozenset({"Output", "OutputPayload", "Payload"}),
}


@dataclass(frozen=True)
class KnownNames:
    """What can be referred to; None where CloudFormation has a say."""

    parameters: frozenset[str] | None
    variables: frozenset[str] | None
    steps: dict[str, Step] | None


def _names(root: yaml.Node) -> KnownNames:
    parameters, variables, main = (value(root, key) for key in ("parameters", "variables", "mainSteps"))
    return KnownNames(
        None if opaque(parameters) or opaque(root) else frozenset(pairs(parameters)),
        None if opaque(variables) or opaque(root) else frozenset(pairs(variables)),
        {step.name: step for step in everywhere(main)} if complete(main) else None,
    )


def automation(source: Source, root: yaml.Node, codes: list[Code]) -> Iterator[Finding]:
    """Yield each reference of an Automation that leads to nothing; in code it may be code."""
    found = _names(root)
    left_out: list[yaml.Node] = [scalar for code in codes for scalar in code.scalars]
    for step in everywhere(value(root, "mainSteps")):
        left_out += [node for node in (value(step.node, "description"),) if node is not None]
    for part in ("assumeRole", "variables", "mainSteps"):
        for mention in mentions(source, value(root, part), left_out):
            yield from _mention(mention, found)
    for mention in (each for code in codes for each in code.mentions(source)):
        if found.parameters and mention.name not in found.parameters and "." not in mention.name:
            yield from _misspelt(mention, found.parameters, UNDECLARED_PARAMETER)
    yield from _outputs(source, value(root, "outputs"), found)


def _mention(mention: Mention, found: KnownNames) -> Iterator[Finding]:
    name, where = mention.name, mention.where
    prefix, colon, rest = name.partition(":")
    if colon:
        if prefix in ("global", "automation") and name not in vocabulary.GIVEN:
            hint = nearest(name, vocabulary.GIVEN, "remove it")
            yield UNDECLARED_PARAMETER.at(where, f"Automation has no '{name[:60]}'; {hint}")
        elif prefix == "variable" and found.variables is not None and rest not in found.variables:
            hint = nearest(rest, found.variables, "declare it in variables")
            yield UNDECLARED_PARAMETER.at(where, f"no variable '{rest[:60]}' is declared; {hint}")
        elif prefix in ("ssm", "ssm-secure"):
            message = "Automation reads the Parameter Store in defaults only; make it the default of a parameter"
            yield UNDECLARED_PARAMETER.at(where, message)
    elif "." in name:
        yield from _output(name, where, found)
    elif found.parameters is not None and found.variables is not None:
        declared = found.parameters | found.variables
        if name not in declared | WINDOW:
            hint = nearest(name, declared, "declare it in parameters")
            yield UNDECLARED_PARAMETER.at(where, f"no parameter '{name[:60]}' is declared; {hint}")


def _output(name: str, where: Location, found: KnownNames) -> Iterator[Finding]:
    step_name, _, output = name.partition(".")
    if not found.steps or step_name in (found.parameters or ()) or step_name in (found.variables or ()):
        return
    step = found.steps.get(step_name)
    if step is None:
        hint = nearest(step_name, found.steps, "name a step of the document")
        yield UNKNOWN_OUTPUT.at(where, f"there is no step '{step_name[:60]}'; {hint}")
        return
    given, declared = BUILT_IN.get(step.action), value(step.node, "outputs")
    if given is None or "." in output or opaque(declared) or any(opaque(each) for each in items(declared)):
        return
    known_ones = {plain(value(each, "Name")) for each in items(declared)}
    if None in known_ones or output in known_ones | given:
        return
    hint = nearest(output, [each for each in known_ones if each], "add it to the outputs of the step")
    yield UNKNOWN_OUTPUT.at(where, f"step '{step_name[:60]}' puts out no '{output[:60]}'; {hint}")


def _outputs(source: Source, node: yaml.Node | None, found: KnownNames) -> Iterator[Finding]:
    if opaque(node):
        return
    for item in items(node):
        text = (plain(item) or "").strip()
        match = MENTION.fullmatch("{{" + text + "}}")
        if match and "." in text and ":" not in text:
            yield from _output(text, source.of(item), found)
    for mention in mentions(source, node):
        if "." in mention.name:
            yield from _output(mention.name, mention.where, found)


def command(source: Source, root: yaml.Node) -> Iterator[Finding]:
    """Yield what looks like a parameter reference and is not one: the agent leaves it in the script as it is."""
    parameters = value(root, "parameters")
    if opaque(parameters) or opaque(root):
        return
    declared = frozenset(pairs(parameters))
    for part in ("mainSteps", "runtimeConfig", "properties", "inputs"):
        for mention in mentions(source, value(root, part)):
            if mention.name not in declared and "." not in mention.name and ":" not in mention.name:
                yield from _misspelt(mention, declared, MISSPELT_PARAMETER)


def _misspelt(mention: Mention, declared: frozenset[str], rule: Rule) -> Iterator[Finding]:
    # Other programs have templates with such braces too: only what is hardly another word was meant to be it.
    hint = nearest(mention.name, declared, "", 0.85) or transposed(mention.name, declared)
    if hint:
        yield rule.at(mention.where, f"no parameter '{mention.name[:60]}' is declared; {hint}")


def unused(source: Source, root: yaml.Node) -> Iterator[Finding]:
    """Yield each parameter that the document declares and never mentions, not even as a variable of scripts."""
    parameters = value(root, "parameters")
    if opaque(parameters) or opaque(root):
        return
    others = [node for name, (_, node) in pairs(root).items() if name not in ("parameters", "description")]
    if any(opaque(node) or node.tag.startswith("!") for node in others):
        return
    used = {name for node in others for name in names(node)}
    used |= {name.split(".")[0] for name in used}
    used |= {name for node in others for scalar in walk(node, set()) for name in VARIABLE.findall(scalar.value)}
    declared = pairs(parameters)
    # Where a reference is misspelt, the parameter that was meant is not the fault.
    unknown = {name for node in others for name in names(node)} - {*declared}
    for name, (key, _) in declared.items():
        if name not in used and not nearest(name, unknown, "", 0.85) and not transposed(name, unknown):
            message = (
                f"parameter '{name[:60]}' is never used; remove it, or write {{{{ {name[:60]} }}}} where it belongs"
            )
            yield UNUSED_PARAMETER.at(source.of(key), message)
