"""What the pages on CloudFormation, Terraform, the runbook and Python show is short, and works."""

import base64
import importlib.util
import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
import yaml
from botocore import xform_name
from click.testing import CliRunner
from moto import mock_aws

import ssmwake
from ssmwake.cli import command
from ssmwake.cloud_init.reader import read
from ssmwake.cloud_init.size import LIMIT
from support import tools
from support.stub_aws import mirror

TOP = Path(__file__).parents[2]
PAGES = ("cloudformation", "terraform", "automation", "images", "python")
# The commands of the others are run one after the other, by test_automation_page.py and test_images_page.py.
CHECKED_ONE_BY_ONE = ("cloudformation", "terraform", "python")
EXAMPLES = TOP / "docs/examples"
REGION = "eu-central-1"


def shown(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (TOP / f"docs/{page}.md").read_text(), re.DOTALL)


def lines(page: str) -> list[list[str]]:
    """The words of each command that a page shows."""
    text = "".join(shown(page, "sh")).replace("\\\n", " ")
    return [shlex.split(line) for line in text.splitlines()]


COMMANDS = [(page, words) for page in CHECKED_ONE_BY_ONE for words in lines(page)]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with warnings.catch_warnings(), mock_aws():
        # moto has no associations and no wait conditions in stacks, and says so.
        warnings.filterwarnings("ignore", message="Tried to parse AWS::(SSM::Assoc|CloudFormation::Wait)")
        yield


@pytest.mark.parametrize("page", PAGES)
def test_each_way_in_takes_ten_lines_at_most(page: str) -> None:
    blocks = shown(page, "[a-z]+")
    assert blocks
    assert max(block.count("\n") for block in blocks) <= 10


def options(words: list[str]) -> dict[str, list[str]]:
    """The options of an AWS CLI command, each with its values."""
    found: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            found[word.removeprefix("--")] = []
        else:
            found[list(found)[-1]].append(word)
    return found


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=lambda value: " ".join(value)[:50] if value else "")
@pytest.mark.usefixtures("account")
def test_a_command_that_is_shown_is_one(page: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)
    if words[0] == "ssmwake":
        line = words[1 : words.index(">")] if ">" in words else words[1:]
        assert CliRunner().invoke(command, line).exit_code == 0
        return
    assert words[0] == "aws", page
    given = options(words[3:])
    for values in given.values():
        for value in values:
            path = value.removeprefix("file://")
            assert path == value or path == "automation.yaml" or Path(path).is_file(), value
    if words[1:3] == ["cloudformation", "deploy"]:
        deploy(given)
        return
    service = botocore.session.get_session().get_service_model(words[1])
    operation = next(name for name in service.operation_names if xform_name(name, "-") == words[2])
    shape: Any = service.operation_model(operation).input_shape
    assert set(given) <= {xform_name(member, "-") for member in shape.members}
    assert {xform_name(member, "-") for member in shape.required_members} <= set(given)


def deploy(given: dict[str, list[str]]) -> None:
    assert set(given) <= {"stack-name", "capabilities", "template-file", "parameter-overrides"}
    subnet = boto3.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    values = dict(pair.split("=") for pair in given.get("parameter-overrides", []))
    parameters: Any = [
        {"ParameterKey": key, "ParameterValue": subnet if key == "SubnetId" else value} for key, value in values.items()
    ]
    boto3.client("cloudformation").create_stack(
        StackName=given["stack-name"][0],
        TemplateBody=Path(given["template-file"][0]).read_text(),
        Parameters=parameters,
        Capabilities=["CAPABILITY_IAM"],
    )
    stacks = boto3.client("cloudformation").describe_stacks(StackName=given["stack-name"][0])["Stacks"]
    assert stacks[0]["StackStatus"] == "CREATE_COMPLETE"


def test_the_fragment_fits_where_the_page_says() -> None:
    (block,) = [each for each in shown("cloudformation", "yaml") if each.startswith("Instance:")]
    fragment = (TOP / "dist/cloudformation/fragments/user-data.yaml").read_text()
    text = re.sub(r"^( *)# the lines.*\n", lambda found: re.sub("^", found[1], fragment, flags=re.M), block, flags=re.M)
    found = yaml.safe_load(text)["Instance"]["Properties"]["UserData"]["Fn::Base64"]
    assert found == ssmwake.user_data()


