"""What AWS, the network or the credentials refuse is one line that says what to do."""

import time
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner

from ssmwake.cli import command
from ssmwake.publish import (
    Desired,
    Document,
    DocumentType,
    LaunchTemplate,
    Outcome,
    Place,
    PromoteNamed,
    Publish,
    RollBack,
    execute,
)
from support.accounts import HERE, KEY, done, failure, planned, published, state, wanted
from support.fake_ssm import FakeSsm
from support.front import Answer, Call, Front, error

ARN = "arn:aws:ssm:eu-west-1:123456789012:document/wake"


def only(operation: str, code: str, message: str = "no", status: int = 400) -> Callable[[Call], Answer | None]:
    """Spoil one operation for ever."""
    return lambda call: error(call, code, message, status) if call.operation == operation else None


@pytest.mark.parametrize("code", ["TooManyUpdates", "ThrottlingException"])
def test_a_throttled_call_is_tried_again(code: str, fake: FakeSsm, front: Front) -> None:
    left = {"CreateDocument": 3, "GetDocument": 2}

    def spoil(call: Call) -> Answer | None:
        left[call.operation] = left.get(call.operation, 0) - 1
        return error(call, code, "Rate exceeded") if left[call.operation] >= 0 else None

    front.spoil = spoil
    done(wanted("one"))
    assert set(state(fake)) == {"wake", "rescue"}


@pytest.mark.parametrize(
    ("operation", "code", "message", "said"),
    [
        (
            "UpdateDocument",
            "ThrottlingException",
            "Rate exceeded",
            "ssm:UpdateDocument was throttled too often (ThrottlingException); try again later",
        ),
        (
            "GetDocument",
            "ExpiredTokenException",
            "The security token included in the request is expired",
            "the credentials have expired; renew them, for example with aws sso login, and try again",
        ),
        (
            "GetDocument",
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            "the credentials are not accepted in eu-west-1 (UnrecognizedClientException)",
        ),
        (
            "UpdateDocument",
            "AccessDeniedException",
            f"User: arn:aws:sts::1:role/x/y is not authorized to perform: ssm:UpdateDocument on resource: {ARN} "
            "because no identity-based policy allows the ssm:UpdateDocument action",
            f"not allowed: ssm:UpdateDocument on {ARN} (no identity-based policy allows the ssm:UpdateDocument action)",
        ),
        (
            "UpdateDocumentDefaultVersion",
            "AccessDeniedException",
            "",
            "not allowed: ssm:UpdateDocumentDefaultVersion on arn:aws:ssm:eu-west-1:*:document/wake; grant it",
        ),
        (
            "UpdateDocument",
            "InvalidDocumentContent",
            "step say has no inputs.",
            "step say has no inputs (InvalidDocumentContent); run ssmwake lint",
        ),
        ("DescribeDocument", "InternalServerError", "oops", "ssm:DescribeDocument failed at the service"),
    ],
)
def test_a_refusal_says_what_to_do(
    operation: str, code: str, message: str, said: str, fake: FakeSsm, front: Front
) -> None:
    done(wanted("one"))
    front.spoil = only(operation, code, message, 500 if code == "InternalServerError" else 400)
    line = failure(wanted("two"))
    assert said in line
    assert "\n" not in line


def test_a_refusal_of_ec2_is_said_without_its_encoded_message(moto: Front) -> None:
    said = (
        "You are not authorized to perform this operation. User: arn:aws:iam::1:user/x is not authorized to perform: "
    )
    said += "ec2:CreateLaunchTemplateVersion on resource: arn:aws:ec2:eu-west-1:1:launch-template/lt-1 because no "
    said += "identity-based policy allows it. Encoded authorization failure message: " + "a1B2" * 200
    boto3.client("ec2", region_name=HERE.region).create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-1"}
    )
    moto.spoil = only("CreateLaunchTemplateVersion", "UnauthorizedOperation", said, 403)
    assert failure(Desired(launch_templates=(LaunchTemplate("web", b"x"),))) == (
        "not allowed: ec2:CreateLaunchTemplateVersion on arn:aws:ec2:eu-west-1:1:launch-template/lt-1 "
        "(no identity-based policy allows it); grant it, ssmwake publish --print-policy shows all that is needed"
    )


def test_a_role_that_may_not_be_assumed(moto: Front) -> None:
    role = "arn:aws:iam::222222222222:role/publisher"
    said = f"User: arn:aws:iam::1:user/x is not authorized to perform: sts:AssumeRole on resource: {role}"
    moto.spoil = only("AssumeRole", "AccessDenied", said, 403)
    (result,) = published(wanted("one"), places=[Place("eu-west-1", role)])
    advice = "grant it to the caller, and let the role trust the caller"
    assert result.failure == f"not allowed: sts:AssumeRole on {role}; {advice}"


def test_no_network_is_said_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    began = time.monotonic()
    line = failure(wanted("one"))
    assert line.startswith("http://127.0.0.1:9 does not answer; is eu-west-1 a region")
    assert time.monotonic() - began < 3


def test_an_endpoint_that_is_not_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    assert failure(wanted("one")).endswith("nonsense; check the network, the proxy and AWS_ENDPOINT_URL")


def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert failure(wanted("one")).endswith("check the network, the proxy and AWS_ENDPOINT_URL")


