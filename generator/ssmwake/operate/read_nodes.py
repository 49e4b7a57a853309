"""Read what Systems Manager knows: node entries, connections, hybrid nodes, and Default Host Management."""

from collections.abc import Mapping, Sequence
from typing import Any

from ssmwake.operate import answers
from ssmwake.operate.facts import HostManagement, Node, Unseen
from ssmwake.operate.reader import Reader, chunks

# As many ids as DescribeInstanceInformation takes in a filter.
FILTER = 100
ENTRIES = "InstanceInformationList"
HOST_MANAGEMENT = "/ssm/managed-instance/default-ec2-instance-management-role"

# What Systems Manager answers to a filter in which one id is not known to it: it fails for all of them.
UNKNOWN_ID = "InvalidInstanceId"

# Pages of hybrid nodes that are looked through for an address.
MOST_HYBRID_PAGES = 20


def read_nodes(reader: Reader, ids: Sequence[str], *, is_sure: bool = True) -> Mapping[str, Node] | Unseen:
    """Return the node entries of instances; `is_sure` lists all nodes where an id of them is not known."""
    nodes: dict[str, Node] = {}
    for some in chunks(ids, FILTER):
        more: dict[str, Any] = {"Filters": [{"Key": "InstanceIds", "Values": some}]}
        found = reader.all("ssm", "DescribeInstanceInformation", ENTRIES, MaxResults=50, **more)
        if isinstance(found, Unseen) and found.why == UNKNOWN_ID and is_sure:
            found = reader.all("ssm", "DescribeInstanceInformation", ENTRIES, MaxResults=50)
        if isinstance(found, Unseen):
            return found
        nodes |= {one.id: one for one in map(answers.node, found)}
    return nodes


def read_connection(reader: Reader, instance: str) -> bool | Unseen:
    """Return whether the channel for sessions of an instance is open."""
    answer = reader.ask("ssm", "GetConnectionStatus", Target=instance)
    if isinstance(answer, Unseen):
        return answer
    return answers.fold(answer, "Status") == "connected"


def read_hybrid_nodes(reader: Reader) -> Mapping[str, Node] | Unseen:
    """Return the nodes of hybrid activations, by their address; one that two of them have tells nothing."""
    found = reader.all(
        "ssm",
        "DescribeInstanceInformation",
        ENTRIES,
        most=MOST_HYBRID_PAGES,
        MaxResults=50,
        Filters=[{"Key": "ResourceType", "Values": ["ManagedInstance"]}],
    )
    if isinstance(found, Unseen):
        return found
    nodes = [one for one in map(answers.node, found) if one.id.startswith("mi-") and one.address]
    addresses = [one.address for one in nodes]
    return {one.address: one for one in nodes if addresses.count(one.address) == 1}


def read_host_management(reader: Reader) -> HostManagement | Unseen | None:
    """Return Default Host Management; None where it is off."""
    answer = reader.ask("ssm", "GetServiceSetting", SettingId=HOST_MANAGEMENT)
    if isinstance(answer, Unseen):
        # A setting that nobody ever touched may not be there at all.
        return None if answer.why == "ServiceSettingNotFound" else answer
    setting = answer.get("ServiceSetting") or {}
    if answers.fold(setting, "Status") == "default" or not answers.text(setting, "SettingValue").strip("$"):
        return None
    return HostManagement(answers.text(setting, "SettingValue"), answers.when(setting, "LastModifiedDate"))
