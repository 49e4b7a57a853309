"""A stand-in account over HTTP: instances, nodes, profiles, networks, trail, console and a clock, from one YAML state.

Every answer is checked against botocore's service model before it leaves. It pages, with empty pages between; it
refuses any action, throttles, is slow, and dies, as a test asks for it.
"""

import base64
import copy
import fnmatch
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from botocore import xform_name

from support import service_model, standin_iam, standin_network
from support.front import JSON, Answer, Call, GoneError, Request, error
from support.wire import xml

State = dict[str, Any]

DENIED = {"ec2": "UnauthorizedOperation", "iam": "AccessDenied", "sts": "AccessDenied"}
THROTTLED = {"ec2": "RequestLimitExceeded", "iam": "Throttling", "sts": "Throttling"}

# What an instance is tagged with, unless its state says otherwise.
TAGS = {"Name": "web-7"}

# Nodes answer at most this many in a page, route tables this many, others a thousand.
PAGES = {"DescribeInstanceInformation": 50, "LookupEvents": 50, "DescribeRouteTables": 100}


class RefusalError(Exception):
    """An error that the service answers: its code and its words."""


def load(path: Path) -> State:
    """Return the state of a case: the healthy account of `base.yaml` with the changes of the case."""
    base = yaml.safe_load((path.parent / "base.yaml").read_text(encoding="utf-8"))
    found: State = merged(base, yaml.safe_load((path / "account.yaml").read_text(encoding="utf-8")))
    return found


def merged(base: Any, change: Any) -> Any:
    """Return a state with changes: mappings are merged, null takes away, everything else replaces."""
    if not isinstance(base, dict) or not isinstance(change, dict):
        return copy.deepcopy(change)
    found = copy.deepcopy(base)
    for key, value in change.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found


