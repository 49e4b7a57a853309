"""The recipes of docs/launch.md, run as a shell runs them: our command, and the AWS CLI against moto."""

import base64
import gzip
import os
import re
import subprocess
import sys
import urllib.request
from email import message_from_bytes
from pathlib import Path

import boto3
import pytest

from ssmwake.cloud_init.size import LIMIT, zipped
from ssmwake.model import Config, UserDataFormat, UserDataSettings
from ssmwake.render import user_data

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "launch.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
BLOCKS = [
    pytest.param(block, id=f"{title} {number}")
    for title, body in RECIPES
    for number, block in enumerate(re.findall(r"```sh\n(.*?)```", body, re.DOTALL))
    # Waits for a real instance; tests of the desk run it against a stand-in.
    if "ssmwake wait" not in block
]
NODE = """\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster:
    name: web
    apiServerEndpoint: https://example.com
    certificateAuthority: CA
    cidr: 10.100.0.0/16
--//--
""".replace("CA", base64.b64encode(bytes(range(256)) * 4).decode())
OURS = {
    "setup.sh": "#!/bin/sh\ndate >/root/started\n",
    "app.yaml": "#cloud-config\nruncmd:\n- touch /root/app\n",
    "node-config.txt": NODE,
}


@pytest.fixture
def account(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account with what the recipes take for granted."""
    urllib.request.urlopen(urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")).close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    boto3.client("iam").create_instance_profile(InstanceProfileName="web")
    boto3.client("ec2").create_launch_template(
        LaunchTemplateName="exists", LaunchTemplateData={"InstanceType": "t3.micro"}
    )


def run(block: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a block of the page as bash runs it."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=folder,
        env={**os.environ, "PATH": path, "AWS_PAGER": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("block", BLOCKS)
def test_the_recipe_works_as_it_is_shown(block: str, tmp_path: Path) -> None:
    for name, text in OURS.items():
        (tmp_path / name).write_text(text)
    if "create-launch-template-version" in block:
        block = block.replace("--launch-template-name web", "--launch-template-name exists")
    # moto has no instance refresh; that the CLI takes the words is all that can be seen.
    refresh = "aws autoscaling start-instance-refresh"
    block = block.replace(refresh, f"{refresh} --generate-cli-skeleton output")
    done = run(block, tmp_path)
    assert done.returncode == 0, done.stderr
    for made in {*re.findall(r"> (\S+)$", block, re.MULTILINE)}:
        assert (tmp_path / made).stat().st_size > 0


@pytest.mark.usefixtures("account")
def test_an_instance_gets_the_user_data_as_it_was_rendered(tmp_path: Path) -> None:
    block = next(str(recipe.values[0]) for recipe in BLOCKS if recipe.id == "One instance 0")
    assert run(block, tmp_path).returncode == 0
    ec2 = boto3.client("ec2")
    (reservation,) = ec2.describe_instances()["Reservations"]
    (instance,) = reservation["Instances"]
    answer = ec2.describe_instance_attribute(InstanceId=instance["InstanceId"], Attribute="userData")
    assert base64.b64decode(answer["UserData"]["Value"]) == (tmp_path / "user-data.yaml").read_bytes()


def test_a_script_is_a_part_of_its_own_whose_bytes_are_kept_but_for_the_ends_of_lines(tmp_path: Path) -> None:
    assert "CR LF becomes LF" in " ".join(PAGE.split())
    own = "#!/bin/sh\r\n# caf\u00e9\r\necho ready  \r\n".encode("latin-1")
    jinja = b"## template: jinja\n#cloud-config\nruncmd:\n- echo {{ v1.region }}\n"
    (tmp_path / "own.sh").write_bytes(own)
    (tmp_path / "jinja.yaml").write_bytes(jinja)
    done = run("ssmwake user-data --include own.sh --include jinja.yaml --gzip > user-data.gz", tmp_path)
    assert done.returncode == 0, done.stderr
    message = message_from_bytes(gzip.decompress((tmp_path / "user-data.gz").read_bytes()))
    parts = {part.get_filename(): part for part in message.walk()}
    assert parts["own.sh"].get_payload(decode=True) == own.replace(b"\r\n", b"\n")
    assert parts["jinja.yaml"].get_content_type() == "text/jinja2"
    assert parts["jinja.yaml"].get_payload(decode=True) == jinja


def test_the_page_states_how_much_room_is_left() -> None:
    (some,) = re.findall(r"Uncompressed it leaves some (\d+) bytes", PAGE)
    assert f"ssmwake fills all but some {some} of them" in " ".join((TOP / "README.md").read_text().split())
    assert abs(LIMIT - len(user_data(Config()).encode()) - int(some)) <= 100
    # A script needs a part of its own, with its headers.
    multipart = Config(user_data=UserDataSettings(format=UserDataFormat.MULTIPART))
    (less,) = re.findall(r"ssmwake leaves less than (\d+) bytes for that part", " ".join(PAGE.split()))
    assert 0 < LIMIT - len(user_data(multipart).encode()) < int(less)
    (left,) = re.findall(r"with `--gzip` it leaves more than ([\d,]+) bytes", PAGE)
    assert LIMIT - len(zipped(user_data(Config(), plain=True).encode())) > int(left.replace(",", ""))


def test_what_eks_adds_by_itself_does_not_fit_next_to_ssmwake_as_text() -> None:
    # The page says so, and must be changed when it does.
    assert "there it is not supported as user data" in " ".join(PAGE.split())
    certificate = base64.b64encode(bytes(1_100)).decode()
    node = (
        "--//\nContent-Type: application/node.eks.aws\n\n---\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\n"
        "spec:\n  cluster:\n    name: web\n    apiServerEndpoint: https://0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com\n"
        f"    certificateAuthority: {certificate}\n    cidr: 10.100.0.0/16\n"
    )
    multipart = Config(user_data=UserDataSettings(format=UserDataFormat.MULTIPART))
    assert len(user_data(multipart).encode()) + len(node) > LIMIT
