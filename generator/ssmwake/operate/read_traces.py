"""Read the traces that instances leave: consoles, and CloudTrail within its rate of two calls a second and a budget."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Any

from ssmwake.operate.answers import text, when
from ssmwake.operate.console import read_console
from ssmwake.operate.facts import Console, Facts, Profile, Trail, Unseen
from ssmwake.operate.reader import Reader
from ssmwake.operate.trail import ATTACHMENTS, read_trail

# How far CloudTrail's history goes back.
HISTORY = timedelta(days=90)

# Calls to CloudTrail in one region for a fleet, which takes four seconds; and consoles.
MOST_LOOKUPS = 8
MOST_CONSOLES = 20
# Up to this many instances, each is looked up by its id and by its name in events.
FEW = 3

ROLE_CHANGES = (
    "AttachRolePolicy",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DetachRolePolicy",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
    "UpdateAssumeRolePolicy",
)


def read_consoles(reader: Reader, pool: Executor, ids: Sequence[str]) -> Mapping[str, Console | Unseen]:
    """Return the consoles of the first instances; what is not one of the known lines never leaves `console`."""
    some = ids[:MOST_CONSOLES]
    return dict(zip(some, pool.map(lambda one: _console(reader, one), some), strict=True))


def _console(reader: Reader, instance: str) -> Console | Unseen:
    # The latest output exists on Nitro only; others keep a buffer from shortly after their start.
    answer = reader.ask("ec2", "GetConsoleOutput", InstanceId=instance, Latest=True)
    if isinstance(answer, Unseen) and answer.why not in ("not allowed", "no answer"):
        answer = reader.ask("ec2", "GetConsoleOutput", InstanceId=instance)
    if isinstance(answer, Unseen):
        return answer
    return read_console(text(answer, "Output"), when(answer, "Timestamp"))


def read_trails(reader: Reader, pool: Executor, facts: Sequence[Facts], now: datetime) -> Mapping[str, Trail | Unseen]:
    """Return what CloudTrail has of instances: attachments of all, and the calls of as many as the budget allows."""
    began = min((one.instance.started for one in facts if one.instance.started), default=now - HISTORY)
    since = max(began - timedelta(minutes=5), now - HISTORY)
    is_few = len(facts) <= FEW
    asked = [("EventName", name, since) for name in ATTACHMENTS if name != "DisassociateIamInstanceProfile" or is_few]
    for one in _spread(facts, len(facts) if is_few else MOST_LOOKUPS - len(asked)):
        asked.append(("Username", one.instance.id, since))
        if is_few:
            asked.append(("ResourceName", one.instance.id, now - HISTORY))
    jobs = [pool.submit(reader.lookup, name, value, start, most=2) for name, value, start in asked]
    events: list[Any] = []
    for job in jobs:
        found = job.result()
        if isinstance(found, Unseen):
            return {one.instance.id: found for one in facts}
        events += found
    return {one.instance.id: read_trail(events, one.instance.id) for one in facts}


def _spread(facts: Sequence[Facts], most: int) -> list[Facts]:
    """Return instances that differ in profile and subnet first."""
    kinds: dict[tuple[str, str], list[Facts]] = {}
    for one in facts:
        interface = one.instance.interface
        kinds.setdefault((one.instance.profile_arn, interface.subnet if interface else ""), []).append(one)
    found: list[Facts] = []
    while len(found) < most and any(kinds.values()):
        for members in kinds.values():
            if members and len(found) < most:
                found.append(members.pop(0))
    return found


def read_role_changes(reader: Reader, facts: Facts, since: datetime) -> tuple[datetime | None, bool]:
    """Return when the role was changed the last time since, and whether that could be read; IAM's events are global."""
    if not isinstance(facts.profile, Profile) or not facts.profile.roles:
        return None, False
    events = reader.lookup("ResourceName", facts.profile.roles[0].name, since, most=1)
    if isinstance(events, Unseen):
        return None, False
    changes = [when(one, "EventTime") for one in events if text(one, "EventName") in ROLE_CHANGES]
    return max((one for one in changes if one and one > since), default=None), True
