"""A launch template keeps the user data that it has: ours is added next to it, renewed in place, and never twice."""

import base64
import gzip
import json
import random
from email import message_from_bytes
from pathlib import Path
from typing import Any

import boto3
import pytest

from ssmwake.config import from_settings
from ssmwake.publish import Outcome, desired_by, execute, plan
from ssmwake.render import Rendering
from ssmwake.render.launch_template import launch_template_user_data
from support.accounts import HASTY, HERE
from support.front import Front
from support.publish_command import run as command

SCRIPT = b"#!/bin/bash\necho theirs\n"
CONFIG = b"#cloud-config\npackages: [nginx]\n"


def template(name: str, user_data: bytes | None) -> Any:
    ec2 = boto3.client("ec2", region_name=HERE.region)
    data: Any = {"ImageId": "ami-1"}
    if user_data is not None:
        data["UserData"] = base64.b64encode(user_data).decode()
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    return ec2


def versions(name: str) -> list[bytes]:
    """The user data of every version of a launch template, the oldest first."""
    ec2 = boto3.client("ec2", region_name=HERE.region)
    found = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"]
    return [
        base64.b64decode(one["LaunchTemplateData"].get("UserData", ""))
        for one in sorted(found, key=lambda one: one["VersionNumber"])
    ]


def run(templates: dict[str, dict[str, Any]], include: tuple[Any, ...] = (), **settings: Any) -> list[str]:
    """Publish the launch templates of a config and nothing else; return the failures."""
    config = from_settings({"publish": {"regions": [HERE.region], "launch_templates": templates}, **settings})
    everything = desired_by(Rendering(config, include))
    what = type(everything)((), everything.launch_templates)
    results = execute(plan(what, [HERE], patience=HASTY), patience=HASTY)
    assert all(result.outcome is not Outcome.DONE or not result.failure for result in results)
    return [result.failure for result in results if result.failure]


def parts(data: bytes) -> list[tuple[str | None, bytes]]:
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    message = message_from_bytes(data)
    assert message.is_multipart(), data[:200]
    found = []
    for part in message.walk():
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            found.append((part.get_filename(), body))
    return found


@pytest.mark.parametrize("promote", [False, True])
@pytest.mark.parametrize("own", [SCRIPT, CONFIG, gzip.compress(SCRIPT)], ids=["script", "cloud-config", "gzip"])
def test_its_own_user_data_stays_and_ours_is_added_once(own: bytes, promote: bool, moto: Front) -> None:
    template("web", own)
    how = {"web": {"promote": promote}}
    assert run(how) == []
    assert run(how) == []
    _, merged = versions("web")
    (_, theirs), (name, ours) = parts(merged)
    assert theirs == (gzip.decompress(own) if own.startswith(b"\x1f\x8b") else own)
    assert (name, b"ssmwake install" in ours or b"install" in ours) == ("ssmwake", True)
    assert run(how, role="web") == []
    *_, renewed = versions("web")
    (_, theirs), (_, ours) = parts(renewed)
    assert b"SSMWAKE_ROLE=web" in ours
    assert theirs == (gzip.decompress(own) if own.startswith(b"\x1f\x8b") else own)


def test_two_templates_with_different_user_data_in_one_config(moto: Front) -> None:
    template("web", SCRIPT)
    template("data", CONFIG)
    template("bare", None)
    assert run({"web": {}, "data": {}, "bare": {}}) == []
    assert parts(versions("web")[1])[0][1] == SCRIPT
    assert parts(versions("data")[1])[0][1] == CONFIG
    assert versions("bare")[1].startswith(b"#cloud-config\n")


def test_the_config_may_say_that_it_is_replaced(moto: Front) -> None:
    template("web", SCRIPT)
    assert run({"web": {"user_data": "replace"}}) == []
    assert b"theirs" not in versions("web")[1]


def test_gzip_is_used_where_nothing_else_fits(moto: Front) -> None:
    big = SCRIPT + b"# 0123456789 abcdefghijklmnopqrstuvwxyz\n" * 250
    template("web", big)
    template("small", SCRIPT)
    assert run({"web": {}, "small": {}}) == []
    assert versions("web")[1].startswith(b"\x1f\x8b")
    assert len(versions("web")[1]) <= 16_384
    assert parts(versions("web")[1])[0][1] == big
    assert versions("small")[1].startswith(b"Content-Type")
    assert run({"web": {"promote": True}, "small": {}}) == []
    assert run({"web": {"promote": True}, "small": {}}) == []
    assert len(versions("web")) == 2


