"""The CloudFormation templates: linted, deployed to a fake account, and what comes back compared byte for byte."""

import base64
import gzip
import json
import os
import re
import subprocess
import sys
import textwrap
import warnings
from ast import literal_eval
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from cfnlint.decode.cfn_yaml import loads  # type: ignore[import-untyped]
from moto import mock_aws

from ssmwake.cloud_init.parts import Part
from ssmwake.cloud_init.reader import read
from ssmwake.cloud_init.size import LIMIT
from ssmwake.model import Config, UserDataFormat, UserDataSettings
from ssmwake.render import Rendering
from ssmwake.render.cloudformation import LONGEST_STACK_NAME, WITH_USER_DATA, user_data_of_stack
from ssmwake.render.runtime import carried

TEMPLATES = ("documents", "launch-template", "instance", "rescue", "on-attach")
# A template that is sent with the request: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
INLINE = 51_200
REGION = "eu-central-1"


def template(name: str, config: Config | None = None, parts: tuple[Part, ...] = ()) -> str:
    return Rendering(config or Config(), parts).text(f"cloudformation/{name}.yaml")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with warnings.catch_warnings(), mock_aws():
        # moto has no associations and no wait conditions in stacks, and says so.
        warnings.filterwarnings(
            "ignore", message="Tried to parse AWS::(SSM::Association|CloudFormation::WaitCondition)"
        )
        yield


def deployed(text: str, **parameters: str) -> dict[str, str]:
    """Deploy a template; return the physical id of each resource."""
    client = boto3.client("cloudformation", region_name=REGION)
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    client.create_stack(
        StackName="test",
        TemplateBody=text,
        Parameters=given,
        Capabilities=["CAPABILITY_IAM"],
    )
    found = client.describe_stack_resources(StackName="test")["StackResources"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found if "LogicalResourceId" in each}


def template_data(launch_template: str) -> dict[str, Any]:
    ec2 = boto3.client("ec2", region_name=REGION)
    versions = ec2.describe_launch_template_versions(LaunchTemplateId=launch_template)["LaunchTemplateVersions"]
    return dict(versions[0]["LaunchTemplateData"])


def user_data(launch_template: str) -> bytes:
    return base64.b64decode(template_data(launch_template)["UserData"])


def lint(folder: Path, *names: str) -> str:
    """Everything that cfn-lint says, in all regions, warnings and remarks too."""
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "-r", "ALL_REGIONS", "-c", "I", "W", "E", "--", *names],
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert bool(done.returncode) == bool(done.stdout), done.stderr
    return done.stdout


def test_cfn_lint_reports_nothing_at_all(tmp_path: Path) -> None:
    for name in TEMPLATES:
        (tmp_path / f"{name}.yaml").write_text(template(name))
    assert lint(tmp_path, *(f"{name}.yaml" for name in TEMPLATES)) == ""


def test_cfn_lint_reports_nothing_in_a_template_with_the_fragments(tmp_path: Path) -> None:
    rendering = Rendering(Config())
    text = {
        path.rpartition("/")[2].removesuffix(".yaml"): rendering.text(path)
        for path in rendering.paths()
        if path.startswith("cloudformation/fragments/")
    }
    assert set(text) == {"association", "command", "conditions", "parameters", "role", "user-data"}
    pasted = "AWSTemplateFormatVersion: '2010-09-09'\nDescription: pasted together\nParameters:\n"
    pasted += textwrap.indent(text["parameters"], "  ") + "Conditions:\n"
    pasted += textwrap.indent(text["conditions"], "  ") + "Resources:\n"
    pasted += "".join(textwrap.indent(text[name], "  ") for name in ("role", "command", "association"))
    pasted += "  Instance:\n    Type: AWS::EC2::Instance\n    Properties:\n      ImageId: ami-0123456789abcdef0\n"
    pasted += "      IamInstanceProfile: !Ref InstanceProfile\n" + textwrap.indent(text["user-data"], "      ")
    (tmp_path / "pasted.yaml").write_text(pasted)
    assert lint(tmp_path, "pasted.yaml") == ""
    found = loads(pasted)["Resources"]["Instance"]["Properties"]["UserData"]["Fn::Base64"]
    assert found == rendering.text("user-data/cloud-config.yaml")


