"""The Terraform modules that have resources: planned, applied and tested with a provider that stands in for AWS."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ssmwake.dist import write
from ssmwake.model import Config
from ssmwake.render import Rendering, render
from support import tools
from support.stub_aws import ACCOUNT, mirror

HERE = Path(__file__).parent


class Terraform:
    """Terraform in one folder, with the stand-in and nothing of the machine's own configuration."""

    def __init__(self, folder: Path, config: Path) -> None:
        self.program, self.folder, self.config = tools.require("terraform"), folder, config

    def __call__(self, *arguments: str, status: int | None = 0) -> str:
        done = subprocess.run(
            [self.program, f"-chdir={self.folder}", *arguments],
            env={
                "PATH": os.environ["PATH"],
                "TF_CLI_CONFIG_FILE": str(self.config),
                "CHECKPOINT_DISABLE": "1",
                "HOME": "/",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        said = " ".join((done.stdout + done.stderr).replace("│", " ").split())
        assert status is None or done.returncode == status, said
        return done.stdout if status == 0 else said

    def resources(self) -> dict[str, dict[str, Any]]:
        """Return what is in the state: the values of each resource, by its address."""
        found: dict[str, dict[str, Any]] = {}

        def walk(module: dict[str, Any]) -> None:
            found.update({each["address"]: each["values"] for each in module.get("resources", [])})
            for child in module.get("child_modules", []):
                walk(child)

        walk(json.loads(self("show", "-json"))["values"]["root_module"])
        return found


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mirror(tmp_path_factory.mktemp("mirror"))


def module(folder: Path, config: Config | None = None) -> Path:
    write(render(config or Config()), folder / "dist")
    return folder / "dist/terraform"


@pytest.fixture(scope="module")
def complete(provider: Path, tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """The complete example, applied: the module with its documents, the rescue and the rule next to it."""
    folder = module(tmp_path_factory.mktemp("complete"), Config(role="app")) / "examples/complete"
    terraform = Terraform(folder, provider)
    terraform("init", "-input=false")
    terraform("validate")
    terraform("apply", "-auto-approve", "-input=false")
    return terraform


@pytest.mark.xdist_group("terraform-root")
def test_a_second_plan_of_the_complete_example_changes_nothing(complete: Terraform) -> None:
    assert "No changes" in complete("plan", "-detailed-exitcode", "-input=false")


@pytest.mark.xdist_group("terraform-root")
def test_the_instance_waits_for_the_role_that_the_example_creates(complete: Terraform) -> None:
    resources = complete.resources()
    name = resources["aws_iam_role.web"]["name"]
    content = json.loads(resources["module.ssmwake.aws_ssm_document.command[0]"]["content"])
    (script,) = content["mainSteps"][0]["inputs"]["runCommand"]
    assert f"\nSSMWAKE_ROLE={name}\n" in script
    assert "SSMWAKE_ROLE=app" not in script
    assert name in resources["module.rescue.aws_iam_role_policy.rescue[0]"]["policy"]


@pytest.mark.xdist_group("terraform-root")
def test_the_association_finds_the_instances_of_the_launch_template(complete: Terraform) -> None:
    resources = complete.resources()
    tags = resources["aws_launch_template.web"]["tag_specifications"][0]["tags"]
    assert tags == {"ssmwake": "managed", "ssmwake:stack": "ssmwake"}
    (target,) = resources["module.ssmwake.aws_ssm_association.install[0]"]["targets"]
    assert target == {"key": "tag:ssmwake:stack", "values": ["ssmwake"]}


def filled(value: Any) -> Any:
    """The policies of the plain files with what the example fills in."""
    text = json.dumps(value).replace("ACCOUNT_ID", ACCOUNT).replace("arn:*:", "arn:aws:")
    return json.loads(text)


@pytest.mark.xdist_group("terraform-root")
def test_the_policies_are_those_of_the_plain_files(complete: Terraform) -> None:
    resources = complete.resources()
    rendering = Rendering(Config())
    files = {
        name: filled(json.loads(rendering.text(f"iam/{name}.json")))
        for name in ("runbook", "runbook-trust", "runbook-start")
    }
    policy = json.loads(resources["module.rescue.aws_iam_role_policy.rescue[0]"]["policy"])
    (passed,) = [each for each in policy["Statement"] if each["Sid"] == "AttachOnlyTheseRoles"]
    assert passed["Resource"] == [f"arn:aws:iam::{ACCOUNT}:role/ssmwake/*", resources["aws_iam_role.web"]["arn"]]
    passed["Resource"] = f"arn:aws:iam::{ACCOUNT}:role/ssmwake/*"
    expected = files["runbook"]
    for each in expected["Statement"]:
        if each["Sid"] == "AttachOnlyTheseRoles":
            (each["Resource"],) = each["Resource"]
    assert policy == expected
    assert json.loads(resources["module.rescue.aws_iam_role.rescue[0]"]["assume_role_policy"]) == files["runbook-trust"]
    assert json.loads(resources["module.rescue.aws_iam_policy.start"]["policy"]) == files["runbook-start"]
    rule = json.loads(resources["module.on_attach.aws_iam_role_policy.start"]["policy"])
    assert [each["Sid"] for each in rule["Statement"]] == ["Start", "RunItWithItsRole"]
    assert "@" not in json.dumps([policy, rule])


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"rescue_document_name": "same", "command_document_name": "same"}, "must be two different names"),
        ({"parts": [{"content": "x" * 30_000 + "".join(map(chr, range(0x4E00, 0x8E00)))}]}, "even with gzip"),
    ],
)
def test_what_cannot_work_fails_the_plan(
    provider: Path, tmp_path: Path, variables: dict[str, Any], sentence: str
) -> None:
    terraform = Terraform(module(tmp_path), provider)
    terraform("init", "-input=false")
    (terraform.folder / "terraform.tfvars.json").write_text(json.dumps(variables))
    assert sentence in terraform("plan", "-input=false", "-no-color", status=1)


def test_the_modules_do_what_their_tests_say(provider: Path, tmp_path: Path) -> None:
    terraform = Terraform(module(tmp_path), provider)
    (terraform.folder / "tests").mkdir()
    shutil.copy(HERE / "root.tftest.hcl", terraform.folder / "tests")
    terraform("init", "-input=false")
    cases = (HERE / "root.tftest.hcl").read_text().count('\nrun "')
    assert f"{cases} passed, 0 failed" in terraform("test", "-no-color")