def test_what_does_not_fit_even_so_costs_a_line(moto: Front) -> None:
    template("web", SCRIPT + "".join(f"# {random.Random(n).getrandbits(400):x}\n" for n in range(140)).encode())
    (line,) = run({"web": {}})
    assert line.startswith("user data of web:1:1: ")
    assert "bytes with gzip, and EC2 takes 16,384" in line
    assert len(versions("web")) == 1


@pytest.mark.parametrize("format_", ["cloud-config", "script", "multipart"])
def test_what_holds_ssmwake_alone_is_renewed(format_: str, moto: Front) -> None:
    template("web", Rendering(from_settings({"role": "old", "format": format_})).user_data().encode())
    assert run({"web": {}}, role="new") == []
    text = versions("web")[1]
    assert b"SSMWAKE_ROLE=new" in text
    assert b"SSMWAKE_ROLE=old" not in text


def test_what_was_merged_into_one_cloud_config_cannot_be_told_apart_and_costs_a_line(moto: Front) -> None:
    from ssmwake.cloud_init.reader import read

    template("web", Rendering(from_settings({}), read("own.yaml", CONFIG)).user_data().encode())
    (line,) = run({"web": {}}, role="new")
    assert "merged into one; set user-data: replace for this template, and include your cloud-config" in line


@pytest.mark.parametrize("data", [b"<powershell>\n1\n</powershell>", b"hello", b"\x1f\x8bbroken", b"\x00\x01"])
def test_what_is_not_user_data_costs_a_line(data: bytes, moto: Front) -> None:
    template("web", data)
    (line,) = run({"web": {}})
    assert line.startswith("user data of web:1:1: ")
    assert "\n" not in line


def test_what_the_config_includes_is_renewed_and_not_repeated() -> None:
    from ssmwake.cloud_init.reader import read

    def merged(include: bytes, existing: bytes) -> bytes:
        return launch_template_user_data(from_settings({}), read("own.sh", include), existing, "web")

    first = merged(b"#!/bin/sh\necho one\n", SCRIPT)
    second = merged(b"#!/bin/sh\necho two\n", first)
    assert [body for _, body in parts(second)][:2] == [SCRIPT, b"#!/bin/sh\necho two\n"]
    assert len(parts(second)) == 3
    assert merged(b"#!/bin/sh\necho two\n", second) == second
    # What is in the template already, as it is, is not added again.
    assert len(parts(merged(SCRIPT, SCRIPT + b""))) == 2


def test_a_template_that_cannot_be_merged_is_named_and_everything_else_is_published(
    moto: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ec2 = template("windows", b"<powershell>\nGet-Date\n</powershell>\n")
    template("web", SCRIPT)
    id_here = ec2.describe_launch_templates(LaunchTemplateNames=["web"])["LaunchTemplates"][0]["LaunchTemplateId"]
    config = tmp_path / "ssmwake.yaml"
    config.write_text(
        f"publish: {{regions: [{HERE.region}, us-east-2], launch-templates: {{windows: {{}}, {id_here}: {{}}}}}}\n"
    )
    planned = command("--check")
    assert planned.exit_code == 2, planned.output
    assert "cannot be planned: user data of windows:1:1: " in planned.output
    # The id is in one of the two regions, the name is expected in both.
    assert "launch template windows does not exist here" in planned.output
    assert f"launch template {id_here} does not exist" not in planned.output
    assert "2 launch templates cannot be planned" in planned.stderr
    done = command("--yes", "--json")
    assert done.exit_code == 1
    first, second = json.loads(done.stdout)["places"]
    assert [one["outcome"] for one in (first, second)] == ["incomplete", "incomplete"]
    created = [one["document"] for one in first["actions"] if one["action"] == "create"]
    assert created == [one["document"] for one in second["actions"] if one["action"] == "create"] != []
    assert [one["launch_template"] for one in first["actions"] if "launch_template" in one] == [id_here]
    assert len(first["unplanned"]) == len(second["unplanned"]) == 1
    assert len(versions("web")) == 2
    elsewhere = command("--check", "--region", "us-east-2")
    assert f"left alone: launch template {id_here} is not in the regions and accounts of this run" in elsewhere.output


@pytest.mark.parametrize("how", [{}, {"user-data": "replace"}])
def test_the_user_data_of_a_windows_template_is_never_touched(how: dict[str, str], moto: Front) -> None:
    template("windows", b"<powershell>\nGet-Date\n</powershell>\n")
    (line,) = run({"windows": {key.replace("-", "_"): value for key, value in how.items()}})
    assert line == "user data of windows:1:1: it is for Windows, which ssmwake does not wake; leave it as it is"
    assert len(versions("windows")) == 1
