"""Each case of the doctor: an account in YAML, and its one right verdict; and again with each permission taken away."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ssmwake.operate.causes import Confidence
from ssmwake.operate.verdict import Verdict
from support import desk
from support.standin import Account, load

CASES = Path(__file__).parents[1] / "cases" / "doctor"
FOLDERS = sorted(path for path in CASES.iterdir() if path.is_dir())

# Without these nobody can look at all.
NEEDED = {"ec2:DescribeInstances", "ssm:DescribeInstanceInformation"}


def account(folder: Path, *denied: str, **settings: Any) -> Account:
    state = load(folder)
    made = Account(state, frozenset({*state.get("denied", []), *denied}), **settings)
    made.with_role_in_use = bool(expected(folder).get("with_role_in_use"))
    return made


def expected(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / "verdict.yaml").read_text(encoding="utf-8"))
    return found


def verdict_of(one: Account) -> Verdict:
    (verdict,) = desk.verdicts(one, with_role_in_use=one.with_role_in_use)
    return verdict


def is_not_wrong(verdict: Verdict, wanted: dict[str, Any]) -> bool:
    """Return whether a verdict with less sight is right, one of the further faults, or unsure."""
    if verdict.confidence is Confidence.CANNOT_TELL:
        return True
    if wanted["verdict"] == "cannot-tell":
        # Less sight may leave a rule of thumb where more shows that it does not hold; but never a certainty.
        return verdict.confidence is Confidence.LIKELY
    return verdict.verdict in (wanted["verdict"], *wanted.get("and_then", []), *wanted.get("also_right", []))


def test_every_case_is_read() -> None:
    assert len(FOLDERS) >= 210


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_the_verdict_is_the_right_one(folder: Path) -> None:
    wanted = expected(folder)
    verdict = verdict_of(account(folder))
    assert verdict.verdict == wanted["verdict"], verdict
    assert verdict.confidence == wanted.get("confidence", "cannot tell"), verdict
    assert verdict.exit == wanted["exit"]
    assert verdict.resource == wanted.get("resource", verdict.resource)
    assert list(verdict.do) == wanted.get("do", list(verdict.do))
    for words in wanted.get("sentence_contains", []):
        assert words in verdict.sentence
    for words in wanted.get("do_contains", []):
        assert words in " ".join(verdict.do)
    assert [one.verdict for one in verdict.and_then] == wanted.get("and_then", [])
    if "retry" in wanted:
        assert verdict.retry
        assert [f"{at:%Y-%m-%dT%H:%M}" for at in (verdict.retry.first, verdict.retry.last)] == wanted["retry"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_no_permission_that_is_missing_makes_the_verdict_wrong(folder: Path) -> None:
    whole = account(folder)
    verdict_of(whole)
    asked = sorted({call.action for call in whole.sent})
    for action in asked:
        one = account(folder, action)
        verdict = verdict_of(one)
        # What is not named cannot be asked for.
        said = " ".join([verdict.sentence, *(check.evidence for check in verdict.checks)])
        if action in NEEDED and verdict.verdict == "no-look":
            assert action in said
            continue
        assert is_not_wrong(verdict, expected(folder)), (action, verdict)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_caller_who_may_not_simulate_gets_no_wrong_verdict(folder: Path) -> None:
    for more in (
        "iam:GetRole",
        "iam:ListRolePolicies",
        "iam:GetRolePolicy",
        "iam:GetPolicyVersion",
        "iam:GetInstanceProfile",
    ):
        verdict = verdict_of(account(folder, "iam:SimulatePrincipalPolicy", more))
        assert is_not_wrong(verdict, expected(folder)), (more, verdict)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_pages_even_empty_ones_change_nothing(folder: Path) -> None:
    verdict = verdict_of(account(folder, page=1, empty_pages=True))
    assert verdict.verdict == expected(folder)["verdict"]


@pytest.mark.parametrize("folder", FOLDERS[::4], ids=lambda path: path.name)
def test_calls_that_are_throttled_are_made_again(folder: Path) -> None:
    whole = account(folder)
    verdict_of(whole)
    verdict = verdict_of(account(folder, throttled={call.action: 2 for call in whole.sent}))
    assert verdict.verdict == expected(folder)["verdict"]


@pytest.mark.parametrize("folder", FOLDERS[::4], ids=lambda path: path.name)
def test_a_service_that_dies_costs_certainty_and_not_the_run(folder: Path) -> None:
    whole = account(folder)
    verdict_of(whole)
    for action in sorted({call.action for call in whole.sent} - NEEDED):
        verdict = verdict_of(account(folder, dying=frozenset({action})))
        assert is_not_wrong(verdict, expected(folder)), (action, verdict)
