"""The page on images: the component and the script are the same, and the commands that it shows are commands."""

import re
import subprocess
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore import xform_name
from botocore.validate import validate_parameters

from ssmwake.model import Config
from ssmwake.render import Rendering
from ssmwake.render.carriers import HEAD
from support import tools

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs/images.md").read_text(encoding="utf-8")
EVERY = Config(role="web", timeout=900, on_ready=("echo 'ü' {{ x }} $$",))


def component(config: Config) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(Rendering(config).text("image/component.yaml"))
    return loaded


@pytest.mark.parametrize("config", [Config(), EVERY])
def test_the_component_runs_the_script(config: Config) -> None:
    phases = {phase["name"]: phase["steps"] for phase in component(config)["phases"]}
    assert list(phases) == ["build", "validate", "test"]
    (step,) = phases["build"]
    script = Rendering(config).text("image/install.sh")
    # The shebang and the notice are at the top of the component.
    assert step["inputs"]["commands"] == [script.removeprefix(HEAD)]
    assert {each["action"] for steps in phases.values() for each in steps} == {"ExecuteBash"}
    # {{ }} is what Image Builder replaces, wherever it stands.
    assert "{{" not in script


def test_the_request_is_one_that_image_builder_takes() -> None:
    (copy,) = re.findall(r"aws s3 cp (\S+) (\S+)", PAGE)
    (command,) = re.findall(r"aws imagebuilder (create-component[^`]*)", PAGE)
    given = dict(re.findall(r"--([a-z-]+) (\S+)", command))
    assert given["uri"] == copy[1]
    service = botocore.session.get_session().get_service_model("imagebuilder")
    shape: Any = service.operation_model("CreateComponent").input_shape
    values = {
        next(name for name in shape.members if xform_name(name, "-") == option): value
        for option, value in given.items()
    }
    validate_parameters({**values, "clientToken": "x" * 36}, shape)
    assert f"{shape.members['data'].metadata['max']:,} characters" in PAGE
    assert re.fullmatch(r"\d+\.\d+\.\d+", values["semanticVersion"])


def test_the_component_leaves_room_in_what_image_builder_reads_from_a_bucket() -> None:
    # https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_CreateComponent.html
    assert len(Rendering(EVERY).text("image/component.yaml").encode()) < 64 * 1024 / 2


@pytest.mark.parametrize("shell", ["dash", "bash --posix", "busybox ash", "mksh"])
def test_the_script_installs_and_starts_nothing_and_can_be_repeated(shell: str, tmp_path: Path) -> None:
    name, *options = shell.split()
    folder = tmp_path / "bin"
    folder.mkdir()
    # Never the machine's own systemctl: a root for tests is not a chroot.
    (folder / "systemctl").write_text(f'#!/bin/sh\necho "$*" >>"{tmp_path}/calls"\n')
    (folder / "systemctl").chmod(0o755)
    (tmp_path / "lib/systemd").mkdir(parents=True)
    (tmp_path / "lib/systemd/systemd").touch()
    script = tmp_path / "install.sh"
    script.write_text(Rendering(EVERY).text("image/install.sh"))
    found = []
    for _ in range(2):
        done = subprocess.run(
            [tools.require(name), *options, str(script)],
            env={"PATH": f"{folder}:{tools.PATH}", "SSMWAKE_ROOT": str(tmp_path), "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found.append({path: path.stat().st_mtime_ns for path in (tmp_path / "usr").rglob("*") if path.is_file()})
    assert found[0] == found[1]
    assert (tmp_path / "etc/systemd/system/ssmwake.service").is_file()
    calls = (tmp_path / "calls").read_text().splitlines()
    assert {call for call in calls if call != "--version"} == {"enable ssmwake"}
    assert (tmp_path / "etc/ssmwake.conf").read_text().startswith("SSMWAKE_CARRIER=ssmwake\nSSMWAKE_ROLE=web\n")
    assert "echo 'ü' {{ x }} $$" in (tmp_path / "etc/ssmwake.on-ready").read_text()
    assert not list(tmp_path.glob("tmp.*"))


def test_a_script_that_cannot_install_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "usr").write_text("not a folder")
    (tmp_path / "etc").write_text("not a folder")
    text = Rendering(Config()).text("image/install.sh")
    environment = {"PATH": tools.PATH, "SSMWAKE_ROOT": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run(["sh", "-c", text], env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 73


def test_the_playbook_runs_the_script_that_is_rendered() -> None:
    (play,) = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    assert play["become"]
    assert (TOP / play["tasks"][0]["ansible.builtin.script"]).is_file()


def test_the_packer_build_runs_the_script_that_is_rendered() -> None:
    block = re.findall(r"```hcl\n(.*?)```", PAGE, re.DOTALL)[0]
    (path,) = re.findall(r'script +=\s"([^"]+)"', block)
    assert (TOP / path).is_file()
    done = subprocess.run(
        [tools.require("terraform"), "fmt", "-"], input=block, capture_output=True, text=True, check=True
    )
    assert done.stdout == block


def test_the_commands_of_the_page_name_what_is_there() -> None:
    (first,) = [block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if "chroot" in block]
    assert first.startswith("ssmwake render\n")
    assert (TOP / "dist/image/install.sh").is_file()
    assert "dist/image/install.sh" in first
