"""How the CIDRs of a rule relate to where a packet goes: all of it, some of it, or none.

A target is a CIDR, or `PUBLIC`: the addresses of AWS's public endpoints, which nobody lists.
"""

import ipaddress
from collections.abc import Iterable
from enum import StrEnum

PUBLIC = "public"

Net = ipaddress.IPv4Network | ipaddress.IPv6Network

# No public endpoint has an address in one of these.
PRIVATE = tuple(
    ipaddress.ip_network(cidr)
    for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8")
)


class Cover(StrEnum):
    """How much of a target some CIDRs cover."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


def network(cidr: str) -> Net | None:
    """Return the network of a CIDR or an address; None where it is neither."""
    try:
        return ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return None


def cover(cidrs: Iterable[str], target: str) -> Cover:
    """Return how much of a target the CIDRs cover together."""
    wanted = network("0.0.0.0/0" if target == PUBLIC else target)
    if wanted is None:
        return Cover.SOME
    nets = [net for cidr in cidrs if (net := network(cidr)) is not None and net.version == wanted.version]
    merged: list[Net] = list(ipaddress.collapse_addresses(nets))  # type: ignore[type-var]
    if any(wanted.subnet_of(net) for net in merged):  # type: ignore[arg-type]
        return Cover.ALL
    if target == PUBLIC:
        merged = [net for net in merged if not _is_private(net)]
    return Cover.SOME if any(net.overlaps(wanted) for net in merged) else Cover.NONE


def covers_default(cidr: str) -> bool:
    """Return whether a destination is the default route of IPv4."""
    return cidr == "0.0.0.0/0"


def _is_private(net: Net) -> bool:
    return any(net.version == private.version and net.subnet_of(private) for private in PRIVATE)  # type: ignore[arg-type]
