"""Each rule of lint: what it finds and where, what it leaves alone; and the forms of the report."""

import base64
import gzip
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from ssmwake.cli import command
from ssmwake.cli.publish import lint_before_publishing
from ssmwake.lint import File, Kind, kind, lint, lint_all
from ssmwake.lint.report import as_github, as_json, as_junit, as_sarif
from ssmwake.model import Artifact, Config, Severity
from ssmwake.render import render
from ssmwake.rules import RULES

TOKEN = "aws s3 ls"
COMMAND = """\
schemaVersion: "2.2"
parameters:
  Name:
    type: String
    default: x
    allowedPattern: "^[a-z]+$"
mainSteps:
- action: aws:runShellScript
  name: one
  inputs:
    timeoutSeconds: "60"
    runCommand:
    - |
      date
"""
AUTOMATION = """\
schemaVersion: "0.3"
parameters:
  Id:
    type: String
mainSteps:
- name: First
  action: aws:sleep
  nextStep: Last
  inputs: {Duration: PT1S}
- name: Last
  action: aws:executeAwsApi
  isEnd: true
  inputs: {Service: ec2, Api: RebootInstances, InstanceIds: ["{{ Id }}"]}
"""
TEMPLATE = """\
Resources:
  One:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0123456789abcdef0
      UserData:
        Fn::Base64: |
          #!/bin/sh
          date
"""

PLAIN = "\n".join(TEMPLATE.split("\n")[:5]) + "\n      UserData: '#!/bin/sh'\n"
AS_JSON = {
    "schemaVersion": "2.2",
    "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": ["date"]}}],
}

# what is wrong, the file, the rule, the line and the column
BAD = [
    ("no header", "echo hello\n", "SW202", 1, 1),
    ("a mistyped header", "#cloudconfig\nruncmd: []\n", "SW202", 1, 1),
    ("broken YAML", "#cloud-config\nruncmd: [\n", "SW203", 3, 1),
    ("a key twice", "#cloud-config\nruncmd: [date]\nruncmd: [true]\n", "SW205", 3, 1),
    ("an unknown key", "#cloud-config\nruncmds: [date]\n", "SW206", 2, 1),
    ("CRLF after LF", "#!/bin/sh\ndate\r\n", "SW207", 2, 1),
    ("bad shell in a script", '#!/bin/sh\ndate\n[ "$a" = 1 ] && x=(1)\n', "SW208", 3, 19),
    ("bad shell in runcmd", "#cloud-config\nruncmd:\n- |\n  date\n  x=(1 2)\n", "SW208", 5, 5),
    ("a key in the open", "#!/bin/sh\nexport A=AKIAABCDEFGHIJKLMNOP\n", "SW209", 2, 10),
    ("IMDSv1", "#!/bin/sh\ncurl -s http://169.254.169.254/latest/meta-data/instance-id\n", "SW210", 2, 1),
    ("no /latest", '#!/bin/sh\ncurl -H "$t" http://169.254.169.254/meta-data/\n', "SW211", 2, 21),
    ("a start that waits", "#cloud-config\nbootcmd:\n- systemctl start nginx\n", "SW212", 3, 3),
    ("a number for a version", COMMAND.replace('"2.2"', "2.2"), "SW301", 1, 16),
    ("an unknown version", COMMAND.replace('"2.2"', '"9.9"'), "SW301", 1, 16),
    ("no steps", 'schemaVersion: "2.2"\nmainSteps: []\n', "SW372", 2, 1),
    ("an unknown field", COMMAND.replace("parameters:", "paramters:"), "SW303", 2, 1),
    ("two steps of a name", AUTOMATION.replace("name: Last", "name: First"), "SW304", 10, 9),
    ("an unknown action", COMMAND.replace("aws:runShellScript", "aws:runShelScript"), "SW305", 8, 11),
    ("an undeclared parameter", AUTOMATION.replace("{{ Id }}", "{{ Ids }}"), "SW306", 13, 63),
    ("code from outside", COMMAND.replace("^[a-z]+$", "^.*$").replace("date", "echo {{ Name }}"), "SW307", 14, 12),
    ("a pattern that is searched for", COMMAND.replace("^[a-z]+$", "[a-z]+"), "SW308", 6, 21),
    ("a broken pattern", COMMAND.replace("^[a-z]+$", "^[a-z$"), "SW309", 6, 21),
    ("a look-ahead", COMMAND.replace("^[a-z]+$", "^(?=x)x$"), "SW309", 6, 21),
    ("a default that is refused", COMMAND.replace("default: x", "default: X"), "SW310", 5, 14),
    ("a step to nowhere", AUTOMATION.replace("nextStep: Last", "nextStep: Lost"), "SW311", 8, 13),
    ("64 KB", COMMAND + "# " + "x" * 66_000 + "\n", "SW312", 1, 1),
    ("an hour and a week", COMMAND.replace('"60"', '"999999"'), "SW313", 11, 21),
    ("a field outside inputs", COMMAND.replace("  name: one", "  name: one\n  onFailure: exit"), "SW314", 10, 3),
    ("the branch sawn off", COMMAND.replace("date", "systemctl restart amazon-ssm-agent"), "SW315", 14, 7),
    ("a name with a dash", COMMAND.replace("Name:", "The-Name:"), "SW316", 3, 3),
    ("a step that nothing reaches", AUTOMATION.replace("  nextStep: Last\n", "  isEnd: true\n"), "SW317", 10, 9),
    ("shell in a document", COMMAND.replace("date", "x=(1 2)"), "SW208", 14, 9),
    ("shell in a template", TEMPLATE.replace("date", "x=(1 2)"), "SW208", 9, 13),
    (
        "plain text in a template",
        PLAIN,
        "SW401",
        6,
        17,
    ),
    ("plain text in a launch template", '{"LaunchTemplateData": {"UserData": "#!/bin/sh"}}', "SW401", 1, 37),
]


