"""What the verbs take: user data is linted before it is merged, Terraform's queries set everything, sizes count."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ssmwake.cli import command, render
from ssmwake.model import Config
from ssmwake.render.carriers import conf
from ssmwake.resources import schema


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(command, arguments, input=stdin)


BAD = "#cloud-config\nruncmd: {a: b}\nwrite_file: []\n"


@pytest.mark.parametrize("verb", [("user-data",), ("render", "-o", "out")])
def test_what_is_included_is_linted_before_it_is_merged(verb: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("user-data: {include: [a.yaml, b.sh]}\n")
    (tmp_path / "a.yaml").write_text(BAD)
    (tmp_path / "b.sh").write_text("#!/bin/sh\ncurl http://169.254.169.254/latest/meta-data/\n")
    done = run(*verb, "-c", "c.yaml")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "a.yaml:2:9: error: " in done.stderr
    assert "a.yaml:3:1: warning: " in done.stderr
    assert "b.sh:2:1: error: " in done.stderr
    assert not (tmp_path / "out").exists()


def test_warnings_of_what_is_included_are_printed_and_do_not_stop_anything(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("#cloud-config\nwrite_file: []\n")
    done = run("user-data", "--include", "a.yaml")
    assert done.exit_code == 0
    assert done.stdout.startswith("#cloud-config\n")
    assert "a.yaml:2:1: warning: " in done.stderr


def test_a_rule_that_the_config_ignores_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("#cloud-config\nruncmd: {a: b}\n")
    found = run("user-data", "--include", "a.yaml").stderr.rpartition("[")[2].partition("]")[0]
    (tmp_path / "c.yaml").write_text(
        f"user-data: {{include: [a.yaml]}}\nlint: {{ignore: [{{rule: {found}, reason: it is another tool's}}]}}\n"
    )
    assert run("user-data", "-c", "c.yaml").exit_code == 0


BROKEN_COMMANDS = """role: web
on-ready:
- aws s3 sync s3://b /b
- |
  # Which role it is.
  curl http://169.254.169.254/latest/meta-data/iam/info
