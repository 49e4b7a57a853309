"""The verdict on one instance: facts in; the first cause that holds out, with what else is known to be in the way."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from ssmwake.operate.causes import BY_NAME, CAUSES, Cause, CauseFinding, Confidence
from ssmwake.operate.causes.cause import NOT_YET, Cure
from ssmwake.operate.causes.channel import channel_block
from ssmwake.operate.causes.unknown import CANNOT_TELL
from ssmwake.operate.checks import Check, checks
from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import Facts, Scene
from ssmwake.operate.retry import Window
from ssmwake.operate.steps import with_whose


@dataclass(frozen=True)
class Blocker:
    """Something else that is known to be in the way."""

    verdict: str
    sentence: str
    do: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """Why an instance is not online, and what to do. `do` holds commands, `retry` when the agent tries again by itself.

    `exit` is the status of `wait`; `resource` is what the fault is about, by which a fleet is grouped.
    """

    id: str
    verdict: str
    confidence: Confidence
    sentence: str
    do: tuple[str, ...] = ()
    retry: Window | None = None
    and_then: tuple[Blocker, ...] = ()
    checks: tuple[Check, ...] = ()
    resource: str = ""
    short: str = ""
    exit: int = 0
    name: str = ""
    region: str = ""
    account: str = ""
    zone: str = ""
    image: str = ""
    platform: str = ""
    started: datetime | None = None
    facts: Facts | None = field(default=None, repr=False, compare=False)

    @property
    def is_online(self) -> bool:
        """Whether there is nothing to do."""
        return self.verdict == "online"

    @property
    def cure(self) -> Cure:
        """What brings its agent back, as far as `wake` can do it."""
        return BY_NAME[self.verdict].cure

    @property
    def is_known(self) -> bool:
        """Whether nothing unseen can contradict the verdict."""
        return self.confidence is Confidence.KNOWN


def diagnose(facts: Facts) -> Verdict:
    """Return the verdict on one instance."""
    evidence = Evidence(facts)
    found = [(cause, finding) for cause in CAUSES if (finding := cause.judge(evidence))]
    # `cannot-tell` always holds, so there is a first one.
    cause, finding = found[0]
    later = found[1:]
    if finding.confidence is Confidence.CANNOT_TELL:
        cause = CANNOT_TELL
    blockers = [] if cause.is_final else list(_known(facts.scene, later))
    if cause.exit == NOT_YET and not evidence.is_reporting:
        blocked = channel_block(evidence)
        if blocked and blocked.confidence is Confidence.KNOWN and not evidence.way.blocks:
            blockers.append(Blocker("no-channel", blocked.sentence, with_whose(facts.scene, blocked.do)))
    return _verdict(cause, finding, evidence, tuple(blockers))


def _known(scene: Scene, later: Iterable[tuple[Cause, CauseFinding]]) -> Iterable[Blocker]:
    for cause, finding in later:
        if finding.confidence is Confidence.KNOWN and cause.is_blocker:
            yield Blocker(cause.name, finding.sentence, with_whose(scene, finding.do))


def _verdict(cause: Cause, finding: CauseFinding, evidence: Evidence, blockers: tuple[Blocker, ...]) -> Verdict:
    facts = evidence.facts
    instance = facts.instance
    image = getattr(facts.image, "name", "") or ""
    return Verdict(
        id=instance.id,
        verdict=cause.name,
        confidence=finding.confidence,
        sentence=finding.sentence,
        do=with_whose(facts.scene, finding.do),
        retry=finding.retry,
        and_then=blockers,
        checks=checks(evidence),
        resource=finding.resource,
        short=finding.short,
        exit=cause.exit,
        name=instance.name,
        region=facts.scene.region,
        account=facts.scene.account or instance.owner,
        zone=instance.zone,
        image=image,
        platform=instance.platform,
        started=evidence.start[0] if evidence.start else None,
        facts=facts,
    )


def bare(
    cause_name: str, instance_id: str, sentence: str, *, region: str, account: str = "", resource: str = ""
) -> Verdict:
    """Return the verdict on an instance of which nothing was read: no-look, not-found or failed."""
    cause = BY_NAME[cause_name]
    confidence = Confidence.CANNOT_TELL if cause_name == "failed" else Confidence.KNOWN
    return Verdict(
        instance_id,
        cause.name,
        confidence,
        sentence,
        exit=cause.exit,
        region=region,
        account=account,
        resource=resource,
        short=sentence,
    )


def with_step(verdict: Verdict, *do: str) -> Verdict:
    """Return a verdict with other steps to paste."""
    return replace(verdict, do=do)