def test_what_the_hcl_names_exists() -> None:
    checked = 0
    for block in shown("terraform", "hcl"):
        for source, body in re.findall(r'source += "\./dist/([a-z/-]+)"\n(.*?)^\}', block, re.MULTILINE | re.DOTALL):
            variables = (TOP / f"dist/{source}/variables.tf").read_text()
            for name in re.findall(r"^  (\w+) +=", body, re.MULTILINE):
                assert f'variable "{name}"' in variables
                checked += 1
    text = (TOP / "docs/terraform.md").read_text()
    for module, name in re.findall(r"module\.(ssmwake|content|rescue)\.(\w+)", text):
        folder = "terraform" if module == "ssmwake" else f"terraform/modules/{module}"
        assert f'output "{name}"' in (TOP / f"dist/{folder}/outputs.tf").read_text()
        checked += 1
    assert checked >= 6


def test_the_hcl_works_where_it_needs_no_provider(tmp_path: Path) -> None:
    terraform = tools.require("terraform")
    shutil.copytree(TOP / "dist", tmp_path / "dist")
    needs = ("ssmwake", "rescue", "on_attach")
    blocks = [
        block
        for block in shown("terraform", "hcl")
        if not re.search(rf'module "({"|".join(needs)})"', block) and 'data "' not in block
    ]
    (tmp_path / "main.tf").write_text("\n".join([*blocks, 'output "templated" {\n  value = local.user_data\n}\n']))
    environment = {"PATH": os.environ["PATH"], "TF_CLI_CONFIG_FILE": "/dev/null", "CHECKPOINT_DISABLE": "1"}

    def run(*arguments: str, stdin: str = "") -> str:
        return subprocess.run(
            [terraform, *arguments],
            cwd=tmp_path,
            env=environment,
            input=stdin,
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        ).stdout

    for block in shown("terraform", "hcl"):
        assert run("fmt", "-", stdin=block) == block
    run("init", "-input=false")
    run("apply", "-auto-approve", "-input=false")
    found = {name: each["value"] for name, each in json.loads(run("output", "-json")).items()}
    assert "\n(\nconf='SSMWAKE_CARRIER=terraform ssmwake\n" in found["templated"]
    assert re.fullmatch("[0-9a-f]{64}", found["sha256"])