- 'if [ -e /x ]; then'
user-data: {include: [a.yaml]}
"""


@pytest.mark.parametrize("verb", [("user-data",), ("render", "-o", "out"), ("document", "command")])
def test_commands_that_root_will_run_are_linted_at_their_places_and_with_all_else(
    verb: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "c.yaml").write_text(BROKEN_COMMANDS)
    (tmp_path / "a.yaml").write_text(BAD)
    done = run(*verb, "-c", "c.yaml")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "c.yaml:6:3: error: asks IMDS without a session token" in done.stderr
    assert "c.yaml:7:18: error: syntax error in this then clause" in done.stderr
    assert "a.yaml:2:9: error: " in done.stderr


def test_a_rule_that_the_config_ignores_is_ignored_in_commands_too(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "on-ready: ['curl http://169.254.169.254/latest/meta-data/']\n"
        "lint: {ignore: [{rule: SW210, reason: tokens are optional here}]}\n"
    )
    assert run("user-data", "-c", "c.yaml").exit_code == 0


@pytest.mark.parametrize("verb", [("user-data",), ("document", "command"), ("user-data", "--external")])
def test_commands_of_the_command_line_and_of_a_query_are_linted(verb: tuple[str, ...]) -> None:
    external = "--external" in verb
    given = () if external else ("--on-ready", "x=1; if [ $x ]; then")
    done = run(*verb, *given, stdin=json.dumps({"on_ready": "x=1; if [ $x ]; then"}))
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith(
        "--on-ready: error: syntax error in this then clause: it has no end, and nothing runs"
    )


def test_commands_are_one_script_and_its_warnings_stop_nothing() -> None:
    done = run("user-data", "--on-ready", "if [ -e /srv ]; then", "--on-ready", "touch /ready; fi")
    assert done.exit_code == 0
    done = run("user-data", "--on-ready", "touch /ready", "--on-ready", 'rm -rf "$dir/"*')
    assert done.exit_code == 0
    assert done.stderr.startswith("--on-ready: warning: use ")


def test_an_unknown_key_of_a_query_gets_the_one_that_was_meant() -> None:
    said = run("user-data", "--external", stdin='{"includ": "a", "on_redy": "b", "zzz": "c"}').stderr.splitlines()
    assert said[0].startswith("-:1:1: error: unknown key 'includ'; did you mean 'include'? ")
    assert said[1].startswith("-:1:1: error: unknown key 'on_redy'; did you mean 'on-ready'? ")
    assert said[2].startswith("-:1:1: error: unknown key 'zzz'; known are config, format, ")


def test_the_sizes_of_a_query_are_on_one_line_that_repeats_nothing() -> None:
    said = run("user-data", "--external", stdin="{}").stderr
    assert re.fullmatch(r"user data: [\d,]+ of 16,384 bytes, [\d,]+ with gzip\n", said)


def test_the_query_of_terraform_takes_every_setting_of_the_instance() -> None:
    asked = {
        "role": "web",
        "timeout": "15m",
        "poll": "9",
        "poll_healthy": "90",
        "restart-after": "5\n1m",
        "instance_connect": "false",
        "on_ready": "echo a\necho b",
        "format": "script",
        "foreground": "true",
        "strict": "true",
        "command_name": "mine",
    }
    done = run("user-data", "--external", stdin=json.dumps(asked))
    assert done.exit_code == 0, done.output
    text = json.loads(done.stdout)["user_data"]
    expected = Config("web", 900, 9, 90, (5, 60), False)
    assert conf(expected, "mine") in text
    assert "\necho a\necho b\n" in text
    assert " run || exit\n" in text
    properties = json.loads(schema("config"))["properties"]
    settings = {*properties, *properties["user-data"]["properties"]} - {"user-data", "documents", "publish", "lint"}
    assert {key.replace("_", "-") for key in asked} | {"include"} >= settings


def test_every_fault_of_a_query_is_reported_at_once() -> None:
    asked = {"poll": "0", "restart_after": "x", "role": "a b", "pol": "1", "strict": "yes", "command-name": "aws-x"}
    done = run("user-data", "--external", stdin=json.dumps(asked))
    assert done.exit_code == 1
    assert done.stderr.count("-:1:1: error: ") == len(asked)


def test_user_data_that_ec2_refuses_is_not_rendered(tmp_path: Path) -> None:
    (tmp_path / "big.sh").write_text("#!/bin/sh\n" + "".join(f": {number * number}\n" for number in range(2000)))
    (tmp_path / "c.yaml").write_text("user-data: {include: [big.sh]}\n")
    done = run("render", "-c", "c.yaml", "-o", "out")
    assert done.exit_code == 1
    assert "out/user-data/multipart.txt: error: " in done.stderr
    assert "EC2 takes 16,384" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_template_that_cannot_be_sent_with_the_request_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert render.INLINE == 51_200
    monkeypatch.setattr(render, "INLINE", 40_000)
    done = run("render", "-o", "out")
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "out/cloudformation").glob("*.yaml")}
    warned = {name for name, size in sizes.items() if size > 40_000}
    assert done.exit_code == 0
    assert warned
    for name in sizes:
        assert (f"out/cloudformation/{name}: warning: {sizes[name]:,} bytes" in done.stderr) == (name in warned)
    assert done.stderr.count("[SW025]") == len(warned)


def test_a_role_that_no_template_waits_for_is_remarked_on(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("role: web\n")
    assert "wait for any role, not for web" in run("render", "-c", "c.yaml", "-o", "out").stderr
    assert "wait for any role" not in run("render", "-o", "other").stderr


@pytest.mark.parametrize("listed", [False, True])
def test_nothing_is_written_through_a_symbolic_link_out_of_the_folder(tmp_path: Path, listed: bool) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/cloudformation").symlink_to(tmp_path / "elsewhere")
    if listed:
        names = ("cloudformation", "ssm/command.yaml")
        (tmp_path / "out/SHA256SUMS").write_text("".join(f"{'0' * 64}  {name}\n" for name in names))
    done = run("render", "-o", "out")
    assert done.exit_code == 1
    assert "out/cloudformation:1:1: error: " in done.stderr
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert not (tmp_path / "out/ssm").exists()


def test_a_file_that_is_a_symbolic_link_is_replaced_and_what_it_points_at_is_not(tmp_path: Path) -> None:
    assert run("render", "-o", "out").exit_code == 0
    target = tmp_path / "passwd"
    target.write_text("root\n")
    (tmp_path / "out/ssm/command.yaml").unlink()
    (tmp_path / "out/ssm/command.yaml").symlink_to(target)
    assert run("render", "-o", "out").exit_code == 0
    assert target.read_text() == "root\n"
    assert not (tmp_path / "out/ssm/command.yaml").is_symlink()


@pytest.mark.parametrize(
    ("name", "content", "form", "said"),
    [
        ("setup.sh", "#!/bin/sh\ndate\n", (), "setup.sh is a script, which stays a part of its own"),
        ("a.yaml", "#cloud-config\n{packages: [curl]}\n", (), "a.yaml cannot be merged as text; a list in brackets, "),
        ("j.yaml", "## template: jinja\n#cloud-config\npackages: [curl]\n", (), "j.yaml is a Jinja template, which "),
        ("b.sh", "#cloud-boothook\n#!/bin/sh\ndate\n", ("--format", "script"), "b.sh is a boothook, which stays "),
        ("setup.sh", "#!/bin/sh\ndate\n", ("--format", "multipart"), ""),
        ("plain.yaml", "#cloud-config\npackages: [curl]\n", (), ""),
        ("m.txt", "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n#!/bin/sh\n--b--\n", (), ""),
    ],
)
def test_a_form_that_was_not_asked_for_comes_with_its_reason(
    name: str, content: str, form: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    done = run("user-data", "--include", name, *form)
    assert done.exit_code == 0, done.stderr
    assert (f"user data: a multipart, because {said}" in done.stderr) if said else "multipart" not in done.stderr
