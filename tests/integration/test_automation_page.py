"""The page on the rescue runbook, followed as it is written: the AWS CLI against moto, and then the runbook walked."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
import yaml
from botocore import xform_name

from support.runbook_walk import Walk, walk
from support.runbook_world import ACCOUNT, INSTANCE, World

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs/automation.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
# moto has neither; that the service's model knows the words is what can be seen.
UNKNOWN = re.compile(r"^aws ssm (start-automation-execution|create-association)((?:.*\\\n)*.*)\n", re.MULTILINE)
# Nor has it queue policies in stacks, and says so.
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS..SQS..QueuePolicy")


def block(command: str) -> str:
    """The block of the page that holds a command."""
    found: str = next(each for each in BLOCKS if command in each)
    return found


@pytest.fixture
def folder(moto_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with what was rendered, and an account without anything."""
    urllib.request.urlopen(urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")).close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    shutil.copytree(TOP / "dist", tmp_path / "dist")
    return tmp_path


def run(text: str, folder: Path) -> None:
    for operation, options in UNKNOWN.findall(text):
        service = botocore.session.get_session().get_service_model("ssm")
        shape: Any = service.operation_model(
            next(n for n in service.operation_names if xform_name(n, "-") == operation)
        ).input_shape
        assert set(re.findall(r"--([a-z-]+)", options)) <= {xform_name(member, "-") for member in shape.members}
    text = UNKNOWN.sub("", text)
    if "create-tags" in text:
        image = boto3.client("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        launched = boto3.client("ec2").run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0][
            "InstanceId"
        ]
        text = text.replace(INSTANCE, launched)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "AWS_PAGER": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def given(text: str) -> dict[str, str]:
    """The parameters that a command of the page gives to the runbook."""
    (pairs,) = re.findall(r"--parameters (\S+)", text)
    return dict(pair.split("=", 1) for pair in pairs.split(","))


def allowed(policy: Any, action: str, resource: str, tags: dict[str, str]) -> bool:
    """Whether a policy allows an action on a resource with these tags; it knows what our policies use."""
    for statement in policy["Statement"]:
        actions, resources = (
            value if isinstance(value, list) else [value] for value in (statement["Action"], statement["Resource"])
        )
        asked = {
            key.partition("/")[2]: value
            for key, value in statement.get("Condition", {}).get("StringEquals", {}).items()
            if key.startswith("aws:ResourceTag/")
        }
        if (
            action in actions
            and any(fnmatchcase(resource, each) for each in resources)
            and asked.items() <= tags.items()
        ):
            return True
    return False


def resources(call: str, walked: Walk) -> list[str]:
    """The resources that a call of the runbook needs to be allowed on."""
    instance = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/{INSTANCE}"
    if call == "ssm:SendCommand":
        steps = {step["name"]: step["inputs"] for step in walked.document["mainSteps"]}
        return [instance, f"arn:aws:ssm:eu-west-1:{ACCOUNT}:document/{steps['Repair']['DocumentName']}"]
    if call == "iam:GetInstanceProfile":
        return [f"arn:aws:iam::{ACCOUNT}:instance-profile/web"]
    return [instance] if re.search("Associate|Replace|Reboot|Stop|Start", call) else ["*"]


def test_the_page_is_followed_to_an_instance_that_is_online(folder: Path) -> None:
    for command in (
        "create-role",
        "create-document",
        "create-tags",
        "create-association",
        "max-concurrency 10% --max-errors 5",
    ):
        run(block(command), folder)
    iam, ssm = boto3.client("iam"), boto3.client("ssm")
    role = given(block("aws ec2 create-tags"))["AutomationAssumeRole"].rpartition("/")[2]
    policy = iam.get_role_policy(RoleName=role, PolicyName="rescue")["PolicyDocument"]
    assert "ACCOUNT_ID" not in json.dumps([policy, iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]])
    tags = {each["Key"]: each["Value"] for each in boto3.client("ec2").describe_tags()["Tags"]}
    document = yaml.safe_load(ssm.get_document(Name="ssmwake-rescue")["Content"])
    names = {
        each["Name"]
        for each in ssm.list_documents(Filters=[{"Key": "Owner", "Values": ["Self"]}])["DocumentIdentifiers"]
    }
    walked = walk(document, World(tags=tags), **{**given(block("aws ec2 create-tags")), "InstanceId": INSTANCE})
    assert walked.status == "Success", walked.sentence
    for call in set(walked.world.calls):
        for resource in resources(call, walked):
            assert allowed(policy, call, resource, tags), (call, resource)
            if "instance/" in resource:
                assert not allowed(policy, call, resource, {}), f"{call} is allowed without the tag"
        if call == "ssm:SendCommand":
            assert resources(call, walked)[1].rpartition("/")[2] in names


def test_the_policy_for_who_starts_it_names_what_the_page_creates(folder: Path) -> None:
    run(block("create-role"), folder)
    iam = boto3.client("iam")
    (start,) = iam.list_policies(Scope="Local")["Policies"]
    policy = iam.get_policy_version(PolicyArn=start["Arn"], VersionId="v1")["PolicyVersion"]["Document"]
    role = iam.get_role(RoleName="ssmwake-rescue")["Role"]["Arn"]
    assert allowed(policy, "iam:PassRole", role, {})
    assert allowed(
        policy, "ssm:StartAutomationExecution", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:document/ssmwake-rescue", {}
    )
    assert not allowed(policy, "ssm:StartAutomationExecution", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:document/other", {})
    assert not allowed(policy, "ssm:SendCommand", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:document/ssmwake", {})


@pytest.mark.parametrize("name", ["rescue", "on-attach"])
def test_the_stack_is_deployed_as_the_page_says(name: str, folder: Path) -> None:
    run(block(f"{name}.yaml"), folder)
    stacks = boto3.client("cloudformation").describe_stacks()["Stacks"]
    assert [each["StackStatus"] for each in stacks] == ["CREATE_COMPLETE"]


def test_every_command_of_the_page_is_run() -> None:
    commands = (
        "create-role",
        "create-document",
        "create-tags",
        "create-association",
        "--max-errors 5",
        "rescue.yaml",
        "on-attach.yaml",
    )
    assert {block(each) for each in commands} == set(BLOCKS)


def cost(walked: Walk) -> float:
    """What an execution costs, by the list price that the page names."""
    a_second, a_step = (float(price) for price in re.findall(r"\$(0\.0\d+)", PAGE)[:2])
    attempts = {step["name"]: step.get("maxAttempts", 1) for step in walked.document["mainSteps"]}
    steps = sum(attempts[name] if target.startswith("step:") else 1 for name, target in walked.edges)
    return walked.world.now * a_second + steps * a_step


def test_the_page_says_what_waiting_costs() -> None:
    document = yaml.safe_load((TOP / "dist/ssm/automation.yaml").read_text())
    vain = walk(document, World(online_after=None), InstanceProfile="web")
    fine = walk(document, World(), InstanceProfile="web")
    cents = [int(number) for number in re.findall(r"about (\d+) cents", PAGE)]
    assert cents == [round(cost(vain) * 100), round(cost(fine) * 100)]
    assert f"about ${cents[0] * 10}" in PAGE
    assert int(re.findall(r"in vain for (\d+) minutes", PAGE)[0]) == round(vain.world.now / 60)
