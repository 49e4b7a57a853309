"""What CloudTrail's events say of an instance: its agent's reports, its profile's attachments, its starts.

Events are other people's text: one that cannot be read is left out, and so is a call that failed.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ssmwake.operate.facts import AgentCall, Attachment, Start, Trail

REPORT = "UpdateInstanceInformation"
ATTACHMENTS = {
    "AssociateIamInstanceProfile": "attached",
    "ReplaceIamInstanceProfileAssociation": "replaced",
    "DisassociateIamInstanceProfile": "detached",
}
STARTS = {"RunInstances": "launched", "StartInstances": "started", "RebootInstances": "rebooted"}

# What CloudTrail writes after "because no", or after "explicit deny in a", in the order in which it is looked for.
REASONS = {
    "permissions boundary": "boundary",
    "service control policy": "scp",
    "resource control policy": "scp",
    "vpc endpoint policy": "endpoint",
    "identity-based policy": "identity",
}

REASON = re.compile(r"(?:because no|explicit deny in an?) (.*)")


def read_trail(events: Iterable[Mapping[str, Any]], instance_id: str) -> Trail:
    """Return the traces of one instance in some events, each once, the oldest first."""
    calls: dict[str, AgentCall] = {}
    attachments: dict[str, Attachment] = {}
    starts: dict[str, Start] = {}
    for number, event in enumerate(events):
        detail = _detail(event)
        at, name = event.get("EventTime"), str(event.get("EventName", ""))
        if not isinstance(at, datetime) or detail is None:
            continue
        key, when = str(event.get("EventId") or number), at.astimezone(UTC)
        if name == REPORT and (event.get("Username") == instance_id or _is_of(detail, instance_id)):
            calls[key] = _call(detail, when)
        elif detail.get("errorCode") or not mentions(detail, instance_id):
            continue
        elif name in ATTACHMENTS:
            attachments[key] = Attachment(when, ATTACHMENTS[name])
        elif name in STARTS:
            starts[key] = Start(when, STARTS[name], _with_profile(detail) if name == "RunInstances" else None)
    return Trail(
        tuple(sorted(calls.values(), key=lambda one: one.at)),
        tuple(sorted(attachments.values(), key=lambda one: one.at)),
        tuple(sorted(starts.values(), key=lambda one: one.at)),
    )


def refused_by(message: str) -> str:
    """Return what refused a call, by CloudTrail's message: identity, boundary, scp, endpoint, or nothing."""
    found = REASON.search(message.lower())
    return next((by for words, by in REASONS.items() if found and words in found[1]), "")


def is_refused_by_another(message: str) -> bool:
    """Return whether CloudTrail's message names a kind of policy that is not known here, such as a session policy."""
    return bool(REASON.search(message.lower())) and not refused_by(message)


def _detail(event: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        detail = json.loads(event.get("CloudTrailEvent") or "{}")
    except (ValueError, TypeError, RecursionError):
        return None
    return detail if isinstance(detail, dict) else None


def _call(detail: Mapping[str, Any], when: datetime) -> AgentCall:
    asked = detail.get("requestParameters")
    identity = detail.get("userIdentity")
    issuer = _inside(identity, "sessionContext", "sessionIssuer")
    return AgentCall(
        when,
        str(detail.get("errorCode") or ""),
        str(detail.get("errorMessage") or ""),
        str(_inside(asked, "agentVersion") or ""),
        str(_inside(issuer, "userName") or "") or _assumed(str(_inside(identity, "arn") or "")),
    )


def _assumed(arn: str) -> str:
    """Return the role in an ARN such as arn:aws:sts::123456789012:assumed-role/ROLE/SESSION."""
    found = re.fullmatch(r"arn:[\w-]+:sts::\d*:assumed-role/([\w+=,.@-]+)/.*", arn)
    return found[1] if found else ""


def _is_of(detail: Mapping[str, Any], instance_id: str) -> bool:
    return bool(_inside(detail.get("requestParameters"), "instanceId") == instance_id)


def _with_profile(detail: Mapping[str, Any]) -> bool:
    return bool(_inside(detail.get("requestParameters"), "iamInstanceProfile"))


def _inside(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def mentions(detail: Mapping[str, Any], text: str) -> bool:
    """Return whether the request or the answer of an event holds a text as a whole value, at any depth."""
    parts = (detail.get("requestParameters"), detail.get("responseElements"))
    return text in [str(one) for part in parts for one in _values(part) if isinstance(one, str)]


def _values(value: Any) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        else:
            yield one
