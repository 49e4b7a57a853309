"""JSON as its own readers take it: YAML, which lint reads it as, allows more."""

import json
import re

from ssmwake.model import Finding, Location, Severity, rule
from ssmwake.text.source import Source

BROKEN_JSON = rule(
    "SW440",
    Severity.ERROR,
    "broken JSON",
    reason="the AWS CLI, Terraform and the services refuse what only YAML allows",
)
COMMA = "a comma before the closing bracket, which is not JSON; remove it"
COMMENT = re.compile(r"\s*(?:#|//|/\*)")


def broken_json(source: Source, *, known: bool = True) -> Finding | None:
    """Return where a text that YAML can read is not JSON; None where it is.

    Where not all of the text is known, a word may stand for any value, and only a comma too many is certain.
    """
    try:
        json.loads(source.text, strict=False)
    except json.JSONDecodeError as error:
        where, message = _what(source, error)
        return BROKEN_JSON.at(where, message) if known or message == COMMA else None
    except RecursionError:
        return None
    return None


def _what(source: Source, error: json.JSONDecodeError) -> tuple[Location, str]:
    text = source.text
    before = text[: error.pos].rstrip()
    if before.endswith(",") and text[error.pos : error.pos + 1] in ("}", "]"):
        return source.at_offset(len(before) - 1), COMMA
    where = source.at_offset(min(error.pos, max(len(text) - 1, 0)))
    if text.startswith("'", error.pos):
        return where, "single quotes, which are not JSON; use double quotes"
    if COMMENT.match(text, error.pos):
        return where, "a comment, which JSON does not have; remove it"
    if re.compile(r"[A-Za-z_]").match(text, error.pos):
        return where, "text without quotes, which is not JSON; put it in double quotes"
    message = error.msg[:1].lower() + error.msg[1:]
    return where, f"broken JSON: {message}"
