"""IAM's side of the stand-in account: profiles, roles, policies, and a simulator that judges them by itself.

The simulator is written anew, and not with what it is to test: statements, wildcards, boundaries, SCPs, context keys.
"""

import fnmatch
import json
import urllib.parse
from typing import Any

State = dict[str, Any]


def encoded(document: Any) -> str:
    """Return a policy document as IAM answers it."""
    return urllib.parse.quote(document if isinstance(document, str) else json.dumps(document))


def role_arn(state: State, name: str) -> str:
    return f"arn:aws:iam::{state['account']}:role/{name}"


def identity_documents(state: State, name: str) -> list[Any]:
    role = state["roles"][name]
    attached = [state["policies"][arn] for arn in role.get("attached") or []]
    return [*(role.get("inline") or {}).values(), *attached]


def simulate(state: State, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one evaluation result for each action."""
    name = asked["PolicySourceArn"].rpartition("/")[2]
    role = state["roles"][name]
    context = {one["ContextKeyName"].lower(): one["ContextKeyValues"] for one in asked.get("ContextEntries", [])}
    without_scp = any(one.get("PolicyType") == "scp" for one in asked.get("PolicyExclusionList", []))
    results = []
    for action in asked["ActionNames"]:
        for resource in asked.get("ResourceArns", ["*"]):
            missing: set[str] = set()
            decision = judge(identity_documents(state, name), action, resource, context, missing)
            result: dict[str, Any] = {"EvalActionName": action, "EvalResourceName": resource}
            allowed = decision == "allowed"
            if role.get("boundary"):
                limit = judge([state["policies"][role["boundary"]]], action, resource, context, missing)
                result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": limit == "allowed"}
                allowed = allowed and limit == "allowed"
            scp = state.get("scp") or {}
            if scp and not without_scp:
                shut = any(fnmatch.fnmatchcase(action.lower(), one.lower()) for one in scp.get("denied") or [])
                result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": not shut}
                allowed = allowed and not shut
            result["EvalDecision"] = "allowed" if allowed else decision if decision != "allowed" else "implicitDeny"
            result["MissingContextValues"] = sorted(missing)
            results.append(result)
    return results


def judge(documents: list[Any], action: str, resource: str, context: dict[str, list[str]], missing: set[str]) -> str:
    """Return allowed, implicitDeny or explicitDeny; keys without a value are added to `missing`."""
    decision = "implicitDeny"
    for document in documents:
        statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
        for one in statements:
            if not (_fits(one, "Action", action.lower(), str.lower) and _fits(one, "Resource", resource, str)):
                continue
            if not _holds(one.get("Condition") or {}, context, missing):
                continue
            if one["Effect"] == "Deny":
                return "explicitDeny"
            decision = "allowed"
    return decision


def _fits(statement: Any, key: str, value: str, fold: Any) -> bool:
    values = statement.get(key, statement.get(f"Not{key}", []))
    values = values if isinstance(values, list) else [values]
    found = any(fnmatch.fnmatchcase(value, fold(one)) for one in values)
    return found if key in statement else not found


def _holds(block: Any, context: dict[str, list[str]], missing: set[str]) -> bool:
    holds = True
    for operator, tests in block.items():
        for key, given in tests.items():
            values = given if isinstance(given, list) else [given]
            if key.lower() not in context:
                missing.add(key)
                holds = holds and operator.startswith("StringNot")
                continue
            equal = any(fnmatch.fnmatchcase(got, one) for got in context[key.lower()] for one in values)
            holds = holds and (equal if "Not" not in operator else not equal)
    return holds
