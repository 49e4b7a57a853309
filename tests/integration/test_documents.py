"""Documents: created, updated, reused, tagged and shared, each with the calls that it takes and no more."""

import time
from collections import Counter

import pytest

from ssmwake.publish import (
    Desired,
    Document,
    DocumentType,
    Outcome,
    Place,
    PromoteNamed,
    Publish,
    RollBack,
    execute,
    plan,
)
from ssmwake.publish.desired import MARKS
from ssmwake.publish.promotions import TAG as PREVIOUS
from ssmwake.publish.promotions import recorded
from support.accounts import COMMAND, HERE, KEY, done, planned, state, wanted
from support.fake_ssm import Document as There
from support.fake_ssm import FakeSsm, Version
from support.front import Call, Front

FRIENDS = tuple(f"{number:012}" for number in range(45))


@pytest.mark.parametrize("tags_when_described", [True, False])
def test_no_change_takes_three_calls_a_document(tags_when_described: bool, fake: FakeSsm, front: Front) -> None:
    fake.tags_when_described = tags_when_described
    fake.page = 20
    # Where the tags must be listed, sharing that is looked after would take a fourth call; the service describes them.
    what = wanted("one", tags={"team": "web"}, share_with=FRIENDS[:20] if tags_when_described else None)
    done(what)
    front.calls.clear()
    assert not planned(what).changes
    documents = [call.parameters for call in front.calls if call.service == "ssm"]
    asked = [parameters.get("Name") or parameters["ResourceId"] for parameters in documents]
    assert Counter(asked) == {"wake": 3, "rescue": 3}


def test_an_equal_older_version_is_used_again(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    done(wanted("two"))
    done(wanted("one"))
    assert state(fake)["wake"]["default"] == 1
    assert list(state(fake)["wake"]["versions"]) == [1, 2]


def test_an_equal_version_that_somebody_else_wrote_is_used_although_it_has_no_name(fake: FakeSsm, front: Front) -> None:
    theirs = There("wake", "Command", default=5, counter=5)
    for number in range(1, 6):
        text = COMMAND.format("one" if number == 2 else f"theirs {number}").replace(" ", "  ", 1)
        theirs.versions[number] = Version(number, "", text, "YAML")
    fake.documents[KEY, HERE.region]["wake"] = theirs
    done(Desired(wanted("one").documents[:1]))
    assert (theirs.default, len(theirs.versions)) == (2, 5)
    assert theirs.tags["managed-by"] == "ssmwake"


def test_a_duplicate_that_only_the_service_sees_is_used(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    done(wanted("two"))
    done(wanted("three"))
    fake.documents[KEY, HERE.region]["wake"].versions[2].name = ""
    done(wanted("two"))
    assert state(fake)["wake"]["default"] == 2
    assert len(state(fake)["wake"]["versions"]) == 3


def test_without_promotion_the_default_version_stays_and_can_be_promoted_by_name(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    done(wanted("two"), Publish(promote=False))
    assert {document["default"] for document in state(fake).values()} == {1}
    name = wanted("two").documents[0].version_name
    done(wanted("whatever"), PromoteNamed((name,)))
    assert {document["default"] for document in state(fake).values()} == {1, 2}


def test_a_rollback_goes_to_the_version_before_and_a_second_one_comes_back(fake: FakeSsm, front: Front) -> None:
    for word in ("one", "two", "three"):
        done(wanted(word))
    done(wanted("one"))
    done(wanted("one"), RollBack())
    assert {document["default"] for document in state(fake).values()} == {3}
    done(wanted("one"), RollBack())
    assert {document["default"] for document in state(fake).values()} == {1}


def test_nothing_is_promoted_before_all_versions_are_there(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    fake.looks_until_active = 2
    front.calls.clear()
    done(wanted("two"))
    order = [call.operation for call in front.calls]
    assert len([operation for operation in order if operation == "UpdateDocument"]) == 2
    last_update = len(order) - order[::-1].index("UpdateDocument")
    assert last_update < order.index("UpdateDocumentDefaultVersion")


def test_accounts_are_added_and_removed_in_chunks_of_twenty(fake: FakeSsm, front: Front) -> None:
    document = Document("wake", DocumentType.COMMAND, COMMAND.format("one"), share_with=FRIENDS)
    done(Desired((document,)))
    chunks = [len(c.parameters["AccountIdsToAdd"]) for c in front.calls if c.operation == "ModifyDocumentPermission"]
    assert chunks == [20, 20, 5]
    assert state(fake)["wake"]["shared"] == set(FRIENDS)
    fewer = Document("wake", DocumentType.COMMAND, COMMAND.format("one"), share_with=(*FRIENDS[:5], "999999999999"))
    done(Desired((fewer,)))
    assert state(fake)["wake"]["shared"] == {*FRIENDS[:5], "999999999999"}


def test_sharing_that_is_not_ours_is_left_alone(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    fake.documents[KEY, HERE.region]["wake"].shared.add("111111111111")
    done(wanted("two"))
    assert state(fake)["wake"]["shared"] == {"111111111111"}


def test_our_tags_are_kept_in_line_and_those_of_others_are_left_alone(fake: FakeSsm, front: Front) -> None:
    done(wanted("one", tags={"team": "web", "stage": "test"}))
    tags = fake.documents[KEY, HERE.region]["wake"].tags
    tags["cost-center"] = "42"
    tags["stage"] = "changed by hand"
    done(wanted("one", tags={"stage": "live"}))
    assert {key: value for key, value in tags.items() if key != MARKS} == {
        "managed-by": "ssmwake",
        "stage": "live",
        "cost-center": "42",
    }
    done(wanted("one"))
    assert tags == {"managed-by": "ssmwake", "cost-center": "42"}


def test_fifty_tags_have_room_for_their_marks() -> None:
    tags = {f"key {number}" * 10: "" for number in range(50)}
    assert len(Document("a", DocumentType.COMMAND, "", tags).all_tags[MARKS]) <= 256


def test_the_way_back_is_noted_before_the_default_version_is_left(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    front.calls.clear()
    done(wanted("two"))
    writes = [call for call in front.calls if call.writes and call.operation != "UpdateDocument"]
    assert [call.operation for call in writes] == ["AddTagsToResource", "UpdateDocumentDefaultVersion"] * 2
    (tag,) = writes[0].parameters["Tags"]
    assert tag["Key"] == PREVIOUS
    assert [(note.before, note.after) for note in recorded(tag["Value"])] == [("1", "2")]


def test_the_plan_shows_what_runs_now_and_what_would(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    done(wanted("two"), Publish(promote=False))
    (place,) = planned(wanted("three")).places
    assert [str(action) for action in place.actions] == [
        f"update {d.name}: new version {d.version_name} after version 2" for d in wanted("three").documents
    ] + [f"promote {d.name}: default version 1 -> the new one ({d.version_name})" for d in wanted("three").documents]
    lines = str(place.diffs[0]).splitlines()
    assert "-    - echo one" in lines
    assert "+    - echo three" in lines


def test_at_most_this_many_places_are_asked_at_once(fake: FakeSsm, front: Front) -> None:
    busy, most = [0], [0]

    def begin(call: Call) -> None:
        with front.lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        time.sleep(0.02)
        with front.lock:
            busy[0] -= 1

    front.spoil = begin
    places = [Place(f"eu-west-{number}") for number in range(1, 13)]
    results = execute(plan(wanted("one"), places, at_once=4), at_once=4)
    assert {result.outcome for result in results} == {Outcome.DONE}
    assert [result.place for result in results] == places
    assert 1 < most[0] <= 4
