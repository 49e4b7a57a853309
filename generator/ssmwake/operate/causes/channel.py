"""The cause in the channel for sessions: the agent reports, and no session opens."""

from ssmwake.operate import steps
from ssmwake.operate.causes.cause import CONFIGURATION, Cause, CauseFinding, Confidence, Cure, known, likely, suspected
from ssmwake.operate.causes.identity import denied
from ssmwake.operate.evidence import Evidence


def _no_channel(evidence: Evidence) -> CauseFinding | None:
    if evidence.is_connected or not evidence.is_reporting or evidence.is_new:
        return None
    blocked = channel_block(evidence)
    if blocked:
        if evidence.is_connected is None and blocked.confidence is not Confidence.KNOWN:
            sentence = f"Online; whether sessions open was not seen: {evidence.facts.connected}. {blocked.sentence}"
            return suspected(sentence, *blocked.do, resource=blocked.resource, short=blocked.short)
        is_sure = blocked.confidence is Confidence.KNOWN and evidence.is_connected is False
        sentence = f"Online, but no session opens. {blocked.sentence}"
        return known(sentence, *blocked.do, resource=blocked.resource, short=blocked.short, is_sure=is_sure)
    if evidence.is_connected is None:
        return None
    facts = evidence.facts
    unseen = [*evidence.channel_way.unknowns, *([evidence.rights.channel.detail] if _is_right_open(evidence) else [])]
    why = f"what stops it was not seen: {unseen[0]}." if unseen else "nothing that can be seen stops it."
    return likely(
        f"Online, but the channel for sessions is not open, and {why}",
        steps.ssmwake(facts.scene, "wake", facts.instance.id),
        short="not connected",
    )


def _is_right_open(evidence: Evidence) -> bool:
    return evidence.rights.channel.decision == "unknown"


def channel_block(evidence: Evidence) -> CauseFinding | None:
    """Return what keeps sessions away while reports are accepted."""
    if evidence.is_channel_denied:
        return denied(evidence, evidence.rights.channel, "open the channel for sessions")
    block = next(iter(evidence.channel_way.blocks), None)
    if block is None:
        return None
    return known(block.sentence, *block.do, resource=block.resource, short=block.short, is_sure=block.is_sure)


CAUSES = (
    Cause(
        "no-channel",
        CONFIGURATION,
        "The agent reports, so it is Online, but the channel for sessions (ssmmessages) is not open.",
        "Allow ssmmessages: the role, its boundary, or the endpoint for ssmmessages.",
        _no_channel,
        cure=Cure.LOOK,
        is_beyond_traces=True,
    ),
)
