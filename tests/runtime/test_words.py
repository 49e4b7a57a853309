"""The page on the runtime names every word that the runtime can say."""

import re
from pathlib import Path

from ssmwake.render.runtime import runtime

PAGE = (Path(__file__).parents[2] / "docs" / "runtime.md").read_text()
SAID = set(re.findall(r"`([a-z-]+):?`", PAGE))


def test_every_reason_is_on_the_page() -> None:
    reasons = set(re.findall(r"\breason='?([a-z][a-z-]+[a-z0-9])\b", runtime()))
    reasons |= set(re.findall(r"\bfinish ([a-z][a-z-]+[a-z])\b", runtime()))
    prefixes = {"agent", "creds", "imds-http"}
    assert len(reasons) > 25
    assert {reason for reason in reasons if reason not in prefixes and reason not in PAGE} == set()


def test_every_state_and_action_is_on_the_page() -> None:
    states = set(re.findall(r"\bagent=([a-z][a-z-]+)", runtime()))
    actions = set(re.findall(r"\baction=([a-z][a-z-]+)", runtime()))
    assert len(states) > 10
    assert states <= SAID
    assert actions <= SAID


def test_every_field_of_the_report_is_on_the_page() -> None:
    fields = set(re.findall(r'\\"([a-z_]+)\\":', runtime()))
    assert len(fields) > 15
    assert {field for field in fields if f"`{field}`" not in PAGE and f"## {field}" not in PAGE} == set()
