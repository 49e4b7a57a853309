"""The policy that is printed allows the calls that a publish makes, and each of its actions is really called."""

import fnmatch
import json
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from ssmwake.aws.client import resource
from ssmwake.cli import command
from ssmwake.config import from_settings
from ssmwake.model import Artifact, Config
from ssmwake.publish import Publish, RollBack, desired_by, execute, places_of, plan
from ssmwake.publish.from_config import PATHS
from ssmwake.render import Rendering, publisher_policy
from support.accounts import COMMAND, HASTY, HERE, KEY
from support.fake_ssm import Document as There
from support.fake_ssm import FakeSsm, Version
from support.front import Answer, Call, Front, Request, passed_on

ROLE = "arn:aws:iam::111111111111:role/publisher"


def allowed(policy: dict[str, Any], call: Call) -> bool:
    """Whether IAM would let the call through."""
    if call.action == "sts:GetCallerIdentity":  # It needs no permission.
        return True
    target = resource(call.service, HERE, call.parameters)
    if call.operation == "CreateTags":
        target = f"arn:aws:ec2:{call.region}:*:launch-template/{call.parameters['Resources'][0]}"
    return any(
        call.action in statement["Action"]
        and any(fnmatch.fnmatchcase(target, pattern) for pattern in statement["Resource"])
        and call.region
        in statement.get("Condition", {}).get("StringEquals", {}).get("aws:RequestedRegion", [call.region])
        for statement in policy["Statement"]
    )


def actions(policy: dict[str, Any]) -> set[str]:
    return {action for statement in policy["Statement"] for action in statement["Action"]}


@dataclass
class Saying:
    """What a render might have made of a config: everything says a word."""

    config: Config
    word: str

    def documents(self) -> tuple[Artifact, ...]:
        return tuple(Artifact(path, COMMAND.format(self.word)) for path in PATHS.values())

    def user_data(self) -> str:
        return self.word

    def launch_template_user_data(self, existing: bytes, name: str, *, replaces: bool = False) -> bytes:
        return self.word.encode()


def run(config: Config, word: str, purpose: Publish | RollBack) -> None:
    planned = plan(desired_by(Saying(config, word)), places_of(config), purpose, patience=HASTY)
    for result in execute(planned, patience=HASTY):
        assert result.failure == ""


def story(config: Config, fake: FakeSsm, *, prune: int | None) -> None:
    """Everything that a publish of this config can come to: adopt, create, update, tag, promote, go back, prune."""
    theirs = There(config.documents.command_name, "Command", counter=1, versions={1: Version(1, "", "a: 1", "JSON")})
    fake.documents[KEY, HERE.region][theirs.name] = theirs
    fake.tags_when_described = False
    tagged = replace(config, documents=replace(config.documents, tags={"team": "web"}))
    for word in ("one", "two", "three"):
        run(tagged, word, Publish(prune=prune))
    run(tagged, "three", RollBack())
    run(config, "three", Publish(prune=prune))


@pytest.fixture
def both(moto_url: str, fake: FakeSsm, start_front: Callable[[Front], Front]) -> Front:
    """The stand-in for SSM, and moto for EC2."""
    urllib.request.urlopen(urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")).close()
    moto = passed_on(moto_url)

    def behind(call: Call, request: Request) -> Answer:
        return (fake if call.service == "ssm" else moto)(call, request)

    return start_front(Front(behind))


SETTINGS: dict[str, dict[str, Any]] = {
    "the least": {},
    "sharing": {"documents": {"share-with": ["111111111111"]}},
    "named": {"documents": {"command-name": "web-wake", "automation-name": "web-rescue"}},
}


@pytest.mark.parametrize("prune", [None, 1])
@pytest.mark.parametrize("name", SETTINGS)
def test_the_policy_is_the_least_that_suffices(name: str, prune: int | None, fake: FakeSsm, both: Front) -> None:
    ec2 = boto3.client("ec2", region_name=HERE.region)
    template = ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-1"})
    which = template["LaunchTemplate"]["LaunchTemplateId"]
    both.calls.clear()
    settings = SETTINGS[name] | {"publish": {"regions": [HERE.region], "launch-templates": {which: {"promote": True}}}}
    config = from_settings(settings)
    story(config, fake, prune=prune)
    policy = publisher_policy.policy(config, prune=prune is not None)
    # Where the alias may not be asked for, the plan is shown without it.
    calls = [call for call in both.calls if call.action != "iam:ListAccountAliases"]
    assert [call for call in calls if not allowed(policy, call)] == []
    assert actions(policy) == {call.action for call in calls} - {"sts:GetCallerIdentity"}


def test_another_document_region_or_launch_template_is_not_allowed() -> None:
    policy = publisher_policy.policy(
        from_settings({"publish": {"regions": ["eu-west-1"], "launch-templates": {"lt-1": {}}}})
    )

    def asked(operation: str, region: str = "eu-west-1", service: str = "ssm", **parameters: Any) -> bool:
        return allowed(policy, Call(service, operation, parameters, region, KEY))

    assert asked("UpdateDocument", Name="ssmwake")
    assert not asked("UpdateDocument", Name="ssmwake-2")
    assert not asked("UpdateDocument", region="us-east-1", Name="ssmwake")
    assert not asked("DeleteDocument", Name="ssmwake")
    assert not asked("ModifyDocumentPermission", Name="ssmwake")
    assert asked("ModifyLaunchTemplate", service="ec2", LaunchTemplateId="lt-1")
    assert not asked("ModifyLaunchTemplate", service="ec2", LaunchTemplateId="lt-2")


def test_the_printed_policies_are_those_and_dist_holds_the_one_of_the_empty_config() -> None:
    def printed(*arguments: str) -> Any:
        said = CliRunner().invoke(command, ["publish", *arguments])
        assert said.exit_code == 0
        return json.loads(said.stdout)

    assert printed("--print-policy") == publisher_policy.policy(Config())
    assert json.loads(Rendering(Config()).text("iam/publisher.json")) == publisher_policy.policy(Config())
    caller = printed("--account", ROLE, "--print-policy", "caller")
    assert caller["Statement"][0]["Action"] == ["sts:AssumeRole"]
    assert caller["Statement"][0]["Resource"] == [ROLE]
    assert "DeleteDocument" in str(printed("--prune", "--print-policy"))


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_the_partition_is_that_of_the_regions(region: str, partition: str) -> None:
    policy = publisher_policy.policy(from_settings({"publish": {"regions": [region]}}))
    arns: Iterable[str] = policy["Statement"][0]["Resource"]
    assert all(arn.startswith(f"arn:{partition}:ssm:") for arn in arns)
