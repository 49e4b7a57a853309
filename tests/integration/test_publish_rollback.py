"""Rollback of documents and launch templates together: what the last promotion changed, and nothing else."""

import copy
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from ssmwake.publish import Desired, LaunchTemplate, Outcome, Place, Publish, RollBack, promotions
from support.accounts import HERE, KEY, done, planned, published, state, wanted
from support.fake_ssm import FakeSsm
from support.fake_templates import Template
from support.front import Answer, Call, Front, error
from support.publish_command import run

PLACES = (HERE, Place("us-east-1"), Place("ap-southeast-2"))


def template(word: str, name: str = "web") -> Desired:
    """One launch template with a word as its user data."""
    return Desired(launch_templates=(LaunchTemplate(name, word.encode(), promote=True),))


def both(word: str) -> Desired:
    """Two documents and a launch template that all say a word."""
    return Desired(wanted(word).documents, template(word).launch_templates)


def defaults(fake: FakeSsm, region: str = HERE.region) -> dict[str, int]:
    """The default version of everything in one region."""
    documents = {name: document["default"] for name, document in state(fake, region).items()}
    return documents | {one.name: one.default for one in fake.ec2.templates[KEY, region].values()}


@pytest.fixture
def web(fake: FakeSsm) -> Template:
    """A launch template of somebody else's in each place."""
    made = [fake.ec2.add((KEY, place.region), "web", ImageId="ami-1") for place in PLACES]
    return made[0]


def test_a_template_is_promoted_rolled_back_promoted_again_and_back_twice(
    fake: FakeSsm, front: Front, web: Template
) -> None:
    for word in ("one", "two"):
        done(template(word))
    assert web.default == 3
    done(template("two"), RollBack())
    assert web.default == 2
    done(template("two"))
    assert web.default == 3
    done(template("two"), RollBack())
    done(template("two"), RollBack())
    assert web.default == 3
    assert len(web.versions) == 3


def test_a_template_goes_back_on_moto_too(moto: Front) -> None:
    ec2 = boto3.client("ec2", region_name=HERE.region)
    ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": "ami-1"},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": [{"Key": "team", "Value": "web"}]}],
    )

    def default() -> int:
        return int(ec2.describe_launch_templates()["LaunchTemplates"][0]["DefaultVersionNumber"])

    for word in ("one", "two"):
        done(template(word))
    assert default() == 3
    for expected in (2, 3, 2):
        done(template("two"), RollBack())
        assert default() == expected


def test_a_promotion_of_a_template_alone_is_the_last_one(fake: FakeSsm, front: Front, web: Template) -> None:
    for word in ("one", "two"):
        done(both(word))
    what = Desired(wanted("two").documents, template("three").launch_templates)
    done(what)
    assert defaults(fake) == {"wake": 2, "rescue": 2, "web": 4}
    said = [str(action) for one in planned(what, RollBack()).places for action in one.actions]
    assert said == ["promote launch template web: default version 4 -> 3"]
    done(what, RollBack())
    assert defaults(fake) == {"wake": 2, "rescue": 2, "web": 3}


@pytest.mark.parametrize("chosen", [1, 2])
def test_no_older_promotion_is_reverted_when_somebody_changed_what_the_last_one_did(
    chosen: int, fake: FakeSsm, front: Front, web: Template
) -> None:
    done(both("one"))
    done(both("two"))
    what = Desired(wanted("two").documents, template("three").launch_templates)
    done(what)
    web.default = chosen
    (one,) = planned(what, RollBack()).places
    assert one.actions == ()
    assert one.failure.startswith(f"version {chosen} of launch template web was made the default one by somebody else")
    assert one.failure.endswith("; name a version with --promote")


def test_what_somebody_changed_is_left_alone_and_named_and_the_rest_goes_back(
    fake: FakeSsm, front: Front, web: Template
) -> None:
    for word in ("one", "two"):
        done(both(word))
    done(both("three"), Publish(promote=False))
    fake.documents[KEY, HERE.region]["rescue"].default = 3
    (one,) = planned(both("two"), RollBack()).places
    assert [line.partition(", ")[0] for line in one.left_alone] == [
        "version 3 of rescue was made the default one by somebody else"
    ]
    done(both("two"), RollBack())
    assert defaults(fake) == {"wake": 1, "rescue": 3, "web": 2}


