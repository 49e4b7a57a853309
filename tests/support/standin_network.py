"""The network's side of the stand-in account, in EC2's shapes."""

import json
from typing import Any

State = dict[str, Any]

KINDS = {
    "nat-": "NatGatewayId",
    "eigw-": "EgressOnlyInternetGatewayId",
    "tgw-": "TransitGatewayId",
    "pcx-": "VpcPeeringConnectionId",
    "lgw-": "LocalGatewayId",
    "eni-": "NetworkInterfaceId",
    "arn:aws:networkmanager": "CoreNetworkArn",
}


def vpcs(state: State) -> list[dict[str, Any]]:
    found = []
    for name, one in state["vpcs"].items():
        vpc: dict[str, Any] = {
            "VpcId": name,
            "OwnerId": one.get("owner", state["account"]),
            "DhcpOptionsId": one.get("dhcp", "dopt-1"),
            "CidrBlock": one.get("cidr", "10.1.0.0/16"),
            "State": "available",
        }
        found.append(vpc)
    return found


def dhcp_options(state: State) -> list[dict[str, Any]]:
    return [
        {
            "DhcpOptionsId": name,
            "DhcpConfigurations": [
                {"Key": "domain-name-servers", "Values": [{"Value": one} for one in servers]},
            ],
        }
        for name, servers in state["dhcp"].items()
    ]


def subnets(state: State) -> list[dict[str, Any]]:
    found = []
    for name, one in state["subnets"].items():
        found.append(
            {
                "SubnetId": name,
                "VpcId": one.get("vpc", "vpc-1"),
                "OwnerId": one.get("owner", state["account"]),
                "Ipv6Native": bool(one.get("ipv6_only")),
                "EnableDns64": bool(one.get("dns64")),
                "BlockPublicAccessStates": {"InternetGatewayBlockMode": one.get("block", "off")},
                "State": "available",
                **({} if one.get("ipv6_only") else {"CidrBlock": one["cidr"]}),
            }
        )
    return found


def route_tables(state: State) -> list[dict[str, Any]]:
    found = []
    for name, one in state["route_tables"].items():
        associations: list[dict[str, Any]] = [
            {"SubnetId": subnet, "Main": False, "RouteTableAssociationId": f"rtbassoc-{subnet}", "RouteTableId": name}
            for subnet in one.get("subnets") or []
        ]
        if one.get("main"):
            associations.append({"Main": True, "RouteTableAssociationId": f"rtbassoc-{name}", "RouteTableId": name})
        found.append(
            {
                "RouteTableId": name,
                "VpcId": one.get("vpc", "vpc-1"),
                "Associations": associations,
                "Routes": [_route(where, target) for where, target in one["routes"].items()],
            }
        )
    return found


def _route(where: str, target: Any) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if isinstance(target, dict):
        more = {key: value for key, value in target.items() if key != "to"}
        target = target["to"]
    key = next((member for start, member in KINDS.items() if target.startswith(start)), "GatewayId")
    if ":" in where:
        destination = "DestinationIpv6CidrBlock"
    else:
        destination = "DestinationPrefixListId" if where.startswith("pl-") else "DestinationCidrBlock"
    return {destination: where, key: target, "State": "active", **more}


def groups(state: State) -> list[dict[str, Any]]:
    return [
        {
            "GroupId": name,
            "VpcId": one.get("vpc", "vpc-1"),
            "GroupName": name,
            "IpPermissions": [_permission(rule) for rule in one.get("in") or []],
            "IpPermissionsEgress": [_permission(rule) for rule in one.get("out") or []],
        }
        for name, one in state["groups"].items()
    ]


def _permission(rule: dict[str, Any]) -> dict[str, Any]:
    """Return a rule such as {port: 443, cidr: 0.0.0.0/0} or {group: sg-1} or {list: pl-1}; without a port, all."""
    found: dict[str, Any] = {"IpProtocol": "-1"}
    if "port" in rule:
        found = {"IpProtocol": "tcp", "FromPort": rule["port"], "ToPort": rule["port"]}
    if "cidr" in rule:
        member, key = ("Ipv6Ranges", "CidrIpv6") if ":" in rule["cidr"] else ("IpRanges", "CidrIp")
        found[member] = [{key: rule["cidr"]}]
    if "group" in rule:
        found["UserIdGroupPairs"] = [{"GroupId": rule["group"]}]
    if "list" in rule:
        found["PrefixListIds"] = [{"PrefixListId": rule["list"]}]
    return found


def acls(state: State) -> list[dict[str, Any]]:
    found = []
    for name, one in state["acls"].items():
        entries = []
        for is_egress, word in ((False, "in"), (True, "out")):
            for number, rule in enumerate([*(one.get(word) or []), {"deny": True, "number": 32767}]):
                entry: dict[str, Any] = {
                    "RuleNumber": rule.get("number", 100 + number * 10),
                    "Egress": is_egress,
                    "Protocol": "6" if "ports" in rule else "-1",
                    "RuleAction": "deny" if rule.get("deny") else "allow",
                    "CidrBlock": rule.get("cidr", "0.0.0.0/0"),
                }
                if "ports" in rule:
                    first, last = rule["ports"]
                    entry["PortRange"] = {"From": first, "To": last}
                entries.append(entry)
        found.append(
            {
                "NetworkAclId": name,
                "VpcId": one.get("vpc", "vpc-1"),
                "Associations": [{"SubnetId": subnet, "NetworkAclId": name} for subnet in one["subnets"]],
                "Entries": entries,
            }
        )
    return found


def endpoints(state: State) -> list[dict[str, Any]]:
    found = []
    for name, one in state["endpoints"].items():
        policy = one.get("policy") or {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
        }
        found.append(
            {
                "VpcEndpointId": name,
                "VpcEndpointType": one.get("type", "Interface"),
                "VpcId": one.get("vpc", "vpc-1"),
                "ServiceName": f"com.amazonaws.{state['region']}.{one['service']}",
                "State": one.get("state", "available"),
                "PrivateDnsEnabled": one.get("private_dns", True),
                "SubnetIds": one["subnets"],
                "Groups": [{"GroupId": group, "GroupName": group} for group in one["groups"]],
                "PolicyDocument": json.dumps(policy),
            }
        )
    return found


def nats(state: State) -> list[dict[str, Any]]:
    return [
        {
            "NatGatewayId": name,
            "State": one.get("state", "available"),
            "ConnectivityType": one.get("type", "public"),
            "SubnetId": one["subnet"],
            "VpcId": one.get("vpc", "vpc-1"),
            **({"AttachedAppliances": one["appliances"]} if "appliances" in one else {}),
        }
        for name, one in state["nats"].items()
    ]
