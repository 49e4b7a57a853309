"""Terraform's external protocol: an object of strings on stdin for the options, another on stdout for the answer."""

import hashlib
import json
import sys
from typing import Any

from ssmwake.cloud_init.size import base64_text
from ssmwake.model import Finding, Invalid, Location, Severity, rule

BAD_QUERY = rule("SW014", Severity.ERROR, "a query of Terraform that is not valid", reason="no user data is rendered")
SWITCHES = ("foreground", "strict")
LISTS = ("include", "on-ready")
TEXTS = ("config", "format", "role", "timeout")


def query(
    config: str | None, include: tuple[str, ...], flags: dict[str, Any]
) -> tuple[str | None, tuple[str, ...], dict[str, Any]]:
    """Return the options with those of the query over them; a list is one value a line."""
    findings: list[Finding] = []
    asked = _object(sys.stdin.buffer.read())
    known = [*TEXTS, *LISTS, *SWITCHES]
    given: dict[str, Any] = {}
    for key, value in asked.items():
        if key not in known:
            findings.append(_finding(f"unknown key {key!r}; known are {', '.join(known)}"))
        elif not isinstance(value, str):
            findings.append(_finding(f"{key} must be text, not {json.dumps(value)[:40]}; use tostring()"))
        elif key in SWITCHES and value not in ("true", "false"):
            findings.append(_finding(f"{key} is {value[:40]!r}; it must be 'true' or 'false'"))
        elif key in SWITCHES:
            given[key] = value == "true"
        elif key in LISTS:
            given[key] = tuple(line for line in value.splitlines() if line.strip())
        elif value:
            given[key] = value
    if findings:
        raise Invalid(*findings)
    config = given.pop("config", config)
    include = (*include, *given.pop("include", ()))
    on_ready = (*flags.pop("on_ready", ()), *given.pop("on-ready", ()))
    return config, include, {**flags, **given, "on_ready": on_ready}


def answer(plain: bytes, packed: bytes) -> bytes:
    """Return the user data in every form that a resource of Terraform takes."""
    values = {
        "user_data": plain.decode(),
        "user_data_base64": base64_text(plain),
        "user_data_base64gzip": base64_text(packed),
        "sha256": hashlib.sha256(plain).hexdigest(),
        "bytes": str(len(plain)),
        "bytes_gzip": str(len(packed)),
    }
    return (json.dumps(values) + "\n").encode()


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise Invalid(_finding("no JSON; Terraform's external data source sends an object of strings")) from None
    if not isinstance(value, dict):
        raise Invalid(_finding("no object; Terraform's external data source sends an object of strings"))
    return value


def _finding(message: str) -> Finding:
    return BAD_QUERY.at(Location("-"), message)
