"""What of other people's text is shown: no secret, no control character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssmwake.publish.diff import Diff
from ssmwake.redact import HIDDEN, secret_lines

CHARACTERS = st.text(st.characters(codec="utf-8"))


@given(CHARACTERS, CHARACTERS, CHARACTERS)
def test_a_diff_holds_nothing_that_a_terminal_obeys(name: str, before: str, after: str) -> None:
    assert all(char.isprintable() or char == "\n" for char in str(Diff(name, before, after)))


@given(st.text(st.sampled_from("abcXYZ019+/"), min_size=20, max_size=60))
def test_a_named_secret_is_hidden_whatever_it_is(secret: str) -> None:
    for line in (f"PASSWORD={secret}", f"db_token: {secret}", f"--api-key {secret}", f'"secret": "{secret}"'):
        assert secret not in str(Diff("x", f"a\n{line}\nb\n", "a\nb\n"))


@pytest.mark.parametrize(
    "line",
    [
        "echo hello",
        "systemctl restart amazon-ssm-agent",
        'TOKEN=$(curl -sX PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token)',
        "yum install -y amazon-cloudwatch-agent",
        "aws s3 cp s3://bucket/app.conf /etc/app.conf",
        "ImageId: ami-0123456789abcdef0",
    ],
)
def test_what_is_plainly_no_secret_is_shown(line: str) -> None:
    assert secret_lines(line) == set()


def test_a_hidden_line_that_changes_is_seen_to_change() -> None:
    text = str(Diff("x", "a\n  PASSWORD=one2three4\n", "a\n  PASSWORD=five6seven8\n"))
    assert text.splitlines()[-2:] == [f"-  {HIDDEN}", f"+  {HIDDEN}"]
