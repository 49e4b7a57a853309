"""Launch-template data and launches: in each form of the API, JSON or YAML, and as people type it."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from ssmwake.lint import Kind, kind, lint

AWS = "#!/bin/sh\naws s3 ls\n"
ARRAY = "#!/bin/sh\nx=(1)\n"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def found(document: object) -> list[str]:
    """Return the ids of what is found in a document that is recognised for what it is."""
    data = json.dumps(document).encode()
    assert kind(data) is Kind.LAUNCH_TEMPLATE
    return [one.rule for one in lint("t", data, with_cfn_lint=False)]


IMAGE = {"ImageId": "ami-0123456789abcdef0"}
FORMS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "bare data": lambda data: IMAGE | data,
    "a request": lambda data: {"LaunchTemplateName": "a", "LaunchTemplateData": data},
    "an answer": lambda data: {"LaunchTemplateVersions": [{"LaunchTemplateData": data}]},
    "a launch": lambda data: IMAGE | {"MinCount": 1, "MaxCount": 1} | data,
}


@pytest.mark.parametrize("form", FORMS)
def test_user_data_and_options_are_read_in_each_form(form: str) -> None:
    assert found(FORMS[form]({"UserData": encoded(ARRAY)})) == ["SW208"]
    options = {"MetadataOptions": {"HttpTokens": "optional", "HttpEndpoint": "disabled"}}
    assert sorted(found(FORMS[form](options | {"UserData": encoded("#!/bin/sh\ndate\n")}))) == ["SW220", "SW221"]


def test_the_command_line_encodes_the_user_data_of_a_launch_and_of_nothing_else() -> None:
    assert found(FORMS["a launch"]({"UserData": "#!/bin/sh\ndate\n"})) == []
    assert found(FORMS["a request"]({"UserData": "#!/bin/sh\ndate\n"})) == ["SW401"]
    assert found(FORMS["bare data"]({"UserData": "#!/bin/sh\ndate\n"})) == ["SW401"]


def test_a_launch_without_a_profile_has_none_and_a_template_may_get_one() -> None:
    assert found(FORMS["a launch"]({"UserData": encoded(AWS)})) == ["SW224"]
    assert found(FORMS["a launch"]({"UserData": encoded(AWS), "IamInstanceProfile": {"Name": "a"}})) == []
    assert found(FORMS["a launch"]({"UserData": encoded(AWS), "LaunchTemplate": {"LaunchTemplateName": "a"}})) == []
    assert found(FORMS["a request"]({"UserData": encoded(AWS)})) == []


@pytest.mark.parametrize("user_data", [None, 3, [], {}, "", {"Ref": "a"}, "AAAA"])
@pytest.mark.parametrize("options", [None, [], "a", {"HttpTokens": []}, {"HttpEndpoint": None}])
def test_values_of_any_type_do_not_make_it_crash(user_data: object, options: object) -> None:
    for form in FORMS.values():
        data = json.dumps(form({"UserData": user_data, "MetadataOptions": options})).encode()
        lint("t", data, Kind.LAUNCH_TEMPLATE, with_cfn_lint=False)


def test_a_skeleton_of_the_command_line_is_left_alone() -> None:
    skeleton = {
        "LaunchTemplateName": "",
        "LaunchTemplateData": {"ImageId": "", "UserData": "", "IamInstanceProfile": {}},
    }
    assert found(skeleton) == []
    assert found({"LaunchTemplateData": {"UserData": None}}) == []
