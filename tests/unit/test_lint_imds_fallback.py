"""IMDSv1 where it is meant: as the fallback of a script that asks for a token, and on an instance that serves it."""

import json

import pytest

from ssmwake.lint import lint

TOKEN = (
    'TOKEN=$(curl -s -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token)\n'
)
WITH = 'curl -s -H "X-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/latest/meta-data/ami-id'
BARE = "curl -s http://169.254.169.254/latest/meta-data/ami-id"


def severities(text: str, path: str = "user-data.sh") -> list[str]:
    """Return how severe each request without a token is."""
    return [one.severity.value for one in lint(path, text.encode(), with_cfn_lint=False) if one.rule == "SW210"]


@pytest.mark.parametrize(
    "script",
    [
        f'{TOKEN}if [ -n "$TOKEN" ]; then\n  {WITH}\nelse\n  {BARE}\nfi\n',
        f'{TOKEN}if [ -z "$TOKEN" ]; then\n  {BARE}\nelse\n  {WITH}\nfi\n',
        f'{TOKEN}if [[ "$TOKEN" == "" ]]; then {BARE}; fi\n',
        f'{TOKEN}if [ "$TOKEN" != "" ]; then {WITH}; else {BARE}; fi\n',
        f"{TOKEN}if [ $? -ne 0 ]; then {BARE}; fi\n",
        f"if ! {TOKEN}then\n  {BARE}\nfi\n",
        f"if {TOKEN}then\n  {WITH}\nelse\n  {BARE}\nfi\n",
        f"{TOKEN}{WITH} || {BARE}\n",
        f"{TOKEN}id=$({WITH}) || id=$({BARE})\n",
        f'{TOKEN.replace("TOKEN=", "T=")}if [ -n "$T" ]; then echo; else {BARE}; fi\n',
        f'{TOKEN.replace("TOKEN=", "t=")}[ -z "$t" ] && id=$({BARE})\n',
        f'{TOKEN}case "$TOKEN" in\n  "") {BARE} ;;\n  *) {WITH} ;;\nesac\n',
        f'{TOKEN}ask() {{\n  if [ -n "$TOKEN" ]; then {WITH}; else {BARE}; fi\n}}\nask\n',
    ],
)
def test_a_fallback_to_imdsv1_is_information(script: str) -> None:
    assert severities(f"#!/bin/bash\n{script}") == ["info"]


@pytest.mark.parametrize(
    "script",
    [
        f'{TOKEN}if [ -n "$TOKEN" ]; then {BARE}; fi\n',
        f"{TOKEN}{BARE}\n",
        f"{TOKEN}if [ -f /etc/a ]; then {BARE}; fi\n",
        f'if [ -z "$TOKEN" ]; then {BARE}; fi\n',
        f'{TOKEN}if [ -z "$TOKEN" ]; then exit 1; fi\n{BARE}\n',
        f"{TOKEN}date || {BARE}\n",
        f'{TOKEN}[ -n "$TOKEN" ] && {BARE}\n',
        f'{TOKEN}case "$1" in\n  "") {BARE} ;;\nesac\n',
    ],
)
def test_a_request_without_a_token_for_no_reason_is_an_error(script: str) -> None:
    assert severities(f"#!/bin/bash\n{script}") == ["error"]


@pytest.mark.parametrize(("tokens", "severity"), [("optional", "warning"), ("required", "error")])
def test_imdsv1_warns_where_the_instance_says_that_it_serves_it(tokens: str, severity: str) -> None:
    script = f"#!/bin/sh\\n{BARE}\\n"
    terraform = (
        f'resource "aws_instance" "a" {{\n  metadata_options {{\n    http_tokens = "{tokens}"\n  }}\n'
        f'  user_data = "{script}"\n}}\n'
    )
    assert severities(terraform, "main.tf") == [severity]
    data: dict[str, object] = {
        "MetadataOptions": {"HttpTokens": tokens},
        "UserData": {"Fn::Base64": f"#!/bin/sh\n{BARE}\n"},
    }
    template = {"Resources": {"T": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": data}}}}
    assert severities(json.dumps(template), "t.json") == [severity]
    data["UserData"] = "IyEvYmluL3NoCmN1cmwgLXMgaHR0cDovLzE2OS4yNTQuMTY5LjI1NC9sYXRlc3QvbWV0YS1kYXRhL2FtaS1pZAo="
    assert severities(json.dumps({"LaunchTemplateData": data}), "l.json") == [severity]
