"""When an SSM agent that is not online tries again by itself: what is known of its start in, a window of time out.

One table, `CHAINS`, serves the doctor and the runtime's `agent_retry`. All times are aware datetimes; minutes are those
after the start of a chain. Measured on the real agent and read in its source (commit 1c217c8).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MINUTE = timedelta(minutes=1)

# A 3.2+ agent that is refused, or has no role, tries for the k-th time between 25k and 30k minutes after its start.
REFUSED_LEAST, REFUSED_MOST = 25, 30


class Chain(StrEnum):
    """Why the agent waits, which decides for how long."""

    REFUSED = "refused"
    ERROR = "error"
    HIBERNATION = "hibernation"


# Minutes after the start, by chain; `EVERY` goes on after the last. A refused agent draws its pauses at random.
STEPS: dict[Chain, tuple[int, ...]] = {
    Chain.ERROR: (5, 15, 25, 35, 55, 75, 95, 135, 175, 215),
    Chain.HIBERNATION: (5, 15, 25, 35, 55, 75, 95, 135, 175, 215),
}
EVERY = 60

# After this many minutes the windows of a refused agent touch each other, and only "within 30 minutes" is left.
WINDOWS_TOUCH = 150

# How long after the end of its window an agent that is not online still may be on its way.
GRACE = 2 * MINUTE


@dataclass(frozen=True)
class Window:
    """When the next attempt is made, at the earliest and at the latest, and what that is counted from."""

    first: datetime
    last: datetime
    basis: str

    @property
    def is_over(self) -> bool:
        """Whether there is no time left in it."""
        return self.last < self.first

    def spelled(self, now: datetime) -> str:
        """Return the window in words, such as `between 10:25 and 10:30 UTC`."""
        if self.first <= now:
            minutes = max(1, -(-int((self.last - now).total_seconds()) // 60))
            return f"within {minutes} minutes" if minutes > 1 else "within a minute"
        return f"between {self.first:%H:%M} and {self.last:%H:%M} UTC"


def window(chain: Chain, start: datetime, now: datetime, *, role: datetime | None, basis: str) -> Window | None:
    """Return the window of the first attempt that can succeed, or None when it is over and the agent is not online.

    `start` is that of the chain: the agent's start, or its last refused call. `role` is when the role came or was made
    right; None when that was before the start of the chain.
    """
    useful = max(start, role) if role else start
    bounds = _refused(start, useful) if chain is Chain.REFUSED else _stepped(chain, start, useful)
    first, last = bounds
    if now > last + GRACE:
        return None
    return Window(max(now, first), max(now, last), basis)


def next_attempt(chain: Chain, start: datetime, now: datetime, basis: str) -> Window:
    """Return the window of the agent's next attempt, whether or not it can succeed."""
    first, last = _refused(start, now) if chain is Chain.REFUSED else _stepped(chain, start, now)
    return Window(max(now, first), max(now, last), basis)


def _refused(start: datetime, useful: datetime) -> tuple[datetime, datetime]:
    """Return the earliest and the latest moment of the first attempt after `useful`."""
    age = max(0.0, (useful - start) / MINUTE)
    earliest = max(useful, start + (int(age // REFUSED_MOST) + 1) * REFUSED_LEAST * MINUTE)
    latest = min(
        useful + REFUSED_MOST * MINUTE,
        start + max(1, -(-int(age * 60) // (REFUSED_LEAST * 60))) * REFUSED_MOST * MINUTE,
    )
    return min(earliest, latest), latest


def _stepped(chain: Chain, start: datetime, useful: datetime) -> tuple[datetime, datetime]:
    age = (useful - start) / MINUTE
    steps = STEPS[chain]
    after = next((step for step in steps if step >= age), 0)
    if not after:
        after = steps[-1] + (int((age - steps[-1]) // EVERY) + 1) * EVERY
    # The steps are those of the source; a minute is left for the call and for clocks that differ.
    return start + after * MINUTE - MINUTE, start + after * MINUTE + MINUTE