@pytest.mark.parametrize("region", ["nowhere", "eu west 1", "-"])
def test_an_invalid_region_gives_no_traceback(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    (result,) = published(wanted("one"), places=[Place(region)])
    assert result.outcome is Outcome.FAILED
    assert region in result.failure


def test_no_credentials(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert failure(wanted("one")).startswith("no credentials; set AWS_PROFILE")


def test_half_of_the_credentials(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "no usable credentials" in failure(wanted("one"))


def test_an_unknown_profile(front: Front) -> None:
    (result,) = published(wanted("one"), places=[Place("eu-west-1", profile="nobody")])
    assert "nobody" in result.failure
    assert "add it to ~/.aws/config" in result.failure
    said = CliRunner().invoke(command, ["publish", "--yes", "--profile", "nobody"])
    assert (said.exit_code, said.output.count("\n")) == (1, 1)


def test_an_unknown_profile_in_the_environment(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    said = CliRunner().invoke(command, ["publish", "--yes"])
    assert (said.exit_code, said.output.count("\n")) == (1, 1)
    assert "nobody" in said.output


def test_a_sign_in_that_is_over(front: Front, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text(
        "[profile web]\nsso_session = s\nsso_account_id = 111111111111\nsso_role_name = r\n"
        "[sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://example.awsapps.com/start\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    (result,) = published(wanted("one"), places=[Place("eu-west-1", profile="web")])
    assert result.failure.endswith("run aws sso login")


def test_a_failed_document_is_reported_in_the_words_of_the_service(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    fake.failures["echo two"] = "the step is not supported here"
    fake.looks_until_active = 1
    line = failure(wanted("two"))
    assert line.startswith("version 2 of wake is Failed: the step is not supported here; ")
    assert {document["default"] for document in state(fake).values()} == {1}
    again = planned(wanted("two")).places[0].failure
    assert "version 2 of wake with this content is Failed: the step is not supported here" in again
    done(wanted("three"))
    assert state(fake)["wake"]["default"] == 3


def test_a_document_that_never_becomes_active_is_not_waited_for_for_ever(fake: FakeSsm, front: Front) -> None:
    fake.looks_until_active = 10_000
    assert "version 1 of wake is still Creating" in failure(wanted("one"))


def test_an_account_that_changed_in_between_is_left_alone(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    plan_of_two = planned(wanted("two"))
    done(wanted("three"))
    before = state(fake)
    (result,) = execute(plan_of_two)
    assert result.failure == "something was changed here since the plan was made; plan and publish again"
    assert state(fake) == before


def test_a_change_between_the_last_look_and_the_write_is_refused_by_the_service(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    plan_of_two = planned(wanted("two"))

    def spoil(call: Call) -> Answer | None:
        if call.operation == "UpdateDocument" and call.parameters["Name"] == "wake":
            front.spoil = lambda call: None
            fake.documents[KEY, HERE.region]["wake"].versions[2] = fake.documents[KEY, HERE.region]["wake"].versions[1]
        return None

    front.spoil = spoil
    (result,) = execute(plan_of_two)
    assert result.failure.endswith("the document was changed in between; try again")


def test_the_limit_of_versions_leads_to_prune_which_keeps_the_default_and_the_last_ones(
    fake: FakeSsm, front: Front
) -> None:
    fake.version_limit = 6
    for word in ("1", "2", "3", "4", "5", "6"):
        done(wanted(word), Publish(promote=False))
    assert "delete versions that nobody runs any more" in failure(wanted("7"), Publish(promote=False))
    done(wanted("7"), Publish(promote=False, prune=2))
    assert list(state(fake)["wake"]["versions"]) == [1, 5, 6, 7]
    assert state(fake)["wake"]["default"] == 1


def test_prune_keeps_what_a_rollback_needs(fake: FakeSsm, front: Front) -> None:
    for word in ("1", "2", "3"):
        done(wanted(word))
    done(wanted("4"), Publish(promote=False))
    done(wanted("4"), Publish(promote=False, prune=1))
    assert list(state(fake)["wake"]["versions"]) == [2, 3, 4]
    done(wanted("4"), RollBack())
    assert state(fake)["wake"]["default"] == 2


def test_a_type_cannot_be_changed(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    other = Desired((Document("wake", DocumentType.AUTOMATION, wanted("one").documents[1].text),))
    assert "exists as a document of type Command, which cannot change" in failure(other)


def test_a_version_name_that_nobody_has(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    assert "no document has a version named v-0" in failure(wanted("one"), PromoteNamed(("v-0",)))


def test_nothing_to_go_back_to(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    assert "nothing was promoted here before" in failure(wanted("one"), RollBack())


def test_one_place_that_fails_does_not_stop_the_others(fake: FakeSsm, front: Front) -> None:
    places = [Place(region) for region in ("eu-west-1", "eu-west-2", "eu-west-3")]
    front.spoil = lambda call: (
        error(call, "AccessDeniedException")
        if (call.region, call.operation) == ("eu-west-2", "CreateDocument")
        else None
    )
    outcomes = [result.outcome for result in published(wanted("one"), places=places)]
    assert outcomes == [Outcome.DONE, Outcome.FAILED, Outcome.DONE]


def test_fail_fast_begins_nothing_after_a_failure(fake: FakeSsm, front: Front) -> None:
    places = [Place(region) for region in ("eu-west-1", "eu-west-2", "eu-west-3")]
    front.spoil = lambda call: (
        error(call, "AccessDeniedException")
        if (call.region, call.operation) == ("eu-west-1", "CreateDocument")
        else None
    )
    results = execute(planned(wanted("one"), places=places), fail_fast=True, at_once=1)
    assert [result.outcome for result in results] == [Outcome.FAILED, Outcome.SKIPPED, Outcome.SKIPPED]
    assert not state(fake, "eu-west-2")
