"""Artifacts: what they hold, parsed back as the one who reads them would."""

import json
from email import message_from_string

import pytest
import yaml

from ssmwake.model import Artifact, Config
from ssmwake.render import render
from ssmwake.render.runtime import join

RUNTIME = (
    "#!/bin/sh\n# Rendered by ssmwake from templates/; do not edit.\nmain() {\n\tput '${#x} %{y} \\t'\n}\nmain \"$@\"\n"
)


@pytest.fixture
def artifacts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Artifact]:
    for module in ("ssmwake.render", "ssmwake.render.carriers", "ssmwake.render.pages"):
        monkeypatch.setattr(f"{module}.runtime", lambda: RUNTIME)
    return {artifact.path: artifact for artifact in render(Config())}


def test_the_join_drops_comments_and_blank_lines_and_turns_steps_into_tabs() -> None:
    part = "# A comment.\n\nmain() {\n    # Another.\n    put '${#x} %{y} \\t'\n}\n"
    assert join(part) == RUNTIME


def test_each_carrier_holds_the_runtime_byte_for_byte(artifacts: dict[str, Artifact]) -> None:
    assert artifacts["runtime/ssmwake.sh"].text == RUNTIME
    config = yaml.safe_load(artifacts["user-data/cloud-config.yaml"].text)
    assert config["write_files"][0]["content"] == RUNTIME
    assert RUNTIME in artifacts["user-data/script.sh"].text
    part = list(message_from_string(artifacts["user-data/multipart.txt"].text).walk())[-1]
    assert RUNTIME in str(part.get_payload(decode=False))
    document = yaml.safe_load(artifacts["ssm/command.yaml"].text)
    assert RUNTIME in document["mainSteps"][0]["inputs"]["runCommand"][0]
    assert json.loads(artifacts["ssm/command.json"].text) == document