@pytest.mark.parametrize(("text", "rule", "line", "column"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_what_is_wrong_is_found_at_its_place(text: str, rule: str, line: int, column: int) -> None:
    found = [one for one in lint("a", text.encode(), with_cfn_lint=False) if one.rule == rule]
    assert found, lint("a", text.encode(), with_cfn_lint=False)
    assert (found[0].where.line, found[0].where.column) == (line, column)
    assert found[0].severity is RULES[rule].severity


def test_user_data_over_the_limit_is_found_in_every_form() -> None:
    script = b"#!/bin/sh\n" + b"# as much as anybody has to say\n" * 600
    assert "SW201" in {one.rule for one in lint("a", script)}
    data = base64.b64encode(script).decode()
    template = json.dumps({"LaunchTemplateData": {"UserData": data}})
    assert "SW201" in {one.rule for one in lint("a", template.encode())}
    assert lint("a", gzip.compress(script)) == ()


GOOD = [
    '#!/bin/bash\nset -euo pipefail\nx=(1 2)\necho "${x[0]}"\n',
    "#!/bin/sh\nt=$(curl -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)\n"
    'curl -H "X-aws-ec2-metadata-token: $t" http://169.254.169.254/latest/meta-data/instance-id\n',
    "#!/usr/bin/env python3\nprint('not shell')\n",
    "#cloud-config\npackages: [nginx]\nruncmd:\n- [systemctl, enable, --now, nginx]\n"
    "- systemctl --no-block restart amazon-ssm-agent\n",
    "#cloud-config\nwrite_files:\n- path: /etc/x\n  content: |\n    #!/bin/sh\n    date\nruncmd: [sh /etc/x]\n",
    "## template: jinja\n#cloud-config\nruncmd: [echo {{ v1.region }}]\n",
    "#include\nhttps://example.com/user-data\n",
    "#cloud-boothook\n#!/bin/sh\ndate\n",
    COMMAND,
    AUTOMATION,
    COMMAND.replace("date", "echo {{ Name }}"),
    COMMAND.replace("date", "docker ps --format '{{ .ID }}'"),
    TEMPLATE,
    TEMPLATE.replace("Fn::Base64: |\n", "Fn::Base64: !Sub |\n").replace("date", 'echo "${AWS::Region}" "${!HOME}"'),
    json.dumps(
        {
            "schemaVersion": "2.2",
            "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": ["date"]}}],
        }
    ),
    "#!/bin/sh\n# An example of AWS: AKIAIOSFODNN7EXAMPLE\ndate\n",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_is_right_is_left_alone(text: str) -> None:
    found = lint("a", text.encode(), with_cfn_lint=False)
    assert [one for one in found if one.severity is not Severity.INFO] == []


def test_what_we_render_is_clean() -> None:
    files = [
        File(artifact.path, artifact.text.encode())
        for artifact in render(Config(role="web", on_ready=("date",)))
        # The runtime is not user data, and Terraform fills in a template before it is a script.
        if artifact.room not in ("runtime", "terraform") and kind(artifact.text.encode())
    ]
    assert len(files) > 10
    assert lint_all(files) == ()


def test_a_document_in_a_template_is_linted_and_wants_an_update_method() -> None:
    body = "".join(f"        {line}\n" for line in COMMAND.replace("aws:runShellScript", "aws:nothing").splitlines())
    template = f"Resources:\n  Doc:\n    Type: AWS::SSM::Document\n    Properties:\n      Content:\n{body}"
    found = {one.rule: one.where.line for one in lint("t", template.encode(), with_cfn_lint=False)}
    assert found == {"SW402": 3, "SW327": 8, "SW305": 13}