@pytest.mark.parametrize("number", range(len(shown("terraform", "hcl"))))
def test_the_hcl_is_valid_for_the_provider(number: int, tmp_path: Path) -> None:
    block = shown("terraform", "hcl")[number]
    if 'data "' in block:
        # Another provider's; the external one is tested below, and a part of cloudinit_config is text.
        return
    terraform = tools.require("terraform")
    shutil.copytree(TOP / "dist", tmp_path / "dist")
    for name in ("setup.sh", "app.yaml", "node-config.yaml"):
        (tmp_path / name).write_text("#!/bin/sh\n")
    around = 'resource "aws_iam_role" "web" {\n  assume_role_policy = "{}"\n}\n'
    if "module.content" in block and 'module "content"' not in block:
        around += 'module "content" {\n  source = "./dist/terraform/modules/content"\n}\n'
    if "module.rescue" in block:
        around += 'module "rescue" {\n  source = "./dist/terraform/modules/rescue"\n}\n'
    (tmp_path / "main.tf").write_text(block + around)
    config = mirror(tmp_path / "mirror")
    environment = {
        "PATH": os.environ["PATH"],
        "TF_CLI_CONFIG_FILE": str(config),
        "CHECKPOINT_DISABLE": "1",
        "HOME": "/",
    }
    for arguments in (["init", "-input=false"], ["plan", "-input=false", "-no-color"]):
        done = subprocess.run(
            [terraform, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr


def test_the_external_data_source_gets_what_the_page_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block = next(block for block in shown("terraform", "hcl") if "external" in block)
    program = json.loads(re.findall(r"program = (\[.*\])", block)[0])
    query = dict(re.findall(r'(\w+) = "([^"]*)"', re.findall(r"query +=(.*)", block)[0]))
    (tmp_path / "setup.sh").write_text("#!/bin/sh\ndate\n")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(command, program[1:], input=json.dumps(query))
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert all(isinstance(value, str) for value in found.values())
    assert b"SSMWAKE_ROLE=web" in base64.b64decode(found["user_data_base64"])


@pytest.mark.usefixtures("account")
def test_the_python_that_is_shown_is_that_of_the_examples_or_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setup.sh").write_text("#!/bin/sh\ndate\n")
    (tmp_path / "app.yaml").write_text("#cloud-config\npackages: [nginx]\n")
    programs = "".join(path.read_text() for path in sorted(EXAMPLES.glob("*.py")))
    blocks = shown("python", "python")
    others = [block for block in blocks if block not in programs]
    assert len(blocks) - len(others) == 5
    for block in others:
        exec(block, {"ssmwake": ssmwake})
    assert "role: must be a str, not 12" in capsys.readouterr().out


def test_each_function_of_the_api_is_on_the_page() -> None:
    text = (TOP / "docs/python.md").read_text()
    assert [name for name in ssmwake.__all__ if f"`ssmwake.{name}" not in text] == []


@pytest.mark.usefixtures("account")
def test_an_instance_gets_the_user_data_from_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = boto3.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    # moto does not resolve the name of a parameter to an image.
    source = (EXAMPLES / "run_instances.py").read_text()
    exec(re.sub(r'"resolve:ssm:[^"]*"', repr(image), source), {})
    (reservation,) = ec2.describe_instances()["Reservations"]
    instance = reservation["Instances"][0]["InstanceId"]
    found = ec2.describe_instance_attribute(InstanceId=instance, Attribute="userData")["UserData"]["Value"]
    assert base64.b64decode(found).decode() == ssmwake.user_data(on_ready=["aws sts get-caller-identity"])


@pytest.mark.usefixtures("account")
def test_a_launch_template_gets_the_user_data_from_boto3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setup.sh").write_text("#!/bin/sh\ndate\n")
    runpy.run_path(str(EXAMPLES / "launch_template.py"))
    versions = boto3.client("ec2").describe_launch_template_versions(LaunchTemplateName="web")["LaunchTemplateVersions"]
    found = versions[0]["LaunchTemplateData"]["UserData"]
    assert found == ssmwake.user_data(role="web", include=[Path("setup.sh")], gzip=True, base64=True)


def synthesized(example: str, folder: Path) -> dict[str, Any]:
    """Run an app of the CDK anywhere but in a checkout; return the properties of its resources by their type."""
    tools.require("node")
    if not importlib.util.find_spec("aws_cdk"):
        assert os.environ.get("CI") != "true", "CI runs `make cdk` first"
        pytest.skip("the example for the AWS CDK (`make cdk` installs it)")
    quiet = ("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION")
    environment = {**os.environ, "CDK_OUTDIR": str(folder), **dict.fromkeys(quiet, "1")}
    subprocess.run([sys.executable, str(EXAMPLES / example)], cwd=folder, env=environment, check=True, timeout=240)
    (template,) = folder.glob("*.template.json")
    resources = json.loads(template.read_text())["Resources"].values()
    return {each["Type"]: each.get("Properties", {}) for each in resources}


@pytest.mark.xdist_group("cdk")
def test_the_cdk_synthesizes_the_user_data_unchanged(tmp_path: Path) -> None:
    of = synthesized("cdk_app.py", tmp_path)
    user_data = of["AWS::EC2::LaunchTemplate"]["LaunchTemplateData"]["UserData"]
    assert user_data == {"Fn::Base64": ssmwake.user_data(timeout="15m")}
    assert of["AWS::SSM::Document"]["Content"] == json.loads(ssmwake.document("command", format="json", timeout="15m"))


def test_the_typescript_that_is_shown_is_that_of_the_example() -> None:
    (shown_,) = shown("python", "ts")
    assert shown_ in (EXAMPLES / "cdk_app.ts").read_text()
    for line in shown("python", "sh")[0].splitlines():
        assert f"//   {line}\n" in (EXAMPLES / "cdk_app.ts").read_text()


@pytest.mark.xdist_group("cdk")
def test_the_cdk_in_typescript_compiles_and_appends_to_the_script(tmp_path: Path) -> None:
    node = tools.require("node")
    modules = Path(sys.prefix) / "cdk" / "node_modules"
    if not modules.is_dir():
        assert os.environ.get("CI") != "true", "CI runs `make cdk` first"
        pytest.skip("the example for the AWS CDK (`make cdk` installs it)")
    shutil.copy(EXAMPLES / "cdk_app.ts", tmp_path)
    (tmp_path / "node_modules").symlink_to(modules)
    (tmp_path / "user-data.sh").write_text(ssmwake.user_data(format="script"))
    (tmp_path / "command.json").write_text(ssmwake.document("command", format="json"))
    compiler = [node, str(modules / "typescript/bin/tsc"), "--strict", "--skipLibCheck", "--module", "commonjs"]
    subprocess.run([*compiler, "--target", "es2022", "cdk_app.ts"], cwd=tmp_path, check=True, timeout=240)
    environment = {**os.environ, "CDK_OUTDIR": str(tmp_path / "out")}
    subprocess.run([node, "cdk_app.js"], cwd=tmp_path, env=environment, check=True, timeout=120)
    resources = json.loads((tmp_path / "out/Web.template.json").read_text())["Resources"].values()
    of = {each["Type"]: each.get("Properties", {}) for each in resources}
    user_data = of["AWS::EC2::LaunchTemplate"]["LaunchTemplateData"]["UserData"]["Fn::Base64"]
    assert user_data == ssmwake.user_data(format="script") + "\necho ready >/etc/motd"
    assert of["AWS::SSM::Document"]["Content"] == json.loads(ssmwake.document("command", format="json"))


@pytest.mark.xdist_group("cdk")
def test_the_cdk_takes_user_data_that_only_fits_with_gzip(tmp_path: Path) -> None:
    script = "#!/bin/bash\n" + "".join(f"echo 'step {number} of the setup: {number**7:x}'\n" for number in range(100))
    (tmp_path / "setup.sh").write_text(script)
    data = base64.b64decode(
        synthesized("cdk_large.py", tmp_path)["AWS::EC2::LaunchTemplate"]["LaunchTemplateData"]["UserData"]
    )
    own, ours = read("-", data)
    assert len(data) <= LIMIT < len(own.body) + len(ours.body)
    assert own.text == script


@pytest.mark.xdist_group("cdk")
def test_what_the_cdk_appends_to_the_user_data_runs(tmp_path: Path) -> None:
    of = synthesized("cdk_ecs.py", tmp_path)
    joined = of["AWS::EC2::LaunchTemplate"]["LaunchTemplateData"]["UserData"]["Fn::Base64"]["Fn::Join"]
    text = "".join(each if isinstance(each, str) else "web" for each in joined[1])
    assert text.startswith(ssmwake.user_data(format="script"))
    root = tmp_path / "root"
    (root / "etc/ecs").mkdir(parents=True)
    appended = text.removeprefix(ssmwake.user_data(format="script"))
    assert "ECS_CLUSTER=" in appended
    script = text.removesuffix(appended) + re.sub(r"(?<=[ >])/etc/", f"{root}/etc/", appended)
    # There is no service manager below this root, so ours fails, and what was appended runs.
    environment = {"PATH": "/usr/bin:/bin", "SSMWAKE_ROOT": str(root)}
    subprocess.run(["sh", "-c", script], check=True, env=environment, capture_output=True, timeout=60)
    assert (root / "etc/ecs/ecs.config").read_text().splitlines()[0] == "ECS_CLUSTER=web"
    assert (root / "etc/motd").read_text() == "ready\n"
    assert (root / "etc/ssmwake.conf").exists()
