"""The rescue as one stack, and the rule that starts it: names that fit each other, least policies, the right events."""

import json
import re
import warnings
from ast import literal_eval
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from cfnlint.decode.cfn_yaml import loads  # type: ignore[import-untyped]
from moto import mock_aws
from moto.events.models import EventPattern

from ssmwake.model import Config
from ssmwake.render import Rendering

REGION = "eu-central-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/rescue"


def template(name: str, config: Config | None = None) -> str:
    return Rendering(config or Config()).text(f"cloudformation/{name}.yaml")


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with warnings.catch_warnings(), mock_aws():
        warnings.filterwarnings("ignore", message="Tried to parse AWS::SQS::QueuePolicy")
        yield


def deployed(name: str, config: Config | None = None, **parameters: str) -> dict[str, str]:
    """Deploy a template; return its outputs."""
    client = boto3.client("cloudformation")
    client.create_stack(
        StackName="test",
        TemplateBody=template(name, config),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    stack = client.describe_stacks(StackName="test")["Stacks"][0]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def policies(outputs: dict[str, str]) -> tuple[Any, Any]:
    """The policies of the runbook's role and of who starts the runbook."""
    iam = boto3.client("iam")
    name = outputs["RoleArn"].rpartition("/")[2]
    # moto hands out the Python spelling of an inline policy.
    inline = iam.get_role_policy(RoleName=name, PolicyName="rescue")["PolicyDocument"]
    start = iam.get_policy_version(PolicyArn=outputs["StartPolicyArn"], VersionId="v1")["PolicyVersion"]["Document"]
    return inline, start


def statement(policy: Any, sid: str) -> Any:
    loaded = literal_eval(str(policy))
    # moto leaves a hole where AWS::NoValue is.
    return next((each for each in loaded["Statement"] if each and each["Sid"] == sid), None)


@pytest.mark.parametrize("names", [{}, {"CommandDocumentName": "mine", "RunbookName": "my-rescue"}])
def test_the_documents_the_role_and_the_policies_name_each_other(names: dict[str, str]) -> None:
    outputs = deployed("rescue", None, **names)
    command, runbook = names.get("CommandDocumentName", "ssmwake"), names.get("RunbookName", "ssmwake-rescue")
    assert (outputs["CommandDocument"], outputs["RescueRunbook"]) == (command, runbook)
    ssm = boto3.client("ssm")
    kinds = {each["Name"]: each["DocumentType"] for each in ssm.list_documents(Filters=OWN)["DocumentIdentifiers"]}
    assert kinds == {command: "Command", runbook: "Automation"}
    content = loads(template("rescue"))["Resources"]["RescueRunbook"]["Properties"]["Content"]
    steps = {step["name"]: step["inputs"] for step in content["mainSteps"]}
    assert steps["Repair"]["DocumentName"] == {"Ref": "CommandDocument"}
    role, start = policies(outputs)
    assert statement(role, "Repair")["Resource"] == f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/{command}"
    assert statement(start, "Start")["Resource"][1] == f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/{runbook}"
    assert statement(start, "RunItWithItsRole")["Resource"] == outputs["RoleArn"]


def test_only_systems_manager_of_this_account_may_take_the_role() -> None:
    name = deployed("rescue")["RoleArn"].rpartition("/")[2]
    trust = boto3.client("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    (only,) = trust["Statement"]
    assert only["Principal"] == {"Service": "ssm.amazonaws.com"}
    assert only["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}


@pytest.mark.parametrize(("role", "expected"), [("", []), ("web", ["role/web", "role/*/web"])])
def test_the_runbook_may_attach_the_roles_of_the_templates_and_the_one_that_is_named(
    role: str, expected: list[str]
) -> None:
    passed = statement(policies(deployed("rescue", InstanceRole=role))[0], "AttachOnlyTheseRoles")
    allowed = [each for each in passed["Resource"] if each]
    assert allowed == [f"arn:aws:iam::{ACCOUNT}:{what}" for what in ["role/ssmwake/*", *expected]]
    created = loads(template("launch-template"))["Resources"]["Role"]["Properties"]
    assert created["Path"] == "/ssmwake/"


def test_restarts_can_be_ruled_out() -> None:
    assert statement(policies(deployed("rescue"))[0], "FallbackWithConsent")
    boto3.client("cloudformation").delete_stack(StackName="test")
    without, _ = policies(deployed("rescue", AllowRestart="no"))
    assert "RebootInstances" not in str(without)


def test_documents_that_are_there_can_be_used() -> None:
    deployed("rescue", CreateDocuments="no")
    assert boto3.client("ssm").list_documents(Filters=OWN)["DocumentIdentifiers"] == []


OWN: Any = [{"Key": "Owner", "Values": ["Self"]}]


def test_a_template_refuses_one_name_for_both_documents() -> None:
    for name in ("documents", "rescue"):
        (rule,) = loads(template(name))["Rules"].values()
        assert rule["Assertions"][0]["Assert"] == {
            "Fn::Not": [{"Fn::Equals": [{"Ref": "CommandDocumentName"}, {"Ref": "RunbookName"}]}]
        }


def rules() -> dict[str, Any]:
    """The rules as they are in the account, each with its pattern and its target."""
    deployed("on-attach", RunbookRoleArn=ROLE, Fallback="reboot")
    events = boto3.client("events")
    found = {}
    for rule in events.list_rules()["Rules"]:
        (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        pattern = rule["EventPattern"]
        found["Replaced" if "Replace" in pattern else "Attached"] = {"pattern": pattern, "target": target}
    assert len(found) == 2
    return found


INSTANCE = "i-0123456789abcdef0"


def event(name: str, by: str | None = None, **changes: Any) -> dict[str, Any]:
    """An event of CloudTrail for a call that attached something; the shapes are those of its logs."""
    detail: dict[str, Any] = {
        "eventSource": "ec2.amazonaws.com",
        "eventName": name,
        "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/alice"},
    }
    if by:
        issuer = {"type": "Role", "arn": by}
        detail["userIdentity"] = {"type": "AssumedRole", "sessionContext": {"sessionIssuer": issuer}}
    if name == "AssociateIamInstanceProfile":
        detail["requestParameters"] = {
            "AssociateIamInstanceProfileRequest": {"InstanceId": INSTANCE, "IamInstanceProfile": {"Name": "web"}}
        }
    else:
        detail["requestParameters"] = {"ReplaceIamInstanceProfileAssociationRequest": {"AssociationId": "iip-assoc-1"}}
        detail["responseElements"] = {
            "ReplaceIamInstanceProfileAssociationResponse": {"iamInstanceProfileAssociation": {"instanceId": INSTANCE}}
        }
    detail.update(changes)
    return {"source": "aws.ec2", "detail-type": "AWS API Call via CloudTrail", "detail": detail}


@pytest.mark.parametrize(
    ("happened", "starts"),
    [
        (event("AssociateIamInstanceProfile"), "Attached"),
        (event("ReplaceIamInstanceProfileAssociation"), "Replaced"),
        (event("AssociateIamInstanceProfile", by=f"arn:aws:iam::{ACCOUNT}:role/admin"), "Attached"),
        (event("ReplaceIamInstanceProfileAssociation", by=f"arn:aws:iam::{ACCOUNT}:role/admin"), "Replaced"),
        # What the runbook attaches itself would start a second one for the same instance.
        (event("AssociateIamInstanceProfile", by=ROLE), ""),
        (event("ReplaceIamInstanceProfileAssociation", by=ROLE), ""),
        (event("AssociateIamInstanceProfile", errorCode="Client.IncorrectState"), ""),
        (event("ReplaceIamInstanceProfileAssociation", errorCode="Client.UnauthorizedOperation"), ""),
        (event("ReplaceIamInstanceProfileAssociation", responseElements=None), ""),
        (event("DisassociateIamInstanceProfile"), ""),
        (event("RunInstances"), ""),
    ],
)
def test_a_profile_that_was_attached_starts_the_runbook_and_a_call_that_failed_does_not(
    happened: Any, starts: str
) -> None:
    matching = [name for name, rule in rules().items() if EventPattern.load(rule["pattern"]).matches_event(happened)]
    assert matching == ([starts] if starts else [])


def test_the_target_is_the_runbook_with_the_instance_of_the_event() -> None:
    parameters = loads(template("rescue"))["Resources"]["RescueRunbook"]["Properties"]["Content"]["parameters"]
    for name, rule in rules().items():
        target = rule["target"]
        assert target["Arn"] == f"arn:aws:ssm:{REGION}:{ACCOUNT}:automation-definition/ssmwake-rescue:$DEFAULT"
        transformer = target["InputTransformer"]
        (path,) = transformer["InputPathsMap"].values()
        value: Any = event(
            "AssociateIamInstanceProfile" if name == "Attached" else "ReplaceIamInstanceProfileAssociation"
        )
        for key in path.removeprefix("$.").split("."):
            value = value[key]
        given = json.loads(transformer["InputTemplate"].replace("<instance>", json.dumps(value)))
        assert given == {"InstanceId": [INSTANCE], "Fallback": ["reboot"], "AutomationAssumeRole": [ROLE]}
        for key, (chosen,) in given.items():
            allowed = parameters[key]
            assert re.fullmatch(allowed.get("allowedPattern", ".*"), chosen)
            assert chosen in allowed.get("allowedValues", [chosen])


def test_what_cannot_be_started_goes_to_a_queue_that_only_the_rules_write_to() -> None:
    resources = loads(template("on-attach"))["Resources"]
    queue = {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    for name in ("Attached", "Replaced"):
        (target,) = resources[name]["Properties"]["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": queue}
    (allowed,) = resources["DeadLettersPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (allowed["Principal"], allowed["Action"], allowed["Resource"]) == (
        {"Service": "events.amazonaws.com"},
        "sqs:SendMessage",
        queue,
    )
    assert allowed["Condition"]["ArnEquals"]["aws:SourceArn"] == [
        {"Fn::GetAtt": ["Attached", "Arn"]},
        {"Fn::GetAtt": ["Replaced", "Arn"]},
    ]


def test_the_rule_may_start_the_runbook_and_nothing_else() -> None:
    (inline,) = loads(template("on-attach"))["Resources"]["Role"]["Properties"]["Policies"]
    actions = [each["Action"] for each in inline["PolicyDocument"]["Statement"]]
    assert actions == ["ssm:StartAutomationExecution", "iam:PassRole"]
    # It attaches nothing itself: the parameter InstanceProfile stays empty, which keeps what is attached.
    assert "InstanceProfile" not in json.loads(
        re.sub(r"<\w+>", '""', next(iter(rules().values()))["target"]["InputTransformer"]["InputTemplate"])
    )


def test_the_terraform_module_has_the_same_patterns() -> None:
    text = Rendering(Config()).text("terraform/modules/on-attach/main.tf")
    for name in ("Attached", "Replaced"):
        properties = loads(template("on-attach"))["Resources"][name]["Properties"]
        (path,) = properties["Targets"][0]["InputTransformer"]["InputPathsMap"].values()
        assert f'"{path}"' in text
        assert f'"{properties["EventPattern"]["detail"]["eventName"][0]}"' in text


def test_the_paths_of_the_pattern_are_members_of_the_calls() -> None:
    service = botocore.session.get_session().get_service_model("ec2")
    associate = service.operation_model("AssociateIamInstanceProfile")
    assert "InstanceId" in associate.input_shape.members  # type: ignore[union-attr]
    replace = service.operation_model("ReplaceIamInstanceProfileAssociation")
    assert "InstanceId" not in replace.input_shape.members  # type: ignore[union-attr]
    answer: Any = replace.output_shape.members["IamInstanceProfileAssociation"]  # type: ignore[union-attr]
    assert answer.members["InstanceId"].serialization["name"] == "instanceId"
    assert answer.serialization["name"] == "iamInstanceProfileAssociation"
