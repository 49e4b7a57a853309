"""Each step for the AWS CLI that a verdict prints is a command of it: its operation, its options, their values."""

import json
import shlex
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import validate_parameters

from ssmwake.operate import steps
from ssmwake.operate.facts import Scene
from support import desk
from support.standin import Account, load

CASES = Path(__file__).parents[1] / "cases" / "doctor"

# Options of the AWS CLI itself, and those that it adds to an operation in place of a structure.
EVERYWHERE = {"region", "profile", "query", "output"}
ADDED = {
    "authorize-security-group-ingress": {"protocol", "port", "source-group", "cidr"},
    "authorize-security-group-egress": {"protocol", "port", "source-group", "cidr"},
    "create-network-acl-entry": {"ingress"},
}


@cache
def printed() -> tuple[str, ...]:
    """Return the steps of all cases, each once."""
    found: dict[str, None] = {}
    for folder in sorted(path for path in CASES.iterdir() if path.is_dir()):
        state = load(folder)
        (verdict,) = desk.verdicts(Account(state, frozenset(state.get("denied", []))))
        for do in (verdict.do, *(one.do for one in verdict.and_then)):
            found |= dict.fromkeys(one for step in do for one in step.split(" && "))
    return tuple(one for one in found if one.startswith("aws "))


def options(words: list[str]) -> dict[str, list[str]]:
    """Return the options of a command of the AWS CLI, each with its values."""
    found: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            found[word.removeprefix("--")] = []
        else:
            found[list(found)[-1]].append(word)
    return found


def value(shape: Any, words: list[str]) -> Any:
    """Return what the AWS CLI makes of the words of an option: JSON, its shorthand, or the words themselves."""
    match shape.type_name:
        case "list":
            return [value(shape.member, [word]) for word in words]
        case "structure" if words[0].startswith("{"):
            return json.loads(words[0])
        case "structure":
            pairs = [part.partition("=") for part in words[0].split("[")[0].split(",")]
            members = [(name, text) for name, _, text in pairs if text]
            return {name: value(shape.members[name], [text]) for name, text in members}
        case "boolean":
            return words != ["false"]
        case "integer":
            return int(words[0])
    (word,) = words
    return word


def test_there_are_steps_of_every_kind() -> None:
    assert len({tuple(shlex.split(one)[1:3]) for one in printed()}) >= 24


def test_each_step_is_a_command_of_the_aws_cli() -> None:
    session = botocore.session.get_session()
    for step in printed():
        # A command inside a command gives its answer as one word.
        outer, _, inner = step.partition('"$(')
        words = shlex.split(outer + ("X" if inner else ""))
        service, operation = words[1:3]
        if operation == "wait":
            names = [xform_name(one, "-") for one in session.get_waiter_model(service).waiter_names]
            assert words[3] in names, step
            continue
        given = options(words[3:])
        model = session.get_service_model(service)
        name = next(one for one in model.operation_names if xform_name(one, "-") == operation)
        shape: Any = model.operation_model(name).input_shape
        members = {xform_name(member, "-"): member for member in shape.members}
        own = set(given) - EVERYWHERE - ADDED.get(operation, set())
        assert own <= set(members), step
        required = {xform_name(member, "-") for member in shape.required_members}
        assert required <= set(given) | ({"egress"} if "ingress" in given else set()), step
        parameters = {members[one]: value(shape.members[members[one]], given[one]) for one in own}
        if "ingress" in given:
            parameters["Egress"] = False
        validate_parameters(parameters, shape)


@pytest.mark.parametrize(("region", "is_named"), [("eu-west-1", False), ("cn-north-1", True), ("us-gov-east-1", True)])
def test_iam_is_asked_in_the_partition_of_the_region(region: str, is_named: bool) -> None:
    scene = Scene(datetime(2026, 11, 26, 10, 20, tzinfo=UTC), region)
    words = shlex.split(steps.aws(scene, "iam", "get-role", "--role-name", "web"))
    assert words[5:] == (["--region", region] if is_named else [])
