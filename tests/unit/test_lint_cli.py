"""What `ssmwake lint` reports, fixes, and leaves alone."""

import base64
import io
import json
import re
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ssmwake.cli import command
from ssmwake.lint import Kind, kind, lint
from ssmwake.lint.fix import fixed

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCD"
ASKS = 'curl -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/meta-data/ami-id\n'
TERRAFORM = 'resource "aws_launch_template" "web" {\n'
INSTANCE = "Resources:\n  I:\n    Type: AWS::EC2::Instance\n    Properties:\n      ImageId: ami-0123456789abcdef0\n"


def run(*argv: str, **kwargs: str) -> Result:
    """Return what the command says."""
    return CliRunner().invoke(command, ["lint", *argv], **kwargs)  # type: ignore[arg-type]


def after_fix(text: str, what: Kind | None = None) -> str:
    """Return a text after --fix."""
    data = text.encode()
    what = what or kind(data)
    return fixed(data, lint("f", data, what, with_cfn_lint=False)).decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\ufeff#!/bin/sh\r\ndate\r\n", "#!/bin/sh\ndate\n"),
        (f"#!/bin/sh\n{ASKS}", f"#!/bin/sh\n{ASKS.replace('254/', '254/latest/')}"),
        ('{"schemaVersion": 2.2, "mainSteps": []}', '{"schemaVersion": "2.2", "mainSteps": []}'),
        (
            f"{INSTANCE}      UserData: |\n        #!/bin/sh\n",
            f"{INSTANCE}      UserData: !Base64 |\n        #!/bin/sh\n",
        ),
        (
            f"{INSTANCE}      UserData:\n        Fn::Base64: |\n          #!/bin/sh\n          {ASKS}",
            f"{INSTANCE}      UserData:\n        Fn::Base64: |\n          #!/bin/sh\n"
            f"          {ASKS.replace('254/', '254/latest/')}",
        ),
        (
            '{"Resources": {"I": {"Type": "AWS::EC2::Instance", "Properties": {"UserData": "#!/bin/sh\\ndate"}}}}',
            '{"Resources": {"I": {"Type": "AWS::EC2::Instance", '
            '"Properties": {"UserData": {"Fn::Base64": "#!/bin/sh\\ndate"}}}}}',
        ),
        (
            f"{INSTANCE}      UserData: !Sub |\n        #!/bin/sh\n\n        echo ${{AWS::Region}}\n      KeyName: a\n",
            f"{INSTANCE}      UserData:\n        Fn::Base64: !Sub |\n          #!/bin/sh\n\n"
            "          echo ${AWS::Region}\n      KeyName: a\n",
        ),
        (
            f"{TERRAFORM}  user_data = <<-EOT\n    #!/bin/sh\n  EOT\n}}\n",
            f"{TERRAFORM}  user_data = base64encode(<<-EOT\n    #!/bin/sh\n  EOT\n  )\n}}\n",
        ),
        (
            f'{TERRAFORM}  user_data = "#!/bin/sh\\ndate\\n"\n}}\n',
            f'{TERRAFORM}  user_data = base64encode("#!/bin/sh\\ndate\\n")\n}}\n',
        ),
    ],
    ids=[
        *("BOM and CRLF", "path of IMDS", "schemaVersion", "base64 in YAML", "path in a template", "base64 in JSON"),
        *("base64 around Fn::Sub", "base64 of a here-document", "base64 of a string"),
    ],
)
def test_what_has_one_right_answer_is_fixed(before: str, after: str) -> None:
    assert after_fix(before) == after
    assert after_fix(after) == after


def test_launch_template_data_gets_the_base64_itself() -> None:
    after = json.loads(after_fix('{"LaunchTemplateData": {"UserData": "#!/bin/sh\\ndate\\n"}}'))
    assert base64.b64decode(after["LaunchTemplateData"]["UserData"]) == b"#!/bin/sh\ndate\n"


def test_what_is_encoded_is_left_alone() -> None:
    encoded = base64.b64encode(f"#!/bin/sh\n{ASKS}".encode()).decode()
    text = f"{INSTANCE}      UserData: {encoded}\n"
    assert "SW211" in {one.rule for one in lint("f", text.encode(), with_cfn_lint=False)}
    assert after_fix(text) == text


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.sampled_from("#!/bin/sh\n 169.254.169.254/meta-data \r\ufeff\"':{}[]"), max_size=80),
    st.sampled_from(Kind),
)
def test_a_fixed_file_stays_fixed(text: str, what: Kind) -> None:
    once = after_fix(text, what)
    assert after_fix(once, what) == once


