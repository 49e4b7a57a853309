"""All carriers of one config on one instance, in the orders that people use: what the instance ends up with."""

import base64
import gzip
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from cfnlint.decode.cfn_yaml import loads  # type: ignore[import-untyped]
from moto import mock_aws

from ssmwake.cloud_init.reader import read
from ssmwake.dist import write
from ssmwake.model import Config, UserDataFormat, UserDataSettings
from ssmwake.render import Rendering, render
from ssmwake.render.carriers import conf, on_ready
from ssmwake.render.runtime import carried
from support import tools

# Every setting of the instance, none of them the default.
EVERY = Config(
    role="web",
    timeout=1234,
    poll=7,
    poll_healthy=77,
    restart_after=(5, 60),
    instance_connect=False,
    on_ready=("echo 'ü' {{ x }} $$ ${y}", "touch /ready"),
)
OTHER = Config(role="db", timeout=99, on_ready=("echo another",))
REGION = "eu-central-1"
# moto has no associations in stacks, and says so.
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS..SSM..Association")


@dataclass
class Instance:
    """An instance with systemd, as far as ssmwake installs itself on it; what it has under /etc is compared."""

    root: Path
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.root / "run/systemd/system").mkdir(parents=True)
        (self.root / "bin").mkdir()
        (self.root / "bin/systemctl").write_text("#!/bin/sh\nexit 0\n")
        (self.root / "bin/systemctl").chmod(0o755)

    def run(self, script: str) -> int:
        path = self.root / "script"
        path.write_text(script)
        environment = {"PATH": f"{self.root}/bin:{os.environ['PATH']}", "SSMWAKE_ROOT": str(self.root)}
        done = subprocess.run(
            ["sh", str(path)], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        self.said.append(done.stdout)
        return done.returncode

    def launch(self, user_data: str) -> "Instance":
        """Do what cloud-init does with user data at the first boot."""
        for part in read("-", user_data.encode()):
            if part.text.startswith("#!"):
                assert self.run(part.text) == 0
                continue
            config = yaml.safe_load(part.text)
            for file in config["write_files"]:
                content = file["content"].encode()
                if file.get("encoding") == "gz+b64":
                    content = gzip.decompress(base64.b64decode(content))
                target = self.root / file["path"].lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                target.chmod(int(file["permissions"], 8))
            assert self.run(f"sh {self.root}/var/lib/ssmwake/ssmwake install") == 0
        return self

    def command(self, document: dict[str, Any], **parameters: str) -> "Instance":
        """Do what the agent does with a Command document."""
        (script,) = document["mainSteps"][0]["inputs"]["runCommand"]
        for name, rules in document["parameters"].items():
            value = parameters.get(name, rules["default"])
            assert value in rules.get("allowedValues", [value])
            assert re.fullmatch(rules.get("allowedPattern", ".*"), value)
            script = script.replace(f"{{{{ {name} }}}}", value)
        assert self.run(script) == 0, self.said
        return self

    @property
    def settings(self) -> dict[str, str]:
        """What ssmwake reads: each setting by its name, and the commands."""
        lines = (self.root / "etc/ssmwake.conf").read_text().splitlines()
        found = dict(reversed([line.split("=", 1) for line in lines]))  # the first line of a name wins
        commands = self.root / "etc/ssmwake.on-ready"
        return found | {"on-ready": commands.read_text() if commands.exists() else ""}

    @property
    def installed(self) -> str:
        return (self.root / "usr/local/sbin/ssmwake").read_text()


def settings_of(config: Config, carrier: str) -> dict[str, str]:
    found = dict(line.split("=", 1) for line in conf(config, carrier).splitlines())
    return found | {"on-ready": on_ready(config.on_ready) if config.on_ready else ""}


Fresh = Callable[[], Instance]


@pytest.fixture
def fresh(tmp_path: Path) -> Fresh:
    """Return a function that launches one more instance."""
    numbers = iter(range(100))

    def launched() -> Instance:
        folder = tmp_path / f"instance-{next(numbers)}"
        folder.mkdir()
        return Instance(folder)

    return launched


@pytest.fixture(scope="module", autouse=True)
def _account() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        yield


def document(config: Config) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(Rendering(config).text("ssm/command.yaml"))
    return loaded


def user_data(config: Config, output_format: UserDataFormat) -> str:
    name = {"cloud-config": "cloud-config.yaml", "script": "script.sh", "multipart": "multipart.txt"}[output_format]
    return Rendering(config).text(f"user-data/{name}")


def stack(config: Config, name: str, template: str = "launch-template") -> tuple[str, dict[str, Any]]:
    """Deploy a template; return the user data of its instances, if it has any, and its Command document."""
    text = Rendering(config).text(f"cloudformation/{template}.yaml")
    client = boto3.client("cloudformation", region_name=REGION)
    client.create_stack(StackName=name, TemplateBody=text, Capabilities=["CAPABILITY_IAM"])
    found = client.describe_stack_resources(StackName=name)["StackResources"]
    resources = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found if "LogicalResourceId" in each}
    launched = ""
    if "LaunchTemplate" in resources:
        ec2 = boto3.client("ec2", region_name=REGION)
        versions = ec2.describe_launch_template_versions(LaunchTemplateId=resources["LaunchTemplate"])
        launched = base64.b64decode(versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]["UserData"]).decode()
    client.delete_stack(StackName=name)
    # moto keeps the content of a document as it is in the template.
    content = json.loads(json.dumps(loads(text)["Resources"]["CommandDocument"]["Properties"]["Content"]))
    content["parameters"]["Carrier"]["default"] = f"stack {name}"
    return launched, content


