"""Terraform's external protocol: an object of strings on stdin for the options, another on stdout for the answer."""

import hashlib
import json
import sys
from typing import Any

from ssmwake.cloud_init.size import LIMIT, base64_text
from ssmwake.model import Finding, Invalid, Location, Severity, rule

BAD_QUERY = rule("SW014", Severity.ERROR, "a query of Terraform that is not valid", reason="no user data is rendered")
SWITCHES = ("foreground", "strict", "instance-connect")
LISTS = ("include", "on-ready", "restart-after")
TEXTS = ("config", "format", "role", "timeout", "poll", "poll-healthy", "command-name")
# What the schema of the config has a say in.
CHECKED = ("role", "timeout", "poll", "poll-healthy", "command-name", "on-ready", "restart-after")


def query(
    config: str | None, include: tuple[str, ...], flags: dict[str, Any]
) -> tuple[str | None, tuple[str, ...], dict[str, Any]]:
    """Return the options with those of the query over them; a list is one value a line.

    A key is spelled as in ssmwake.yaml or, as Terraform's own names are, with underscores.
    """
    from ssmwake.config.rules import nearest, short

    findings: list[Finding] = []
    known = [*TEXTS, *LISTS, *SWITCHES]
    given: dict[str, Any] = {}
    for name, value in _object(sys.stdin.buffer.read()).items():
        key = name.replace("_", "-")
        if key not in known:
            findings.append(_finding(f"unknown key {short(name)}; {nearest(key, known)}"))
        elif not isinstance(value, str):
            findings.append(_finding(f"{name} must be text, not {json.dumps(value)[:40]}; use tostring()"))
        elif key in SWITCHES and value not in ("true", "false"):
            findings.append(_finding(f"{name} is {value[:40]!r}; it must be 'true' or 'false'"))
        elif key in SWITCHES:
            given[key] = value == "true"
        elif key in LISTS:
            given[key] = tuple(line for line in value.splitlines() if line.strip())
        elif value:
            given[key] = value
    findings += [finding for key in CHECKED if key in given for finding in _faults(key, given[key])]
    if findings:
        raise Invalid(*findings)
    config = given.pop("config", config)
    include = (*include, *given.pop("include", ()))
    on_ready = (*flags.pop("on_ready", ()), *given.pop("on-ready", ()))
    options = {key.replace("-", "_"): value for key, value in given.items()}
    return config, include, {**flags, **options, "on_ready": on_ready}


def _faults(key: str, value: str | tuple[str, ...]) -> list[Finding]:
    from ssmwake.config import option

    found = []
    for text in (value,) if isinstance(value, str) else value:
        try:
            option(key, text, "documents" if key == "command-name" else "")
        except Invalid as invalid:
            found.append(_finding(invalid.findings[0].message))
    return found


def answer(plain: bytes, packed: bytes) -> bytes:
    """Return the user data in every form that a resource of Terraform takes; base64 is of gzip where only that fits."""
    values = {
        "user_data": plain.decode(),
        "user_data_base64": base64_text(plain if len(plain) <= LIMIT else packed),
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
        raise Invalid(_finding("not valid JSON; Terraform's external data source sends an object of strings")) from None
    if not isinstance(value, dict):
        raise Invalid(_finding("not an object; Terraform's external data source sends an object of strings"))
    return value


def _finding(message: str) -> Finding:
    return BAD_QUERY.at(Location("-"), message)
