"""What a role may do, from the answers of IAM's simulator or from the policies themselves: answers in, a `Right` out.

An answer that rests on a condition, or that was not given, is `unknown`; it is never taken for a denial.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ssmwake.operate.facts import Right
from ssmwake.operate.policies import ALLOWED, DENIED, SILENT, UNKNOWN, ActionRequest, evaluate, like, statements, texts

IDENTITY, BOUNDARY, SCP = "identity", "boundary", "scp"


def simulated(results: Sequence[Mapping[str, Any]], actions: Iterable[str]) -> Right:
    """Return what the simulator says of some actions together; one that it does not answer is unknown."""
    answered = {str(one.get("EvalActionName", "")).lower(): one for one in results}
    rights = []
    for action in actions:
        result = answered.get(action.lower())
        rights.append(_of(result, action) if result else Right("unknown", detail=f"no answer about {action}"))
    return together(rights)


def _of(result: Mapping[str, Any], action: str) -> Right:
    specific = result.get("ResourceSpecificResults") or []
    one = specific[0] if len(specific) == 1 else {}
    missing = [*result.get("MissingContextValues", []), *one.get("MissingContextValues", [])]
    if missing:
        keys = ", ".join(dict.fromkeys(map(str, missing)))
        return Right("unknown", by=keys, detail=f"{action} depends on {keys}")
    decision = str(result.get("EvalDecision", ""))
    if decision == "allowed":
        return Right("allowed")
    boundary = result.get("PermissionsBoundaryDecisionDetail") or one.get("PermissionsBoundaryDecisionDetail") or {}
    if boundary.get("AllowedByPermissionsBoundary") is False:
        return Right("denied", BOUNDARY, detail=action)
    if (result.get("OrganizationsDecisionDetail") or {}).get("AllowedByOrganizations") is False:
        return Right("denied", SCP, detail=action)
    if decision in ("implicitDeny", "explicitDeny"):
        how = "simulated, an explicit deny" if decision == "explicitDeny" else "simulated"
        return Right("denied", IDENTITY, how, action)
    return Right("unknown", detail=f"the simulator answered {decision or 'nothing'} for {action}")


def together(rights: Sequence[Right]) -> Right:
    """Return one right for several actions that are all needed: a denial first, then what is not known."""
    for decision in ("denied", "unknown"):
        for right in rights:
            if right.decision == decision:
                return right
    return rights[0] if rights else Right("unknown", detail="nothing was asked")


def read(
    identity: Sequence[Mapping[str, Any] | None],
    boundary: Sequence[Mapping[str, Any] | None] | None,
    requests: Iterable[ActionRequest],
) -> Right:
    """Return what policies say; `boundary` is None without one. SCPs are not among them, so nothing is sure to pass."""
    rights = []
    for request in requests:
        own = evaluate(identity, request)
        limit = ALLOWED if boundary is None else evaluate(boundary, request)
        if own in (DENIED, SILENT):
            how = "read, an explicit deny" if own == DENIED else "read"
            rights.append(Right("denied", IDENTITY, how, request.action))
        elif limit in (DENIED, SILENT):
            rights.append(Right("denied", BOUNDARY, "read", request.action))
        elif UNKNOWN in (own, limit):
            rights.append(Right("unknown", "conditions", "read", f"{request.action} depends on conditions"))
        else:
            rights.append(Right("allowed", how="read"))
    return together(rights)


def may_assume(trust: Mapping[str, Any] | None) -> bool | None:
    """Return whether EC2 may assume a role, by its trust policy; None where a condition or a form is not known."""
    if trust is None:
        return None
    found: bool | None = False
    for statement in statements(trust):
        if "Principal" not in statement or "NotAction" in statement:
            found = None if found is False else found
            continue
        if not any(like("sts:assumerole", one.lower()) for one in texts(statement.get("Action", []))):
            continue
        named = statement["Principal"]
        services = texts(named.get("Service", [])) if isinstance(named, Mapping) else []
        is_ec2 = bool({"ec2.amazonaws.com", "ec2.amazonaws.com.cn"} & set(services))
        if not is_ec2:
            if named == "*" and statement.get("Effect") == "Deny":
                # Whether everybody is EC2, too, is nowhere documented for trust policies.
                return None
            is_open = named == "*" or any(one.startswith("ec2.") for one in services)
            found = None if is_open and found is False else found
            continue
        if statement.get("Effect") == "Deny":
            return None if statement.get("Condition") else False
        if statement.get("Condition"):
            found = None if found is False else found
        elif statement.get("Effect") == "Allow":
            found = True
    return found
