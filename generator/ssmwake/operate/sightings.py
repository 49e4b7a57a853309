"""What was seen of a machine and of its agent: when it was started, what it reported, what was refused; facts in.

The later trace outranks the earlier.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from ssmwake.operate.facts import NOT_ASKED, AgentCall, Console, Facts, Node, Trail, Unseen
from ssmwake.operate.images import brings_agent

# The agent reports every five minutes; a minute is left for the way.
FRESH = timedelta(minutes=6)
# How long a machine may take to boot, and IAM to be consistent.
BOOTING = timedelta(minutes=3)
SETTLING = timedelta(minutes=2)
ONLINE_SETTLING = timedelta(minutes=3)
# How long a call of the agent proves that the network let it through: until its next attempt.
PROVEN = timedelta(minutes=31)

# The first agent that falls back to Default Host Management, and the first that sleeps without a role.
HOST_MANAGEMENT = (3, 2, 582, 0)
SLEEPS = (3, 2)

# Refusals after which the agent sleeps 25 to 30 minutes; others make it try sooner.
DENIED = re.compile(r"AccessDenied|UnauthorizedOperation")


# Refusals that pass by themselves: the service was busy, or failed.
PASSING = re.compile(r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|Internal|ServiceUnavailable")


def version_of(text: str) -> tuple[int, ...]:
    """Return a version as numbers, or nothing."""
    return tuple(int(one) for one in text.split(".")) if re.fullmatch(r"\d{1,9}(\.\d{1,9}){1,5}", text) else ()


def clock(at: datetime) -> str:
    """Return a time of day, in UTC."""
    return f"{at:%H:%M}"


@dataclass(frozen=True)
class Sightings:
    """The facts of one instance, and what was seen of its agent."""

    facts: Facts

    @property
    def now(self) -> datetime:
        """When the facts were read, by the clock of AWS."""
        return self.facts.scene.now

    @cached_property
    def node(self) -> Node | None:
        """The node entry, where it was read."""
        return None if isinstance(self.facts.node, Unseen) else self.facts.node

    @cached_property
    def trail(self) -> Trail:
        """CloudTrail's traces; none where they were not read."""
        return Trail() if isinstance(self.facts.trail, Unseen) else self.facts.trail

    @cached_property
    def console(self) -> Console:
        """The console, unless it is from before the last start."""
        console = self.facts.console
        if isinstance(console, Unseen):
            return Console()
        started = self.facts.instance.started
        return Console() if console.at and started and console.at < started else console

    @cached_property
    def start(self) -> tuple[datetime, str] | None:
        """When the machine was started the last time, as far as anything shows, and what shows it."""
        found: list[tuple[datetime, str]] = []
        if self.facts.instance.started:
            found.append((self.facts.instance.started, "the launch time"))
        found += [(one.at, f"{one.what} (CloudTrail)") for one in self.trail.starts]
        if self.console.boot:
            found.append((self.console.boot, "cloud-init's boot time (console)"))
        past = [one for one in found if one[0] <= self.now]
        return max(past, default=None)

    @property
    def age(self) -> timedelta | None:
        """How long ago the machine was started."""
        return self.now - self.start[0] if self.start else None

    @cached_property
    def last_accepted(self) -> datetime | None:
        """When Systems Manager accepted a report of the agent the last time."""
        pinged = [self.node.pinged] if self.node and self.node.pinged else []
        return max([*pinged, *(call.at for call in self.trail.calls if not call.code)], default=None)

    @cached_property
    def last_refused(self) -> AgentCall | None:
        """The last refused report, unless a later one was accepted or the machine was started since."""
        call = max((one for one in self.trail.calls if one.code), key=lambda one: one.at, default=None)
        floor = [one for one in (self.last_accepted, self.start[0] if self.start else None) if one]
        return call if call and all(call.at >= one for one in floor) else None

    @property
    def is_reporting(self) -> bool:
        """Whether the agent's heartbeat is fresh, which settles its rights and its network."""
        if self.node and self.node.ping == "Online" and self.node.pinged is None:
            return True
        if self.has_stopped or self.last_accepted is None or self.last_refused:
            return False
        is_of_this_boot = self.start is None or self.last_accepted >= self.start[0]
        return is_of_this_boot and self.now - self.last_accepted <= FRESH

    @property
    def has_stopped(self) -> bool:
        """Whether Systems Manager has noticed that the agent's reports have stopped."""
        return bool(self.node and self.node.ping not in ("", "Online"))

    @property
    def may_be_hybrid(self) -> bool:
        """Whether a hybrid node with its address reported since the machine was made: it may be this very agent."""
        node, instance = self.facts.hybrid, self.facts.instance
        began = instance.first_started or instance.started
        return bool(isinstance(node, Node) and node.pinged and began and node.pinged >= began)

    @property
    def is_connected(self) -> bool | None:
        """Whether the channel for sessions is open; None where that was not read."""
        return None if isinstance(self.facts.connected, Unseen) else self.facts.connected

    @property
    def is_new(self) -> bool:
        """Whether the agent came online a moment ago, and its channel may still be opening."""
        marks = [self.start[0]] if self.start else []
        marks += [self.node.registered] if self.node and self.node.registered else []
        marks += [at for at, _ in self.console.agents]
        accepted = [one.at for one in self.trail.calls if not one.code]
        marks += [min(accepted)] if accepted else []
        return any(timedelta() <= self.now - one < ONLINE_SETTLING for one in marks)

    @property
    def may_be_connected(self) -> bool:
        """Whether the channel may be open all the same: there is a node, and nobody was allowed to ask."""
        connected = self.facts.connected
        return bool(self.node) and isinstance(connected, Unseen) and connected.why != NOT_ASKED

    @property
    def is_proven_network(self) -> bool:
        """Whether a call of the agent came through a moment ago, accepted or refused by IAM."""
        came = [call.at for call in self.trail.calls if call.code]
        # Reports that have stopped prove nothing of now: what stopped them may be the network.
        is_fresh = self.last_accepted and self.now - self.last_accepted <= FRESH
        came += [self.last_accepted] if self.last_accepted and is_fresh and not self.has_stopped else []
        last = max(came, default=None)
        since = self.start[0] if self.start else None
        return bool(last and self.now - last <= PROVEN and (since is None or last >= since))

    @cached_property
    def version(self) -> tuple[int, ...]:
        """The version of the agent, by its latest trace; empty where nothing says it."""
        calls = [(one.at, one.version) for one in self.trail.calls if one.version]
        seen = max([*calls, *self.console.agents], default=None)
        if seen and (not self.node or not self.node.pinged or seen[0] >= self.node.pinged):
            return version_of(seen[1])
        return version_of(self.node.version) if self.node else ()

    @property
    def was_seen(self) -> bool:
        """Whether anything shows that an agent is, or was, on the machine."""
        return bool(self.node or self.trail.calls or self.console.agents or self.console.watcher)

    @property
    def has_agent(self) -> bool | None:
        """Whether the machine has an agent: shown by a trace, or by the name of an image that others made."""
        if self.was_seen:
            return True
        image = self.facts.image
        if image is None or isinstance(image, Unseen):
            return None
        brings = brings_agent(image)
        is_own = image.owner and image.owner == self.facts.scene.account
        return None if brings and is_own else brings