def test_fix_shows_what_it_changes_and_keeps_mode_and_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.sh"
    path.write_bytes(f"#!/bin/sh\r\nexport AWS_SECRET_ACCESS_KEY={KEY}\r\n".encode())
    path.chmod(0o750)
    shown = run("--diff", "a.sh")
    assert "-#!/bin/sh\\r\n" in shown.output
    assert "a.sh:1:1: info: lines end in CR LF" in shown.output
    assert b"\r" in path.read_bytes()
    done = run("--fix", "a.sh")
    assert path.read_bytes() == f"#!/bin/sh\nexport AWS_SECRET_ACCESS_KEY={KEY}\n".encode()
    assert path.stat().st_mode & 0o777 == 0o750
    assert "+#!/bin/sh\n" in done.output
    assert "CR LF" not in done.output
    assert (KEY in shown.output, KEY in done.output) == (False, False)
    assert run("--fix", "-", input="#!/bin/sh\n").exit_code == 2


def test_a_fix_that_cannot_be_written_is_an_error_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.sh"
    path.write_bytes(b"#!/bin/sh\r\n")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    done = run("--fix", str(path))
    assert done.exit_code == 1
    assert "cannot be written" in done.output
    assert path.read_bytes() == b"#!/bin/sh\r\n"


class Terminal(io.TextIOWrapper):
    """A stream that says that a person looks."""

    def isatty(self) -> bool:
        return True


def test_a_person_sees_the_line_and_a_caret_but_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ssmwake.cli.lint import _report
    from ssmwake.lint import File

    data = f"#!/bin/sh\n{ASKS}export AWS_SECRET_ACCESS_KEY={KEY}\n".encode()
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", Terminal(buffer, encoding="utf-8"))
    monkeypatch.setenv("NO_COLOR", "1")
    _report(lint("a.sh", data), "text", [File("a.sh", data)])
    sys.stdout.flush()
    lines = buffer.getvalue().decode().splitlines()
    place = ASKS.index("169")
    first = next(number for number, line in enumerate(lines) if "SW211" in line)
    assert lines[first + 1 : first + 3] == [f"  {ASKS.rstrip()}", f"  {' ' * place}^"]
    assert KEY not in "".join(lines)
    assert any("SW209" in line for line in lines)


def test_an_entry_of_the_config_for_an_unknown_rule_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ssmwake.yaml").write_text("lint:\n  ignore:\n    - rule: SW999\n      reason: never seen\n")
    done = run()
    assert "ssmwake.yaml:3:13: error: no rule is called SW999; see ssmwake lint --list-rules [SW012]" in done.output
    assert done.exit_code == 1


