"""User data in lint: what holds beyond the corpus, and that nothing makes it fail or takes it long."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssmwake.lint import Kind, lint, user_data
from ssmwake.lint.shell import shellcheck
from ssmwake.lint.shell.parser import commands
from ssmwake.lint.user_data import cloud_config_schema
from ssmwake.model import Finding, Invalid, Severity
from ssmwake.text.source import Source

CORPUS = Path(__file__).parents[1] / "corpus"
SCRIPT = b"#!/bin/sh\ndate\n"
SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "$defs": {"size": {"oneOf": [{"type": "integer"}, {"type": "string", "pattern": "^[0-9]+[KM]$"}]}},
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "swap": {"type": "object", "properties": {"size": {"$ref": "#/$defs/size"}}},
        "packages": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "locale": {
            "type": "string",
            "deprecated": True,
            "deprecated_version": "30.1",
            "deprecated_description": "Use **language** instead.",
        },
        "ntp": {
            "oneOf": [{"type": "object"}, {"type": "null", "deprecated": True, "description": "Leave it out."}],
        },
        "users": {"type": "array", "items": {"type": "object", "required": ["name"]}},
    },
}


def given_schema() -> dict[str, Any]:
    """Return a schema, which no machine has installed."""
    return SCHEMA


def found(text: str | bytes, **options: Any) -> list[str]:
    """Return the findings of user data, without its path."""
    data = text.encode() if isinstance(text, str) else text
    return [str(one).removeprefix("a:") for one in lint("a", data, Kind.USER_DATA, **options)]


def rules(text: str | bytes) -> list[str]:
    """Return the ids of the findings that are more than information."""
    data = text.encode() if isinstance(text, str) else text
    return [one.rule for one in lint("a", data, Kind.USER_DATA) if one.severity is not Severity.INFO]


def test_the_schema_of_a_cloud_init_is_used_where_it_is_given() -> None:
    text = "#cloud-config\nswap: {size: 5X}\npackages: []\nlocale: de\nntp:\nusers:\n- {uid: 1, name: a}\n"
    text += "snap: {commands: [a]}\n"
    assert found(text) == []
    assert found(text, cloud_init_schema=given_schema) == [
        "2:14: warning: swap.size does not match ^[0-9]+[KM]$; write a value that does [SW275]",
        "3:11: warning: packages holds nothing; remove it [SW275]",
        "4:1: warning: 'locale' as it stands is deprecated since 30.1; write language instead [SW204]",
        "5:1: warning: 'ntp' as it stands is deprecated; see the module's documentation [SW204]",
        "8:1: warning: this cloud-init has no key 'snap' in cloud-config; remove it [SW206]",
    ]


def test_what_our_table_says_is_not_said_again_by_a_schema() -> None:
    text = "#cloud-config\npackages: {a: b}\n"
    assert found(text, cloud_init_schema=given_schema) == found(text)
    assert len(found(text)) == 1


def test_a_schema_does_not_look_into_bombs_and_cycles() -> None:
    bomb = "#cloud-config\npackages: &a0 [x]\n" + "".join(
        f"k{n}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(20)
    )
    for text in (bomb, "#cloud-config\nusers: &a [*a]\n", "#cloud-config\nswap: &a {size: *a}\n"):
        assert found(text, cloud_init_schema=given_schema) == found(text)


def test_a_schema_is_found_where_packages_put_it(tmp_path: Path) -> None:
    assert cloud_config_schema.installed_schema(tmp_path) is None
    path = tmp_path / "lib/python3.11/site-packages" / cloud_config_schema.SCHEMA
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(SCHEMA))
    assert cloud_config_schema.installed_schema(tmp_path) == path
    assert cloud_config_schema.load(path) == SCHEMA


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"properties": 5}', "[" * 10_000])
def test_a_file_that_is_not_a_schema_is_a_finding(tmp_path: Path, text: str) -> None:
    path = tmp_path / "schema.json"
    path.write_text(text)
    with pytest.raises(Invalid) as caught:
        cloud_config_schema.load(path)
    assert "; name schema-cloud-config-v1.json of a cloud-init" in str(caught.value)


def test_a_schema_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read: No such file"):
        cloud_config_schema.load(tmp_path / "none.json")


def test_the_size_of_user_data_is_reported_with_what_gzip_makes_of_it() -> None:
    text = "#!/bin/sh\n" + ": x\n" * 5000
    assert found(text) == [
        "1:1: error: 20,010 bytes, EC2 takes 16,384; compress them with gzip, which makes 73 [SW201]"
    ]
    assert user_data.size(Source.of_file("a", "#!/bin/sh\n# ü\n")) == 15


def test_base64_for_the_api_is_not_a_second_encoding() -> None:
    once = base64.b64encode(SCRIPT)
    assert rules(once) == []
    assert rules(base64.b64encode(once)) == ["SW217"]
    assert rules(base64.b64encode(gzip.compress(SCRIPT))) == []
    assert rules(gzip.compress(once)) == ["SW217"]


@pytest.mark.parametrize(
    "text",
    ["#Cloud-Config\npackages: [jq]\n", "\n\n#cloud-config\npackages: [jq]\n", "#!/bin/sh\r\ndate\r\n"],
    ids=["capitals", "empty lines", "CRLF"],
)
def test_what_cloud_init_takes_is_information_at_most(text: str) -> None:
    assert [one.severity for one in lint("a", text.encode())] == [Severity.INFO]


@pytest.mark.parametrize(
    "text",
    ["<powershell>\ndir\n</powershell>\n", '[settings.host]\na = "b"\n', '{"ignition": {"version": "3.3.0"}}\n'],
    ids=["Windows", "Bottlerocket", "Flatcar"],
)
def test_user_data_that_is_not_for_cloud_init_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "line",
    [
        "echo 'curl http://169.254.169.254/latest/meta-data/'",
        "cat <<EOF > /etc/motd\ncurl http://169.254.169.254/latest/meta-data/\nEOF",
        "curl -s --noproxy 169.254.169.254 https://example.org/",
        'curl -s "${OPTIONS[@]}" http://169.254.169.254/latest/meta-data/',
        'curl -sH "X-aws-ec2-metadata-token: $T" http://169.254.169.254/latest/meta-data/',
        "ec2-metadata --instance-id",
        'URL=http://169.254.169.254/latest; URL=https://example.org; curl "$URL/a"',
        "grep -r 'http://169.254.169.254/meta-data' /opt",
        "(sleep 5; systemctl restart amazon-ssm-agent) &",
        "systemd-run systemctl restart amazon-ssm-agent",
        "nohup bash -c 'sleep 60; systemctl restart amazon-ssm-agent' > /dev/null 2>&1 &",
        "bash <<EOF &\nsystemctl restart amazon-ssm-agent\nEOF",
        "curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/",
        "while ! aws s3 ls; do sleep 10; done",
        "for i in 1 2 3; do sleep 10; aws s3 ls && break; done",
        "aws s3 ls || { sleep 10; aws s3 ls; }",
        "sleep 2\naws s3 ls",
        "snap install amazon-ssm-agent --classic || true\n"
        "systemctl --no-block restart amazon-ssm-agent || echo 'no unit'",
        "PASSWORD=${1:-none}; export PASSWORD",
        "DB_PASSWORD=changeme-Please1; export DB_PASSWORD",
        "psql 'postgres://shop:${PASSWORD}@db/shop'",
    ],
)
def test_prose_loops_and_stand_ins_are_left_alone(line: str) -> None:
    assert [rule for rule in rules(f"#!/bin/bash\n{line}\n") if rule != "SW208"] == []


@pytest.mark.parametrize(
    ("line", "rule", "place"),
    [
        ("id=`wget -qO- http://169.254.169.254/latest/meta-data/instance-id`", "SW210", "2:5"),
        ("http GET http://169.254.169.254/latest/meta-data/", "SW210", "2:1"),
        ('B=http://169.254.169.254/latest; curl -s "$B/meta-data/"', "SW210", "2:34"),
        ("bash <<EOF\ncurl -s http://169.254.169.254/latest/user-data\nEOF", "SW210", "3:1"),
        ("sudo -E timeout 5 curl -s http://169.254.169.254/latest/user-data", "SW210", "2:19"),
        ("bash -c 'curl -s http://169.254.169.254/latest/user-data'", "SW210", "2:10"),
        ("service amazon-ssm-agent restart", "SW212", "2:1"),
    ],
)
def test_what_is_asked_and_restarted_is_found_however_it_is_written(line: str, rule: str, place: str) -> None:
    one = [each for each in found(f"#!/bin/bash\n{line}\n") if rule in each]
    assert [each.split(": ")[0] for each in one] == [place]


def test_a_request_of_python_is_found_if_it_has_nothing_but_an_address() -> None:
    head = "#!/usr/bin/env python3\nimport requests\n"
    assert rules(f"{head}requests.get('http://169.254.169.254/latest/meta-data/', timeout=2)\n") == ["SW210"]
    assert rules(f"{head}requests.get('http://169.254.169.254/latest/meta-data/', headers=h)\n") == []


def test_the_image_says_which_units_there_are() -> None:
    text = "#!/bin/sh\nsystemctl restart --no-block amazon-ssm-agent\nsystemctl restart ec2-instance-connect\n"
    source = Source.of_file("a", text)

    def named(image: str | None) -> list[int]:
        all_found = user_data.check(source, text.encode(), image)
        return [one.where.line for one in all_found if isinstance(one, Finding) and one.rule == "SW219"]

    assert named(None) == []
    assert named("/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id") == [2]
    assert named("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64") == [3]


def test_an_early_start_is_worse_for_the_agent_than_for_other_units() -> None:
    text = "#cloud-config\nbootcmd:\n- systemctl restart amazon-ssm-agent\n- systemctl start docker\n"
    severities = [one.severity for one in lint("a", text.encode()) if one.rule == "SW212"]
    assert severities == [Severity.ERROR, Severity.WARNING]
    quiet = text.replace("systemctl ", "systemctl --no-block ").replace("docker", "systemd-resolved")
    assert rules(quiet) == []


def test_commands_of_a_list_are_one_script() -> None:
    assert rules("#cloud-config\nruncmd:\n- if true\n- then date\n- fi\n") == []
    text = "#cloud-config\nruncmd:\n- B=http://169.254.169.254/latest\n- [date, it's]\n- curl -s $B/meta-data/\n"
    assert rules(text) == ["SW210"]


def test_no_message_holds_a_secret() -> None:
    for path in (CORPUS / "bad" / "SW209").iterdir():
        text = path.read_text(encoding="utf-8")
        secrets = re.findall(r"[\w!&./-]{10,}", text)
        for one in lint(path.name, path.read_bytes()):
            words = {word for word in secrets if word in one.message}
            assert words <= {"shellcheck"}, words


@pytest.mark.parametrize("text", ["((one); (two))", """echo "${x:-'}"; two""", "f() (one)\ntwo", "coproc one; two"])
def test_what_bash_takes_and_others_refuse_is_read_to_its_end(text: str) -> None:
    assert commands(text)[-1].name == "two"


def test_what_is_called_only_in_the_background_is_in_the_background() -> None:
    found = {command.name: command.background for command in commands("f() { one; }\ng() { two; }\nf &\ng &\ng\n")}
    assert (found["one"], found["two"]) == (True, False)


def test_the_words_of_commands_are_read_without_what_only_looks_like_one() -> None:
    text = "a=1 sudo -u b cmd 'x y' \"z $(inner q)\" # no\nf() { g; }; case $x in h) i;; esac; j <<E\nk\nE\nl\n"
    assert [command.name for command in commands(text)] == ["cmd", "inner", "g", "}", "case", "i", "esac", "j", "l"]


HEADS = (
    b"",
    b"#!/bin/bash\n",
    b"#cloud-config\n",
    b"## template: jinja\n#cloud-config\n",
    b"#cloud-boothook\n#!/bin/sh\n",
)
SHELL = st.text("${}()<>|&;\"'`#\n\\ =-:[]*!%ab1", max_size=200).map(str.encode)
GOOD = sorted((CORPUS / "good" / "user-data").iterdir())


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(HEADS),
    st.binary(max_size=300) | st.text("${}()<>|&;\"'`#\n\\ =-:[]*!%ab1", max_size=200).map(str.encode),
)
def test_arbitrary_user_data_gives_findings_and_no_error(head: bytes, data: bytes) -> None:
    assert all(one.where.line >= 1 for one in lint("a", head + data, Kind.USER_DATA, cloud_init_schema=given_schema))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_user_data_with_a_piece_cut_or_doubled_gives_findings_and_no_error(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(GOOD)).read_bytes()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 200)))
    changed = text[:start] + data.draw(st.sampled_from([b"", text[start:end] * 2, b"\n", b"\xff", b"{{"])) + text[end:]
    assert all(one.where.line >= 1 for one in lint("a", changed, Kind.USER_DATA))


LAYERS: list[tuple[str, bytes]] = [
    ("base64", b"x"),
    ("brackets", b"#cloud-config\n" + b"[" * 100_000),
    ("parts", b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="B"\n\n' + b"--B\n\nx\n" * 10_000),
    ("templates", b"## template: jinja\n#cloud-config\n" + b"{{ " * 20_000),
    ("braces", b"#!/bin/bash\n" + b"{ " * 20_000),
    ("substitutions", b"#!/bin/bash\n" + b'"$(' * 10_000),
    ("megabytes", b"#!/bin/sh\n" + b"x" * 50_000_000),
]


@pytest.mark.parametrize("data", [data for _, data in LAYERS], ids=[name for name, _ in LAYERS])
def test_what_is_meant_to_take_long_does_not(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    # shellcheck has a patience of its own.
    monkeypatch.setattr(shellcheck, "check", lambda *_: iter(()))
    monkeypatch.setattr(shellcheck, "results", lambda _: {})
    assert len(found(data)) >= 1


def test_layers_of_encodings_end() -> None:
    packed = SCRIPT
    for _ in range(30):
        packed = gzip.compress(packed)
    coded = SCRIPT
    for _ in range(20):
        coded = base64.b64encode(coded)
    assert rules(packed) == ["SW217"]
    assert "SW217" in rules(coded)
    assert rules(gzip.compress(b"\0" * 50_000_000))[-1] == "SW276"


@pytest.mark.parametrize(
    ("content_type", "body", "hint"),
    [
        ("text/x-lua", "print(1)", "write one that it knows"),
        ("text/html", "<p>", "write one that it knows"),
        ("text/markdown", "# a", "write one that it knows"),
        ("text/javascript", "a()", "write one that it knows"),
        ("text/plian", "date", "did you mean text/plain?"),
        ("text/x-shelscript", "date", "did you mean text/x-shellscript?"),
        ("text/cloudconfig", "packages: [jq]", "did you mean text/cloud-config?"),
        ("text/x-shellscript-per-bot", "#!/bin/sh", "did you mean text/x-shellscript-per-boot?"),
        ("text/x-bash", "#!/bin/bash", "did you mean text/x-shellscript?"),
        ("text/x-lua", "#!/usr/bin/lua", "did you mean text/x-shellscript?"),
        ("application/yaml", "#cloud-config\npackages: [jq]", "did you mean text/cloud-config?"),
        ("application/cloud-config", "#cloud-config\npackages: [jq]", "did you mean text/cloud-config?"),
    ],
)
def test_a_type_that_cloud_init_ignores_gets_a_hint_only_where_one_is_likely(
    content_type: str, body: str, hint: str
) -> None:
    head = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
    text = f"{head}--b\nContent-Type: {content_type}\n\n{body}\n--b--\n"
    assert f"5:1: error: cloud-init ignores {content_type}; {hint} [SW279]" in found(text)
