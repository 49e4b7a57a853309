"""The Terraform module: formatted, valid, run where it needs no provider; the rest uses the names of the provider."""

import base64
import gzip
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from email import message_from_string
from pathlib import Path
from typing import Any

import pytest
import yaml

import ssmwake
from ssmwake.cloud_init.reader import read
from ssmwake.dist import write
from ssmwake.model import Config
from ssmwake.render import Rendering, render
from ssmwake.render.runtime import carried
from ssmwake.render.user_data import split_for_parameters
from support import tools

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, Any]] = json.loads((HERE / "terraform_attributes.json").read_text())["resources"]
META = {"count", "for_each", "depends_on", "provider", "lifecycle"}
OWN = "#!/bin/sh\necho own\n"
TRICKY = b"#!/bin/sh\necho ${x} $${x} $$${x} %{ if } %%{x} '%{http_code}' \"$(id)\" ${#a[@]}\n"


@pytest.fixture(scope="session")
def terraform() -> str:
    return tools.require("terraform")


@pytest.fixture
def module(tmp_path: Path) -> Path:
    write(render(Config()), tmp_path / "dist")
    return tmp_path / "dist/terraform"


def run(terraform: str, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run terraform without a network, the user's own config, or a check for a newer version."""
    return subprocess.run(
        [terraform, f"-chdir={folder}", *arguments],
        env={"PATH": os.environ["PATH"], "TF_CLI_CONFIG_FILE": "/dev/null", "CHECKPOINT_DISABLE": "1", "HOME": "/"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def outputs(terraform: str, folder: Path, **variables: Any) -> dict[str, Any]:
    """Apply a module that has no resources; return its outputs."""
    (folder / "terraform.tfvars.json").write_text(json.dumps(variables))
    assert run(terraform, folder, "init", "-input=false").returncode == 0
    done = run(terraform, folder, "apply", "-auto-approve", "-input=false", "-no-color")
    assert done.returncode == 0, done.stderr
    found = json.loads(run(terraform, folder, "output", "-json").stdout)
    return {name: each["value"] for name, each in found.items()}


def boot(user_data: str, root: Path) -> dict[str, str]:
    """Run the user data below a root, up to where it would install; return what it wrote for ssmwake to read."""
    text = re.sub(r"^sh .*", "", user_data, flags=re.MULTILINE)
    subprocess.run(["sh", "-c", text], check=True, env={"PATH": "/usr/bin:/bin", "SSMWAKE_ROOT": str(root)})
    return {path.name: path.read_text() for path in (root / "etc").iterdir()}


def test_the_module_is_formatted(terraform: str, module: Path) -> None:
    done = run(terraform, module, "fmt", "-check", "-recursive", "-diff")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_part_without_a_provider_is_valid_and_does_what_its_tests_say(terraform: str, module: Path) -> None:
    content = module / "modules/content"
    (content / "tests").mkdir()
    shutil.copy(HERE / "content.tftest.hcl", content / "tests")
    assert run(terraform, content, "init", "-input=false").returncode == 0
    assert run(terraform, content, "validate", "-no-color").returncode == 0
    done = run(terraform, content, "test", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    cases = (HERE / "content.tftest.hcl").read_text().count('\nrun "')
    assert f"{cases} passed, 0 failed" in done.stdout


def test_settings_arrive_on_the_instance(terraform: str, module: Path, tmp_path: Path) -> None:
    commands = ["echo 'it''s' \"${x}\" %{y}", "printf ü\n"]
    given: dict[str, Any] = {"role": "web", "timeout": 900, "restart_after": [5, 60], "instance_connect": False}
    found = outputs(terraform, module / "modules/content", **given, on_ready=commands)
    written = boot(found["user_data"], tmp_path / "root")
    assert written["ssmwake.conf"].splitlines() == [
        "SSMWAKE_CARRIER=terraform ssmwake",
        "SSMWAKE_ROLE=web",
        "SSMWAKE_TIMEOUT=900",
        f"SSMWAKE_POLL={Config().poll}",
        f"SSMWAKE_POLL_HEALTHY={Config().poll_healthy}",
        "SSMWAKE_RESTART_AFTER=5 60",
        "SSMWAKE_INSTANCE_CONNECT=no",
    ]
    assert written["ssmwake.on-ready"] == "\n".join(["#!/bin/sh", "set -e", *commands, ""])
    assert (tmp_path / "root/etc/ssmwake.conf").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "root/etc/ssmwake.on-ready").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "root/var/lib/ssmwake/ssmwake").read_text() == carried()


EVERY_VARIABLE = {
    "role": "web",
    "timeout": 900,
    "poll": 7,
    "poll_healthy": 70,
    "restart_after": [5, 60],
    "instance_connect": False,
    "on_ready": ["echo 'from the variable' {{ x }} $$"],
}


def install(document: str, root: Path, **parameters: str) -> dict[str, str]:
    """Run the action install of a Command document below a root; return what ssmwake reads there."""
    loaded = yaml.safe_load(document)
    (script,) = loaded["mainSteps"][0]["inputs"]["runCommand"]
    for name, rules in loaded["parameters"].items():
        script = script.replace(f"{{{{ {name} }}}}", parameters.get(name, rules["default"]))
    text = re.sub(r'^sh "\$d.*', "", script, flags=re.MULTILINE)
    subprocess.run(["sh", "-c", text], check=True, env={"PATH": "/usr/bin:/bin", "SSMWAKE_ROOT": str(root)})
    return {path.name: path.read_text() for path in (root / "etc").iterdir()}


def test_what_a_variable_sets_holds_on_every_way_to_the_instance(terraform: str, tmp_path: Path) -> None:
    write(render(Config(role="app", timeout=60, on_ready=("echo rendered",))), tmp_path / "dist")
    content = tmp_path / "dist/terraform/modules/content"
    rendered = boot(outputs(terraform, content)["user_data"], tmp_path / "rendered")
    assert rendered["ssmwake.conf"].splitlines()[:3] == [
        "SSMWAKE_CARRIER=terraform ssmwake",
        "SSMWAKE_ROLE=app",
        "SSMWAKE_TIMEOUT=60",
    ]
    assert rendered["ssmwake.on-ready"] == "#!/bin/sh\nset -e\necho rendered\n"
    found = outputs(terraform, content, **EVERY_VARIABLE)
    launched = boot(found["user_data"], tmp_path / "root")
    assert install(found["command_document"], tmp_path / "root") == launched
    assert install(found["command_document"], tmp_path / "fresh") == launched
    assert json.loads(found["command_document"])["mainSteps"][0]["inputs"]["timeoutSeconds"] == "1020"
    none = outputs(terraform, content, role="", on_ready=[])
    # What the module itself wrote, it may take back.
    assert set(install(none["command_document"], tmp_path / "root")) == {"ssmwake.conf"}
    assert "ROLE" not in (tmp_path / "root/etc/ssmwake.conf").read_text()


def test_parts_of_the_modules_user_arrive_as_the_same_bytes(terraform: str, module: Path) -> None:
    parts = [
        {"content": "#!/bin/bash\necho 'ü' ${x} %{y}\n"},
        {"content": "#cloud-config\nruncmd: [id]\n", "filename": "a.yaml"},
    ]
    found = outputs(terraform, module / "modules/content", parts=parts, role="web")
    *arrived, ours = read("-", found["user_data"].encode())
    assert [part.text for part in arrived] == [part["content"] for part in parts]
    assert "SSMWAKE_ROLE=web" in ours.text
    assert found["bytes"] == len(found["user_data"].encode())


def test_scripts_run_in_the_order_of_the_list(terraform: str, module: Path) -> None:
    names = ["z.sh", None, "a.sh"]
    parts = [{"content": "#!/bin/sh\n", **({"filename": name} if name else {})} for name in names]
    found = outputs(terraform, module / "modules/content", parts=parts)
    given = [part.get_filename() for part in message_from_string(found["user_data"]).walk() if not part.is_multipart()]
    assert given[:3] == ["part-001-z.sh", None, "part-003-a.sh"]
    # cloud-init numbers what has no name itself: user_data.py, PART_FN_TPL.
    assert sorted(name or "part-002" for name in given[:3]) == [name or "part-002" for name in given[:3]]


@pytest.mark.parametrize(("size", "warns"), [(16_384, False), (16_385, True)])
def test_the_size_check_is_exact(terraform: str, module: Path, size: int, warns: bool) -> None:
    content = module / "modules/content"
    start = outputs(terraform, content)["bytes"]
    (content / "user-data.tail").write_text((content / "user-data.tail").read_text() + "ü" + "#" * (size - start - 2))
    (content / "terraform.tfvars.json").write_text("{}")
    done = run(terraform, content, "apply", "-auto-approve", "-input=false", "-no-color")
    assert done.returncode == 0
    assert ("The output user_data has 16385 bytes" in " ".join(done.stdout.replace("│", " ").split())) == warns


def wordy(kilobytes: int) -> str:
    """Return a script that gzip makes a third of, as scripts of people are."""
    lines = (f"echo 'step {number} of the setup: {number**7:x}'" for number in range(kilobytes * 24))
    return "#!/bin/bash\n" + "\n".join(lines) + "\n"


def test_user_data_that_does_not_fit_as_text_is_compressed_in_base64(terraform: str, module: Path) -> None:
    content = module / "modules/content"
    small = outputs(terraform, content)
    assert base64.b64decode(small["user_data_base64"]).decode() == small["user_data"]
    parts = [{"content": wordy(4)}, {"content": "#cloud-config\n" + f"packages: [{', '.join(['nginx'] * 500)}]\n"}]
    found = outputs(terraform, content, parts=parts)
    assert found["bytes"] > 20_000
    data = base64.b64decode(found["user_data_base64"])
    assert found["bytes_gzip"] == len(data) <= 16_384
    own = [part.body.decode() for part in read("-", data)][:2]
    assert own == [part["content"] for part in parts]
    always = outputs(terraform, content, gzip=True)
    assert base64.b64decode(always["user_data_base64"])[:2] == b"\x1f\x8b"
    assert base64.b64decode(outputs(terraform, content, gzip=False)["user_data_base64"])[:2] == b"#!"


def refusal(terraform: str, folder: Path, **variables: Any) -> str:
    """Plan a module; return what it says, on one line."""
    (folder / "terraform.tfvars.json").write_text(json.dumps(variables))
    assert run(terraform, folder, "init", "-input=false").returncode == 0
    done = run(terraform, folder, "plan", "-input=false", "-no-color")
    return " ".join((done.stdout + done.stderr).replace("\u2502", " ").split())


def test_user_data_that_fits_in_no_form_fails_the_plan_with_its_size(terraform: str, module: Path) -> None:
    content = module / "modules/content"
    noise = "#!/bin/sh\n" + "".join(f"# {random.Random(number).getrandbits(400):x}\n" for number in range(120))
    said = refusal(terraform, content, parts=[{"content": noise}])
    assert "bytes even with gzip, and EC2 takes 16384; fetch your larger files from S3" in said
    said = refusal(terraform, content, parts=[{"content": wordy(4)}], gzip=False)
    assert re.search(r"and EC2 takes 16384; leave gzip out, which makes it 1[0-9]{4}\.", said)


def test_a_plan_warns_of_text_that_is_too_long_until_gzip_is_set_or_there_are_parts(
    terraform: str, module: Path
) -> None:
    content = module / "modules/content"
    said = refusal(terraform, content, on_ready=[wordy(1)])
    assert re.search(r"Warning: .* Use user_data_base64, which has 1[0-9]{4} with gzip", said)
    assert "Warning" not in refusal(terraform, content, on_ready=[wordy(1)], gzip=True)
    assert "Warning" not in refusal(terraform, content, parts=[{"content": wordy(4)}])


def test_every_form_holds_the_same_and_what_is_compressed_has_the_runtime_as_it_is(
    terraform: str, module: Path
) -> None:
    found = outputs(terraform, module / "modules/content")
    text = found["user_data"].encode()
    assert base64.b64decode(found["user_data_base64"]) == text
    assert hashlib.sha256(text).hexdigest() == found["sha256"]
    head, tail = split_for_parameters(Config(), plain=True)
    unpacked = gzip.decompress(base64.b64decode(found["user_data_base64gzip"])).decode()
    assert unpacked == f"{head}{found['settings']}{tail}"
    assert f"\n{carried()}END\n" in unpacked


def test_what_fits_from_the_command_line_fits_from_the_module(terraform: str, module: Path, tmp_path: Path) -> None:
    # 12 KB as people write them, of which the runtime is an example.
    script = ("#!/bin/sh\n" + "".join(f"# {line}\n" for line in carried().splitlines()))[:12_288]
    command_line = ssmwake.user_data(include=[script], gzip=True)
    found = outputs(terraform, module / "modules/content", parts=[{"content": script}])
    assert isinstance(command_line, bytes)
    assert len(command_line) <= found["bytes_gzip"] <= 16_384
    write(render(Config(), read("own.sh", script.encode())), tmp_path / "merged")
    rendered = outputs(terraform, tmp_path / "merged/terraform/modules/content")
    assert rendered["bytes_gzip"] <= 16_384


@pytest.mark.parametrize(
    ("content", "is_readable"),
    [
        ("#!/bin/sh\n\techo 'as it is' | tr a-z '${x}' %{y}\n", True),
        ("#!/bin/sh\necho é\n", False),
        ("#!/bin/sh\r\necho a\r\n", False),
        ("#!/bin/sh\ncat <<E\n--==ssmwake==\nE\n", False),
        ("", True),
    ],
    ids=["ascii", "accent", "crlf", "boundary", "empty"],
)
def test_a_part_is_as_it_is_where_mime_can_hold_it(
    content: str, is_readable: bool, terraform: str, module: Path
) -> None:
    found = outputs(terraform, module / "modules/content", parts=[{"content": content}, {"content": OWN}])
    assert (f"\n\n{content}\n--==ssmwake==\n" in found["user_data"]) is is_readable
    leaves = [one for one in message_from_string(found["user_data"]).walk() if not one.is_multipart()]
    assert [one.get_payload(decode=True) for one in leaves[:2]] == [content.encode(), OWN.encode()]


def test_a_node_config_is_given_its_type_and_a_whole_multipart_is_refused(terraform: str, module: Path) -> None:
    content = module / "modules/content"
    node = "---\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {}\n"
    found = outputs(terraform, content, parts=[{"content": node}, {"content": OWN}])
    kinds = [one.get_content_type() for one in message_from_string(found["user_data"]).walk()]
    assert kinds == ["multipart/mixed", "application/node.eks.aws", "text/plain", "text/cloud-boothook"]
    for whole in (
        f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="//"\n\n--//\n\n{node}\n--//--\n',
        f"# by hand\n\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n{node}\n--b--\n",
    ):
        assert "A part is a MIME multipart itself" in refusal(terraform, content, parts=[{"content": whole}])


def test_user_data_of_the_persons_own_is_merged_and_needs_no_escape(terraform: str, tmp_path: Path) -> None:
    parts = (*read("a.yaml", b"#cloud-config\nruncmd: [touch /a]\n"), *read("b.sh", TRICKY))
    write(render(Config(), parts), tmp_path / "dist")
    content = tmp_path / "dist/terraform/modules/content"
    call = 'templatefile("${path.module}/user-data.tftpl", { settings = local.settings })'
    (content / "more.tf").write_text(f'output "templated" {{\n  value = {call}\n}}\n')
    found = outputs(terraform, content, role="web")
    arrived = read("-", found["user_data"].encode())
    assert [part.body for part in arrived[:2]] == [part.body for part in parts]
    assert b"SSMWAKE_ROLE=web\n" in arrived[2].body
    assert found["templated"] == found["user_data"]


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("role", "a b", "role must be the name of an IAM role"),
        ("timeout", 0, "timeout must be whole seconds from 1 to 86400"),
        ("association_schedule", "rate(1 days)", "rate(30 minutes) to rate(30 days)"),
        ("association_schedule", "daily", "rate(30 minutes) to rate(30 days)"),
        ("association_tag", {"key": "", "value": ""}, "give null for no association"),
        ("association_tag", {"key": "aws:x"}, "not begin with aws:"),
        ("association_schedule", "rate(43201 minutes)", "rate(30 minutes) to rate(30 days)"),
        ("association_schedule", "cron(bogus)", "cron(...) with its six fields"),
        ("parts", [{"content": "", "content_type": "x"}], "content_type must be a MIME type"),
        ("rescue_document_name", "amazon-x", "not begin with aws, amazon or amzn"),
    ],
)
def test_a_variable_out_of_range_fails_the_plan_with_a_sentence(
    terraform: str, module: Path, tmp_path: Path, variable: str, value: object, sentence: str
) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(module / "variables.tf", alone)
    (alone / "terraform.tfvars.json").write_text(json.dumps({variable: value}))
    assert run(terraform, alone, "init", "-input=false").returncode == 0
    done = run(terraform, alone, "plan", "-input=false", "-no-color")
    assert done.returncode == 1
    assert sentence in " ".join(done.stderr.replace("│", " ").split())
    (alone / "terraform.tfvars.json").unlink()
    assert run(terraform, alone, "plan", "-input=false").returncode == 0


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """The blocks of formatted HCL at its margin: the head of each, and its body, one step to the left."""
    for head, body in re.findall(r"^(\S[^\n]*) \{\n(.*?)^\}$", text, re.MULTILINE | re.DOTALL):
        yield head, re.sub(r"^  ", "", body, flags=re.MULTILINE)


