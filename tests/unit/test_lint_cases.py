"""Cases from public reports, in small: what is found, where, how severe, and what is advised."""

import json

import pytest

from ssmwake.lint import lint

COMMAND = 'schemaVersion: "2.2"\ndescription: x\n'
STEP = "mainSteps:\n  - name: run\n    action: aws:runShellScript\n"
INPUTS = "    inputs:\n      runCommand: [date]\n"
INSTANCE = "Resources:\n  Host:\n    Type: AWS::EC2::Instance\n    Properties:\n      ImageId: ami-0123456789abcdef0\n"
MIME = (
    'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="B"\n\n'
    "--B\nContent-Type: text/x-shellscript\n\n#!/bin/sh\ndate\n--B--\n"
)


def found(text: str, path: str) -> list[str]:
    """Return each finding as line:column severity id."""
    every = lint(path, text.encode(), with_cfn_lint=False)
    return [f"{one.where.line}:{one.where.column} {one.severity.value} {one.rule}" for one in every]


def report(text: str, path: str) -> str:
    """Return what is said."""
    return "\n".join(one.message for one in lint(path, text.encode(), with_cfn_lint=False))


def indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}" if line.strip() else line for line in text.splitlines(keepends=True))


@pytest.mark.parametrize(
    ("text", "place", "advice"),
    [
        (
            "#cloud-config\npackages: [jq]\n#!/bin/bash\n\necho hello\n",
            "3:1 error SW232",
            "a script cannot follow a cloud-config",
        ),
        ("#cloud-config\npackages: [jq, vim\nruncmd:\n  - date\n", "2:11 error SW203", "close the bracket"),
        (
            "#cloud-config\npackages:\n  - jq\necho hello\nruncmd:\n  - date\n",
            "4:1 error SW203",
            "looks like a command",
        ),
        ('#cloud-config\nruncmd:\n  - "abc\n  - date\npackages: [a]\n', "3:5 error SW203", "close the quote"),
        ("#cloud-config\nruncmd:\n  - date\n - date\n", "4:2 error SW203", "indent this line"),
        ("#cloud-config\nruncmd:\n  - @reboot date\n", "3:5 error SW203", "quote the value"),
        ("#cloud-config\nruncmd:\n\t- date\n", "3:1 error SW203", "indent with spaces"),
        ("#cloud-config\nusers: !include users.yaml\n", "2:8 error SW233", "does not know the tag !include"),
        ("#cloud-config\nssh_authorized_keys: ssh-ed25519 AAAA a@b\n", "2:22 error SW213", "takes a list"),
        (
            "#cloud-config\nwrite_files:\n  - {path: /a, permissions: 644}\n",
            "3:29 error SW272",
            "write '0644'",
        ),
        (
            "#cloud-config\nwrite_files:\n  - {path: /a, permissions: 498}\n",
            "3:29 error SW272",
            "in octal and in quotes",
        ),
        ("## template: jinja\n#!/bin/bash\na=(1 2)\necho ${#a[@]}\n", "4:7 error SW253", "{% raw %}"),
        (f"\n{MIME}", "2:1 error SW280", "remove the empty line"),
    ],
)
def test_user_data(text: str, place: str, advice: str) -> None:
    assert found(text, "user-data") == [place]
    assert advice in report(text, "user-data")


@pytest.mark.parametrize(
    "text",
    [
        "#cloud-config\nrepo_update: true\nrepo_upgrade: none\nrepo_upgrade_exclude: [kernel]\n",
        "#cloud-config\nwrite_files:\n  - {path: /a, permissions: 493}\n  - {path: /b, permissions: 420}\n"
        "  - {path: /c, permissions: 384}\n  - {path: /d, permissions: 448}\n",
        "%USER_DATA%",
        "${user_data}",
        "{{ user_data }}\n",
        "__USER_DATA__\n",
        "<%= user_data %>\n",
    ],
)
def test_what_is_fine_or_filled_in_by_another_tool(text: str) -> None:
    assert found(text, "user-data") == []


