"""The Python API: what it takes, what it returns, and what it refuses in words for people who write Python."""

import base64
import gzip
import importlib
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import ssmwake
from ssmwake.model import UserDataFormat

OWN = "#!/bin/sh\necho hello\n"


def faults(call: Any, **settings: Any) -> list[str]:
    with pytest.raises(ssmwake.Invalid) as refused:
        call(**settings)
    return [f"{finding.where}: {finding.message}" for finding in refused.value.findings]


def test_an_include_is_bytes_text_or_a_path(tmp_path: Path) -> None:
    file = tmp_path / "own.sh"
    file.write_text(OWN)
    (one,) = {ssmwake.user_data(include=[given]) for given in (OWN, OWN.encode())}
    (other,) = {ssmwake.user_data(include=[given]) for given in (file, str(file))}
    assert "echo hello" in one
    assert other == one.replace(
        "x-shellscript\n", 'x-shellscript\nContent-Disposition: attachment; filename="own.sh"\n', 1
    )


def test_a_one_liner_that_begins_as_user_data_is_not_a_path() -> None:
    assert "package_update" in ssmwake.user_data(include=["#cloud-config\npackage_update: true"])
    assert "#include" in ssmwake.user_data(include=["#include https://example.com/x"])


def test_underscores_all_the_way_down() -> None:
    one = ssmwake.user_data(poll_healthy=timedelta(minutes=2), restart_after=["5s", 10], on_ready=("touch /x",))
    assert one == ssmwake.user_data(poll_healthy="2m", restart_after=(5, "10s"), on_ready=["touch /x"])
    assert ssmwake.user_data(format=UserDataFormat.SCRIPT.value).startswith("#!/bin/sh")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"rol": "web"}, "rol: unknown; did you mean 'role'?"),
        ({"role": 12}, "role: must be a str, not 12"),
        ({"role": object()}, "role: must be a str, not object"),
        ({"poll": True}, "poll: must be an int or a str, not True"),
        ({"timeout": timedelta(days=9)}, "timeout: is datetime.timedelta(days=9); 1s to 1d are allowed"),
        ({"on_ready": "reboot"}, "on_ready: must be a list or a tuple, not 'reboot'"),
        ({"foreground": "no"}, "foreground: must be a bool, not 'no'"),
        ({"restart_after": []}, "restart_after: holds 0 items; 1 to 20 are allowed"),
        ({"include": OWN}, "include: must be a list or a tuple of user data, not one; put it in brackets"),
        ({"include": [3]}, "include[0]: must be bytes, a str or a path, not int"),
        (
            {"include": ["gone.sh"]},
            "include[0]: 'gone.sh' cannot be read: no such file or directory; check the path",
        ),
        (
            {"include": ["hello\nworld"]},
            "include[0]:1:1: cloud-init ignores user data with this first line; begin with",
        ),
    ],
)
def test_advice_is_for_those_who_write_python(settings: dict[str, Any], expected: str) -> None:
    (fault,) = faults(ssmwake.user_data, **settings)
    assert fault.startswith(expected)
    assert not any(word in fault for word in ("- ' before", "quotes", "--", "YAML", "key"))


def test_every_fault_is_reported_at_once() -> None:
    assert len(faults(ssmwake.user_data, role=1, timeout="soon", rol="x")) == 3
    assert len(faults(ssmwake.user_data, include=["gone", 3, "x\ny"])) == 3


def test_faults_inside_name_the_expression() -> None:
    publish = {"regions": ["eu west"], "accounts": ["123456789012"], "launch_templates": {"lt-1": {"bas": "x"}}}
    documents = {"share_with": ["all", "123456789012"], "tags": {"ssmwake:x": "y"}, "command_name": "ssmwake-rescue"}
    found = faults(ssmwake.plan, publish=publish, documents=documents)
    assert [fault.split(": ")[0] for fault in found] == [
        "publish['regions'][0]",
        "publish['accounts'][0]",
        "publish['launch_templates']['lt-1']['bas']",
        "documents['share_with']",
        "documents['tags']['ssmwake:x']",
        "documents",
    ]


