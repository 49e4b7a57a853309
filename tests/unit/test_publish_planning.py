"""The plan is a function of what is wanted and what is there; no service is needed to see what it would do."""

import base64
import gzip
from dataclasses import replace
from typing import Any

import pytest

from ssmwake.model import Base, Finding, Invalid, Location, Severity
from ssmwake.publish.actions import Action, AddTemplateVersion, Impossible
from ssmwake.publish.current import Current, CurrentDocument, CurrentTemplate, TemplateVersion, Version
from ssmwake.publish.desired import Desired, Document, DocumentType, LaunchTemplate, same, user_data_name, version_name
from ssmwake.publish.planning import PromoteNamed, Publish, RollBack, Steps, steps
from ssmwake.publish.template_planning import note

DOCUMENT = Document("wake", DocumentType.COMMAND, "a: 1\n")
V1 = Version("1", "v-old", text="a: 0\n")
V2 = Version("2", DOCUMENT.version_name, text='{"a": 1}')
TAGS = DOCUMENT.all_tags


def there(default: Version = V1, latest: Version = V2, **more: Any) -> Current:
    return Current((CurrentDocument("wake", "Command", latest, default, TAGS, **more),))


def said(found: Current, purpose: Publish | PromoteNamed | RollBack, wanted: Document = DOCUMENT) -> list[str]:
    return [str(action) for action in steps(Desired((wanted,)), found, purpose).actions]


def test_what_is_not_there_is_created() -> None:
    assert said(Current(), Publish()) == [f"create wake (Command document) with version {DOCUMENT.version_name}"]


def test_what_is_there_and_equal_needs_only_promotion() -> None:
    assert said(there(), Publish()) == [f"promote wake: default version 1 -> 2 ({DOCUMENT.version_name})"]
    assert said(there(), Publish(promote=False)) == []
    assert said(there(default=V2), Publish()) == []


def test_a_default_version_that_is_equal_is_kept_although_a_newer_one_is_there() -> None:
    assert said(there(default=replace(V1, text="a: 1"), latest=replace(V2, text="a: 9", name="v-x")), Publish()) == []


def test_a_version_that_another_run_left_in_the_making_is_waited_for() -> None:
    assert said(there(latest=replace(V2, status="Updating")), Publish(promote=False)) == [
        "wait for version 2 of wake to be Active"
    ]


@pytest.mark.parametrize(
    ("latest", "words"),
    [
        (replace(V2, status="Failed", words="bad step"), "is Failed: bad step"),
        (replace(V2, status="Deleting"), "is being deleted"),
        (replace(V2, text="a: 2"), "holds something else"),
    ],
)
def test_what_stands_in_the_way_is_said(latest: Version, words: str) -> None:
    with pytest.raises(Impossible, match=words):
        said(there(latest=latest), Publish())


def template(*versions: TemplateVersion, default: int = 1) -> Current:
    found = CurrentTemplate("web", "lt-1", default, max(v.number for v in versions), {}, versions)
    return Current((), (found,))


def doing(found: Current, base: Base = Base.DEFAULT, *, promote: bool = False) -> tuple[Action, ...]:
    return steps(Desired((), (LaunchTemplate("web", b"new", base, promote),)), found, Publish()).actions


OLD = TemplateVersion(1, "", "b2xk", "[]")
NEW = TemplateVersion(2, note(user_data_name(b"new"), 1), "bmV3", "[]")


def test_a_launch_template_with_this_user_data_gets_no_version() -> None:
    assert doing(template(replace(OLD, user_data="bmV3"))) == ()
    assert doing(template(OLD, NEW)) == ()
    assert doing(template(OLD, NEW), Base.LATEST) == ()


def test_a_version_with_this_user_data_but_another_image_is_not_used() -> None:
    other = TemplateVersion(2, "by hand", "bmV3", "[('ImageId', 'ami-2')]")
    assert [str(action) for action in doing(template(OLD, other))] == [
        "update launch template web: new version from version 1 with user data v-11507a0e2f5e"
    ]


def test_who_launches_from_latest_needs_the_user_data_in_the_latest_version() -> None:
    newest = TemplateVersion(3, "", "b2xk", "[]")
    assert [str(action) for action in doing(template(OLD, NEW, newest), Base.LATEST, promote=True)] == [
        "update launch template web: new version from version 3 with user data v-11507a0e2f5e",
        "promote launch template web: default version 1 -> the new one",
    ]


def test_the_plan_says_that_user_data_is_compressed() -> None:
    packed = base64.b64encode(gzip.compress(b"#!/bin/sh\n")).decode()
    action = AddTemplateVersion("web", "lt-1", 1, 1, packed, "v-1")
    assert (
        str(action) == "update launch template web: new version from version 1 with user data v-1, compressed with gzip"
    )


def test_a_launch_template_that_is_missing_or_cannot_be_changed_stops_nothing_else() -> None:
    def refuse(user_data: bytes) -> bytes:
        raise Invalid(Finding(Location("user data of ps", 1, 1), "SW202", "not for cloud-init", Severity.ERROR))

    missing, refused, fine = (
        LaunchTemplate("gone", b"new"),
        LaunchTemplate("ps", b"new", merge=refuse),
        LaunchTemplate("web", b"new"),
    )
    found = Current((), (*template(OLD).launch_templates, replace(template(OLD).launch_templates[0], template="ps")))
    found_steps = steps(Desired((), (missing, refused, fine)), found, Publish())
    assert [str(action) for action in found_steps.actions] == [
        "update launch template web: new version from version 1 with user data v-11507a0e2f5e"
    ]
    assert found_steps.unplanned == (
        "launch template gone does not exist here; create it, or correct its name in the config",
        "user data of ps:1:1: not for cloud-init",
    )


def test_the_id_of_a_launch_template_is_expected_in_one_place_only() -> None:
    desired = Desired((), (LaunchTemplate("lt-0123456789abcdef0", b"new"),))
    assert steps(desired, Current(), Publish(), {"lt-0123456789abcdef0"}) == Steps()
    (line,) = steps(desired, Current(), Publish()).unplanned
    assert line.startswith("launch template lt-0123456789abcdef0 does not exist here, and an id exists in one region")


def test_documents_are_the_same_when_they_say_the_same() -> None:
    assert same("a: 1\nb: [2]\n", '{"b": [2],\n "a": 1}')
    assert not same("a: 1", "a: '1'")
    assert not same("{", "[")
    assert version_name({"a": 1, "b": 2}) == version_name({"b": 2, "a": 1})
