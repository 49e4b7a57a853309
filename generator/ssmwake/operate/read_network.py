"""Read the network parts around some VPCs: one call for each kind of part, side by side."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, TypeVar

from ssmwake.operate import network_answers as answers
from ssmwake.operate.facts import Network, Unseen
from ssmwake.operate.reader import Reader, chunks

T = TypeVar("T")

# As many values as a filter takes.
FILTER = 200

# The services that an agent calls.
SERVICES = (".ssm", ".ssmmessages")


def read_network(reader: Reader, pool: Executor, vpcs: Sequence[str]) -> Network:
    """Return the parts of the VPCs; a part whose call was refused is `Unseen`."""

    def part(operation: str, key: str, take: Callable[[Any], T], *, word: str = "Filters", page: int = 1000) -> Any:
        return pool.submit(_part, reader, vpcs, operation, key, take, word, page)

    jobs = {
        "subnets": part("DescribeSubnets", "Subnets", answers.subnet),
        "tables": part("DescribeRouteTables", "RouteTables", answers.route_table, page=100),
        "groups": part("DescribeSecurityGroups", "SecurityGroups", answers.group),
        "acls": part("DescribeNetworkAcls", "NetworkAcls", answers.acl),
        "endpoints": part("DescribeVpcEndpoints", "VpcEndpoints", answers.endpoint),
        "nats": part("DescribeNatGateways", "NatGateways", answers.nat, word="Filter"),
        "support": pool.submit(lambda: {vpc: _dns(reader, vpc, "enableDnsSupport") for vpc in vpcs}),
    }
    found_vpcs = _part(reader, vpcs, "DescribeVpcs", "Vpcs", answers.vpc, "Filters", 1000)
    options = [] if isinstance(found_vpcs, Unseen) else sorted({one.dhcp for one in found_vpcs} - {"", "default"})
    done = {name: job.result() for name, job in jobs.items()}
    endpoints = [] if isinstance(done["endpoints"], Unseen) else done["endpoints"]
    named = sorted({one.vpc for one in endpoints if one.has_private_dns and one.service.endswith(SERVICES)})
    return Network(
        vpcs=_by_id(found_vpcs),
        dns_support=done["support"],
        dns_hostnames={vpc: _dns(reader, vpc, "enableDnsHostnames") for vpc in named},
        resolvers=found_vpcs if isinstance(found_vpcs, Unseen) else _resolvers(reader, options),
        subnets=_by_id(done["subnets"]),
        tables=_tuple(done["tables"]),
        groups=_by_id(done["groups"]),
        acls=_tuple(done["acls"]),
        endpoints=_tuple(done["endpoints"]),
        nats=_by_id(done["nats"]),
    )


def _part(
    reader: Reader, vpcs: Sequence[str], operation: str, key: str, take: Callable[[Any], T], word: str, page: int
) -> list[T] | Unseen:
    found: list[T] = []
    for some in chunks(vpcs, FILTER):
        filters: dict[str, Any] = {word: [{"Name": "vpc-id", "Values": some}]}
        listed = reader.all("ec2", operation, key, MaxResults=page, **filters)
        if isinstance(listed, Unseen):
            return listed
        found += [take(one) for one in listed]
    return found


def _dns(reader: Reader, vpc: str, attribute: str) -> bool | Unseen:
    answer = reader.ask("ec2", "DescribeVpcAttribute", VpcId=vpc, Attribute=attribute)
    if isinstance(answer, Unseen):
        return answer
    value = (answer.get(f"{attribute[:1].upper()}{attribute[1:]}") or {}).get("Value")
    return value if isinstance(value, bool) else Unseen("ec2:DescribeVpcAttribute", "no answer")


def _resolvers(reader: Reader, options: Sequence[str]) -> Mapping[str, tuple[str, ...]] | Unseen:
    if not options:
        return {}
    listed = reader.all("ec2", "DescribeDhcpOptions", "DhcpOptions", DhcpOptionsIds=list(options))
    if isinstance(listed, Unseen):
        return listed
    return {str(one.get("DhcpOptionsId")): answers.resolvers(one) for one in listed}


def _by_id(found: list[Any] | Unseen) -> Any:
    return found if isinstance(found, Unseen) else {one.id: one for one in found}


def _tuple(found: list[Any] | Unseen) -> Any:
    return found if isinstance(found, Unseen) else tuple(found)
