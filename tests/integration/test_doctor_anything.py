"""Whatever an account looks like, the doctor ends, raises nothing, and calls nothing known that it did not read."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ssmwake.aws.place import Place
from ssmwake.cli.doctor_output import as_json, fleet_screen, instance_screen
from ssmwake.operate.causes import CAUSES, Confidence
from ssmwake.operate.desk import PlaceReport
from ssmwake.operate.evidence import Evidence
from ssmwake.operate.verdict import Verdict
from support import desk
from support.standin import Account, load, merged

CASES = Path(__file__).parents[1] / "cases" / "doctor"
BASE = load(CASES / "late-role")
ID = "i-0abc1234def567890"
NOW = datetime(2026, 11, 26, 10, 20, tzinfo=UTC)

# Control characters, commands of a workflow, quotes of a shell: what must reach neither a terminal nor a shell.
NASTY = st.text(
    st.sampled_from("a \x1b[31m\r\n\t\x07\x7f\x9b;`$'\"\\%|&<>\u202e\u2066::\u00e9\u4e2d"), min_size=1, max_size=12
)
ACTIONS = (
    "cloudtrail:LookupEvents",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeIamInstanceProfileAssociations",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "ec2:GetConsoleOutput",
    "iam:GetInstanceProfile",
    "iam:GetRole",
    "iam:ListRolePolicies",
    "iam:SimulatePrincipalPolicy",
    "ssm:GetConnectionStatus",
    "ssm:GetServiceSetting",
)

# Which action has to be read before a verdict can be known.
PREMISES = {
    "sick": {"ec2:DescribeInstanceStatus"},
    "old-role": {"iam:GetInstanceProfile", "cloudtrail:LookupEvents"},
    "other-role": {"iam:GetInstanceProfile", "ec2:GetConsoleOutput"},
    "no-role": {"ssm:GetServiceSetting", "ec2:DescribeIamInstanceProfileAssociations"},
    "agent-too-old": {"ssm:GetServiceSetting"},
    "profile-gone": {"iam:GetInstanceProfile", "ssm:GetServiceSetting"},
    "profile-empty": {"iam:GetInstanceProfile", "ssm:GetServiceSetting"},
    "role-untrusted": {"iam:GetInstanceProfile", "ssm:GetServiceSetting"},
    "role-denied": {"iam:GetInstanceProfile", "ssm:GetServiceSetting"},
    "no-dns": {"ec2:DescribeVpcs", "ec2:DescribeVpcAttribute", "ec2:DescribeDhcpOptions"},
    "no-path": {
        "ec2:DescribeVpcEndpoints",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSubnets",
        "ec2:DescribeDhcpOptions",
    },
    "public-access-blocked": {"ec2:DescribeSubnets", "ec2:DescribeRouteTables", "ec2:DescribeVpcEndpoints"},
    "egress-blocked": {"ec2:DescribeSecurityGroups"},
    "acl-blocked": {"ec2:DescribeNetworkAcls", "ec2:DescribeSubnets"},
    "endpoint-refused": {"ec2:DescribeVpcEndpoints", "ec2:DescribeSecurityGroups", "ec2:DescribeDhcpOptions"},
    "endpoint-denied": {"ec2:DescribeVpcEndpoints", "iam:GetInstanceProfile"},
    "no-channel": {"ssm:GetConnectionStatus"},
    "asleep": {
        "ec2:DescribeInstanceStatus",
        "iam:GetInstanceProfile",
        "iam:SimulatePrincipalPolicy",
        "cloudtrail:LookupEvents",
        "ec2:DescribeRouteTables",
        "ec2:DescribeVpcEndpoints",
        "ec2:DescribeImages",
    },
}


def times(hours: int = 6) -> st.SearchStrategy[str]:
    return st.integers(0, hours * 3600).map(lambda back: (NOW - timedelta(seconds=back)).isoformat())


def maybe(**choices: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=choices)


STATES = maybe(
    host_management=st.sampled_from([False, {"role": "dhm"}, {"role": "dhm", "since": "2026-11-26T10:10:00Z"}]),
    instances=st.fixed_dictionaries(
        {
            ID: maybe(
                started=times(),
                state=st.sampled_from(["running", "running", "running", "stopped", "pending", "terminated"]),
                profile=st.sampled_from(["web", "web", "other", None]),
                profile_id=st.just("AIPAOLD00000000000001"),
                subnet=st.sampled_from(["subnet-a", "subnet-public", "subnet-unknown"]),
                public=st.just("203.0.113.7"),
                imds=st.sampled_from(["enabled", "disabled"]),
                platform=st.just("windows"),
                manager=NASTY,
                image=st.sampled_from(["ami-al2023", "ami-gone"]),
                association=st.sampled_from(["associating", "associated", "disassociating"]),
                status=maybe(instance=st.sampled_from(["ok", "impaired", "initializing", "insufficient-data"])),
                tags=st.fixed_dictionaries({"Name": NASTY}),
                groups=st.sampled_from([["sg-app"], ["sg-unknown"], [], ["sg-app", "sg-endpoint"]]),
            )
        }
    ),
    nodes=maybe(
        **{
            ID: maybe(
                ping=st.sampled_from(["Online", "ConnectionLost", "Inactive"]),
                pinged=times(),
                registered=times(),
                connected=st.booleans(),
                version=st.sampled_from(["3.3.987.0", "3.1.1927.0", "2.3.1644.0", "3.2.582.0"]),
            )
        }
    ),
    roles=maybe(
        web=st.one_of(
            st.just({"attached": []}),
            st.just({"trust": {"Version": "2012-10-17", "Statement": []}}),
            st.just({"boundary": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"}),
            times().map(lambda at: {"created": at}),
        )
    ),
    scp=st.sampled_from([{}, {"denied": ["ssm:*"]}, {"denied": ["ssmmessages:*"]}]),
    vpcs=maybe(**{"vpc-1": maybe(dns=st.booleans(), owner=st.just("210987654321"), dhcp=st.just("dopt-none"))}),
    subnets=maybe(
        **{
            "subnet-a": maybe(
                block=st.sampled_from(["off", "block-ingress", "block-bidirectional"]), ipv6_only=st.booleans()
            )
        }
    ),
    route_tables=maybe(
        **{
            "rtb-private": st.sampled_from(["nat-0c2d", "nat-gone", "tgw-1", "igw-1", "vgw-1", "eni-1"]).map(
                lambda target: {"routes": {"0.0.0.0/0": target}}
            )
        }
    ),
    nats=maybe(**{"nat-0c2d": maybe(state=st.sampled_from(["available", "failed", "pending"]))}),
    groups=maybe(**{"sg-app": maybe(out=st.sampled_from([[], [{"cidr": "0.0.0.0/0"}], [{"list": "pl-1"}]]))}),
    acls=maybe(**{"acl-1": st.sampled_from([{"in": []}, {"out": [{"ports": [443, 443]}]}])}),
    endpoints=st.sampled_from([{}, {"vpce-1": {"service": "ssm", "subnets": ["subnet-b"], "groups": ["sg-endpoint"]}}]),
    trail=st.lists(
        st.builds(
            lambda at, name, error, message, role: {
                "at": at,
                "role": role,
                "name": name,
                "user": ID,
                "resources": [ID],
                "request": {"instanceId": ID},
                **({"error": error, "message": message} if error else {}),
            },
            times(),
            st.sampled_from(
                ["UpdateInstanceInformation", "AssociateIamInstanceProfile", "RebootInstances", "RunInstances"]
            ),
            st.sampled_from(["", "AccessDenied", "ThrottlingException"]),
            st.sampled_from(
                [
                    "because no identity-based policy allows it",
                    "because no VPC endpoint policy allows it",
                    "with an explicit deny in a service control policy",
                ]
            ),
            st.sampled_from(["web", "old", "\x1b[31m$(id)"]),
        ),
        max_size=4,
    ),
    console=maybe(
        **{
            ID: st.one_of(
                NASTY,
                st.just("Kernel panic - not syncing: x"),
                st.just("ssmwake: 2026-11-26T10:14:10Z waiting: the role is web, and app is wanted (other-role)"),
                st.just("2026/11/26 10:00:31Z: Amazon SSM Agent v3.1.1927.0 is running"),
            )
        }
    ),
)


def shown(verdict: Verdict) -> str:
    report = PlaceReport(Place("eu-west-1"), (verdict,), 1, NOW, "123456789012")
    return "\n".join([*instance_screen(verdict), *fleet_screen(report, "x"), as_json([report])])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(change=STATES, denied=st.sets(st.sampled_from(ACTIONS), max_size=4), with_role_in_use=st.booleans())
@example(change={}, denied=set(), with_role_in_use=False)
def test_any_account_gets_a_verdict_whose_premises_were_read(
    change: dict[str, Any], denied: set[str], with_role_in_use: bool
) -> None:
    account = Account(merged(BASE, change), frozenset(denied))
    (verdict,) = desk.verdicts(account, with_role_in_use=with_role_in_use, expected_role="app")
    assert verdict.verdict in {cause.name for cause in CAUSES}
    if verdict.confidence is Confidence.KNOWN:
        read = {action for action in account.seen if action not in denied}
        missing = PREMISES.get(verdict.verdict, set()) - read
        if verdict.facts and Evidence(verdict.facts).was_seen:
            # A trace of the agent says more than the name of its image.
            missing -= {"ec2:DescribeImages"}
        assert not missing, (verdict.verdict, missing)
    text = shown(verdict)
    assert all(char.isprintable() or char in "\n" for char in strip_color(text)), text
    assert verdict.facts is not None


def strip_color(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m(?=[A-Za-z?]|\x1b|  |$)|\x1b\[0m", "", text)
