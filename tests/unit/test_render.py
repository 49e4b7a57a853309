"""Artifacts: what they hold, parsed back as the one who reads them would."""

import base64
import gzip
import json
import re
import subprocess
from email import message_from_string
from pathlib import Path

import pytest
import yaml

from ssmwake import __version__
from ssmwake.cloud_init.reader import read
from ssmwake.cloud_init.size import zipped
from ssmwake.config import seconds
from ssmwake.model import Artifact, Config, UserDataFormat, UserDataSettings
from ssmwake.render import Rendering, render
from ssmwake.render.runtime import carried, packed, runtime, without_comments
from ssmwake.render.user_data import user_data
from ssmwake.resources import schema, templates

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def artifacts() -> dict[str, Artifact]:
    return {artifact.path: artifact for artifact in render(Config())}


def run(script: str, root: Path) -> Path:
    """Run user data that is a script below a root, up to where it would install, and return the runtime it wrote."""
    text = re.sub(r"^sh .*", "", script, flags=re.MULTILINE)
    subprocess.run(["sh", "-c", text], check=True, env={"PATH": "/usr/bin:/bin", "SSMWAKE_ROOT": str(root)})
    return root / "var/lib/ssmwake/ssmwake"


def test_the_runtime_has_the_version_of_the_package() -> None:
    assert re.findall("^version=(.*)$", runtime(), re.MULTILINE) == [__version__]
    assert carried().splitlines()[1] == f"version={__version__}"


def test_the_defaults_of_the_runtime_are_those_of_the_schema() -> None:
    properties = json.loads(schema("config"))["properties"]
    times = {
        name.lower().replace("_", "-"): [seconds(word) for word in words.strip("'").split()]
        for name, words in re.findall(r"^\s+load_times ([A-Z_]+) ('.*'|\w+)$", runtime(), re.MULTILINE)
    }
    assert times == {
        name: [seconds(text) for text in (default if isinstance(default, list) else [default])]
        for name in ("timeout", "poll", "poll-healthy", "restart-after")
        for default in [properties[name]["default"]]
    }
    assert ("${SSMWAKE_INSTANCE_CONNECT-yes}" in runtime()) == properties["instance-connect"]["default"]


def test_the_defaults_on_the_page_are_those_of_the_runtime() -> None:
    rows = re.findall(
        r"^\|.*`SSMWAKE_([A-Z_]+)` \| (?:`(.*?)`|any).*\|$", (TOP / "docs/runtime.md").read_text(), re.MULTILINE
    )
    times = re.findall(r"^\s+load_times ([A-Z_]+) (.*)$", runtime(), re.MULTILINE)
    assert dict(rows) == {name: words.strip("'") for name, words in times} | {"ROLE": "", "INSTANCE_CONNECT": "yes"}


def test_the_terraform_variables_have_the_ranges_of_the_schema() -> None:
    text = Rendering(Config()).text("terraform/modules/content/variables.tf")
    properties = json.loads(schema("config"))["properties"]
    rules = {name: properties[name] for name in ("timeout", "poll", "poll-healthy")}
    rules["restart-after"] = properties["restart-after"]["items"]
    for name, rule in rules.items():
        block = text.partition(f'variable "{name.replace("-", "_")}" {{')[2].partition("\n}\n")[0]
        assert f"<= {rule['maximum']}" in block, name
        assert f"from {rule['minimum']} to {rule['maximum']}." in block, name
    assert f"<= {properties['restart-after']['maxItems']} &&" in text
    assert properties["role"]["pattern"] in text


def test_the_schema_allows_no_time_that_the_runtime_does_not_take() -> None:
    (longest,) = {int(number) for number in re.findall(r'"\$seconds" -le ([0-9]+) ', runtime())}
    properties = json.loads(schema("config"))["properties"]
    rules = [properties[name] for name in ("timeout", "poll", "poll-healthy")] + [properties["restart-after"]["items"]]
    assert max(rule["maximum"] for rule in rules) == longest
    assert {rule["minimum"] for rule in rules} == {1}


