"""Read what EC2 knows of the machines: the instances that are wanted, their status checks, profiles and images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ssmwake.operate import answers
from ssmwake.operate.facts import Association, Image, ListedInstance, Status, Unseen
from ssmwake.operate.reader import Reader, chunks

# As many values as a filter of EC2 takes; DescribeInstanceStatus takes as many ids as a page has.
FILTER = 200
STATUS_IDS = 100


@dataclass(frozen=True)
class Wanted:
    """Which instances: ids, or EC2's filters, or neither for all."""

    ids: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_instances(reader: Reader, wanted: Wanted) -> list[ListedInstance] | Unseen:
    """Return the instances that are wanted, each once. Ids go into a filter: one that is gone fails a list."""
    asked: list[list[dict[str, Any]]] = [
        [{"Name": "instance-id", "Values": some}] for some in chunks(wanted.ids, FILTER)
    ]
    if not wanted.ids:
        asked = [[{"Name": name, "Values": list(values)} for name, values in wanted.filters.items()]]
    found: list[ListedInstance] = []
    for filters in asked:
        more: dict[str, Any] = {"Filters": filters} if filters else {}
        listed = reader.all("ec2", "DescribeInstances", "Reservations", MaxResults=1000, **more)
        if isinstance(listed, Unseen):
            return listed
        for reservation in listed:
            owner = answers.text(reservation, "OwnerId")
            found += [answers.instance(one, owner) for one in answers.many(reservation, "Instances")]
    return list({one.id: one for one in found}.values())


def read_statuses(reader: Reader, ids: Sequence[str]) -> Mapping[str, Status] | Unseen:
    """Return the status checks of instances."""
    found: dict[str, Status] = {}
    for some in chunks(ids, STATUS_IDS):
        listed = reader.all("ec2", "DescribeInstanceStatus", "InstanceStatuses", InstanceIds=some)
        if isinstance(listed, Unseen):
            return listed
        found |= {answers.text(one, "InstanceId"): answers.status(one) for one in listed}
    return found


def read_associations(reader: Reader, ids: Sequence[str]) -> Mapping[str, tuple[Association, ...]] | Unseen:
    """Return the associations of instances with profiles, without those that have ended."""
    found: dict[str, tuple[Association, ...]] = {}
    for some in chunks(ids, FILTER):
        listed = reader.all(
            "ec2",
            "DescribeIamInstanceProfileAssociations",
            "IamInstanceProfileAssociations",
            Filters=[{"Name": "instance-id", "Values": some}],
            MaxResults=1000,
        )
        if isinstance(listed, Unseen):
            return listed
        for one in listed:
            made = answers.association(one)
            if made.state != "disassociated":
                key = answers.text(one, "InstanceId")
                found[key] = (*found.get(key, ()), made)
    return found


def read_images(reader: Reader, ids: Sequence[str]) -> Mapping[str, Image] | Unseen:
    """Return images; one that is gone is not among them. Amazon deprecates its own after three months."""
    found: dict[str, Image] = {}
    for some in chunks(ids, FILTER):
        filters = [{"Name": "image-id", "Values": some}]
        listed = reader.all("ec2", "DescribeImages", "Images", Filters=filters, IncludeDeprecated=True)
        if isinstance(listed, Unseen):
            return listed
        found |= {one.id: one for one in map(answers.image, listed)}
    return found