@pytest.mark.parametrize(
    ("text", "place", "advice"),
    [
        (
            f"{COMMAND}parameters:\n  Action: {{type: String, default: install, allowedValues: [Install, Uninstall]}}\n"
            f"{STEP}    inputs:\n      runCommand: ['echo {{{{ Action }}}}']\n",
            "4:35 error SW310",
            "did you mean 'Install'?",
        ),
        (
            f"{COMMAND}{STEP}{INPUTS}      executionTimeout: '7200'\n",
            "8:7 warning SW319",
            "it is timeoutSeconds",
        ),
        (f"{COMMAND}{STEP}    isEnd: true\n{INPUTS}", "6:5 warning SW303", "the agent ignores"),
        (f"{COMMAND}{STEP}    nextStep: other\n{INPUTS}", "6:5 warning SW303", "the agent ignores"),
        (f"{COMMAND}{STEP}    inputs:\n      - runCommand: [date]\n", "6:5 error SW441", "inputs has to be an object"),
        (f"{COMMAND}{STEP}    actoin: x\n{INPUTS}", "6:5 error SW303", "did you mean 'action'?"),
        (
            f"{COMMAND}{STEP.replace('runShellScript', 'sleep')}    inputs:\n      Duration: PT1M\n",
            "5:13 error SW305",
            "aws:sleep is an action of an Automation, and this is a Command",
        ),
        (
            f"{COMMAND}{STEP.replace('runShellScript', 'runBash')}{INPUTS}",
            "5:13 error SW305",
            "unknown action 'aws:runBash'",
        ),
        (
            f"{COMMAND.replace('2.2', '0.3')}parameters:\n  Lines:\n    type: List\n"
            f"{STEP.replace('runShellScript', 'sleep')}    inputs:\n      Duration: 'PT{{{{ Lines }}}}M'\n",
            "5:11 error SW330",
            "unknown type 'List'",
        ),
    ],
)
def test_documents(text: str, place: str, advice: str) -> None:
    assert found(text, "document.yaml") == [place]
    assert advice in report(text, "document.yaml")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"LaunchTemplateData": {"ImageId": "ami-1",}}', "1:43 error SW440"),
        ('{"LaunchTemplateData": {"ImageId": "ami-1"},}', "1:44 error SW440"),
        ('{"LaunchTemplateData": {"ImageId": "ami-1" // x\n}}', "1:44 error SW440"),
        ('{\n  "LaunchTemplateData": {"ImageId": \'ami-1\'}\n}', "2:37 error SW440"),
        ('{"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": '
         '{"runCommand": ["date"]}},]}', "1:121 error SW440"),
    ],
)  # fmt: skip
def test_json(text: str, place: str) -> None:
    assert found(text, "x.json") == [place]


def test_shell_that_cannot_be_parsed_names_the_construct_that_has_no_end() -> None:
    assert "syntax error in this double quoted string: " in report('#!/bin/sh\necho "a\ndate\n', "user-data.sh")


@pytest.mark.parametrize("path", ["file://user-data.txt", "fileb://user-data.gz", " file:///home/a/user-data.sh\n"])
def test_a_path_as_user_data_is_one_error(path: str) -> None:
    assert found(json.dumps({"LaunchTemplateData": {"UserData": path}}), "x.json") == ["1:37 error SW401"]
    assert found(f"{INSTANCE}      UserData: {json.dumps(path)}\n", "t.yaml") == ["6:17 error SW401"]
    (one,) = found(f"{INSTANCE}      UserData: !Base64 {json.dumps(path)}\n", "t.yaml")
    assert one.endswith("error SW202")
    terraform = f'resource "aws_launch_template" "a" {{\n  user_data = {json.dumps(path)}\n}}\n'
    (one,) = found(terraform, "main.tf")
    assert one.startswith("2:")
    assert " error " in one


@pytest.mark.parametrize(
    "value",
    [
        "!Base64 {Fn::Sub: !Rain::Embed boot.sh}",
        "!Rain::Embed boot.sh",
        '"%USER_DATA%"',
        '"__USER_DATA__"',
        "!Base64 '{{ user_data }}'",
        "'<%= user_data %>'",
    ],
)
def test_what_another_tool_fills_in_is_left_alone(value: str) -> None:
    text = f"{INSTANCE}      UserData: {value}\n"
    assert found(text, "t.yaml") == []


def test_an_empty_line_before_the_headers_of_mime_is_an_error_wherever_it_stands() -> None:
    text = f"{INSTANCE}      UserData:\n        Fn::Base64: |2\n\n{indented(MIME, 10)}"
    assert found(text, "t.yaml") == ["9:11 error SW280"]
    assert "remove the empty line" in report(text, "t.yaml")


def test_a_broken_template_is_called_one() -> None:
    text = f"{INSTANCE}      UserData:\n        Fn::Base64: |\n          #!/bin/sh\n        date\n      KeyName: a\n"
    assert found(text, "t.yaml") == ["10:7 error SW203"]
    assert "in a CloudFormation template" in report(text, "t.yaml")
    assert "line 9" in report(text, "t.yaml")


@pytest.mark.parametrize("placeholder", ["{{ x }}", "%NAME%", "__X__", "<%= x %>", "@@X@@"])
def test_fix_and_rules_leave_what_another_tool_fills_in(placeholder: str) -> None:
    texts = {
        "d.yaml": f"schemaVersion: {placeholder}\ndescription: x\n{STEP}{INPUTS}",
        "u.sh": f'#!/bin/sh\ncurl -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/{placeholder}/meta-data/ami-id\n',
        "s.sh": f"#!/bin/sh\n{placeholder}\ndate\n",
        "c.yaml": f"#cloud-config\nhostname: '{placeholder}'\npackages: [jq]\n",
        "n.yaml": f"#cloud-config\nhostname: {placeholder}\npackages: [jq]\n",
    }
    for path, text in texts.items():
        every = lint(path, text.encode(), with_cfn_lint=False)
        assert [one for one in every if one.severity.value == "error" or one.fix] == [], path
    script = json.dumps({"LaunchTemplateData": {"UserData": f"#!/bin/sh\necho {placeholder}\n"}})
    assert not any(one.fix for one in lint("l.json", script.encode()))