def test_every_resource_has_what_the_provider_knows_and_requires() -> None:
    rendering = Rendering(Config())
    found = []
    for path in rendering.paths():
        if not re.match(r"terraform/.*\.tf$", path):
            continue
        for head, body in blocks(rendering.text(path)):
            kind = re.match(r'(resource|data) "(\w+)"', head)
            if not kind:
                continue
            found.append(kind[2])
            names = NAMES[("data." if kind[1] == "data" else "") + kind[2]]
            used = set(re.findall(r"^(\w+) +=", body, re.MULTILINE)) - META
            inner = {name: content for name, content in blocks(body) if "=" not in name and name not in META}
            assert used - set(names["attributes"]) == set(), path
            assert set(names["required"]) <= used, path
            for name, content in inner.items():
                assert set(re.findall(r"^(\w+) +=", content, re.MULTILINE)) <= set(names["blocks"][name]), path
    assert {"aws_ssm_document", "aws_ssm_association", "aws_launch_template", "aws_instance"} <= set(found)


def test_a_name_that_the_provider_does_not_know_would_be_found() -> None:
    assert dict(blocks('resource "a" "b" {\n  x   = 1\n  c {\n    d = 2\n  }\n}\n')) == {
        'resource "a" "b"': "x   = 1\nc {\n  d = 2\n}\n"
    }
    assert "contents" not in NAMES["aws_ssm_document"]["attributes"]
