"""The page on the runtime names every word that the runtime prints."""

import re
import subprocess
from pathlib import Path

import pytest

from ssmwake.render.runtime import runtime
from ssmwake.resources import templates
from support.shells import found

PAGE = (Path(__file__).parents[2] / "docs" / "runtime.md").read_text()
SAID = set(re.findall(r"`([a-z-]+):?`", PAGE))


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}")[2].partition("\n## ")[0]


def first_column(title: str) -> set[str]:
    cells = re.findall(r"^\| ((?:`[^`]+`(?:, )?)+)", section(title), re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


def test_every_reason_is_on_the_page() -> None:
    reasons = set(re.findall(r"\breason='?([a-z][a-z-]+[a-z0-9])\b", runtime()))
    reasons |= set(re.findall(r"\bfinish ([a-z][a-z-]+[a-z])\b", runtime()))
    prefixes = {"agent", "creds", "imds-http"}
    assert len(reasons) > 25
    assert {reason for reason in reasons if reason not in prefixes and reason not in PAGE} == set()


def test_every_state_and_action_is_on_the_page() -> None:
    states = set(re.findall(r"\b(?:agent|state|unit_state)=([a-z][a-z-]+)", runtime()))
    actions = set(re.findall(r"\baction=([a-z][a-z-]+)", runtime()))
    assert len(states) > 10
    assert states - {"running"} <= SAID
    assert actions <= SAID


def test_every_field_of_the_report_is_on_the_page() -> None:
    fields = set(re.findall(r"\n\s+add ([a-z_]+) ", runtime())) | set(re.findall(r'\\"([a-z_]+)\\":', runtime()))
    fields |= set(re.findall(r'for key in ([a-z_ ]+); do\n\s+eval "add', runtime())[0].split())
    assert len(fields) > 20
    assert {field for field in fields if f"`{field}`" not in PAGE and f"## {field}" not in PAGE} == set()


def test_every_word_of_a_state_change_is_in_the_list_and_the_list_has_no_other() -> None:
    words = set(re.findall(r"""\btell ([a-z-]+) ['"]""", runtime()))
    # What ends with a sentence says it in the same form, with the reason for its word.
    words |= set(re.findall(r"""\bfinish ([a-z][a-z-]+) ['"]""", runtime()))
    words |= {"installed", "updated", "unchanged"}
    words |= set(re.findall(r"\bcause=([a-z]+)", runtime()))
    assert words == first_column("What it says when something changes")


STATES = sorted({state for state in first_column("agent: its state") if "online" not in state and state != "running"})


@pytest.mark.parametrize("state", STATES)
def test_the_sentence_about_a_state_has_words_and_not_the_word_for_programs(state: str) -> None:
    words = templates() / "runtime" / "words.sh"
    script = f'. {words}; reason=agent-{state} unit=UNIT manager=systemd; explain; echo "$sentence"'
    done = subprocess.run([found("dash"), "-c", script], capture_output=True, text=True, check=True)
    sentence = done.stdout.strip()
    assert "-" not in sentence.replace("out-of-sight", "")
    assert len(sentence.split()) >= 3


def test_help_states_the_defaults_of_the_settings() -> None:
    parts = templates() / "runtime"
    defaults = dict(re.findall(r"load_times ([A-Z]+) (\S+)", (parts / "settings.sh").read_text()))
    text = (parts / "help.sh").read_text()
    assert f"--timeout is {defaults['TIMEOUT']}, --poll {defaults['POLL']}," in text
