"""Group the verdicts on a fleet: one fault of one resource is one group, however many instances it hits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ssmwake.operate.causes import CAUSES, Confidence
from ssmwake.operate.sightings import clock
from ssmwake.operate.verdict import Verdict

ORDER = {cause.name: number for number, cause in enumerate(CAUSES)}


@dataclass(frozen=True)
class VerdictGroup:
    """Instances with the same verdict on the same resource."""

    verdict: str
    confidence: Confidence
    members: tuple[Verdict, ...]

    @property
    def do(self) -> tuple[str, ...]:
        """The steps that help all of them at once; none where each needs its own."""
        first = self.members[0]
        shared = [step for step in first.do if first.id not in step and all(step in one.do for one in self.members)]
        return tuple(shared) if any(not step.startswith("#") for step in shared) else ()

    @property
    def detail(self) -> str:
        """What they have in common, in a few words."""
        shorts = list(dict.fromkeys(one.short for one in self.members if one.short))
        if len(shorts) <= 2:
            return ", ".join(shorts)
        retries = [one.retry for one in self.members if one.retry]
        if retries:
            first, last = min(one.first for one in retries), max(one.last for one in retries)
            return f"next tries {clock(first)}-{clock(last)}"
        return f"{shorts[0]}, and {len(shorts) - 1} more"


def group(verdicts: Iterable[Verdict]) -> list[VerdictGroup]:
    """Return the groups: those online first, then the largest."""
    found: dict[tuple[str, Confidence, str], list[Verdict]] = {}
    for one in verdicts:
        # Where nothing was read there is no resource; such instances are grouped by the reason.
        about = one.short if one.verdict == "cannot-tell" or one.facts is None else one.resource
        found.setdefault((one.verdict, one.confidence, about), []).append(one)
    groups = [VerdictGroup(name, confidence, tuple(members)) for (name, confidence, _), members in found.items()]
    return sorted(groups, key=lambda one: (one.verdict != "online", -len(one.members), ORDER[one.verdict]))


def summary(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Return how many instances have each verdict."""
    counts: dict[str, int] = {}
    for one in verdicts:
        counts[one.verdict] = counts.get(one.verdict, 0) + 1
    return counts