def test_cfn_lint_knows_every_action_of_the_policies(tmp_path: Path) -> None:
    rendering = Rendering(Config())
    policies = {
        name: json.loads(rendering.text(f"iam/{name}.json"))
        for name in ("instance", "runbook", "runbook-start", "publisher")
    }
    resources = {
        name.replace("-", ""): {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": policy}}
        for name, policy in policies.items()
    }
    resources = json.loads(json.dumps(resources).replace("ACCOUNT_ID", "123456789012"))
    (tmp_path / "right.json").write_text(json.dumps({"Resources": resources}))
    assert lint(tmp_path, "right.json") == ""
    (tmp_path / "wrong.json").write_text(json.dumps({"Resources": resources}).replace("ssm:", "ssm:X"))
    assert "W3037" in lint(tmp_path, "wrong.json")


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_can_be_sent_with_the_request(name: str) -> None:
    assert len(template(name).encode()) < INLINE


@pytest.mark.parametrize("form", UserDataFormat)
@pytest.mark.usefixtures("aws")
def test_the_user_data_of_the_launch_template_is_ours_with_the_settings_of_the_stack(form: UserDataFormat) -> None:
    config = Config(timeout=900, on_ready=("echo 'ü'",), user_data=UserDataSettings(format=form))
    text = user_data(deployed(template("launch-template", config))["LaunchTemplate"]).decode()
    head, _, rest = text.partition("conf='SSMWAKE_CARRIER=stack test\nSSMWAKE_TIMEOUT=900'\non_ready='")
    assert head.startswith("#!/bin/sh\n")
    assert head.endswith("\n(\n")
    commands, _, script = rest.partition("'\n")
    assert base64.b64decode(commands).decode() == "#!/bin/sh\nset -e\necho 'ü'\n"
    assert script == Rendering(config).text("terraform/modules/content/user-data.tail")


@pytest.mark.usefixtures("aws")
def test_the_user_data_of_a_template_fits_with_the_longest_name_that_a_stack_can_have() -> None:
    data = user_data_of_stack(Config(), ())
    assert not data.packed
    name = "a" * LONGEST_STACK_NAME
    assert len((data.before + data.settings.replace("${AWS::StackName}", name) + data.after).encode()) <= LIMIT
    assert data.size <= LIMIT


def held_by(launch_template: str) -> list[Part]:
    data = user_data(launch_template)
    assert data[:2] == b"\x1f\x8b"
    assert len(data) <= LIMIT
    return list(read("-", data))


@pytest.mark.usefixtures("aws")
def test_user_data_that_does_not_fit_as_text_is_packed(tmp_path: Path) -> None:
    config = Config(on_ready=tuple(f"echo {number * number}" for number in range(400)))
    for name in WITH_USER_DATA:
        (tmp_path / f"{name}.yaml").write_text(template(name, config))
    assert lint(tmp_path, *(f"{name}.yaml" for name in WITH_USER_DATA)) == ""
    (part,) = held_by(deployed(template("launch-template", config))["LaunchTemplate"])
    files = {file["path"]: file["content"] for file in yaml.safe_load(part.text)["write_files"]}
    assert files["/var/lib/ssmwake/ssmwake"] == carried()
    assert files["/etc/ssmwake.on-ready"].endswith("echo 159201\n")


@pytest.mark.usefixtures("aws")
def test_what_is_there_can_be_used_and_a_boundary_is_set() -> None:
    iam = boto3.client("iam", region_name=REGION)
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName="mine")
    resources = deployed(template("launch-template"), InstanceProfileName="mine")
    assert template_data(resources["LaunchTemplate"])["IamInstanceProfile"] == {"Name": "mine"}
    assert {"Role", "InstanceProfile"}.isdisjoint(resources)
    boto3.client("cloudformation", region_name=REGION).delete_stack(StackName="test")
    resources = deployed(template("launch-template"), RoleName="mine")
    profile = iam.get_instance_profile(InstanceProfileName=resources["InstanceProfile"])["InstanceProfile"]
    assert [each["RoleName"] for each in profile["Roles"]] == ["mine"]
    boto3.client("cloudformation", region_name=REGION).delete_stack(StackName="test")
    boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
    resources = deployed(template("launch-template"), PermissionsBoundary=boundary)
    role = iam.get_role(RoleName=resources["Role"])["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary


@pytest.mark.parametrize("name", ["launch-template", "instance"])
@pytest.mark.usefixtures("aws")
def test_a_template_that_creates_its_role_does_not_wait_for_another_one(name: str) -> None:
    text = template(name, Config(role="web"))
    assert "RoleName: web" not in text
    assert "SSMWAKE_ROLE" not in text
    subnet = boto3.client("ec2", region_name=REGION).describe_subnets()["Subnets"][0]["SubnetId"]
    given = {"SubnetId": subnet} if name == "instance" else {}
    assert b"SSMWAKE_ROLE" not in user_data(deployed(text, **given)["LaunchTemplate"])
    packed = template(name, Config(role="web"), read("a.sh", b"#!/bin/sh\ntrue\n"))
    boto3.client("cloudformation", region_name=REGION).delete_stack(StackName="test")
    parts = held_by(deployed(packed, **given)["LaunchTemplate"])
    assert not any(b"SSMWAKE_ROLE=web" in part.body for part in parts)


@pytest.mark.parametrize("given", ["ami-0123456789abcdef0", "/mine/image"])
@pytest.mark.usefixtures("aws")
def test_an_image_is_given_by_its_id_or_by_the_name_of_a_parameter(given: str) -> None:
    data = template_data(deployed(template("launch-template"), ImageId=given)["LaunchTemplate"])
    # moto leaves a dynamic reference as it is; CloudFormation puts the value of the parameter there.
    assert data["ImageId"] == (given if given.startswith("ami-") else f"{{{{resolve:ssm:{given}}}}}")


@pytest.mark.usefixtures("aws")
def test_the_association_of_a_stack_finds_the_instances_of_this_stack_and_no_others() -> None:
    tags = template_data(deployed(template("launch-template"))["LaunchTemplate"])["TagSpecifications"][0]["Tags"]
    assert tags == [{"Key": "ssmwake", "Value": "managed"}, {"Key": "ssmwake:stack", "Value": "test"}]
    association = resources_of(template("launch-template"))["Association"]["Properties"]
    assert association["Targets"] == [
        {
            "Key": {"Fn::Sub": "tag:${TagKey}"},
            "Values": [{"Fn::If": ["TagIsStackName", {"Ref": "AWS::StackName"}, {"Ref": "TagValue"}]}],
        }
    ]
    # With the key of the consent for a key of its own, an instance has that tag once.
    data = resources_of(template("launch-template"))["LaunchTemplate"]["Properties"]["LaunchTemplateData"]
    consent = {"Key": "ssmwake", "Value": "managed"}
    assert data["TagSpecifications"][0]["Tags"][0] == {"Fn::If": ["TagIsConsent", {"Ref": "AWS::NoValue"}, consent]}


@pytest.mark.usefixtures("aws")
def test_the_launch_template_asks_for_imdsv2_and_carries_the_profile() -> None:
    resources = deployed(template("launch-template"))
    data = template_data(resources["LaunchTemplate"])
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["IamInstanceProfile"]["Name"] == resources["InstanceProfile"]
    iam = boto3.client("iam", region_name=REGION)
    policy = iam.get_role_policy(RoleName=resources["Role"], PolicyName="ssm-agent")["PolicyDocument"]
    # moto hands out the Python spelling of it.
    assert literal_eval(str(policy)) == json.loads(Rendering(Config()).text("iam/instance.json"))


LARGE = "".join(f"echo 'step {number}: {number**5:x}'\n" for number in range(160))


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("name", WITH_USER_DATA)
def test_a_script_and_a_cloud_config_of_some_kilobytes_fit_into_each_template(name: str, tmp_path: Path) -> None:
    config = Config(on_ready=("aws s3 ls '{{ x }}'",))
    own_config = f"#cloud-config\nwrite_files:\n- path: /etc/app\n  content: |\n{textwrap.indent(LARGE[:3000], '    ')}"
    parts = (*read("a.yaml", own_config.encode()), *read("b.sh", f"#!/bin/sh\necho ü\n{LARGE}".encode()))
    assert sum(len(part.body) for part in parts) > 7000
    text = template(name, config, parts)
    (tmp_path / "a.yaml").write_text(text)
    assert lint(tmp_path, "a.yaml") == ""
    assert len(text.encode()) < INLINE
    subnet = boto3.client("ec2", region_name=REGION).describe_subnets()["Subnets"][0]["SubnetId"]
    given = {"SubnetId": subnet} if name == "instance" else {}
    *own, ours = held_by(deployed(text, **given)["LaunchTemplate"])
    assert [part.body for part in own] == [part.body for part in parts]
    assert b"SSMWAKE_CARRIER=ssmwake\n" in ours.body
    fragment = yaml.safe_load(Rendering(config, parts).text("cloudformation/fragments/user-data.yaml"))["UserData"]
    assert len(base64.b64decode(fragment)) <= LIMIT
    assert [part.body for part in read("-", base64.b64decode(fragment))][:2] == [part.body for part in parts]
    if name == "launch-template":
        # Or its own association would keep the settings of its own user data for ever.
        document = resources_of(text)["CommandDocument"]["Properties"]["Content"]
        assert document["parameters"]["Carrier"]["default"] == "ssmwake"


@pytest.mark.parametrize(
    ("with_", "resource", "url"),
    [("cfn-signal", "Instance", r""), ("url", "InstanceWithoutHelper", r"arn:[^']+")],
)
@pytest.mark.usefixtures("aws")
def test_the_stack_waits_until_the_agent_of_its_instance_has_run_a_document(
    with_: str, resource: str, url: str
) -> None:
    subnet = boto3.client("ec2", region_name=REGION).describe_subnets()["Subnets"][0]["SubnetId"]
    # moto has no wait condition; a topic stands in for what has a Ref.
    text = template("instance").replace("AWS::CloudFormation::WaitConditionHandle", "AWS::SNS::Topic")
    resources = deployed(text, SubnetId=subnet, SignalWith=with_)
    assert resource in resources
    assert user_data(resources["LaunchTemplate"]).startswith(b"#!/bin/sh\n")
    content = boto3.client("ssm", region_name=REGION).get_document(Name=resources["TellStack"])["Content"]
    (step,) = literal_eval(content)["mainSteps"]
    settings, target, script = step["inputs"]["runCommand"]
    assert settings == "stack='test' region='eu-central-1'"
    assert re.fullmatch(rf"resource={resource} url='{url}'", target)
    assert "\ntell_stack() {\n" in script
    tags = template_data(resources["LaunchTemplate"])["TagSpecifications"][0]["Tags"]
    assert {"Key": "ssmwake:stack", "Value": "test"} in tags
    association = resources_of(text)["TellStackWhenOnline"]["Properties"]
    assert association["Name"] == {"Ref": "TellStack"}
    assert association["Targets"] == [{"Key": "tag:ssmwake:stack", "Values": [{"Ref": "AWS::StackName"}]}]
    # Whatever is waited for must be able to start while the stack waits.
    assert "DependsOn" not in resources_of(text)["TellStackWhenOnline"]
    assert "Instance" not in json.dumps(association)


@pytest.mark.usefixtures("aws")
def test_the_documents_come_back_as_they_were_rendered() -> None:
    resources = deployed(template("documents"))
    content = resources_of(template("documents"))
    command = content["CommandDocument"]["Properties"]["Content"]
    script = command["mainSteps"][0]["inputs"]["runCommand"][0]
    # The mark grows where the base64 happens to hold it.
    held = re.search(r"<<'(END_*)' \| gzip -d >.*\n([^']+?)\1\n", script)
    assert held
    assert gzip.decompress(base64.b64decode(held[2])).decode() == carried()
    plain = yaml.safe_load(Rendering(Config()).text("ssm/command.yaml"))
    plain["mainSteps"][0]["inputs"]["runCommand"] = [script]
    plain["parameters"]["Carrier"]["default"] = {"Fn::Sub": "stack ${AWS::StackName}"}
    assert command == plain
    runbook = yaml.safe_load(Rendering(Config()).text("ssm/automation.yaml"))
    steps = {step["name"]: step["inputs"] for step in runbook["mainSteps"]}
    steps["Repair"]["DocumentName"] = steps["Confirm"]["InputPayload"]["CommandDocument"] = {"Ref": "CommandDocument"}
    assert content["RescueRunbook"]["Properties"]["Content"] == runbook
    ssm = boto3.client("ssm", region_name=REGION)
    kinds = {each["Name"]: each["DocumentType"] for each in ssm.list_documents(Filters=OWN)["DocumentIdentifiers"]}
    assert kinds == {resources["CommandDocument"]: "Command", resources["RescueRunbook"]: "Automation"}


@pytest.mark.usefixtures("aws")
def test_a_stack_set_puts_the_documents_into_each_region() -> None:
    client = boto3.client("cloudformation", region_name=REGION)
    client.create_stack_set(StackSetName="ssmwake", TemplateBody=template("documents"))
    regions = ["eu-central-1", "us-gov-west-1", "ap-south-2"]
    client.create_stack_instances(StackSetName="ssmwake", Accounts=["123456789012"], Regions=regions)
    for region in regions:
        found = boto3.client("ssm", region_name=region).list_documents(Filters=OWN)["DocumentIdentifiers"]
        assert sorted(each["DocumentType"] for each in found) == ["Automation", "Command"], region


OWN: Any = [{"Key": "Owner", "Values": ["Self"]}]


def resources_of(text: str) -> dict[str, Any]:
    return json.loads(json.dumps(loads(text)["Resources"]))  # type: ignore[no-any-return]


def test_a_stack_set_can_put_the_documents_anywhere() -> None:
    text = template("documents")
    for name, resource in resources_of(text).items():
        assert not {"DocumentName", "AssociationName", "RoleName"} & resource["Properties"].keys(), name
        if resource["Type"] == "AWS::SSM::Document":
            assert resource["Properties"]["Name"]["Ref"] in ("CommandDocumentName", "RunbookName")
    assert not re.search(r"\b(us|eu|ap|sa|ca|me|af|il|cn)-[a-z]+-[0-9]\b", text)
    assert not re.search(r"\b[0-9]{12}\b", text)


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        ("TagKey", ["ssmwake", "team:ssm", "a b"], ["", "a$", "a+b", "aws:x", "AWS:x", "a" * 129]),
        ("TagValue", ["", "managed", "a+b c"], ["a$", "a" * 257]),
        (
            "ImageId",
            ["ami-12345678", "ami-0123456789abcdef0", "/aws/service/x"],
            ["", "ami-1", "x", "ami-0123456789abcdefg"],
        ),
        ("RoleName", ["", "web+=,.@-_"], ["a b", "arn:aws:iam::123456789012:role/web", "a/b"]),
        ("InstanceProfileName", ["", "web"], ["a/b", "a" * 129]),
        ("PermissionsBoundary", ["", "arn:aws:iam::aws:policy/X", "arn:aws-cn:iam::123456789012:policy/a/b"], ["x"]),
        (
            "Schedule",
            [
                "rate(30 minutes)",
                "rate(1 hour)",
                "rate(12 hours)",
                "rate(1 day)",
                "rate(30 days)",
                "cron(0 2 ? * SUN *)",
                "rate(43200 minutes)",
                "rate(720 hours)",
            ],
            [
                "rate(29 minutes)",
                "rate(1 days)",
                "rate(2 hour)",
                "rate(31 days)",
                "daily",
                "rate(1 day); x",
                "cron()",
                "cron(bogus)",
                "rate(43201 minutes)",
                "rate(721 hours)",
                "rate(1 minutes)",
            ],
        ),
        ("InstanceType", ["t3.micro", "u-6tb1.112xlarge"], ["t3", "T3.micro", "t3.micro;"]),
    ],
)
def test_a_parameter_takes_what_aws_takes_and_nothing_else(parameter: str, good: list[str], bad: list[str]) -> None:
    rules = loads(template("launch-template"))["Parameters"][parameter]
    assert [value for value in good if not re.fullmatch(rules["AllowedPattern"], value)] == []
    assert [value for value in bad if re.fullmatch(rules["AllowedPattern"], value)] == []
    assert re.fullmatch(rules["AllowedPattern"], rules["Default"])


@pytest.mark.parametrize("timeout", [1, 600, 3600, 86_400])
def test_the_stack_waits_longer_than_the_runtime_does(timeout: int) -> None:
    text = template("instance", replace(Config(), timeout=timeout))
    stack = int(re.search(r"Timeout: PT([0-9]+)M", text)[1]) * 60  # type: ignore[index]
    condition = int(re.search(r'Timeout: "([0-9]+)"', text)[1])  # type: ignore[index]
    assert stack == condition
    # CloudFormation waits for twelve hours at the most.
    assert min(timeout + 900, 43_200) <= stack <= 43_200