def epoch(value: Any) -> float:
    """Return a time of the state in seconds."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return datetime.fromisoformat(str(value)).timestamp()


@dataclass
class Account:
    """The account; settings say how it behaves."""

    state: State
    denied: frozenset[str] = frozenset()
    throttled: dict[str, int] = field(default_factory=dict)  # action -> how many calls are throttled first
    dying: frozenset[str] = frozenset()
    page: int = 0
    with_role_in_use: bool = False  # whether the account is looked at as `wake` does it
    empty_pages: bool = False
    on_call: Callable[[Call], None] = lambda call: None
    seen: Counter[str] = field(default_factory=Counter)
    sent: list[Call] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def clock(self) -> float:
        """The time in the account."""
        return epoch(self.state["now"])

    def __call__(self, call: Call, request: Request) -> Answer:
        """Answer one call."""
        with self.lock:
            self.seen[call.action] += 1
            number = self.seen[call.action]
        self.on_call(call)
        if call.action in self.dying:
            raise GoneError
        if number <= self.throttled.get(call.action, 0):
            return error(call, THROTTLED.get(call.service, "ThrottlingException"), "Rate exceeded", 400)
        if any(fnmatch.fnmatchcase(call.action, one) for one in self.denied):
            words = f"User: arn:aws:iam::{self.state['account']}:user/desk is not authorized to perform: {call.action}"
            return error(call, DENIED.get(call.service, "AccessDeniedException"), words, 403)
        operation: Callable[[Call], State] = getattr(self, f"do_{xform_name(call.operation)}")
        try:
            with self.lock:
                value = operation(call)
        except RefusalError as refusal:
            code, words = refusal.args
            return error(call, code, words, 404 if code == "NoSuchEntity" else 400)
        return self._answer(call, value)

    def _answer(self, call: Call, value: State) -> Answer:
        shape = service_model.operation(call.service, call.operation).output_shape
        found = list(service_model.problems(value, shape, folds=True))
        assert not found, f"{call.action} would answer what the service model does not know: {found}"
        if call.service in JSON:
            return Answer.of(value)
        return Answer(200, xml(call.service, call.operation, value))

    def _paged(self, call: Call, key: str, items: list[Any], most: str = "MaxResults") -> State:
        """Return one page; with `empty_pages`, an empty one comes between any two."""
        asked = call.parameters
        size = min(int(asked.get(most, 1000)), PAGES.get(call.operation, 1000), self.page or 1000)
        word = str(asked.get("NextToken", "p0"))
        start = int(word[1:])
        if word[0] == "e":
            return {key: [], "NextToken": f"p{start}"}
        value: State = {key: items[start : start + size]}
        if start + size < len(items):
            value["NextToken"] = f"{'e' if self.empty_pages else 'p'}{start + size}"
        return value

    def _is_here(self, call: Call) -> bool:
        return bool(call.region == self.state["region"])

    # sts

    def do_get_caller_identity(self, call: Call) -> State:
        account = self.state["account"]
        return {"Account": account, "UserId": "AIDAEXAMPLE", "Arn": f"arn:aws:iam::{account}:user/desk"}

    def do_assume_role(self, call: Call) -> State:
        # The key names the account, so that a test can tell by it whose account is asked.
        key = f"ASIA{call.parameters['RoleArn'].split(':')[4]}"
        keys = {"AccessKeyId": key, "SecretAccessKey": "secret", "SessionToken": "token"}
        return {"Credentials": {**keys, "Expiration": self.clock() + 3600}}

    # ec2

    def do_describe_instances(self, call: Call) -> State:
        found = []
        for name, one in sorted((self.state["instances"] if self._is_here(call) else {}).items()):
            if _fits(call, {"instance-id": [name], "instance-state-name": [one.get("state", "running")]}, one):
                reservation = {"ReservationId": f"r-{name[2:]}", "OwnerId": self.state["account"]}
                found.append({**reservation, "Instances": [self._instance(name, one)]})
        return self._paged(call, "Reservations", found)

    def _instance(self, name: str, one: State) -> State:
        subnet = one.get("subnet", "subnet-a")
        vpc = self.state["subnets"].get(subnet, {}).get("vpc", "vpc-1")
        address = one.get("address", "10.1.1.10")
        interface: State = {
            "NetworkInterfaceId": f"eni-{name[2:]}",
            "SubnetId": subnet,
            "VpcId": vpc,
            "Groups": [{"GroupId": group, "GroupName": group} for group in one.get("groups", ["sg-app"])],
            "Attachment": {"DeviceIndex": 0, "AttachTime": epoch(one.get("launched", one["started"]))},
            "PrivateIpAddress": address,
            "Ipv6Addresses": [{"Ipv6Address": ip} for ip in one.get("ipv6", [])],
        }
        if "public" in one:
            interface["Association"] = {"PublicIp": one["public"]}
        more = [
            {
                **interface,
                "NetworkInterfaceId": f"eni-{number}{name[3:]}",
                "SubnetId": other,
                "Attachment": {"DeviceIndex": number},
            }
            for number, other in enumerate(one.get("more_subnets", []), 1)
        ]
        instance: State = {
            "InstanceId": name,
            "ImageId": one.get("image", "ami-al2023"),
            "State": {"Name": one.get("state", "running"), "Code": 16},
            "LaunchTime": epoch(one["started"]),
            "InstanceType": one.get("type", "t3.micro"),
            "Placement": {"AvailabilityZone": one.get("zone", f"{self.state['region']}b")},
            "PrivateIpAddress": address,
            "PrivateDnsName": f"ip-{address.replace('.', '-')}.{self.state['region']}.compute.internal",
            "NetworkInterfaces": [interface, *more],
            "MetadataOptions": {
                "HttpEndpoint": one.get("imds", "enabled"),
                "HttpTokens": "required",
                "State": "applied",
            },
            "Architecture": one.get("architecture", "x86_64"),
            "Tags": [{"Key": key, "Value": value} for key, value in one.get("tags", TAGS).items()],
        }
        if one.get("public"):
            instance["PublicIpAddress"] = one["public"]
        if one.get("platform"):
            instance["Platform"] = one["platform"]
        if one.get("profile"):
            profile = self.state["profiles"].get(one["profile"], {})
            instance["IamInstanceProfile"] = {
                "Arn": f"arn:aws:iam::{self.state['account']}:instance-profile/{one['profile']}",
                "Id": one.get("profile_id", profile.get("id", "AIPAEXAMPLE0000000001")),
            }
        if one.get("manager"):
            instance["Operator"] = {"Managed": True, "Principal": one["manager"]}
        return instance

    def do_describe_instance_status(self, call: Call) -> State:
        found = []
        for name in call.parameters.get("InstanceIds", []):
            one = self.state["instances"][name]
            if one.get("state", "running") == "running":
                status = {"system": "ok", "instance": "ok", "volumes": "ok", **one.get("status", {})}
                found.append(
                    {
                        "InstanceId": name,
                        "InstanceState": {"Name": "running"},
                        "SystemStatus": {"Status": status["system"]},
                        "InstanceStatus": {"Status": status["instance"]},
                        "AttachedEbsStatus": {"Status": status["volumes"]},
                    }
                )
        return self._paged(call, "InstanceStatuses", found)

    def do_describe_iam_instance_profile_associations(self, call: Call) -> State:
        found = []
        for name, one in sorted(self.state["instances"].items()):
            if one.get("profile") and _fits(call, {"instance-id": [name]}, one):
                arn = f"arn:aws:iam::{self.state['account']}:instance-profile/{one['profile']}"
                found.append(
                    {
                        "AssociationId": f"iip-assoc-{name[2:]}",
                        "InstanceId": name,
                        "IamInstanceProfile": {"Arn": arn, "Id": "AIPAEXAMPLE0000000001"},
                        "State": one.get("association", "associated"),
                    }
                )
        return self._paged(call, "IamInstanceProfileAssociations", found)

    def do_describe_images(self, call: Call) -> State:
        found = [
            {"ImageId": name, "Name": one["name"], "OwnerId": one.get("owner", "137112412989")}
            for name, one in self.state["images"].items()
            if _fits(call, {"image-id": [name]}, one)
        ]
        return {"Images": found}

    def do_get_console_output(self, call: Call) -> State:
        name = call.parameters["InstanceId"]
        console = (self.state.get("console") or {}).get(name)
        if call.parameters.get("Latest") and self.state["instances"][name].get("type", "t3").startswith("t2"):
            raise RefusalError("UnsupportedOperation", "Latest is not supported here")
        answer: State = {"InstanceId": name, "Timestamp": self.clock()}
        if console is not None:
            text = console if isinstance(console, str) else console["text"]
            answer["Output"] = base64.b64encode(text.encode()).decode()
            if isinstance(console, dict):
                answer["Timestamp"] = epoch(console["at"])
        return answer

    def do_describe_vpcs(self, call: Call) -> State:
        return self._of_vpc(call, "Vpcs", standin_network.vpcs(self.state))

    def do_describe_vpc_attribute(self, call: Call) -> State:
        vpc = self.state["vpcs"][call.parameters["VpcId"]]
        found: State = {"VpcId": call.parameters["VpcId"]}
        match call.parameters["Attribute"]:
            case "enableDnsSupport":
                return found | {"EnableDnsSupport": {"Value": vpc.get("dns", True)}}
            case "enableDnsHostnames":
                return found | {"EnableDnsHostnames": {"Value": vpc.get("dns_hostnames", True)}}
        raise AssertionError(f"the stand-in does not know the attribute {call.parameters['Attribute']}")

    def do_describe_dhcp_options(self, call: Call) -> State:
        wanted = call.parameters["DhcpOptionsIds"]
        found = [one for one in standin_network.dhcp_options(self.state) if one["DhcpOptionsId"] in wanted]
        return {"DhcpOptions": found}

    def do_describe_subnets(self, call: Call) -> State:
        return self._of_vpc(call, "Subnets", standin_network.subnets(self.state))

    def do_describe_route_tables(self, call: Call) -> State:
        return self._of_vpc(call, "RouteTables", standin_network.route_tables(self.state))

    def do_describe_security_groups(self, call: Call) -> State:
        return self._of_vpc(call, "SecurityGroups", standin_network.groups(self.state))

    def do_describe_network_acls(self, call: Call) -> State:
        return self._of_vpc(call, "NetworkAcls", standin_network.acls(self.state))

    def do_describe_vpc_endpoints(self, call: Call) -> State:
        # Endpoints of a shared VPC are listed to its owner only.
        mine = [one for one in standin_network.endpoints(self.state) if self._owns(one["VpcId"])]
        return self._of_vpc(call, "VpcEndpoints", mine)

    def do_describe_nat_gateways(self, call: Call) -> State:
        mine = [one for one in standin_network.nats(self.state) if self._owns(one["VpcId"])]
        return self._of_vpc(call, "NatGateways", mine)

    def _owns(self, vpc: str) -> bool:
        return bool(self.state["vpcs"][vpc].get("owner", self.state["account"]) == self.state["account"])

    def _of_vpc(self, call: Call, key: str, items: list[State]) -> State:
        (only,) = call.parameters.get("Filters") or call.parameters["Filter"]
        assert only["Name"] == "vpc-id", f"the stand-in does not know the filter {only['Name']}"
        return self._paged(call, key, [one for one in items if one["VpcId"] in only["Values"]])

    def do_describe_instance_connect_endpoints(self, call: Call) -> State:
        found = [
            {
                "InstanceConnectEndpointId": name,
                "State": one.get("state", "create-complete"),
                "DnsName": one["dns_name"],
                "VpcId": one.get("vpc", "vpc-1"),
                "SubnetId": one.get("subnet", "subnet-b"),
            }
            for name, one in (self.state.get("connect_endpoints") or {}).items()
        ]
        return self._of_vpc(call, "InstanceConnectEndpoints", found)

    # ec2-instance-connect

    def do_send_ssh_public_key(self, call: Call) -> State:
        return {"RequestId": "1", "Success": True}

    # ssm

    def do_send_command(self, call: Call) -> State:
        return {"Command": {"CommandId": "00000000-0000-0000-0000-000000000001", "Status": "Pending"}}

    def do_get_command_invocation(self, call: Call) -> State:
        return {"CommandId": call.parameters["CommandId"], "Status": self.state.get("command_status", "Success")}

    def do_start_automation_execution(self, call: Call) -> State:
        return {"AutomationExecutionId": "00000000-0000-0000-0000-000000000002"}

    def do_get_automation_execution(self, call: Call) -> State:
        execution = {"AutomationExecutionStatus": self.state.get("automation_status", "Success")}
        return {"AutomationExecution": execution}

    def do_describe_instance_information(self, call: Call) -> State:
        found = []
        for name, one in sorted((self.state.get("nodes") or {}).items() if self._is_here(call) else []):
            kind = "ManagedInstance" if name.startswith("mi-") else "EC2Instance"
            keys = {"InstanceIds": [name], "ResourceType": [kind]}
            filters = {item["Key"]: item["Values"] for item in call.parameters.get("Filters", [])}
            assert set(filters) <= set(keys), f"the stand-in does not know the filters {filters}"
            assert all(len(values) <= 100 for values in filters.values())
            if all(set(keys[key]) & set(values) for key, values in filters.items()):
                found.append(self._node(name, one, kind))
        return self._paged(call, "InstanceInformationList", found)

    def _node(self, name: str, one: State, kind: str) -> State:
        node: State = {
            "InstanceId": name,
            "PingStatus": one.get("ping", "Online"),
            "AgentVersion": one.get("version", "3.3.987.0"),
            "PlatformType": one.get("platform", "Linux"),
            "PlatformName": "Amazon Linux",
            "ResourceType": kind,
            "IPAddress": one.get("address", "10.1.1.10"),
            "ComputerName": one.get("computer", "ip-10-1-1-10"),
        }
        if "pinged" in one:
            node["LastPingDateTime"] = epoch(one["pinged"])
        if "registered" in one:
            node["RegistrationDate"] = epoch(one["registered"])
        return node | ({"IamRole": one["role"]} if "role" in one else {})

    def do_get_connection_status(self, call: Call) -> State:
        target = call.parameters["Target"]
        node = (self.state.get("nodes") or {}).get(target, {})
        is_connected = node.get("connected", node.get("ping", "Online") == "Online" if node else False)
        return {"Target": target, "Status": "connected" if is_connected else "notconnected"}

    def do_get_service_setting(self, call: Call) -> State:
        setting = self.state.get("host_management")
        found: State = {"SettingId": call.parameters["SettingId"], "Status": "Default", "SettingValue": "$None"}
        if setting:
            found |= {"Status": "Customized", "SettingValue": setting["role"]}
            if "since" in setting:
                found["LastModifiedDate"] = epoch(setting["since"])
        return {"ServiceSetting": found}

    # iam

    def do_get_instance_profile(self, call: Call) -> State:
        name = call.parameters["InstanceProfileName"]
        profile = self._entity("profiles", name)
        return {
            "InstanceProfile": {
                "Path": "/",
                "InstanceProfileName": name,
                "InstanceProfileId": profile.get("id", "AIPAEXAMPLE0000000001"),
                "Arn": f"arn:aws:iam::{self.state['account']}:instance-profile/{name}",
                "CreateDate": epoch(profile.get("created", "2026-01-01T00:00:00Z")),
                "Roles": [self._role(role) for role in profile.get("roles", [])],
            }
        }

    def _entity(self, kind: str, name: str) -> State:
        found = self.state[kind].get(name)
        if found is None:
            raise RefusalError("NoSuchEntity", f"{name} cannot be found.")
        return dict(found)

    def _role(self, name: str) -> State:
        role = self._entity("roles", name)
        trust = role.get("trust") or {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
        return {
            "Path": "/",
            "RoleName": name,
            "RoleId": "AROAEXAMPLE0000000001",
            "Arn": standin_iam.role_arn(self.state, name),
            "CreateDate": epoch(role.get("created", "2026-01-01T00:00:00Z")),
            "AssumeRolePolicyDocument": standin_iam.encoded(trust),
        }

    def do_simulate_principal_policy(self, call: Call) -> State:
        self._entity("roles", call.parameters["PolicySourceArn"].rpartition("/")[2])
        results = standin_iam.simulate(self.state, call.parameters)
        # IAM pages by a marker, and may cut anywhere.
        start = int(call.parameters.get("Marker", "0"))
        size = self.page or 1000
        value: State = {"EvaluationResults": results[start : start + size], "IsTruncated": start + size < len(results)}
        return value | ({"Marker": str(start + size)} if value["IsTruncated"] else {})

    def do_list_role_policies(self, call: Call) -> State:
        role = self._entity("roles", call.parameters["RoleName"])
        return {"PolicyNames": sorted(role.get("inline") or {}), "IsTruncated": False}

    def do_list_attached_role_policies(self, call: Call) -> State:
        role = self._entity("roles", call.parameters["RoleName"])
        arns = role.get("attached") or []
        found = [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns]
        return {"AttachedPolicies": found, "IsTruncated": False}

    def do_get_role(self, call: Call) -> State:
        name = call.parameters["RoleName"]
        role = self._role(name)
        boundary = self.state["roles"][name].get("boundary")
        if boundary:
            role["PermissionsBoundary"] = {
                "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
                "PermissionsBoundaryArn": boundary,
            }
        return {"Role": role}

    def do_get_role_policy(self, call: Call) -> State:
        name, policy = call.parameters["RoleName"], call.parameters["PolicyName"]
        document = self.state["roles"][name]["inline"][policy]
        return {"RoleName": name, "PolicyName": policy, "PolicyDocument": standin_iam.encoded(document)}

    def do_get_policy(self, call: Call) -> State:
        arn = call.parameters["PolicyArn"]
        self._entity("policies", arn)
        return {"Policy": {"Arn": arn, "DefaultVersionId": "v3"}}

    def do_get_policy_version(self, call: Call) -> State:
        assert call.parameters["VersionId"] == "v3"
        document = self.state["policies"][call.parameters["PolicyArn"]]
        return {"PolicyVersion": {"Document": standin_iam.encoded(document), "VersionId": "v3"}}

    # cloudtrail

    def do_lookup_events(self, call: Call) -> State:
        (attribute,) = call.parameters["LookupAttributes"]
        key, value = attribute["AttributeKey"], attribute["AttributeValue"]
        since = call.parameters.get("StartTime", 0)
        found = [
            self._event(number, one)
            for number, one in enumerate(self.state.get("trail") or [])
            if epoch(one["at"]) >= since
            and one.get("region", self.state["region"]) == call.region
            and _is_about(one, key, value)
        ]
        return self._paged(call, "Events", sorted(found, key=lambda one: -float(one["EventTime"])))

    def _event(self, number: int, one: State) -> State:
        detail: State = {
            "eventVersion": "1.11",
            "eventName": one["name"],
            "requestParameters": one.get("request"),
            "responseElements": one.get("response"),
            "userIdentity": {
                "type": "AssumedRole",
                **({"arn": one["arn"]} if "arn" in one else {}),
                "sessionContext": {"sessionIssuer": {"userName": one.get("role", "web")}},
            },
        }
        if "error" in one:
            detail |= {"errorCode": one["error"], "errorMessage": one.get("message", "")}
        return {
            "EventId": f"00000000-0000-0000-0000-{number:012}",
            "EventName": one["name"],
            "EventTime": epoch(one["at"]),
            "Username": one.get("user", "admin"),
            "Resources": [{"ResourceName": name} for name in one.get("resources", [])],
            "CloudTrailEvent": json.dumps(detail),
        }


def _is_about(one: State, key: str, value: str) -> bool:
    match key:
        case "Username":
            return bool(one.get("user", "admin") == value)
        case "EventName":
            return bool(one["name"] == value)
        case "ResourceName":
            return value in one.get("resources", [])
    raise AssertionError(f"the stand-in does not know the attribute {key}")


def _fits(call: Call, keys: dict[str, list[str]], one: State) -> bool:
    """Return whether the filters of a call let a thing pass."""
    for item in call.parameters.get("Filters", []):
        name, values = item["Name"], item["Values"]
        if name.startswith("tag:"):
            have = [str(one.get("tags", TAGS).get(name[4:], ""))]
        else:
            assert name in keys, f"the stand-in does not know the filter {name}"
            have = keys[name]
        if not any(fnmatch.fnmatchcase(got, wanted) for got in have for wanted in values):
            return False
    return True
