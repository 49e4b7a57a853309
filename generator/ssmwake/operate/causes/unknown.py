"""The last cause, which always holds: what was not seen is named, and else the fault is inside the machine."""

from ssmwake.operate import retry, steps
from ssmwake.operate.causes.cause import NOT_YET, Cause, CauseFinding, Cure, suspected
from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import NOT_ASKED, Unseen
from ssmwake.operate.gaps import gaps
from ssmwake.operate.retry import Chain


def _cannot_tell(evidence: Evidence) -> CauseFinding | None:
    facts = evidence.facts
    missing = gaps(evidence)
    if evidence.rights.report.decision == "unknown" and evidence.rights.report.how == "unseen":
        missing.append(f"the rights of the role: {evidence.rights.report.detail}")
    if isinstance(facts.trail, Unseen) and facts.trail.why != NOT_ASKED:
        missing.append(f"the calls of the agent: {facts.trail}")
    words = [facts.instance.id, *(["--connect"] if facts.instance.platform == "linux" else [])]
    do = steps.ssmwake(facts.scene, "wake" if facts.instance.platform == "linux" else "wait", *words)
    if missing and missing[-1].startswith("the calls of the agent") and len(missing) == 1 and evidence.start:
        window = retry.next_attempt(Chain.REFUSED, evidence.start[0], evidence.now, evidence.start[1])
        sentence = (
            f"All that was seen is in place. If it was refused when it started, its agent asks again by itself "
            f"{window.spelled(evidence.now)}; CloudTrail shows that, which was not seen: {facts.trail}."
        )
        return suspected(sentence, do, short=missing[0])
    if missing:
        return suspected(f"This was not seen, or cannot be judged: {'; '.join(missing)}.", do, short=missing[0])
    last = f" Its last report was at {evidence.last_accepted:%Y-%m-%d %H:%M} UTC." if evidence.last_accepted else ""
    return suspected(
        "All that can be seen from outside is in place, and the agent has had time to try again. What is left is "
        f"inside: a unit that is stopped or masked, a proxy, a firewall on the host.{last}",
        do,
        short="something inside",
    )


CANNOT_TELL = Cause(
    "cannot-tell",
    NOT_YET,
    "Something that decides was not seen, or is inside the machine; the sentence says what, and who sees it.",
    "Ask for the action that is named, or look inside: `ssmwake wake --connect`.",
    _cannot_tell,
    cure=Cure.LOOK,
)
