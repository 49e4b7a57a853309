"""Steps of an Automation that destroy what they are given, and whether somebody agreed."""

import re
from collections.abc import Iterator

import yaml

from ssmwake.lint.documents.dynamic import names, opaque, plain, walk
from ssmwake.lint.documents.graph import graph
from ssmwake.lint.documents.steps import Step
from ssmwake.lint.rules import WARNING, rule
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import pairs, text_of, value

DESTROYS_UNASKED = rule(
    "SW334", WARNING, "a destructive step without an approval", reason="a wrong id in a parameter is enough"
)

# What an action destroys, by the input that names it.
ACTIONS = {"aws:deleteImage": "ImageId", "aws:deleteStack": "StackName"}
CALL = re.compile(r"(?:Terminate|Delete|Deregister)[A-Z][A-Za-z]*")
# These only end a relation, or a message that was read.
HARMLESS = re.compile(r"Delete(?:Tags?|Message|MessageBatch)|Deregister(?:Targets?|InstancesFromLoadBalancer)")
# What runs code may ask, or look, by itself.
CODE = ("aws:executeScript", "aws:invokeLambdaFunction", "aws:executeAutomation", "aws:executeStateMachine")
# A runbook that asks for this is started on purpose.
SAID = re.compile(r"terminat|delet|destroy|deregist|remov|clean", re.IGNORECASE)


def check(source: Source, root: yaml.Node) -> Iterator[Finding]:
    """Yield each step that destroys what a parameter names, on a way on which nobody was asked."""
    main = value(root, "mainSteps")
    found = graph(main)
    description = value(root, "description")
    if found is None or opaque(description) or SAID.search(text_of(description)):
        return
    declared = set(pairs(value(root, "parameters")))
    asking = frozenset(name for name, step in found.steps.items() if _asks(step, declared))
    unasked = found.reached({next(iter(found.steps))}, asking)
    # A stack that the runbook made itself it may delete.
    makers = [step for step in found.steps.values() if step.action == "aws:createStack"]
    asked = declared - {name for step in makers for name in names(step.input("StackName"))}
    for name, step in found.steps.items():
        what = _destroys(step)
        if what is not None and name in unasked and name not in asking and names(what) & asked:
            message = "destroys what a parameter names, without asking anybody; put aws:approve or a branch before it"
            yield DESTROYS_UNASKED.at(source.of(step.place), message)


def _asks(step: Step, declared: set[str]) -> bool:
    """Return whether the step lets somebody decide: by an approval, or by the value of a parameter."""
    if step.action in ("aws:approve", *CODE):
        return True
    asked = step.input("Choices" if step.action == "aws:branch" else "DesiredValues")
    unknown = any(scalar.value == "Ref" or scalar.value.startswith("Fn::") for scalar in walk(asked, set()))
    return unknown or opaque(asked) or bool(names(asked) & declared)


def _destroys(step: Step) -> yaml.Node | None:
    """Return the input that names what a step destroys, all of them for a call; None where it destroys nothing."""
    if step.action in ACTIONS:
        return step.input(ACTIONS[step.action])
    if step.action == "aws:changeInstanceState" and plain(step.input("DesiredState")) == "terminated":
        checks = value(step.node, "inputs", "CheckStateOnly")
        # What only looks whether an instance is terminated, or lets a parameter decide, terminates nothing.
        return step.input("InstanceIds") if checks is None or plain(checks) == "false" else None
    call = plain(step.input("Api")) or ""
    if step.action == "aws:executeAwsApi" and CALL.fullmatch(call) and not HARMLESS.fullmatch(call):
        return step.input() if "DryRun" not in pairs(step.input()) else None
    return None
