"""What security groups and network ACLs do with a connection to port 443: yes, no or unknown."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from ssmwake.operate.addresses import Cover, cover
from ssmwake.operate.facts import Acl, AclEntry, GroupRule, SecurityGroup

HTTPS = 443

# The ports that the client's side of a connection has, which an ACL must let back in.
EPHEMERAL = {"linux": (32768, 60999), "windows": (49152, 65535), "macos": (49152, 65535), "nat": (1024, 65535)}

TCP = ("6", "tcp", "-1")


class Passage(StrEnum):
    """Whether traffic passes."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def pass_groups(
    groups: Mapping[str, SecurityGroup],
    ids: Sequence[str],
    *,
    is_egress: bool,
    target: str,
    target_groups: Iterable[str] = (),
) -> Passage:
    """Return whether security groups let port 443 out to a target, or in from it; their rules add up."""
    known = [groups[one] for one in ids if one in groups]
    rules = [rule for group in known for rule in (group.egress if is_egress else group.ingress) if _is_https(rule)]
    others = set(target_groups)
    if any(others & set(rule.groups) for rule in rules):
        return Passage.YES
    covered = cover([cidr for rule in rules for cidr in rule.cidrs], target)
    if covered is Cover.ALL:
        return Passage.YES
    may = covered is Cover.SOME or any(rule.prefix_lists for rule in rules) or len(known) < len(ids) or not ids
    return Passage.UNKNOWN if may else Passage.NO


def may_pass_somewhere(groups: Mapping[str, SecurityGroup], ids: Sequence[str]) -> bool:
    """Return whether any rule lets 443 out to anybody; a group that is not listed may."""
    return not ids or any(one not in groups or any(_is_https(rule) for rule in groups[one].egress) for one in ids)


def lets_in(groups: Mapping[str, SecurityGroup], ids: Sequence[str], port: int) -> bool:
    """Return whether any rule lets a port in from anybody; a group that is not listed may."""
    return not ids or any(one not in groups or any(_is_of(rule, port) for rule in groups[one].ingress) for one in ids)


def _is_https(rule: GroupRule) -> bool:
    return _is_of(rule, HTTPS)


def _is_of(rule: GroupRule, port: int) -> bool:
    return rule.protocol == "-1" or (rule.protocol in TCP and rule.first <= port <= rule.last)


def pass_acl(acl: Acl, *, is_egress: bool, target: str, ports: tuple[int, int] = (HTTPS, HTTPS)) -> Passage:
    """Return whether an ACL lets TCP to, or from, these ports of a target pass; the first entry that fits decides."""
    partly: set[bool] = set()
    for entry in sorted(acl.entries, key=lambda one: one.number):
        if entry.is_egress is not is_egress or entry.protocol not in TCP:
            continue
        covered = _covered(entry, target, ports)
        if covered is Cover.ALL:
            return _answer(entry.is_allow, partly)
        if covered is Cover.SOME:
            partly.add(entry.is_allow)
    return _answer(False, partly)


def _answer(is_allow: bool, partly: set[bool]) -> Passage:
    if partly - {is_allow}:
        return Passage.UNKNOWN
    return Passage.YES if is_allow else Passage.NO


def _covered(entry: AclEntry, target: str, ports: tuple[int, int]) -> Cover:
    where = cover([entry.cidr], target)
    first, last = (0, 65535) if entry.protocol == "-1" else (entry.first, entry.last)
    if where is Cover.NONE or last < ports[0] or first > ports[1]:
        return Cover.NONE
    return where if first <= ports[0] and last >= ports[1] else Cover.SOME


def all_of(answers: Iterable[Passage]) -> Passage:
    """Return yes when all are yes, no when one is no, else unknown."""
    found = set(answers)
    if Passage.NO in found:
        return Passage.NO
    return Passage.UNKNOWN if Passage.UNKNOWN in found else Passage.YES


def same_answer(answers: Iterable[Passage]) -> Passage:
    """Return the answer that all give, else unknown: which of the addresses is used is not known."""
    found = set(answers)
    return found.pop() if len(found) == 1 else Passage.UNKNOWN