def test_a_policy_that_the_instance_does_not_wait_for_is_found() -> None:
    resources: dict[str, dict[str, object]] = {
        "Role": {"Type": "AWS::IAM::Role"},
        "Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Role"}]}},
        "Policy": {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "Role"}]}},
        "Box": {"Type": "AWS::EC2::Instance", "Properties": {"IamInstanceProfile": {"Ref": "Profile"}}},
    }
    template = json.dumps({"Resources": resources})
    assert [one.rule for one in lint("t", template.encode(), with_cfn_lint=False)] == ["SW403"]
    resources["Box"]["DependsOn"] = "Policy"
    assert lint("t", json.dumps({"Resources": resources}).encode(), with_cfn_lint=False) == ()


def test_cfn_lint_speaks_too_and_its_false_alarm_does_not() -> None:
    properties = {"UpdateMethod": "NewVersion", "DocumentType": "Command", "Content": json.dumps(AS_JSON)}
    document = {"Type": "AWS::SSM::Document", "Properties": properties}
    good = json.dumps({"Resources": {"Doc": document}}).encode()
    assert lint("t", good) == ()
    properties["DocumentType"] = "Comand"
    assert {one.rule for one in lint("t", json.dumps({"Resources": {"Doc": document}}).encode())} == {"E3030"}


def test_a_finding_can_be_ignored_with_a_reason() -> None:
    bad = "#!/bin/sh\n# ssmwake: ignore SW210 this image has no IMDSv2\ncurl http://169.254.169.254/latest/meta-data/\n"
    assert lint("a", bad.encode()) == ()
    assert lint("a", bad.replace(" this image has no IMDSv2", "").encode()) != ()


def test_bombs_and_cycles_end_soon() -> None:
    bomb = "#cloud-config\na: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghi", "bcdefghij", strict=True)
    )
    cycle = 'schemaVersion: "0.3"\nmainSteps: &a\n- name: x\n  action: aws:sleep\n  inputs: *a\n'
    for text in (bomb, cycle, "#cloud-config\n" + "[" * 100_000, '{"Resources": ' + "[" * 100_000):
        lint("a", text.encode())
    assert lint("a", b"#!/bin/sh\n" + b"x" * 20_000_000)[0].rule == "SW200"
    assert lint("a", gzip.compress(b"\0" * 50_000_000))


HEADS = (
    "",
    "#cloud-config\n",
    'schemaVersion: "2.2"\nmainSteps:\n- ',
    "Resources:\n  A:\n    Type: AWS::EC2::Instance\n    ",
)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_nothing_makes_it_crash(text: str) -> None:
    for head in HEADS:
        data = (head + text).encode("utf-8", "surrogatepass")
        for what in (None, *Kind):
            lint("a", data, what, with_cfn_lint=False)


NASTY = lint('a "b", <c>%.sh', b"#!/bin/sh\ncurl http://169.254.169.254/latest/meta-data/\n")


def test_the_reports_are_what_their_readers_parse() -> None:
    assert json.loads(as_json(NASTY))[0]["rule"] == "SW210"
    sarif = json.loads(as_sarif(NASTY, RULES))
    assert sarif["version"] == "2.1.0"
    assert sarif["runs"][0]["results"][0]["ruleId"] == sarif["runs"][0]["tool"]["driver"]["rules"][0]["id"] == "SW210"
    suite = ElementTree.fromstring(as_junit(NASTY, ['a "b", <c>%.sh', "fine.sh"]))
    assert (suite.get("tests"), suite.get("failures"), len(suite.findall("testcase"))) == ("2", "1", 2)
    assert as_github(NASTY, RULES).startswith('::error file=a "b"%2C <c>%25.sh,line=2,col=1,title=SW210%3A ')


def test_the_command_exits_as_it_should(tmp_path: Path) -> None:
    (tmp_path / "good.sh").write_text("#!/bin/sh\ndate\n")
    (tmp_path / "notes.md").write_text("nothing")
    (tmp_path / "warns.yaml").write_text("#cloud-config\nruncmds: []\n")
    runner = CliRunner()
    assert runner.invoke(command, ["lint", str(tmp_path)]).exit_code == 0
    strict = runner.invoke(command, ["lint", "--fail-on", "warning", str(tmp_path)])
    assert strict.exit_code == 1
    assert "warns.yaml:2:1: warning: cloud-init has no key 'runcmds'; did you mean 'runcmd'? [SW206]" in strict.output
    assert runner.invoke(command, ["lint", str(tmp_path / "notes.md")]).exit_code == 0
    (tmp_path / "notes").write_text("nothing")
    assert runner.invoke(command, ["lint", str(tmp_path / "notes")]).exit_code == 1
    assert runner.invoke(command, ["lint", "-"], input="echo\n").exit_code == 1
    listed = runner.invoke(command, ["lint", "--list-rules"]).output.splitlines()
    assert "SW209  error    a secret in user data" in listed
    assert "SW250  warning  malformed MIME that cloud-init tolerates (error where a part is for nodeadm)" in listed
    plain = {
        one["id"]: one
        for one in json.loads(runner.invoke(command, ["lint", "--list-rules", "--format", "json"]).output)
    }
    assert plain["SW250"]["also"] == [{"severity": "error", "where": "where a part is for nodeadm"}]
    assert plain["SW209"]["also"] == []
    assert "the answer is 401" in runner.invoke(command, ["lint", "--explain", "SW210"]).output
    assert runner.invoke(command, ["lint", "--explain", "SW999"]).exit_code == 2