def test_a_refusal_of_any_call_of_a_promotion_leaves_the_way_back(fake: FakeSsm, front: Front, web: Template) -> None:
    for word in ("one", "two"):
        done(both(word))
    start = copy.deepcopy((fake.documents, fake.ec2))
    before = defaults(fake)
    front.calls.clear()
    done(both("three"))
    total = sum(call.writes for call in front.calls)
    assert total >= 9
    for refused in range(1, total + 1):
        fake.documents, fake.ec2 = copy.deepcopy(start)
        front.spoil = _refusing(refused)
        (result,) = published(both("three"))
        assert result.outcome is Outcome.FAILED, refused
        front.spoil = lambda call: None
        promoted = {name for name, number in defaults(fake).items() if number != before[name]}
        done(both("three"), RollBack())
        # What this promotion reached goes back; where it reached nothing, the one before is the last.
        one_before = {"wake": 1, "rescue": 1, "web": 2}
        assert defaults(fake) == (before if promoted else one_before), refused
        # And again: a rollback is a promotion too.
        done(both("three"), RollBack())
        again = {name: number + 1 if name in promoted or not promoted else number for name, number in before.items()}
        assert defaults(fake) == (again if promoted else before), refused


def _refusing(number: int) -> Callable[[Call], Answer | None]:
    """Return what refuses the write with this number and every one after it."""
    seen = [0]

    def spoil(call: Call) -> Answer | None:
        seen[0] += call.writes
        denied = "UnauthorizedOperation" if call.service == "ec2" else "AccessDeniedException"
        return error(call, denied) if call.writes and seen[0] >= number else None

    return spoil


def test_a_publish_brings_in_line_what_a_rollback_that_was_refused_left(
    fake: FakeSsm, front: Front, web: Template
) -> None:
    for word in ("one", "two"):
        done(both(word))
    start = copy.deepcopy((fake.documents, fake.ec2))
    for refused in range(1, 7):
        fake.documents, fake.ec2 = copy.deepcopy(start)
        front.spoil = _refusing(refused)
        (result,) = published(both("two"), RollBack())
        assert result.outcome is Outcome.FAILED
        front.spoil = lambda call: None
        done(both("two"), Publish())
        assert defaults(fake) == {"wake": 2, "rescue": 2, "web": 3}, refused


def test_places_go_back_together_and_one_that_fails_does_not_stop_the_others(
    fake: FakeSsm, front: Front, web: Template
) -> None:
    for word in ("one", "two"):
        assert {one.outcome for one in published(both(word), places=PLACES)} == {Outcome.DONE}
    front.spoil = lambda call: (
        error(call, "UnauthorizedOperation")
        if call.region == "us-east-1" and call.operation == "ModifyLaunchTemplate"
        else None
    )
    results = published(both("two"), RollBack(), PLACES)
    assert [one.outcome for one in results] == [Outcome.DONE, Outcome.FAILED, Outcome.DONE]
    assert "ec2:ModifyLaunchTemplate" in results[1].failure
    gone_back, kept = {"wake": 1, "rescue": 1, "web": 2}, {"wake": 1, "rescue": 1, "web": 3}
    assert [defaults(fake, place.region) for place in PLACES] == [gone_back, kept, gone_back]
    # In the place that failed, the rest of that promotion is still noted, but the rollback was the last one.
    front.spoil = lambda call: None
    results = published(both("two"), RollBack(), PLACES)
    assert {one.outcome for one in results} == {Outcome.DONE}
    assert {tuple(defaults(fake, place.region).items()) for place in PLACES} == {tuple(defaults(fake).items())}


def test_a_template_that_was_promoted_in_one_region_alone_goes_back_there_alone(
    fake: FakeSsm, front: Front, web: Template
) -> None:
    for word in ("one", "two"):
        published(template(word), places=PLACES)
    published(template("three"), places=PLACES[1:2])
    results = published(template("three"), RollBack(), PLACES)
    assert [one.outcome for one in results] == [Outcome.UNCHANGED, Outcome.DONE, Outcome.UNCHANGED]
    assert [defaults(fake, place.region)["web"] for place in PLACES] == [3, 3, 3]


def test_a_version_of_a_template_that_was_deleted_cannot_be_gone_back_to(
    fake: FakeSsm, front: Front, web: Template
) -> None:
    for word in ("one", "two"):
        done(template(word))
    ec2 = boto3.client("ec2", region_name=HERE.region)
    ec2.delete_launch_template_versions(LaunchTemplateName="web", Versions=["2"])
    (one,) = planned(template("two"), RollBack()).places
    assert "version 2 of launch template web, the default one before, no longer exists" in one.failure


