"""The last cause, which always holds: what was not seen is named, and else the fault is inside the machine."""

from ssmwake.operate import retry, steps
from ssmwake.operate.attempt import attempt
from ssmwake.operate.causes.cause import NOT_YET, Cause, CauseFinding, Cure, suspected
from ssmwake.operate.evidence import Evidence
from ssmwake.operate.facts import NOT_ASKED, Unseen
from ssmwake.operate.gaps import gaps
from ssmwake.operate.retry import Chain

# Policies that were read show no SCP.
SIMULATOR = "only IAM's simulator shows them (iam:SimulatePrincipalPolicy)"


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
    again = _asks_again(evidence)
    if missing:
        return suspected(f"This was not seen, or cannot be judged: {'; '.join(missing)}.{again}", do, short=missing[0])
    if again:
        # Nothing is missing, and it is not called asleep: its policies were read, and they show no SCP.
        sentence = f"All that was seen is in place; service control policies were not: {SIMULATOR}.{again}"
        return suspected(sentence, do, short="service control policies")
    last = f" Its last report was at {evidence.last_accepted:%Y-%m-%d %H:%M} UTC." if evidence.last_accepted else ""
    return suspected(
        "All that can be seen from outside is in place now. What is left is inside: a unit that is stopped or masked, "
        "a proxy, a firewall on the host; or its role was changed in the last minutes, which CloudTrail does not show "
        f"yet.{last}",
        do,
        short="something inside",
    )


def _asks_again(evidence: Evidence) -> str:
    """Return the sentence about the agent's next attempt, which may be all that is missing; empty where it is over."""
    if evidence.is_reporting or evidence.start is None or isinstance(evidence.facts.trail, Unseen):
        return ""
    found = attempt(evidence)
    if found is None:
        return ""
    window, why, _ = found
    if why.startswith("All that"):
        # That it is all there is more than was seen.
        why = "The agent may have been refused when it started, which CloudTrail shows some minutes later only."
    return f" {why} The agent asks again by itself {window.spelled(evidence.now)}."


CANNOT_TELL = Cause(
    "cannot-tell",
    NOT_YET,
    "Something that decides was not seen, or is inside the machine; the sentence says what, and who sees it.",
    "Ask for the action that is named, or look inside: `ssmwake wake --connect`.",
    _cannot_tell,
    cure=Cure.LOOK,
)