@pytest.mark.parametrize("output_format", UserDataFormat)
def test_user_data_and_then_the_association_of_the_same_config(fresh: Fresh, output_format: UserDataFormat) -> None:
    config = Config(**{**vars(EVERY), "user_data": UserDataSettings(format=output_format)})
    launched = fresh().launch(user_data(config, output_format))
    expected = settings_of(EVERY, "ssmwake")
    assert launched.settings == expected
    assert launched.command(document(config)).settings == expected
    # The other way round: the document first, as on an instance that was launched without ours.
    installed = fresh().command(document(config))
    assert installed.settings == expected
    assert launched.installed == installed.installed == carried()
    # A change of the config arrives with the next run of the association.
    changed = Config(role="web", timeout=60)
    assert launched.command(document(changed)).settings == settings_of(changed, "ssmwake")


def test_a_stack_and_then_its_own_association_that_of_another_stack_and_the_rescue(fresh: Fresh) -> None:
    # Few enough settings for user data as text, which alone can name its stack.
    few = replace(EVERY, poll=Config().poll, instance_connect=True, on_ready=("touch /ready",))
    launched, own = stack(few, "web")
    _, neighbour = stack(OTHER, "db")
    _, rescue = stack(OTHER, "rescue", "rescue")
    # The role that the stack creates has a generated name, so its instances wait for any.
    expected = settings_of(replace(few, role=""), "stack web")
    instance = fresh().launch(launched)
    assert instance.settings == expected
    for others in (own, neighbour, own, rescue, document(OTHER), own):
        assert instance.command(others).settings == expected
    kept = [said for said in instance.said if "kept the settings" in said]
    assert len(kept) == 3
    assert "which stack web wrote; to replace them with those of stack db" in kept[0]
    assert instance.command(neighbour, Settings="replace").settings == settings_of(
        Config(**{**vars(OTHER), "role": ""}), "stack db"
    )


def test_the_rescue_and_then_a_template(fresh: Fresh) -> None:
    _, rescue = stack(OTHER, "rescue", "rescue")
    instance = fresh().command(rescue)
    assert instance.settings == settings_of(Config(**{**vars(OTHER), "role": ""}), "stack rescue")
    # Who comes second keeps what is there; the rescue goes on to update what it wrote.
    assert instance.command(document(EVERY)).settings["SSMWAKE_CARRIER"] == "stack rescue"
    _, updated = stack(EVERY, "rescue", "rescue")
    assert instance.command(updated).settings == settings_of(Config(**{**vars(EVERY), "role": ""}), "stack rescue")


def test_terraform_with_variables_and_its_own_association_and_those_of_others(fresh: Fresh, tmp_path: Path) -> None:
    terraform = tools.require("terraform")
    write(render(OTHER), tmp_path / "dist")
    content = tmp_path / "dist/terraform/modules/content"
    variables = {
        name: value for name, value in vars(EVERY).items() if name not in ("user_data", "documents", "publish", "lint")
    }
    (content / "terraform.tfvars.json").write_text(json.dumps(variables))

    def run(*arguments: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "TF_CLI_CONFIG_FILE": "/dev/null",
            "CHECKPOINT_DISABLE": "1",
            "HOME": "/",
        }
        done = subprocess.run(
            [terraform, f"-chdir={content}", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return done.stdout

    run("init", "-input=false")
    run("apply", "-auto-approve", "-input=false")
    outputs = {name: each["value"] for name, each in json.loads(run("output", "-json")).items()}
    own = json.loads(outputs["command_document"])
    expected = settings_of(EVERY, "terraform ssmwake")
    instance = fresh().launch(outputs["user_data"])
    _, neighbour = stack(OTHER, "db")
    for others in (own, neighbour, document(OTHER), own):
        assert instance.command(others).settings == expected
    assert fresh().command(own).settings == expected


def test_settings_that_somebody_gave_by_hand_stay(fresh: Fresh) -> None:
    instance = fresh().launch(user_data(EVERY, UserDataFormat.SCRIPT))
    assert instance.run(f"sh {instance.root}/usr/local/sbin/ssmwake install --role mine") == 0
    assert instance.command(document(OTHER)).settings["SSMWAKE_ROLE"] == "mine"
    assert "which somebody else wrote" in instance.said[-1]
