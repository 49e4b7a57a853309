"""What a cause is: a name, an exit status, what it means and what helps, and a function from evidence to a finding."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from ssmwake.operate.evidence import Evidence
from ssmwake.operate.retry import Window


class Confidence(StrEnum):
    """How sure a verdict is.

    `known`: all its premises were read, and nothing unseen can contradict it. `likely`: one is a rule of thumb.
    `cannot tell`: something that decides was not seen.
    """

    KNOWN = "known"
    LIKELY = "likely"
    CANNOT_TELL = "cannot tell"


# The meanings of the exit statuses are those of the runtime, from sysexits.h.
FINE, UNAVAILABLE, AGENT, NOT_YET, FORBIDDEN, CONFIGURATION = 0, 69, 71, 75, 77, 78


class Cure(StrEnum):
    """What brings the agent back, as far as `wake` can do it.

    `step`: none of it, somebody must change something. `time`: only that. `restart`: a restart of the agent.
    `look`: perhaps a look inside the machine, if the user wants one.
    """

    STEP = "step"
    TIME = "time"
    RESTART = "restart"
    LOOK = "look"


@dataclass(frozen=True)
class CauseFinding:
    """A cause that holds for an instance: how sure that is, the sentence, what to paste, the resource it is about."""

    confidence: Confidence
    sentence: str
    do: tuple[str, ...] = ()
    resource: str = ""
    short: str = ""
    retry: Window | None = None


@dataclass(frozen=True)
class Cause:
    """One reason why an instance is not online; `judge` returns None where it does not hold.

    A finding that cannot tell is a suspicion: no later cause becomes the verdict, because this one may be the root.
    With `is_final` nothing else is of use to know. Once it is known, no trace changes one that `is_settled`; one that
    `is_beyond_traces` does not rest on them at all.
    """

    name: str
    exit: int
    meaning: str
    remedy: str
    judge: Callable[[Evidence], CauseFinding | None] = lambda evidence: None
    cure: Cure = Cure.STEP
    is_final: bool = False
    is_settled: bool = False
    is_beyond_traces: bool = False

    @property
    def is_blocker(self) -> bool:
        """Whether it stays in the way until somebody changes something."""
        return self.exit not in (FINE, NOT_YET)


def known(
    sentence: str, *do: str, resource: str = "", short: str = "", retry: Window | None = None, is_sure: bool = True
) -> CauseFinding:
    """Return a finding that is known, or likely where a premise is a rule of thumb."""
    confidence = Confidence.KNOWN if is_sure else Confidence.LIKELY
    return CauseFinding(confidence, sentence, do, resource, short, retry)


def likely(sentence: str, *do: str, resource: str = "", short: str = "", retry: Window | None = None) -> CauseFinding:
    """Return a finding with a premise that is a rule of thumb."""
    return CauseFinding(Confidence.LIKELY, sentence, do, resource, short, retry)


def doubted(finding: CauseFinding, doubt: str) -> CauseFinding:
    """Return a finding as a suspicion, with what it is that was not seen."""
    return replace(finding, confidence=Confidence.CANNOT_TELL, sentence=f"{finding.sentence} But {doubt}.")


def suspected(sentence: str, *do: str, resource: str = "", short: str = "") -> CauseFinding:
    """Return a finding that something unseen decides."""
    return CauseFinding(Confidence.CANNOT_TELL, sentence, do, resource, short)
