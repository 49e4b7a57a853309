"""Each rule has a page with a bad and a good example, and bad files in the corpus; all of them are linted here."""

import ast
import re
from pathlib import Path

import pytest

from ssmwake.cloud_init.size import LIMIT, excess
from ssmwake.lint import lint
from ssmwake.model import Location, Severity
from ssmwake.rules import LINT_RULES, RULES
from support import corpus

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "rules"
BAD = corpus.BAD
EXAMPLE = re.compile(r"^## (Bad|Good)\n.*?^```[a-z]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A file that is larger, encoded or not text, or that reads another one, cannot be an example on a page.
NOT_SHOWN = {"SW200", "SW201", "SW207", "SW275", "SW276", "SW312", "SW417", "SW423", "SW440"}


def examples(rule: str) -> dict[str, str]:
    """Return the bad and the good example of a rule's page."""
    return dict(EXAMPLE.findall((PAGES / f"{rule}.md").read_text(encoding="utf-8")))


@pytest.mark.parametrize("rule", sorted(LINT_RULES))
def test_the_page_of_a_rule_shows_what_is_bad_and_what_is_good(rule: str) -> None:
    text = (PAGES / f"{rule}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {rule}: {RULES[rule].title}\n")
    if rule in NOT_SHOWN:
        return
    found = examples(rule)
    assert set(found) == {"Bad", "Good"}
    assert rule in {one.rule for one in lint("bad", found["Bad"].encode(), with_cfn_lint=False)}
    good = lint("good", found["Good"].encode(), with_cfn_lint=False)
    assert [str(one) for one in good if worse(one.severity) or one.rule == rule] == []


def worse(severity: Severity) -> bool:
    """Return whether a finding is more than information."""
    return severity is not Severity.INFO


@pytest.mark.parametrize("rule", sorted(LINT_RULES))
def test_a_rule_finds_what_is_bad_at_three_places_at_least(rule: str) -> None:
    lines = []
    for path in corpus.files(rule):
        mine = [one for one in corpus.findings(path) if one.rule == rule]
        assert mine, f"{path.name} is not {rule}"
        # A severity that is not the rule's own is named.
        lines += [f"{one.where}{'' if one.severity is RULES[rule].severity else f' {one.severity}'}\n" for one in mine]
    assert len(lines) >= 3
    # Where each is found, looked at by a person once; remove the file to have it written anew.
    places = BAD / rule / "places.txt"
    if not places.exists():
        places.write_text("".join(lines), encoding="utf-8")
        pytest.fail(f"{places} was written; look at it and run again")
    assert "".join(lines) == places.read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", sorted(LINT_RULES))
def test_a_rule_names_each_severity_that_it_is_reported_in(rule: str) -> None:
    reported = {one.severity for path in corpus.files(rule) for one in corpus.findings(path) if one.rule == rule}
    # What fits with gzip is only known where user data is rendered.
    rendered = {excess(Location("-"), LIMIT + 1, LIMIT, "{}").severity} if rule == "SW201" else set()
    assert reported | rendered == {RULES[rule].severity, *dict(RULES[rule].also)}


def test_no_file_of_the_corpus_has_a_finding_in_a_severity_that_its_rule_does_not_name() -> None:
    every = {
        (one.rule, one.severity) for rule in LINT_RULES for path in corpus.files(rule) for one in corpus.findings(path)
    }
    named = {(rule.id, severity) for rule in RULES.values() for severity in (rule.severity, *dict(rule.also))}
    assert every - named == set()


def test_the_severities_of_a_rule_are_a_sentence() -> None:
    assert RULES["SW201"].severities.startswith("error, or warning where ")
    assert RULES["SW200"].severities == "error"


def test_every_page_and_every_folder_belongs_to_a_rule() -> None:
    assert {path.stem for path in PAGES.glob("SW*.md")} | {path.name for path in BAD.iterdir()} <= set(RULES)


SOURCES = sorted((ROOT / "generator" / "ssmwake").rglob("*.py"))


def calls(path: Path, name: str) -> list[ast.Call]:
    """Return the calls of a function by its bare name."""
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node for node in tree if isinstance(node, ast.Call) and getattr(node.func, "id", None) == name]


def test_only_a_rule_makes_a_finding() -> None:
    # The doctor has findings of another kind.
    files = [path for path in SOURCES if "operate" not in path.parts]
    assert {path.name: len(calls(path, "Finding")) for path in files if calls(path, "Finding")} == {"model.py": 1}


def test_an_id_is_written_where_its_rule_is_and_nowhere_else() -> None:
    defined: list[str] = []
    written: list[str] = []
    for path in SOURCES:
        defined += [str(getattr(call.args[0], "value", "")) for call in calls(path, "rule")]
        # The plugin has the table of published numbers.
        if path.name != "cfn_rules.py":
            constants = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
            written += [str(node.value) for node in constants if re.fullmatch(r"SW\d{3}", str(node.value))]
    assert sorted(name for name in defined if name.startswith("SW")) == sorted(RULES) == sorted(written)


def test_a_rule_says_whether_fix_does_it() -> None:
    files = [path for folder in BAD.iterdir() for path in corpus.files(folder.name)]
    fixed = {one.rule for path in files for one in corpus.findings(path) if one.fix}
    assert fixed == {rule.id for rule in LINT_RULES.values() if rule.fixable}