def test_an_entry_of_the_config_that_ignores_nothing_is_reported_where_everything_is_linted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ssmwake.yaml").write_text('lint: {ignore: [{rule: SW211, path: "old/*", reason: gone soon}]}\n')
    (tmp_path / "user-data.sh").write_text("#!/bin/sh\ntrue\n")
    assert "ssmwake.yaml:1:24: info: SW211 is not reported in old/*; remove the entry [SW230]" in run().stdout
    assert run("user-data.sh").stdout == ""


def test_what_terraform_reads_is_linted_below_what_is_named_and_the_rest_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("infra", "scripts"):
        (tmp_path / name).mkdir()
    (tmp_path / "infra" / "main.tf").write_text(
        'resource "aws_launch_template" "web" {\n  user_data = file("${path.module}/../scripts/web.sh")\n}\n'
    )
    (tmp_path / "scripts" / "web.sh").write_text("#!/bin/bash\nyum install httpd\n")
    done = run(".")
    assert [line.rpartition(" ")[2] for line in done.stdout.splitlines()] == ["[SW412]", "[SW240]"]
    assert "outside" not in done.stderr
    outside = "ssmwake: 1 file that Terraform reads is outside of what was linted"
    for argv in (("infra",), ("infra/main.tf",), ("--skip-unknown", "--", "infra/main.tf")):
        done = run(*argv)
        assert done.stdout == ""
        assert done.stderr.endswith(f"{outside}: scripts/web.sh; to lint it: ssmwake lint .\n")
    monkeypatch.chdir(tmp_path / "infra")
    assert run().stderr.endswith(f"{outside}: ../scripts/web.sh; to lint it: ssmwake lint ..\n")
    assert "SW240" in run("..").stdout


@pytest.mark.parametrize("count", [10, 11])
def test_all_files_that_were_not_read_are_named_or_counted(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "my project"
    (project / "infra" / "app").mkdir(parents=True)
    names = [f"boot{number:02}" for number in range(count)]
    for name in names:
        (project / name).write_text("#!/bin/sh\ndate\n")
    blocks = (f'module "{name}" {{\n  user_data = file("../../{name}")\n}}\n' for name in names)
    (project / "infra" / "app" / "main.tf").write_text("".join(blocks))
    monkeypatch.chdir(tmp_path)
    done = run("my project/infra/app")
    listed = ", ".join(f"my project/{name}" for name in names)
    assert done.stderr.endswith(
        f"ssmwake: {count} files that Terraform reads are outside of what was linted"
        f"{f': {listed}' if count == 10 else ''}; to lint them: ssmwake lint 'my project'\n"
    )


def test_the_folder_of_all_is_never_a_home_or_one_above_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "secret.sh").write_text("#!/bin/sh\ndate\n")
    (project / "main.tf").write_text('module "a" {\n  user_data = file("../secret.sh")\n}\n')
    monkeypatch.chdir(project)
    for home in (tmp_path, tmp_path / "someone"):
        monkeypatch.setenv("HOME", str(home))
        assert run(".").stderr.endswith(": ../secret.sh; to lint it, name the folder as well\n")


def test_fix_reaches_its_end_in_one_run_and_the_diff_shows_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    script = f"#!/bin/bash\n{ASKS}"
    # The inner fix comes first: nobody finds the line again in base64.
    data = {"LaunchTemplateData": {"ImageId": "ami-0123456789abcdef0", "UserData": script}}
    (tmp_path / "template.json").write_text(json.dumps(data))
    (tmp_path / "main.tf").write_text(TERRAFORM + f"  user_data = <<EOF\n{script}EOF\n}}\n")
    shown = run("--diff", ".")
    assert shown.stderr.endswith("; --fix can fix 4\n")
    done = run("--fix", ".")
    assert (done.exit_code, done.stdout) == (0, shown.stdout.partition("main.tf:2:15: error:")[0])
    encoded = json.loads((tmp_path / "template.json").read_text())["LaunchTemplateData"]["UserData"]
    assert "/latest/meta-data/ami-id" in base64.b64decode(encoded).decode()
    again = run("--fix", ".")
    assert (again.exit_code, again.stdout) == (0, "")


def test_a_config_ignores_rules_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old").mkdir()
    for place in ("a.sh", "old/a.sh"):
        (tmp_path / place).write_text(f"#!/bin/sh\n{ASKS}")
    (tmp_path / "ssmwake.yaml").write_text('lint: {ignore: [{rule: SW211, path: "old/*", reason: gone soon}]}\n')
    done = run(".")
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == ["a.sh:2:47"]
    (tmp_path / "other.yaml").write_text("lint: {ignore: [{rule: SW211, reason: all of it}]}\n")
    assert run("-c", "other.yaml", "a.sh", "old").stdout == ""
    (tmp_path / "ssmwake.yaml").write_text("lint: {ignore: [{rule: SW211}]}\n")
    broken = run("a.sh")
    assert broken.exit_code == 1
    assert "ssmwake.yaml:1:17: error: an item of ignore has no reason; write one [SW012]" in broken.output


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("# ssmwake: ignore SW211 a proxy answers there", []),
        ("# ssmwake: ignore SW211", ["SW230", "SW211"]),
        ("# ssmwake: ignore SW210 another rule", ["SW230", "SW211"]),
        ("# ssmwake: ignore-file SW211 a proxy answers there\n\n", []),
    ],
)
def test_a_comment_with_a_reason_suppresses_a_line_or_a_file(comment: str, left: list[str]) -> None:
    text = f"#!/bin/sh\n{comment}\n{ASKS}"
    assert [one.rule for one in lint("f", text.encode())] == left


def test_what_cannot_be_read_is_reported_with_the_rest(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text(f"#!/bin/sh\n{ASKS}")
    done = run(str(tmp_path / "a.sh"), str(tmp_path / "none.sh"))
    assert done.exit_code == 1
    assert "SW211" in done.output
    assert "none.sh:1:1: error: cannot be read" in done.output


def test_a_rule_is_explained_with_its_examples() -> None:
    said = run("--explain", "SW210").output
    assert said.startswith("# SW210: IMDSv1\n")
    assert "## Good" in said
    assert run("--explain", "sw210").output == said
    refused = run("--explain", "SW21O")
    assert refused.exit_code == 2
    assert "did you mean SW" in refused.output


def test_a_file_that_is_named_twice_is_linted_once(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text(f"#!/bin/sh\n{ASKS}")
    done = run(str(tmp_path / "a.sh"), str(tmp_path / "a.sh"), str(tmp_path))
    assert done.output.count("SW211") == 1


def test_the_page_shows_comments_and_a_config_that_suppress() -> None:
    from ssmwake.config import load

    text = (Path(__file__).parents[2] / "docs" / "lint.md").read_text(encoding="utf-8")
    shell, config = re.findall(r"^```(?:sh|yaml)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[1:3]
    asks = "curl http://169.254.169.254/latest/meta-data/ami-id\n"
    assert [one.rule for one in lint("f", f"#!/bin/sh\n{asks}".encode())] == ["SW210"]
    line, whole = shell.splitlines()
    for suppressed in (f"#!/bin/sh\n{line}\n{asks}", f"#!/bin/sh\n{whole.replace('SW208', 'SW210')}\n\n{asks}"):
        assert lint("f", suppressed.encode()) == ()
    (ignore,) = load("ssmwake.yaml", config.encode()).lint.ignore
    assert (ignore.rule, ignore.path) == ("SW210", "legacy/*.sh")


def test_the_page_gives_an_editor_the_schema_of_the_config() -> None:
    text = (Path(__file__).parents[2] / "docs" / "lint.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", text, re.MULTILINE)
    ((words, target),) = re.findall(r"^Write the schema with `ssmwake (init --schema) > (\S+)`", text, re.MULTILINE)
    assert target == line
    schema = json.loads(CliRunner().invoke(command, words.split()).stdout)
    (config,) = re.findall(r"^```yaml\n(lint:\n.*?)^```$", text, re.MULTILINE | re.DOTALL)
    validator = Draft202012Validator(schema)
    assert list(validator.iter_errors(yaml.safe_load(config))) == []
    assert list(validator.iter_errors(yaml.safe_load(config.replace("reason", "raeson")))) != []


def test_a_file_that_terraform_refers_to_is_read_and_reported_at_its_own_place(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "boot.sh").write_text(f"#!/bin/sh\n{ASKS}")
    body = '  user_data = file("${path.module}/scripts/boot.sh")\n'
    (tmp_path / "main.tf").write_text(f'resource "aws_instance" "web" {{\n{body}}}\n')
    done = run(str(tmp_path / "main.tf"))
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == [f"{tmp_path}/scripts/boot.sh:2:47"]
    assert run(str(tmp_path)).stdout == done.stdout


def test_a_cloud_config_is_checked_against_the_given_schema(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("#cloud-config\nhostname: a\n")
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "object", "properties": {"hostname": {"type": "string", "maxLength": 0}}}')
    assert run("--cloud-init-schema", str(schema), str(config)).output.startswith(f"{config}:2:")
    assert run("--cloud-init-schema", "none", str(config)).stdout == ""
    schema.write_text("[]")
    refused = run("--cloud-init-schema", str(schema), str(config))
    assert refused.exit_code == 1
    assert "name schema-cloud-config-v1.json of a cloud-init" in refused.output


def test_a_program_that_names_files_may_skip_those_that_lint_does_not_know(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "a"}\n')
    large = tmp_path / "large.sh"
    large.write_text("#!/bin/sh\n" + "true\n" * 4000)
    (tmp_path / "a.sh").write_text(f"#!/bin/sh\n{ASKS}")
    paths = [str(tmp_path / name) for name in ("package.json", "large.sh", "a.sh")]
    assert {line.split("[")[-1] for line in run(*paths).stdout.splitlines()} == {"SW202]", "SW201]", "SW211]"}
    assert [line.split("[")[-1] for line in run("--skip-unknown", *paths).stdout.splitlines()] == ["SW211]"]
    assert run("--skip-unknown", *paths[:2]).stdout == ""


def test_what_is_left_after_a_fix_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "boot.sh").write_text("#!/bin/sh\ncurl http://169.254.169.254/latest/meta-data/ami-id\n")
    body = '  user_data = file("${path.module}/boot.sh")\n'
    (tmp_path / "main.tf").write_text(f"{TERRAFORM}{body}}}\n")
    done = run("--fix", str(tmp_path / "main.tf"))
    assert "+  user_data = base64encode(" in done.output
    assert done.output.count("SW210") == 1
