"""Walk an Automation runbook as the service does: from step to step, with attempts, failures, branches and outputs."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from support.runbook_world import INSTANCE, Client, World

Document = dict[str, Any]
# The service ends a script after this many seconds, whatever the step says.
SCRIPT_LIMIT = 600


class StepFailed(Exception):  # noqa: N818 - what the service says of a step
    """A step that ended without what it is for."""


@dataclass
class Walk:
    """One execution: the edges that were taken, what the steps gave, and how it ended."""

    document: Document
    world: World
    values: dict[str, Any]
    edges: list[tuple[str, str]] = field(default_factory=list)
    status: str = ""
    sentence: str = ""
    # A critical step failed: the service says that the execution did too, wherever the step led.
    doomed: bool = False

    @property
    def steps(self) -> list[str]:
        return [step for step, _ in self.edges]

    def run(self) -> "Walk":
        steps = {step["name"]: step for step in self.document["mainSteps"]}
        names = list(steps)
        name = names[0]
        for _ in range(100):
            step = steps[name]
            following = names[names.index(name) + 1] if name != names[-1] else ""
            name = self._step(step, following)
            if self.status:
                return self
        raise AssertionError("the runbook does not end")

    def _step(self, step: Document, following: str) -> str:
        name = step["name"]
        for attempt in range(step.get("maxAttempts", 1)):
            self.world.sleep(attempt)
            try:
                target = self._act(step)
            except (StepFailed, ClientError) as error:
                self.sentence = str(error)
                continue
            if not target and step.get("isEnd"):
                self.status = "Failed" if self.doomed else "Success"
            target = target or step.get("nextStep") or following
            self.edges.append((name, "end" if self.status else target))
            return str(target)
        self.doomed |= step.get("isCritical", True)
        failure = step.get("onFailure", "Abort")
        self.edges.append((name, failure))
        if failure == "Abort":
            self.status = "Failed"
        return str(failure.removeprefix("step:"))

    def _act(self, step: Document) -> str:
        inputs = self._filled(step["inputs"])
        match step["action"]:
            case "aws:branch":
                return self._chosen(inputs)
            case "aws:executeScript":
                found = {"Payload": self._script(step, inputs)}
            case "aws:executeAwsApi":
                found = self._call(inputs)
            case "aws:waitForAwsResourceProperty":
                found = self._waited(step, inputs)
            case "aws:changeInstanceState":
                api = {"stopped": "StopInstances", "running": "StartInstances"}[inputs["DesiredState"]]
                found = self.world.call("ec2", api, InstanceIds=inputs["InstanceIds"])
            case "aws:runCommand":
                self.world.call("ssm", "SendCommand", **inputs)
                found = {"Output": "{}"}
                self.values[f"{step['name']}.Output"] = "{}"
            case other:
                raise AssertionError(f"the walk does not know {other}")
        for output in step.get("outputs", ()):
            self.values[f"{step['name']}.{output['Name']}"] = selected(found, output["Selector"])
        return ""

    def _filled(self, value: Any) -> Any:
        """Put values for the {{ names }}: all of a text for its value, a part of one for its letters."""
        if isinstance(value, dict):
            return {key: item if key == "Script" else self._filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if not isinstance(value, str):
            return value
        return re.sub(r"\{\{ *([A-Za-z.]+) *\}\}", lambda found: str(self.values[found[1]]), value)

    def _chosen(self, inputs: Document) -> str:
        for choice in inputs["Choices"]:
            if all(each["Variable"] == each["StringEquals"] for each in choice.get("And", [choice])):
                return str(choice["NextStep"])
        return str(inputs["Default"])

    def _script(self, step: Document, inputs: Document) -> Any:
        names: dict[str, Any] = {}
        exec(compile(inputs["Script"], step["name"], "exec"), names)
        begun = self.world.now
        try:
            found = names[inputs["Handler"]](inputs["InputPayload"], {})
        except (ClientError, Exception) as error:
            if type(error) not in (Exception, ClientError):
                raise
            raise StepFailed(str(error)) from error
        finally:
            took = self.world.now - begun
            assert took < min(step["timeoutSeconds"], SCRIPT_LIMIT), f"{step['name']} takes {took} s"
        return json.loads(json.dumps(found))

    def _call(self, inputs: Document) -> Document:
        given = {key: value for key, value in inputs.items() if key not in ("Service", "Api")}
        found: Document = self.world.call(inputs["Service"], inputs["Api"], **given)
        return found

    def _waited(self, step: Document, inputs: Document) -> Document:
        wanted, selector = inputs.pop("DesiredValues"), inputs.pop("PropertySelector")
        end = self.world.now + step["timeoutSeconds"]
        while self.world.now < end:
            found = self._call(inputs)
            if selected(found, selector) in wanted:
                return found
            self.world.sleep(10)
        raise StepFailed("timed out")


def selected(value: Any, selector: str) -> Any:
    for key, number in re.findall(r"\.([A-Za-z]+)|\[([0-9]+)\]", selector):
        value = value[key] if key else value[int(number)]
    return value


def walk(document: Document, world: World, **given: str) -> Walk:
    """Start the runbook with parameters, as the service checks them, and walk it to its end."""
    values = {"InstanceId": INSTANCE, "AutomationAssumeRole": "arn:aws:iam::123456789012:role/rescue", **given}
    assert values.keys() <= document["parameters"].keys()
    for name, rules in document["parameters"].items():
        value = values.setdefault(name, rules.get("default"))
        assert value is not None, f"{name} is required"
        assert value in rules.get("allowedValues", [value])
        assert re.fullmatch(rules.get("allowedPattern", ".*").strip("^$"), value), (name, value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boto3, "client", lambda service: Client(world, service))
        patch.setattr(time, "sleep", world.sleep)
        patch.setattr(time, "time", lambda: world.now)
        return Walk(document, world, dict(values)).run()


def edges(document: Document) -> Iterator[tuple[str, str]]:
    """Every way out of every step: on success, on failure, and each choice."""
    for step in document["mainSteps"]:
        name = step["name"]
        if step["action"] == "aws:branch":
            yield from ((name, choice["NextStep"]) for choice in step["inputs"]["Choices"])
            yield name, step["inputs"]["Default"]
            continue
        if step["inputs"].get("Handler") != "refuse":
            yield name, "end" if step.get("isEnd") else step["nextStep"]
        yield name, step.get("onFailure", "Abort")