def test_nothing_over_the_limit_is_returned() -> None:
    big = OWN + "# 0123456789 abcdefghijklmnop\n" * 1000
    (fault,) = faults(ssmwake.user_data, include=[big])
    assert "bytes, EC2 takes 16,384; gzip=True makes it " in fault
    packed = ssmwake.user_data(include=[big], gzip=True)
    assert isinstance(packed, bytes)
    assert len(packed) <= 16_384
    assert b"echo hello" in gzip.decompress(packed)
    import random

    noise = OWN + "".join(f"# {random.Random(n).getrandbits(256):x}\n" for n in range(1500))
    (fault,) = faults(ssmwake.user_data, include=[noise], gzip=True)
    assert "pass gzip" not in fault
    assert "S3" in fault


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("", "include[0]:1:1: empty; leave it out or write user data into it"),
        (b"", "include[0]:1:1: empty; leave it out or write user data into it"),
        ("#!/bin/sh\necho \ud800\n", "include[0]: holds half of a character, which UTF-8 cannot spell; pass bytes"),
        ("yum update -y", "text needs a first line such as #!/bin/sh, and a line end"),
        (Path("no/such.sh"), "include[0]: 'no/such.sh' cannot be read: no such file or directory; check the path"),
        (3, "include[0]: must be bytes, a str or a path, not int"),
    ],
)
def test_what_is_not_user_data_is_invalid_and_nothing_else(given: Any, fault: str) -> None:
    (found,) = faults(ssmwake.user_data, include=[given])
    assert fault in found


def test_what_is_no_list_is_invalid() -> None:
    assert faults(ssmwake.user_data, include=None) == ["include: must be a list or a tuple of user data, not None"]
    for accounts in ("123456789012", ["prod"], [123456789012]):
        (found,) = faults(ssmwake.plan, publish={"regions": ["eu-west-1"]}, expected_accounts=accounts)
        assert found.startswith("expected_accounts: must be a list of account ids")


def test_a_wrong_kind_and_wrong_settings_are_reported_together() -> None:
    found = faults(ssmwake.document, kind="command", format="xml", timeout="10x")
    assert [fault.partition(":")[0] for fault in found] == ["format", "timeout"]


def test_base64_is_what_a_launch_template_takes() -> None:
    assert base64.b64decode(ssmwake.user_data(base64=True)).decode() == ssmwake.user_data()
    both = ssmwake.user_data(gzip=True, base64=True)
    assert isinstance(both, str)
    assert gzip.decompress(base64.b64decode(both)).startswith(b"#cloud-config")


def test_a_document_in_either_format() -> None:
    content = json.loads(ssmwake.document("command", format="json", role="web"))
    assert content["schemaVersion"] == "2.2"
    assert ssmwake.document("automation").startswith("#") or "schemaVersion" in ssmwake.document("automation")
    (fault,) = faults(lambda: ssmwake.document("x"))  # type: ignore[arg-type]
    assert fault == "kind: must be 'command' or 'automation', not 'x'"


def test_lint_takes_text_and_files_and_stays_callable(tmp_path: Path) -> None:
    text = "#!/bin/sh\ncurl http://169.254.169.254/latest/meta-data/\n"
    file = tmp_path / "x.sh"
    file.write_text(text)
    (one,), (other,) = ssmwake.lint(text), ssmwake.lint(file)
    assert (one.where.path, other.where.path) == ("<text>", str(file))
    assert one.rule == other.rule == "SW210"
    importlib.import_module("ssmwake.lint.rules")  # This binds `ssmwake.lint` once more.

    assert ssmwake.lint("#!/bin/sh\ntrue\n", name="y.sh") == ()


def test_importing_the_package_imports_next_to_nothing() -> None:
    code = "import sys, ssmwake; sys.exit(any(m in sys.modules for m in ('yaml', 'jinja2', 'boto3', 'ssmwake.api')))"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(Path(ssmwake.__file__).parents[1])})


def test_the_keyword_arguments_are_typed_for_mypy(tmp_path: Path) -> None:
    from mypy import api

    program = tmp_path / "program.py"
    program.write_text(
        "import ssmwake\n"
        "text: str = ssmwake.user_data(role='web', include=[b'x', 'y'])\n"
        "packed: bytes = ssmwake.user_data(gzip=True)\n"
        "both: str = ssmwake.user_data(gzip=True, base64=True)\n"
        "ssmwake.plan(publish={'launch_templates': {'lt-1': {'promote': True}}})\n"
        "ssmwake.user_data(rol='web')\n"
        "ssmwake.document('command', polling=3)\n"
        "ssmwake.plan(publish={'launch-templates': {}})\n"
    )
    out, err, _ = api.run(["--strict", "--no-incremental", f"--cache-dir={tmp_path}", str(program)])
    lines = sorted({int(line.split(":")[1]) for line in out.splitlines() if ": error:" in line})
    assert lines == [6, 7, 8], out + err


@pytest.mark.parametrize("call", [ssmwake.user_data, lambda **given: ssmwake.document("command", **given)])
def test_commands_that_root_will_run_are_linted(call: Any) -> None:
    with pytest.raises(ssmwake.Invalid, match="on_ready: error: syntax error in this then clause: it has no end"):
        call(on_ready=["aws sts get-caller-identity", "if true; then"])
