"""Where a publish goes, whom it asks, what it shows, and what it can take back."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from ssmwake.publish import LaunchTemplate, Outcome, Place, Publish, RollBack
from ssmwake.publish.desired import Desired
from support.accounts import HERE, KEY, done, planned, published, state, wanted
from support.fake_ssm import FakeSsm
from support.front import Answer, Call, Front, GoneError, error
from support.publish_command import on_a_terminal, run

WHERE = ("--region", HERE.region)


# --- where it goes


def test_account_caller_and_regions_are_in_the_plan_the_table_and_the_json(fake: FakeSsm, front: Front) -> None:
    words = (*WHERE, "--region", "us-east-1")
    said = run(*words, "--check")
    assert said.stdout.startswith("123456789012, eu-west-1, us-east-1\n  as arn:aws:iam::123456789012:user/jo\n")
    assert said.stderr.splitlines()[-1] == "4 to create in 123456789012, eu-west-1, us-east-1"
    places = json.loads(run(*words, "--check", "--json").stdout)["places"]
    assert {(place["account"], place["caller"]) for place in places} == {(fake.account, fake.arn)}
    table = run(*words, "--yes").stdout
    assert [line.split()[:3] for line in table.splitlines()[1:]] == [
        ["123456789012", "eu-west-1", "done"],
        ["123456789012", "us-east-1", "done"],
    ]


def test_the_question_comes_last_after_a_summary_and_names_the_account(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    fake.documents[KEY, HERE.region]["ssmwake"] = fake.documents[KEY, HERE.region].pop("wake")
    status, seen = on_a_terminal(*WHERE, typed="n\n", environment={"NO_COLOR": "1"})
    assert status == 1
    *_, summary, question, _ = [line for line in seen.replace("\r", "").split("\n") if line]
    assert summary == "1 to create, 1 to update, 1 to promote in 123456789012, eu-west-1"
    assert question.startswith("Publish to 123456789012, eu-west-1? [y/N]")
    # A new document has no diff, and the diff of the other one does not push the question off the screen.
    assert len(seen.splitlines()) < 45
    assert "more lines; --diff prints them all)" in seen


def test_another_account_than_the_expected_one_is_refused_before_anything_is_read(fake: FakeSsm, front: Front) -> None:
    said = run(*WHERE, "--yes", "--expect-account", "999999999999")
    assert said.exit_code == 1
    assert "this is account 123456789012, which --expect-account does not name" in said.stderr
    assert [call.operation for call in front.calls] == ["GetCallerIdentity"]
    assert run(*WHERE, "--check", "--expect-account", "999999999999").exit_code == 2
    assert run(*WHERE, "--yes", "--expect-account", "123456789012").exit_code == 0


def test_an_account_that_nobody_can_tell_is_not_the_expected_one(fake: FakeSsm, front: Front) -> None:
    front.spoil = lambda call: error(call, "InternalFailure", status=500) if call.service == "sts" else None
    assert run(*WHERE, "--check", "--json").exit_code == 1
    said = run(*WHERE, "--yes", "--expect-account", "123456789012")
    assert (said.exit_code, state(fake)) == (1, {})
    assert "STS did not answer" in said.stderr


def test_one_unexpected_account_stops_all_of_the_run(moto: Front) -> None:
    roles = [f"arn:aws:iam::{account}:role/publisher" for account in ("111111111111", "222222222222")]
    said = run(*WHERE, "--yes", "--expect-account", "111111111111", *(w for r in roles for w in ("--account", r)))
    assert said.exit_code == 1
    assert not any(call.writes for call in moto.calls)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--region", "eu-wst-1"), "'eu-wst-1' is not a region that this boto3 knows; did you mean 'eu-west-1'?"),
        (("--region", "nowhere"), "not a region; write one such as eu-west-1"),
        (
            ("--region", "eu-west-1", "--account", "123456789012"),
            "not the ARN of a role; write one such as arn:aws:iam:",
        ),
        (("--region", "eu-west-1", "--account", "arn:aws:iam::1:user/x"), "not the ARN of a role"),
        (("--region", "eu-west-1", "--expect-account", "prod"), "'prod' is not an account id, which has 12 digits"),
    ],
)
def test_a_wrong_place_is_a_usage_error_with_a_sentence(words: tuple[str, ...], sentence: str, front: Front) -> None:
    said = run(*words, "--yes")
    assert said.exit_code == 2
    assert sentence in " ".join(said.stderr.split())
    assert front.calls == []


@pytest.mark.parametrize("slip", ["--prun", "--yess", "--share-with-al", "--no-lnt", "--ye", "--share-with-everyone"])
def test_no_suggestion_is_destructive(slip: str) -> None:
    said = run(slip)
    assert said.exit_code == 2
    assert not any(
        name in said.output.replace(slip, "") for name in ("--prune", "--yes", "--share-with-all", "--no-lint")
    )


def test_other_suggestions_stay() -> None:
    assert "--rollback" in run("--rolback").output


# --- for programs


def ends(*words: str) -> tuple[int, dict[str, Any]]:
    said = run(*words, "--json")
    return said.exit_code, json.loads(said.stdout)


def test_json_is_printed_however_the_run_ends(
    fake: FakeSsm, front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("rol: web\n")
    status, document = ends("-c", str(broken), *WHERE, "--check")
    assert (status, document["status"], document["findings"][0]["line"]) == (2, 2, 1)
    assert ends("-c", str(tmp_path / "none.yaml"), *WHERE, "--yes")[1]["error"]["code"] == "Invalid"
    assert ends("--yes")[1]["error"] == {"code": "NoRegion", "message": "no region; give --region, or set AWS_REGION"}
    assert ends("--check")[0] == 2
    assert ends(*WHERE)[1]["error"]["code"] == "Usage"
    assert ends(*WHERE, "--bogus")[1]["error"]["code"] == "Usage"
    assert ends("--region", "x", "--yes")[1]["error"]["code"] == "Usage"
    front.spoil = lambda call: error(call, "AccessDeniedException") if call.service == "ssm" else None
    status, document = ends(*WHERE, "--yes")
    assert (status, document["places"][0]["error"]["code"]) == (1, "AccessDeniedException")
    assert document["places"][0]["outcome"] == "failed"


def test_actions_have_fields(fake: FakeSsm, front: Front, tmp_path: Path) -> None:
    _, document = ends(*WHERE, "--check")
    (place,) = document["places"]
    assert [(a["action"], a["document"], a["type"]) for a in place["actions"]] == [
        ("create", "ssmwake", "Command"),
        ("create", "ssmwake-rescue", "Automation"),
    ]
    assert place["actions"][0]["version"].startswith("v-")
    run(*WHERE, "--yes")
    config = tmp_path / "c.yaml"
    config.write_text("role: web\ndocuments: {tags: {team: web}}\n")
    _, document = ends("-c", str(config), *WHERE, "--yes")
    kinds = {action["action"] for action in document["places"][0]["actions"]}
    assert kinds == {"update", "promote", "tag"}
    assert document["places"][0]["not_done"] == []


def test_check_tells_drift_from_what_could_not_be_looked_at(fake: FakeSsm, front: Front) -> None:
    assert run(*WHERE, "--check").exit_code == 1
    assert run(*WHERE, "--dry-run").exit_code == 1
    assert run(*WHERE, "--yes").exit_code == 0
    assert run(*WHERE, "--check").exit_code == 0
    front.spoil = lambda call: error(call, "AccessDeniedException") if call.region == "us-east-1" else None
    assert run(*WHERE, "--region", "us-east-1", "--check").exit_code == 2


# --- what is shown


SECRETS = {
    "password": "DB_PASSWORD=hunter2hunter2",
    "option": "mysql -u root -pS3cretPass -e 'select 1'",
    "url": "git clone https://jo:Tok3nTok3n@example.com/x.git",
    "header": 'curl -H "Authorization: Bearer abcdef123456" https://example.com',
    "key id": "export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7ABCDEFG",
    "random": "echo Zm9vYmFyMTIzNDU2Nzg5MEFCQ0RFRg > /etc/app.key",
    "hex": "TOK 0123456789abcdef0123456789abcdef01234567",
    "key": "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\nshort\n-----END RSA PRIVATE KEY-----",
    "chpasswd": "chpasswd <<EOF\nroot:Sup3rS3cr3t\nEOF",
    "spaces": "machine example.com login jo password geheim12",
}


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("packed", [False, True])
def test_secrets_of_old_user_data_are_not_in_the_diff(name: str, packed: bool, moto: Front) -> None:
    old = f"#!/bin/sh\necho before\n{SECRETS[name]}\necho after\n".encode()
    data = base64.b64encode(gzip.compress(old) if packed else old).decode()
    boto3.client("ec2", region_name=HERE.region).create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-1", "UserData": data}
    )
    (one,) = planned(Desired(launch_templates=(LaunchTemplate("web", b"#!/bin/sh\necho new\n"),))).places
    shown = str(one.diffs[0])
    assert "-echo before" in shown
    assert "-echo after" in shown
    for line in SECRETS[name].splitlines():
        words = [word for word in line.replace(":", " ").split() if len(word) > 5 and any(map(str.isdigit, word))]
        assert not any(word in shown for word in words), shown
    assert "(a line that may hold a secret)" in shown


def test_control_characters_of_old_user_data_stay_off_the_terminal(moto: Front) -> None:
    old = base64.b64encode(b"#!/bin/sh\necho \x1b]0;owned\x07 \xe2\x80\xae\n").decode()
    boto3.client("ec2", region_name=HERE.region).create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-1", "UserData": old}
    )
    (one,) = planned(Desired(launch_templates=(LaunchTemplate("web", b"new"),))).places
    assert all(char.isprintable() or char == "\n" for char in str(one.diffs[0]))


# --- the way back


def defaults(fake: FakeSsm, region: str = HERE.region) -> dict[str, int]:
    return {name: document["default"] for name, document in state(fake, region).items()}


def only(word: str, name: str) -> Desired:
    """One of the two documents with another word."""
    return Desired(tuple(d for d in wanted(word).documents if d.name == name))


def test_rollback_reverts_what_the_last_promotion_changed_and_nothing_else(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    done(only("two", "wake"))
    done(only("two", "rescue"))
    assert defaults(fake) == {"wake": 2, "rescue": 2}
    done(wanted("two"), RollBack())
    assert defaults(fake) == {"wake": 2, "rescue": 1}
    done(wanted("two"), RollBack())
    assert defaults(fake) == {"wake": 2, "rescue": 2}


def test_rollback_leaves_a_place_alone_where_the_last_promotion_was_not(fake: FakeSsm, front: Front) -> None:
    places = (Place("eu-west-1"), Place("us-east-1"))
    published(wanted("one"), places=places)
    published(wanted("two"), places=places)
    published(wanted("three"), places=places[:1])
    results = published(wanted("three"), RollBack(), places)
    assert [result.outcome for result in results] == [Outcome.DONE, Outcome.UNCHANGED]
    assert defaults(fake) == {"wake": 2, "rescue": 2}
    assert defaults(fake, "us-east-1") == {"wake": 2, "rescue": 2}


def test_a_promotion_that_is_refused_half_way_leaves_the_way_back_intact(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    done(wanted("two"))
    front.spoil = lambda call: (
        error(call, "AccessDeniedException") if call.operation == "UpdateDocumentDefaultVersion" else None
    )
    (result,) = published(wanted("three"))
    assert result.outcome is Outcome.FAILED
    front.spoil = lambda call: None
    done(wanted("three"), RollBack())
    assert defaults(fake) == {"wake": 1, "rescue": 1}


def test_a_default_version_that_somebody_else_chose_is_not_rolled_back(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    done(wanted("two"))
    done(wanted("three"), Publish(promote=False))
    for document in fake.documents[KEY, HERE.region].values():
        document.default = 3
    (one,) = planned(wanted("three"), RollBack()).places
    assert "version 3 of wake was made the default one by somebody else, after the last promotion" in one.failure
    assert "nothing was promoted here before" not in one.failure


def test_a_version_that_is_gone_cannot_be_gone_back_to(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    done(wanted("two"))
    for document in fake.documents[KEY, HERE.region].values():
        del document.versions[1]
    (one,) = planned(wanted("two"), RollBack()).places
    assert "version 1 of wake, the default one before, no longer exists" in one.failure


# --- what it deletes, and what it sets


def test_prune_deletes_only_versions_that_ssmwake_made(fake: FakeSsm, front: Front) -> None:
    for word in ("1", "2", "3"):
        done(wanted(word))
    versions = fake.documents[KEY, HERE.region]["wake"].versions
    versions[1].name = "release-7"
    versions[2].name = ""
    done(wanted("4"), Publish(prune=1))
    done(wanted("4"), Publish(prune=1))
    assert list(versions) == [1, 2, 3, 4]
    assert list(state(fake)["rescue"]["versions"]) == [3, 4]


def test_documents_say_what_they_run_on(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    done(wanted("two"))
    writes = [call for call in front.calls if call.operation in ("CreateDocument", "UpdateDocument")]
    assert {call.parameters["TargetType"] for call in writes} == {"/AWS::EC2::Instance"}


def test_the_external_id_is_sent_and_not_printed(moto: Front, tmp_path: Path) -> None:
    role = "arn:aws:iam::111111111111:role/publisher"
    said = run(*WHERE, "--check", "--account", role, "--external-id", "example-9f2c")
    assert said.exit_code == 1
    (call,) = [call for call in moto.calls if call.operation == "AssumeRole"]
    assert call.parameters["ExternalId"] == "example-9f2c"
    assert "example-9f2c" not in said.output
    config = tmp_path / "c.yaml"
    config.write_text(f"publish: {{regions: [eu-west-1], accounts: ['{role}'], external-id: from-config}}\n")
    run("-c", str(config), "--check")
    assert [c for c in moto.calls if c.operation == "AssumeRole"][-1].parameters["ExternalId"] == "from-config"


def test_an_account_can_have_an_external_id_of_its_own(moto: Front, tmp_path: Path) -> None:
    first, second, third = (f"arn:aws:iam::{digit * 12}:role/publisher" for digit in "123")
    config = tmp_path / "c.yaml"
    config.write_text(
        f"publish:\n  regions: [eu-west-1]\n  accounts: ['{first}', '{second}', '{third}']\n"
        "  external-id: for-all\n  external-ids: {'222222222222': for-two}\n"
    )

    def sent() -> dict[str, str]:
        calls = [call.parameters for call in moto.calls if call.operation == "AssumeRole"]
        return {call["RoleArn"].split(":")[4]: call["ExternalId"] for call in calls}

    assert run("-c", str(config), "--check").exit_code == 1
    assert sent() == {"1" * 12: "for-all", "2" * 12: "for-two", "3" * 12: "for-all"}
    moto.calls.clear()
    words = ("--external-id", "other", "--external-id", f"{'3' * 12}=a=b")
    assert run("-c", str(config), "--check", *words).exit_code == 1
    assert sent() == {"1" * 12: "other", "2" * 12: "for-two", "3" * 12: "a=b"}
    for account in ("33333333333", "4" * 12):
        said = run("-c", str(config), "--check", "--external-id", f"{account}=x")
        assert said.exit_code == 2
        assert f"{account} is not the account of a role in --account or publish.accounts" in said.stderr
    config.write_text("publish: {external-ids: {123: x, '123456789012': 'a b'}}\n")
    said = run("-c", str(config), "--check")
    assert f"{config}:1:26: error: a key of external-ids is '123': not an account id" in said.stderr
    assert f"{config}:1:50: error: external-ids.123456789012 is 'a b': not an external id" in said.stderr


def test_the_alias_of_an_account_is_shown_where_it_is_to_be_had(moto: Front) -> None:

    boto3.client("iam", region_name="eu-west-1").create_account_alias(AccountAlias="acme-prod")
    said = run(*WHERE, "--check")
    assert said.stdout.startswith("123456789012 (acme-prod), eu-west-1\n")
    assert "to create in 123456789012 (acme-prod), eu-west-1" in said.stderr
    (place,) = json.loads(run(*WHERE, "--check", "--json").stdout)["places"]
    assert (place["account"], place["alias"]) == ("123456789012", "acme-prod")


@pytest.mark.parametrize("trouble", ["AccessDenied", "a malformed name", "a page of a proxy", "gone"])
def test_an_alias_that_is_not_to_be_had_is_never_an_error(trouble: str, fake: FakeSsm, front: Front) -> None:
    def spoil(call: Call) -> Answer | None:
        if call.service != "iam":
            return None
        if trouble == "gone":
            raise GoneError
        if trouble == "AccessDenied":
            return error(call, trouble, status=403)
        names = "<member>\x1b[2J</member>" if "name" in trouble else ""
        body = f"<AccountAliases>{names}</AccountAliases><IsTruncated>false</IsTruncated>"
        body = f"<ListAccountAliasesResult>{body}</ListAccountAliasesResult>"
        body = f"<ListAccountAliasesResponse>{body}</ListAccountAliasesResponse>"
        return Answer(200, b"<html>" if "page" in trouble else body.encode())

    front.spoil = spoil
    said = run(*WHERE, "--check")
    assert said.exit_code == 1
    assert said.stdout.startswith("123456789012, eu-west-1\n")
    assert "error" not in said.stderr
    assert [call.operation for call in front.calls if call.service == "iam"] == ["ListAccountAliases"]


def test_an_unknown_region_is_refused_at_its_place_in_the_config(tmp_path: Path, front: Front) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("publish:\n  regions:\n  - eu-west-1\n  - eu-wst-1\n  - xx-none-7\n")
    for words in (("--yes",), ("--check",), ("--check", "--json")):
        said = run("-c", str(config), *words)
        assert said.exit_code == 2
        assert f"{config}:4:5: error: 'eu-wst-1' is not a region that this boto3 knows; did you mean" in said.stderr
        assert f"{config}:5:5: error: 'xx-none-7' is not a region" in said.stderr
    assert [finding["line"] for finding in json.loads(said.stdout)["findings"]] == [4, 5]
    assert front.calls == []
    # What the command line names counts instead.
    assert "error" not in run("-c", str(config), "--region", "eu-west-1", "--print-policy").output


# --- MFA


def test_one_code_for_mfa_per_run_kept_where_the_aws_cli_keeps_it(
    moto: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(
        "[profile base]\nregion = eu-west-1\n"
        "[profile mfa]\nrole_arn = arn:aws:iam::111111111111:role/admin\nsource_profile = base\n"
        "mfa_serial = arn:aws:iam::123456789012:mfa/jo\n"
    )
    (tmp_path / "credentials").write_text("[base]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    words = ["--profile", "mfa", "--yes"]
    for region in ("eu-west-1", "us-east-1", "eu-west-2"):
        words += ["--region", region]
    roles = [f"arn:aws:iam::{account}:role/publisher" for account in ("222222222222", "333333333333")]
    words += [word for role in roles for word in ("--account", role)]
    status, seen = on_a_terminal(*words, typed="123456\n", prompt=b"MFA code")
    assert status == 0, seen
    assert seen.count("MFA code") == 1
    with_code = [call for call in moto.calls if "TokenCode" in call.parameters]
    assert [call.parameters["TokenCode"] for call in with_code] == ["123456"]
    assert len(list((tmp_path / ".aws" / "cli" / "cache").glob("*.json"))) == 1

    # The next run, and the AWS CLI, need no code; without a terminal there is nobody to ask.
    said = run(*words)
    assert said.exit_code == 0, said.output
    for kept in (tmp_path / ".aws" / "cli" / "cache").glob("*.json"):
        kept.unlink()
    monkeypatch.setattr("getpass.getpass", lambda prompt: (_ for _ in ()).throw(EOFError))
    said = run(*words)
    assert said.exit_code == 1
    assert "the profile needs a code for MFA, which can only be asked for on a terminal" in said.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--region", "eu-west-1", "--region", "cn-north-1"),
            "eu-west-1 is in the partition aws and cn-north-1 in aws-cn",
        ),
        (
            ("--region", "us-gov-west-1", "--account", "arn:aws:iam::123456789012:role/p"),
            "is not in the partition aws-us-",
        ),
        (
            ("--region", "eu-west-1", "--account", "arn:aws-cn:iam::123456789012:role/p"),
            "is not in the partition aws of ",
        ),
    ],
)
def test_places_in_two_partitions_are_refused_before_anything_is_asked(
    words: tuple[str, ...], said: str, front: Front
) -> None:
    done_ = run("--no-config", "--yes", *words)
    assert done_.exit_code == 1
    assert said in done_.stderr
    assert front.calls == []


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-east-1", "aws-us-gov"), ("eusc-de-east-1", "aws-eusc")]
)
def test_the_policy_is_for_the_partition_of_the_regions(region: str, partition: str) -> None:
    said = run("--no-config", "--region", region, "--print-policy")
    assert f"arn:{partition}:ssm:*:*:document/ssmwake" in said.stdout, said.output