def test_the_runtime_says_where_its_source_is_that_people_read() -> None:
    assert runtime().splitlines()[:2] == ["#!/bin/sh", "# Rendered by ssmwake from templates/runtime/; do not edit."]


def test_cloud_config_holds_the_runtime_byte_for_byte(artifacts: dict[str, Artifact]) -> None:
    config = yaml.safe_load(artifacts["user-data/cloud-config.yaml"].text)
    file = config["write_files"][-1]
    assert file["encoding"] == "gz+b64"
    assert gzip.decompress(base64.b64decode(file["content"])).decode() == carried()


def test_the_script_writes_the_runtime_byte_for_byte(artifacts: dict[str, Artifact], tmp_path: Path) -> None:
    written = run(artifacts["user-data/script.sh"].text, tmp_path)
    assert written.read_text() == carried()
    assert written.stat().st_mode & 0o777 == 0o700


def test_multipart_carries_the_script(artifacts: dict[str, Artifact], tmp_path: Path) -> None:
    part = list(message_from_string(artifacts["user-data/multipart.txt"].text).walk())[-1]
    assert run(str(part.get_payload(decode=False)), tmp_path).read_text() == carried()


def test_what_gzip_packs_holds_the_runtime_byte_for_byte(tmp_path: Path) -> None:
    config = yaml.safe_load(user_data(Config(), plain=True))
    assert config["write_files"][-1]["content"] == carried()
    assert "encoding" not in config["write_files"][-1]
    script = user_data(Config(user_data=UserDataSettings(format=UserDataFormat.SCRIPT)), plain=True)
    assert run(script, tmp_path).read_text() == carried()
    text = user_data(Config(user_data=UserDataSettings(format=UserDataFormat.MULTIPART)), plain=True)
    part = list(message_from_string(text).walk())[-1]
    assert run(str(part.get_payload(decode=False)), tmp_path / "multipart").read_text() == carried()


@pytest.mark.parametrize("form", UserDataFormat)
def test_by_default_room_is_left_for_the_user(form: UserDataFormat) -> None:
    config = Config(user_data=UserDataSettings(format=form))
    assert len(user_data(config).encode()) < 16_110
    assert len(zipped(user_data(config, plain=True).encode())) < 12_288


def test_no_carrier_needs_base64_for_the_runtime_in_gzip() -> None:
    assert "{{" not in carried()
    assert "$$" not in carried()
    assert carried().isascii()


def test_what_a_person_has_is_merged_with_the_plain_runtime_too() -> None:
    own = read("own", b"#cloud-config\nwrite_files:\n- path: /a\n  content: b\nruncmd:\n- id\n")
    config = yaml.safe_load(user_data(Config(), own, plain=True))
    assert {file["path"]: file["content"] for file in config["write_files"]}["/var/lib/ssmwake/ssmwake"] == carried()
    assert "id" in config["runcmd"]


def test_the_documents_contain_the_runtime_byte_for_byte(artifacts: dict[str, Artifact]) -> None:
    assert artifacts["runtime/ssmwake.sh"].text == runtime()
    document = yaml.safe_load(artifacts["ssm/command.yaml"].text)
    assert carried() in document["mainSteps"][0]["inputs"]["runCommand"][0]
    assert json.loads(artifacts["ssm/command.json"].text) == document


def test_the_packed_runtime_is_current() -> None:
    assert carried() == without_comments(runtime()), "run `make render`"
    assert packed() == (templates() / "runtime" / "packed.txt").read_text()


def test_the_source_has_no_long_line() -> None:
    assert [line for line in runtime().splitlines() if len(line) > 120] == []


def test_what_is_carried_is_the_source_without_lines_that_are_only_a_comment_or_blank() -> None:
    kept = subprocess.run(
        ["sed", "1!{/^[[:blank:]]*#/d;/^[[:blank:]]*$/d;}"], input=runtime(), capture_output=True, text=True, check=True
    )
    assert carried() == kept.stdout
