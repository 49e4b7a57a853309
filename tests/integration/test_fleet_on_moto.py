"""The documents of dist/, in three regions of two accounts: published, changed by one byte, promoted, rolled back."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from click.testing import CliRunner, Result

from ssmwake.cli import command
from ssmwake.publish import (
    Desired,
    Document,
    DocumentType,
    LaunchTemplate,
    Outcome,
    Place,
    Plan,
    PromoteNamed,
    Publish,
    RollBack,
    execute,
    plan,
)
from ssmwake.publish.desired import user_data_name
from support.front import Front

DIST = Path(__file__).parents[2] / "dist" / "ssm"
TYPES = {"command": DocumentType.COMMAND, "automation": DocumentType.AUTOMATION}
REGIONS = ("eu-west-1", "us-east-1", "ap-southeast-2")
ROLES = ("arn:aws:iam::111111111111:role/publisher", "arn:aws:iam::222222222222:role/publisher")
PLACES = tuple(Place(region, role) for role in ROLES for region in REGIONS)


def committed(change: tuple[str, str] = ("", "")) -> Desired:
    """The documents as dist/ holds them, with one text replaced by another."""
    return Desired(
        tuple(
            Document(f"ssmwake-{path.stem}", TYPES[path.stem], path.read_text().replace(*change, 1), {"team": "web"})
            for path in sorted(DIST.glob("*.yaml"))
        )
    )


def done(planned: Plan) -> None:
    """Execute a plan that must succeed everywhere."""
    assert planned.failures == ()
    results = execute(planned)
    assert {result.failure for result in results} == {""}
    assert {result.outcome for result in results} == {Outcome.DONE if planned.changes else Outcome.UNCHANGED}


def client(place: Place, service: str = "ssm") -> Any:
    """A client that looks at a place by itself."""
    if not place.role:
        return boto3.client(service, region_name=place.region)  # type: ignore[call-overload]
    keys = boto3.client("sts", region_name=place.region).assume_role(RoleArn=place.role, RoleSessionName="test")
    return boto3.client(  # type: ignore[call-overload]
        service,
        region_name=place.region,
        aws_access_key_id=keys["Credentials"]["AccessKeyId"],
        aws_secret_access_key=keys["Credentials"]["SecretAccessKey"],
        aws_session_token=keys["Credentials"]["SessionToken"],
    )


def test_dist_is_published_changed_promoted_and_rolled_back_in_three_regions_and_two_accounts(moto: Front) -> None:
    first, second = committed(), committed((" instance", " Instance"))
    assert [document.name for document in first.documents] == ["ssmwake-automation", "ssmwake-command"]
    assert all(one.text != other.text for one, other in zip(first.documents, second.documents, strict=True))

    def defaults() -> set[tuple[str, str]]:
        seen = set()
        for place in PLACES:
            ssm = client(place)
            for document in first.documents:
                there = ssm.describe_document(Name=document.name)["Document"]
                seen.add((there["DefaultVersion"], there["LatestVersion"]))
        return seen

    done(plan(first, PLACES))
    assert defaults() == {("1", "1")}
    owners = {client(place).describe_document(Name=first.documents[0].name)["Document"]["Owner"] for place in PLACES}
    assert owners == {"111111111111", "222222222222"}
    assert not plan(first, PLACES).changes

    done(plan(second, PLACES, Publish(promote=False)))
    assert defaults() == {("1", "2")}
    assert not plan(second, PLACES, Publish(promote=False)).changes

    names = tuple(document.version_name for document in second.documents)
    done(plan(second, PLACES, PromoteNamed(names)))
    assert defaults() == {("2", "2")}
    assert not plan(second, PLACES).changes

    done(plan(second, PLACES, RollBack()))
    assert defaults() == {("1", "2")}
    assert not plan(first, PLACES).changes


def test_spaces_comments_and_order_are_not_a_change(moto: Front) -> None:
    (document, *_) = committed().documents
    done(plan(Desired((document,)), PLACES[:1]))
    content = yaml.safe_load(document.text)
    other = json.dumps(dict(reversed(content.items())), indent=7) + "\n# a remark\n"
    assert not plan(Desired((Document(document.name, document.type, other, document.tags),)), PLACES[:1]).changes


def test_a_role_is_assumed_once_for_all_regions_of_its_account(moto: Front) -> None:
    plan(committed(), PLACES)
    assert sorted(call.parameters["RoleArn"] for call in moto.calls if call.operation == "AssumeRole") == sorted(ROLES)


def template(moto: Front, **data: Any) -> Any:
    ec2 = client(Place("eu-west-1"), "ec2")
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"InstanceType": "t3.micro", **data})
    return ec2


def test_a_launch_template_gets_one_new_version_with_only_the_user_data_changed(moto: Front) -> None:
    ec2 = template(moto, UserData="b2xk")
    places = (Place("eu-west-1"),)
    done(plan(Desired(launch_templates=(LaunchTemplate("web", b"new"),)), places))
    (call,) = [call for call in moto.calls if call.operation == "CreateLaunchTemplateVersion"]
    assert call.parameters["SourceVersion"] == "1"
    assert call.parameters["LaunchTemplateData"] == {"UserData": "bmV3"}
    assert ec2.describe_launch_templates()["LaunchTemplates"][0]["DefaultVersionNumber"] == 1
    assert not plan(Desired(launch_templates=(LaunchTemplate("web", b"new"),)), places).changes

    promoting = Desired(launch_templates=(LaunchTemplate("web", b"new", promote=True),))
    done(plan(promoting, places))
    assert ec2.describe_launch_templates()["LaunchTemplates"][0]["DefaultVersionNumber"] == 2
    assert not plan(promoting, places).changes

    done(plan(promoting, places, RollBack()))
    assert ec2.describe_launch_templates()["LaunchTemplates"][0]["DefaultVersionNumber"] == 1
    done(plan(promoting, places, PromoteNamed((user_data_name(b"new"),))))
    there = ec2.describe_launch_templates()["LaunchTemplates"][0]
    assert (there["DefaultVersionNumber"], there["LatestVersionNumber"]) == (2, 2)


def test_user_data_that_ec2_would_refuse_is_refused_before_any_call_that_writes(moto: Front) -> None:
    template(moto)
    before = len(moto.calls)
    planned = plan(Desired(launch_templates=(LaunchTemplate("web", b"x" * 16_385),)), (Place("eu-west-1"),))
    (line,) = planned.places[0].unplanned
    assert line.startswith("16,385 bytes of user data for launch template web, EC2 takes 16,384")
    assert not any(call.writes for call in moto.calls[before:])


def run(*arguments: str, given: str | None = None) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(command, ["publish", *arguments], input=given)


def test_the_command_line_checks_publishes_and_then_finds_nothing_to_do(moto: Front) -> None:
    where = ("--region", "eu-west-1", "--region", "us-east-1", "--account", ROLES[0])
    check = run(*where, "--check")
    assert check.exit_code == 1
    assert check.stdout.startswith("111111111111, eu-west-1, us-east-1\n  as arn:aws:sts::111111111111:")
    assert "\n  create ssmwake (Command document)" in check.stdout
    assert check.stderr.splitlines()[-1] == "4 to create in 111111111111, eu-west-1, us-east-1"
    assert "+schemaVersion:" not in check.stdout
    assert "+schemaVersion:" in run(*where, "--check", "--diff").stdout
    assert not any(call.writes for call in moto.calls)

    published = run(*where, "--yes")
    assert published.exit_code == 0, published.output
    assert [line.split()[:3] for line in published.stdout.splitlines()[1:]] == [
        ["111111111111", "eu-west-1", "done"],
        ["111111111111", "us-east-1", "done"],
    ]
    assert run(*where, "--check").exit_code == 0
    said = json.loads(run(*where, "--yes", "--json").stdout)
    assert said["ok"]
    assert {place["outcome"] for place in said["places"]} == {"unchanged"}


def test_without_a_terminal_it_does_not_begin_to_ask(moto: Front) -> None:
    refused = run("--region", "eu-west-1")
    assert refused.exit_code == 2
    assert "publish asks on a terminal, and stdin is not one" in refused.output
    assert "--yes" not in refused.output
    assert moto.calls == []


@pytest.mark.parametrize("arguments", [("--promote", "v-1", "--rollback"), ("--rollback", "--no-promote")])
def test_one_thing_at_a_time(moto: Front, arguments: tuple[str, ...]) -> None:
    assert run("--region", "eu-west-1", "--yes", *arguments).exit_code == 2
    assert moto.calls == []