def test_tags_that_were_removed_leave_nothing_to_go_back_to(fake: FakeSsm, front: Front, web: Template) -> None:
    done(template("one"))
    ec2 = boto3.client("ec2", region_name=HERE.region)
    ec2.delete_tags(Resources=[web.id], Tags=[{"Key": promotions.TAG}])
    (one,) = planned(template("one"), RollBack()).places
    assert one.failure == "nothing was promoted here before; name a version with --promote"


def test_many_tags_of_somebody_else_do_not_hide_the_note(fake: FakeSsm, front: Front, web: Template) -> None:
    ec2 = boto3.client("ec2", region_name=HERE.region)
    ec2.create_tags(Resources=[web.id], Tags=[{"Key": f"a{number}", "Value": "x"} for number in range(45)])
    for word in ("one", "two"):
        done(template(word))
    done(template("two"), RollBack())
    assert web.default == 2


def test_many_promotions_fit_into_the_tag(fake: FakeSsm, front: Front, web: Template) -> None:
    web.counter = 99_990
    for number in range(12):
        done(template(str(number)))
    done(template("11"), RollBack())
    assert web.default == 100_001
    assert len(fake.ec2.tags[KEY, HERE.region][web.id][promotions.TAG]) <= 256


def test_the_summary_names_the_promotion_that_is_reverted(fake: FakeSsm, front: Front, tmp_path: Path) -> None:
    config = tmp_path / "ssmwake.yaml"
    words = ("--region", HERE.region, "-c", str(config))
    for role in ("one", "two"):
        config.write_text(f"role: {role}\n")
        assert run(*words, "--yes").exit_code == 0
    said = run(*words, "--rollback", "--check")
    assert re.fullmatch(
        r"1 to promote in 123456789012, eu-west-1, which reverts the promotion of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC",
        said.stderr.splitlines()[-1],
    ), said.stderr


def test_what_is_left_alone_is_in_the_plan_and_in_the_json(
    fake: FakeSsm, front: Front, web: Template, tmp_path: Path
) -> None:
    config = tmp_path / "ssmwake.yaml"
    words = ("--region", HERE.region, "-c", str(config))
    for role in ("one", "two"):
        config.write_text(f"role: {role}\npublish: {{launch-templates: {{web: {{promote: true}}}}}}\n")
        assert run(*words, "--yes").exit_code == 0
    document = fake.documents[KEY, HERE.region]["ssmwake"]
    document.versions[3], document.default = replace(document.versions[1], number=3, name=""), 3
    line = "version 3 of ssmwake was made the default one by somebody else, after the last promotion"
    said = run(*words, "--rollback", "--check")
    assert said.exit_code == 1
    assert f"  left alone: {line}" in said.stdout
    (place,) = json.loads(run(*words, "--rollback", "--check", "--json").stdout)["places"]
    assert [said.partition(", which")[0] for said in place["left_alone"]] == [line]
    assert run(*words, "--rollback", "--yes").exit_code == 0
    assert (document.default, web.default) == (3, 2)


def test_a_place_that_cannot_be_planned_is_named_once(front: Front) -> None:
    front.spoil = lambda call: error(call, "AccessDeniedException") if call.service == "ssm" else None
    said = run("--region", HERE.region, "--no-config", "--yes")
    assert said.exit_code == 1
    assert said.output.count("ssm:GetDocument") == 1
    assert said.stdout == ""
    assert said.stderr.splitlines()[-1] == "nothing was changed, because no place could be planned"


def test_a_place_among_others_that_cannot_be_planned_is_named_once(fake: FakeSsm, front: Front) -> None:
    front.spoil = lambda call: (
        error(call, "AccessDeniedException") if call.service == "ssm" and call.region == "us-east-1" else None
    )
    said = run("--region", HERE.region, "--region", "us-east-1", "--no-config", "--yes")
    assert said.exit_code == 1
    assert said.output.count("ssm:GetDocument") == 1
    assert "2 to create in 123456789012, eu-west-1; 1 of 2 places cannot be planned" in said.stderr
    assert [line.split()[2] for line in said.stdout.splitlines()[1:]] == ["done", "failed"]
