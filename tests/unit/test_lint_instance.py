"""The instance around user data: which metadata options and which profile fit which script."""

import pytest

from ssmwake.lint.aws import instance
from ssmwake.lint.aws.instance import DescribedInstance
from ssmwake.lint.aws.setting import StatedSetting
from ssmwake.model import Location
from ssmwake.text.source import Source

HERE = Location("a", 1)


def said(value: str | None) -> StatedSetting:
    return StatedSetting(value, Location("a", 7, 3))


def found(described: DescribedInstance, script: str) -> list[str]:
    """Return the ids of what is found, and where."""
    return [f"{one.rule}:{one.where.line}" for one in instance.check(described, [Source.of_file("a", script)])]


OFF = DescribedInstance(HERE, endpoint=said("disabled"))
FIRST = DescribedInstance(HERE, tokens=said("required"), hops=said("1"))
BARE = DescribedInstance(HERE, is_complete=True)
IPV6 = "#!/bin/sh\ncurl http://[fd00:ec2::254]/latest/api/token\n"
CONTAINER = "#!/bin/sh\ndocker run --rm \\\n  amazon/aws-cli s3 ls\n"

BAD = [
    ("user data where IMDS is off", OFF, "#!/bin/sh\ndate\n", "SW220:7"),
    ("IMDSv1", DescribedInstance(HERE, tokens=said("optional")), "#!/bin/sh\ndate\n", "SW221:7"),
    ("a container that asks for credentials over one hop", FIRST, CONTAINER, "SW222:7"),
    (
        "a container in runcmd",
        FIRST,
        "#cloud-config\nruncmd:\n- podman run x curl http://169.254.169.254/\n",
        "SW222:7",
    ),
    ("IPv6 that is the default, off", BARE, IPV6, "SW223:2"),
    ("IPv6 that is off", DescribedInstance(HERE, ipv6=said("disabled")), IPV6, "SW223:2"),
    ("aws in a script", BARE, "#!/bin/sh\nset -e\nx=$(aws sts get-session-token)\n", "SW224:3"),
    ("aws by its path", BARE, "#!/bin/sh\nsudo /usr/local/bin/aws s3 ls\n", "SW224:2"),
    ("aws in a list of words", BARE, "#cloud-config\nruncmd:\n- [aws, s3, ls]\n", "SW224:3"),
    ("aws after a condition", BARE, "#!/bin/sh\nif [ -e /x ]; then\n  date\nfi\naws s3 ls\n", "SW224:5"),
    ("aws in a shell of its own", BARE, "#cloud-config\nruncmd:\n- [bash, -c, aws s3 ls]\n", "SW224:3"),
    ("the agent from a package", BARE, "#!/bin/sh\nyum install -y https://x/amazon-ssm-agent.rpm\n", "SW228:2"),
    ("the agent", BARE, "#!/bin/sh\nsystemctl --no-block restart amazon-ssm-agent\n", "SW228:2"),
]


@pytest.mark.parametrize(("described", "script", "rule"), [one[1:] for one in BAD], ids=[one[0] for one in BAD])
def test_what_does_not_fit_is_found(described: DescribedInstance, script: str, rule: str) -> None:
    assert found(described, script) == [rule]


AWS = "#!/bin/sh\naws s3 ls\n"
GOOD = [
    ("IMDS on", DescribedInstance(HERE, endpoint=said("enabled"), tokens=said("required"), hops=said("2")), CONTAINER),
    (
        "only the deployment knows",
        DescribedInstance(HERE, said(None), said(None), said(None), said(None), said(None)),
        AWS,
    ),
    ("hops that are not stated", DescribedInstance(HERE, tokens=said("required")), CONTAINER),
    ("tokens that are not required", DescribedInstance(HERE, hops=said("1")), CONTAINER),
    ("a container on the host's network", FIRST, CONTAINER.replace("--rm", "--network host")),
    ("a container that asks nobody", FIRST, "#!/bin/sh\ndocker run nginx\n"),
    ("IPv6 that is on", DescribedInstance(HERE, ipv6=said("enabled"), is_complete=True), IPV6),
    ("IPv6 that another place can set", DescribedInstance(HERE), IPV6),
    ("IPv6 after IPv4", BARE, IPV6 + "curl http://169.254.169.254/latest/api/token\n"),
    ("a profile", DescribedInstance(HERE, profile=said("x"), is_complete=True), AWS),
    ("a profile that another place can set", DescribedInstance(HERE), AWS),
    ("a comment", BARE, "#!/bin/sh\n# aws s3 ls\n"),
    ("a script that is written for later", BARE, "#!/bin/sh\ncat > /x <<'EOF'\naws s3 ls\nEOF\n"),
    ("a script that cloud-init writes", BARE, "#cloud-config\nwrite_files:\n- path: /x\n  content: |\n    aws s3 ls\n"),
    ("a public bucket", BARE, "#!/bin/sh\naws s3 ls --no-sign-request s3://x\n"),
    ("a command that needs none", BARE, "#!/bin/sh\naws --version\naws configure set region x\n"),
    ("one under a condition", BARE, "#!/bin/sh\nif [ -e /x ]; then\n  aws s3 ls\nfi\n"),
    ("one that is tried", BARE, "#!/bin/sh\nif aws s3 ls; then date; fi\n"),
    ("a proxy with an exception for IMDS", FIRST, "#!/bin/sh\ndocker run -e NO_PROXY=169.254.169.254 nginx\n"),
    ("a container with options that are not known", FIRST, CONTAINER.replace("--rm", "$OPTIONS")),
    ("prose on IPv6", BARE, "#!/bin/sh\necho 'no_proxy=[fd00:ec2::254]'\n"),
    ("one that may fail", BARE, "#!/bin/sh\naws s3 ls || true\n"),
    ("credentials from a file", BARE, "#!/bin/sh\n. /etc/credentials\naws s3 ls\n"),
    ("a script that waits for the role", BARE, "#!/bin/sh\nuntil aws sts get-caller-identity; do :; done\naws s3 ls\n"),
    ("a word that is not the command", BARE, "#!/bin/sh\necho uses aws s3\nyum install -y aws cli\n"),
    ("not user data", BARE, "aws s3 ls"),
    ("broken YAML", BARE, "#cloud-config\nruncmd: [\n"),
]


@pytest.mark.parametrize(("described", "script"), [one[1:] for one in GOOD], ids=[one[0] for one in GOOD])
def test_what_fits_or_may_fit_is_left_alone(described: DescribedInstance, script: str) -> None:
    assert found(described, script) == []