def test_the_page_shows_commands_that_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = Path(__file__).parents[2]
    page = (top / "docs" / "lint.md").read_text()
    shown = re.findall(r"^ssmwake (lint[^#\n]*)", page, re.MULTILINE)
    assert len(shown) == 3
    (tmp_path / "user-data.sh").write_text("#!/bin/sh\ndate\n")
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "dist").symlink_to(top / "dist")
    monkeypatch.chdir(tmp_path)
    for line in shown:
        assert CliRunner().invoke(command, line.partition(" > ")[0].split()).exit_code == 0, line
    for rule in re.findall(r"SW\d{3}", page):
        assert rule in RULES
    (explained,) = set(re.findall(r"`ssmwake (explain SW\d+)`", page))
    assert CliRunner().invoke(command, explained.split()).exit_code == 0
    for rule in ("SC2164", "E3012", "W9508"):
        assert f"`{rule}`" in page
        assert CliRunner().invoke(command, ["explain", rule]).output.startswith(f"# {rule.replace('W9508', 'SW208')}:")


def test_publish_stops_at_what_lint_finds() -> None:
    # An access key in what a launch template would get; the runtime next to it is clean.
    bad = Artifact("user-data/script.sh", "#!/bin/sh\nexport A=AKIAABCDEFGHIJKLMNOP\n")
    good = next(artifact for artifact in render(Config()) if artifact.path == "ssm/command.yaml")
    assert [(one.rule, one.severity) for one in lint_before_publishing([bad, good])] == [("SW209", Severity.ERROR)]


def test_cfn_lint_is_imported_for_templates_only(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(COMMAND)
    lines = ("import sys", "sys.argv[:1] = ['ssmwake', 'lint']", "from ssmwake.cli import main", "try:", " main()")
    code = "\n".join((*lines, "except SystemExit:", " pass", "sys.exit('cfnlint' in sys.modules)"))
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "generator"), "PATH": "/usr/bin:/bin"}
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False, env=environment).returncode == 0


def test_a_document_in_a_template_that_is_not_yaml_is_a_finding() -> None:
    template = b"""Resources:
  D:
    Type: AWS::SSM::Document
    Properties:
      UpdateMethod: NewVersion
      Content: "a: [b"
"""
    found = lint("t.yaml", template, with_cfn_lint=False)
    assert [(one.rule, one.where.line) for one in found] == [("SW300", 6)]


@pytest.mark.parametrize("what", Kind)
def test_bytes_that_are_not_text_are_a_finding(what: Kind) -> None:
    assert kind(b"\x93\xff\xfe") is None
    assert len(lint("t", b"\x93\xff\xfe", what)) == 1


def test_a_digit_without_a_numeric_value_is_not_a_number_of_seconds() -> None:
    step = b"{action: aws:runShellScript, name: a, inputs: {timeoutSeconds: '\xc2\xb2', runCommand: [ls]}}"
    found = lint("t", b'schemaVersion: "2.2"\nmainSteps: [' + step + b"]\n")
    assert [one.rule for one in found] == ["SW313"]


def test_a_branch_without_default_leads_to_the_next_step() -> None:
    text = b"""schemaVersion: "0.3"
mainSteps:
- {name: a, action: aws:branch, inputs: {Choices: [{NextStep: c, Variable: "{{ global:DATE }}", StringEquals: x}]}}
- {name: b, action: aws:sleep, inputs: {Duration: PT1S}}
- {name: c, action: aws:sleep, inputs: {Duration: PT1S}}
"""
    assert lint("t", text) == ()
    found = lint("t", text.replace(b"inputs: {Choices", b"inputs: {Default: c, Choices"))
    assert [(one.rule, one.where.line) for one in found] == [("SW317", 4)]


def test_a_token_in_an_array_is_not_imdsv1() -> None:
    asks = b"#!/bin/sh\nls $(curl http://169.254.169.254/latest/)\n"
    assert [one.rule for one in lint("t", asks)] == ["SW208", "SW210"]
    script = b'#!/bin/bash\nH=(-H "X-aws-ec2-metadata-token: 1")\ncurl "${H[@]}" http://169.254.169.254/latest/\n'
    assert lint("t", script) == ()
