"""What follows from the facts of one instance, derived once and shared by all causes: sightings, its role, its network.

Traces (a connection, a ping, CloudTrail, the console) outrank configuration.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from ssmwake.operate.facts import Gone, HostManagement, Profile, Right, Rights, Unseen
from ssmwake.operate.network import Way, find_way
from ssmwake.operate.rights import may_assume
from ssmwake.operate.sightings import Sightings

# What the runtime's watcher says where the instance has another role than it waits for (templates/runtime/words.sh).
AWAITS = re.compile(r"the role is ([\w+=,.@-]{1,64}), and ([\w+=,.@-]{1,64}) is wanted")


@dataclass(frozen=True)
class Evidence(Sightings):
    """What was seen of the agent, its role, and its way to Systems Manager."""

    @property
    def role(self) -> str:
        """The name of the role in the profile; empty where there is none, or it was not read."""
        profile = self.facts.profile
        return profile.roles[0].name if isinstance(profile, Profile) and profile.roles else ""

    @cached_property
    def awaited_role(self) -> str:
        """The role that ssmwake's watcher waits for instead of the one that is there, if that is its last word."""
        last = max(self.console.watcher, key=lambda one: one[0], default=None)
        found = AWAITS.match(last[2]) if last else None
        return found[2] if found and found[1] == self.role else ""

    @cached_property
    def attached(self) -> datetime | None:
        """When the profile came, by CloudTrail, if that was after the start."""
        last = max(self.trail.attachments, key=lambda one: one.at, default=None)
        if not last or last.what == "detached" or (self.start and last.at < self.start[0]):
            return None
        return last.at

    @property
    def is_swapped(self) -> bool:
        """Whether the profile came instead of another one that was there since the start."""
        start = self.start[0] if self.start else None
        ours = [one for one in self.trail.attachments if start is None or one.at >= start]
        first = min(ours, key=lambda one: one.at, default=None)
        return bool(self.attached and first and first.what in ("replaced", "detached"))

    @cached_property
    def role_since(self) -> tuple[datetime, str] | None:
        """When the role came after the start, and what shows it; a role made later cannot have been there before."""
        if self.attached:
            return self.attached, "CloudTrail"
        if not self.start:
            return None
        if isinstance(self.facts.profile, Profile):
            made = [self.facts.profile.created, *(role.created for role in self.facts.profile.roles)]
            late = [one for one in made if one and one > self.start[0]]
            return (max(late), "made then (IAM)") if late else None
        host = self.facts.host_management
        if (
            self.facts.profile is None
            and isinstance(host, HostManagement)
            and host.since
            and host.since > self.start[0]
        ):
            return host.since, "Default Host Management was switched on"
        return None

    @property
    def was_launched_with_role(self) -> bool:
        """Whether the role was there when the machine was started, by CloudTrail or by Default Host Management."""
        if not self.start or self.attached:
            return False
        host = self.facts.host_management
        if self.facts.profile is None and isinstance(host, HostManagement):
            return bool(host.since and host.since <= self.start[0])
        before = [one for one in self.trail.attachments if one.at < self.start[0]]
        if before:
            return max(before, key=lambda one: one.at).what != "detached"
        return any(one.with_profile for one in self.trail.starts)

    @cached_property
    def rights(self) -> Rights:
        """The rights of the role; unknown where they were not read."""
        rights = self.facts.rights
        if isinstance(rights, Unseen):
            unseen = Right("unknown", by=rights.action, how="unseen", detail=str(rights))
            return Rights(unseen, unseen)
        return rights

    @property
    def is_channel_denied(self) -> bool:
        """Whether the role may not open the channel; a simulator that also denies the reports it accepts is wrong."""
        if self.needs_host_management or (self.is_reporting and self.rights.report.decision == "denied"):
            return False
        return self.rights.channel.decision == "denied" and not (self.node and self.node.role)

    @cached_property
    def trusts_ec2(self) -> bool | None:
        """Whether EC2 may assume the role of the profile; None where there is none, or a condition decides."""
        profile = self.facts.profile
        return may_assume(profile.roles[0].trust) if isinstance(profile, Profile) and profile.roles else None

    @property
    def is_recreated(self) -> bool:
        """Whether the profile was made anew under its old name: the instance holds the one that is gone."""
        profile, held = self.facts.profile, self.facts.instance.profile_id
        return isinstance(profile, Profile) and bool(held and profile.id and held != profile.id)

    @property
    def host_management(self) -> bool | None:
        """Whether Default Host Management is on; None where that was not read."""
        setting = self.facts.host_management
        return None if isinstance(setting, Unseen) else setting is not None

    @property
    def is_role_usable(self) -> bool | None:
        """Whether the agent can live on the instance's own role; None where that is not known."""
        profile = self.facts.profile
        if profile is None or isinstance(profile, Gone) or self.is_recreated:
            return False
        if isinstance(profile, Unseen):
            return None
        if not profile.roles or self.trusts_ec2 is False or self.rights.report.decision == "denied":
            return False
        return True if self.trusts_ec2 and self.rights.report.decision == "allowed" else None

    @property
    def needs_host_management(self) -> bool:
        """Whether the agent can only live on Default Host Management."""
        return self.is_role_usable is False and self.host_management is True

    @cached_property
    def way(self) -> Way:
        """The way to Systems Manager."""
        return find_way(self.facts, "ssm")

    @cached_property
    def channel_way(self) -> Way:
        """The way to the service that carries sessions."""
        return find_way(self.facts, "ssmmessages")
