"""What an IAM policy document says of one action: a document and a request in, one of four answers out.

Deny wins. A condition on a key that is not in the request cannot be judged: the answer is `unknown`, never a guess.
"""

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

ALLOWED, DENIED, SILENT, UNKNOWN = "allowed", "denied", "silent", "unknown"


@dataclass(frozen=True)
class ActionRequest:
    """An action on a resource by a role, with the condition keys whose value is known."""

    action: str
    resource: str = "*"
    principal: str = ""
    account: str = ""
    session: str = ""
    context: Mapping[str, str] = field(default_factory=dict)


def evaluate(
    documents: Iterable[Mapping[str, Any] | None], request: ActionRequest, *, with_principal: bool = False
) -> str:
    """Return what documents of one kind say together: `allowed`, `denied`, `silent` or `unknown`."""
    answers = [
        answer
        for document in documents
        for answer in ([UNKNOWN] if document is None else _statements(document, request, with_principal))
    ]
    for answer in ("deny", "maybe-deny", UNKNOWN, "allow", "maybe-allow"):
        if answer in answers:
            return {"deny": DENIED, "allow": ALLOWED}.get(answer, UNKNOWN)
    return SILENT


def statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the statements of a document, which may be one or a list."""
    value = document.get("Statement", [])
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping)]


def texts(value: Any) -> list[str]:
    """Return a string or a list of strings as a list."""
    return [str(one) for one in (value if isinstance(value, list) else [value])]


def _statements(document: Mapping[str, Any], request: ActionRequest, with_principal: bool) -> Iterable[str]:
    for statement in statements(document):
        if not _matches(statement, "Action", request.action.lower(), lower=True):
            continue
        # A trust policy names no resource: it is the role itself.
        if ("Resource" in statement or "NotResource" in statement) and not _matches(
            statement, "Resource", request.resource
        ):
            continue
        principal = _principal(statement, request) if with_principal else True
        if principal is False:
            continue
        condition = conditions_hold(statement.get("Condition"), request.context)
        if condition is False:
            continue
        kind = "deny" if statement.get("Effect") == "Deny" else "allow"
        # A policy variable in a resource stands for something that is only known when the call is made.
        is_certain = principal is True and condition is True and "${" not in str(statement.get("Resource", ""))
        yield kind if is_certain else f"maybe-{kind}"


def _matches(statement: Mapping[str, Any], key: str, value: str, *, lower: bool = False) -> bool:
    if f"Not{key}" in statement:
        return not any(like(value, one.lower() if lower else one) for one in texts(statement[f"Not{key}"]))
    return any(like(value, one.lower() if lower else one) for one in texts(statement.get(key, [])))


def like(value: str, pattern: str) -> bool:
    """Return whether a value fits a pattern of IAM, in which only * and ? are special."""
    if "${" in pattern:
        pattern = re.sub(r"\$\{[^}]*\}", "*", pattern)
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def _principal(statement: Mapping[str, Any], request: ActionRequest) -> bool | None:
    """Return whether a statement names the role; None where that is unknown."""
    if "NotPrincipal" in statement:
        return None
    named = statement.get("Principal")
    if named is None:
        return None
    if named == "*":
        return True
    if not isinstance(named, Mapping):
        return None
    names = texts(named.get("AWS", []))
    if "*" in names:
        return True
    ours = {request.principal, request.session, request.account} - {""}
    if any(name in ours or (request.account and name.endswith(f":{request.account}:root")) for name in names):
        return True
    # An ID such as AROA... stands for a role that was deleted, or for one that only IAM can name.
    return None if any(not name.startswith("arn:") and not name.isdigit() for name in names) else False


def conditions_hold(block: Any, context: Mapping[str, str]) -> bool | None:
    """Return whether the conditions of a statement hold; None where a key or an operator is not known."""
    if not block:
        return True
    if not isinstance(block, Mapping):
        return None
    unknown = False
    for operator, tests in block.items():
        if not isinstance(tests, Mapping):
            return None
        for key, values in tests.items():
            held = _condition(str(operator), str(key), texts(values), context)
            if held is False:
                return False
            unknown = unknown or held is None
    return None if unknown else True


def _condition(operator: str, key: str, values: list[str], context: Mapping[str, str]) -> bool | None:
    known = {name.lower(): value for name, value in context.items()}
    word = operator.removesuffix("IfExists")
    if key.lower() not in known:
        return None
    value = known[key.lower()]
    match word:
        case "StringEquals":
            return value in values
        case "StringNotEquals":
            return value not in values
        case "StringLike" | "ArnLike" | "ArnEquals":
            return any(like(value, one) for one in values)
        case "StringNotLike" | "ArnNotLike" | "ArnNotEquals":
            return not any(like(value, one) for one in values)
        case "StringEqualsIgnoreCase":
            return value.lower() in [one.lower() for one in values]
    return None
