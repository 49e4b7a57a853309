"""The doctor reads a VPC that moto made: EC2 answers over HTTP as it does, and the rest as the stand-in does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from ssmwake.aws.place import Place
from ssmwake.operate.desk import look
from ssmwake.operate.read_machines import Wanted
from ssmwake.operate.verdict import Verdict
from support.desk import HASTY
from support.front import Answer, Call, Front, Request, passed_on
from support.standin import Account, load

CASES = Path(__file__).parents[1] / "cases" / "doctor"
REGION = "eu-west-1"
StartFront = Callable[[Front], Front]


class Made:
    """A VPC in moto: a private subnet with an instance, a public one with a NAT gateway; tests change one thing."""

    def __init__(self) -> None:
        ec2: Any = boto3.client("ec2", region_name=REGION)
        self.ec2 = ec2
        self.vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        self.private, self.public = (
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
            for cidr in ("10.1.1.0/24", "10.1.9.0/24")
        )
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        ec2.associate_route_table(RouteTableId=table, SubnetId=self.public)
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=self.public, AllocationId=address)["NatGateway"]["NatGatewayId"]
        self.table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=self.table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
        ec2.associate_route_table(RouteTableId=self.table, SubnetId=self.private)
        self.group = ec2.create_security_group(GroupName="app", Description="app", VpcId=self.vpc)["GroupId"]
        named = [{"Name": "name", "Values": ["amzn2-ami-hvm*"]}]
        image = ec2.describe_images(Owners=["amazon"], Filters=named)["Images"][0]["ImageId"]
        face = {"DeviceIndex": 0, "SubnetId": self.private, "Groups": [self.group]}
        made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, NetworkInterfaces=[face])
        self.instance = made["Instances"][0]["InstanceId"]

    def endpoint(self, *groups: str) -> None:
        # EC2 refuses private DNS without them; moto does not.
        self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        self.ec2.create_vpc_endpoint(
            VpcId=self.vpc,
            ServiceName=f"com.amazonaws.{REGION}.ssm",
            VpcEndpointType="Interface",
            SubnetIds=[self.private],
            SecurityGroupIds=list(groups),
            PrivateDnsEnabled=True,
        )

    def shut_egress(self) -> None:
        every = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        self.ec2.revoke_security_group_egress(GroupId=self.group, IpPermissions=every)

    def shut_endpoint(self) -> None:
        shut = self.ec2.create_security_group(GroupName="shut", Description="shut", VpcId=self.vpc)["GroupId"]
        self.endpoint(shut)

    def open_endpoint(self) -> None:
        opened = self.ec2.create_security_group(GroupName="open", Description="open", VpcId=self.vpc)["GroupId"]
        source = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": self.group}]}]
        self.ec2.authorize_security_group_ingress(GroupId=opened, IpPermissions=source)
        self.endpoint(opened)

    def no_route(self) -> None:
        self.ec2.delete_route(RouteTableId=self.table, DestinationCidrBlock="0.0.0.0/0")

    def no_dns(self) -> None:
        self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsSupport={"Value": False})

    def deny_answers(self) -> None:
        acls = self.ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["NetworkAcls"]
        entry = {"RuleNumber": 50, "Protocol": "-1", "RuleAction": "deny", "Egress": False, "CidrBlock": "0.0.0.0/0"}
        self.ec2.create_network_acl_entry(NetworkAclId=acls[0]["NetworkAclId"], **entry)

    def nothing(self) -> None:
        """Leave all as it is."""


FAULTS = [
    (Made.nothing, []),
    (Made.open_endpoint, []),
    (Made.shut_egress, ["egress-blocked"]),
    (Made.shut_endpoint, ["endpoint-refused"]),
    (Made.no_route, ["no-path"]),
    (Made.no_dns, ["no-dns"]),
    (Made.deny_answers, ["acl-blocked"]),
]


def diagnosed(made: Made, moto_url: str, start_front: StartFront) -> Verdict:
    """Return the verdict, where moto is EC2; what it lacks (consoles, Systems Manager, CloudTrail) is the stand-in."""
    own, to_moto = Account(load(CASES / "no-role")), passed_on(moto_url)

    def behind(call: Call, request: Request) -> Answer:
        is_of_moto = call.service == "ec2" and call.operation != "GetConsoleOutput"
        return to_moto(call, request) if is_of_moto else own(call, request)

    start_front(Front(behind))
    (report,) = look(Wanted((made.instance,)), [Place(REGION)], patience=HASTY)
    assert not report.failure
    (verdict,) = report.verdicts
    return verdict


@pytest.mark.parametrize(("change", "blockers"), FAULTS, ids=[change.__name__ for change, _ in FAULTS])
def test_a_vpc_of_moto_is_judged_as_it_is(
    change: Callable[[Made], None], blockers: list[str], moto: Front, moto_url: str, start_front: StartFront
) -> None:
    made = Made()
    change(made)
    verdict = diagnosed(made, moto_url, start_front)
    # The instance has no profile, which comes before every network.
    assert (verdict.verdict, verdict.is_known) == ("no-role", True)
    assert [one.verdict for one in verdict.and_then] == blockers
    (network,) = [one for one in verdict.checks if one.name == "network"]
    assert network.result == ("no" if blockers else "ok"), network


def test_an_instance_that_moto_has_stopped_is_not_running(moto: Front, moto_url: str, start_front: StartFront) -> None:
    made = Made()
    made.ec2.stop_instances(InstanceIds=[made.instance])
    verdict = diagnosed(made, moto_url, start_front)
    assert (verdict.verdict, verdict.is_known) == ("not-running", True)
    assert verdict.do == (f"aws ec2 start-instances --instance-ids {made.instance} --region {REGION}",)
