"""The plugin of cfn-lint, as its own command runs it."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ssmwake.cfn_rules import PUBLISHED, cfn_id
from ssmwake.lint import Kind, kind, lint
from ssmwake.model import Severity
from ssmwake.rules import LINT_RULES as RULES
from support.corpus import SIDECARS

TOP = Path(__file__).parents[2]
GENERATOR = TOP / "generator"
PAGE = (TOP / "docs" / "lint.md").read_text()
PROGRAM = Path(sys.executable).with_name("cfn-lint")
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Web:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0123456789abcdef0
      UserData:
        Fn::Base64: |
          #!/bin/sh
          region=$(curl -s http://169.254.169.254/latest/meta-data/placement/region)
          cd "/srv/$region"
  Plain:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0123456789abcdef0
      UserData: "#!/bin/sh"
"""
FOUND = [(10, 20, "E9510"), (11, 11, "W9508"), (16, 17, "E9581")]


def cfn_lint(*arguments: str, folder: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run cfn-lint with nobody's settings, and where it can import our rules."""
    return subprocess.run(
        [str(PROGRAM), *arguments],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "PYTHONPATH": str(GENERATOR)},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def matches(*arguments: str, folder: Path, stdin: str = "") -> list[dict[str, Any]]:
    """Return what cfn-lint prints as JSON."""
    done = cfn_lint("-a", "ssmwake.cfn_rules", "--format", "json", *arguments, folder=folder, stdin=stdin)
    assert not done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def places(found: list[dict[str, Any]]) -> list[tuple[int, int, str]]:
    """Return the line, the column and the id of each match."""
    starts = [(match["Location"]["Start"], match["Rule"]["Id"]) for match in found]
    return sorted((start["LineNumber"], start["ColumnNumber"], rule) for start, rule in starts)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """Return the path of the template, with three findings."""
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    return path


def test_a_finding_stands_where_ssmwake_lint_puts_it(template: Path) -> None:
    found = matches("template.yaml", folder=template.parent)
    assert places(found) == FOUND
    assert {match["Level"] for match in found if match["Rule"]["Id"] == "W9508"} == {"Warning"}
    assert {match["Filename"] for match in found} == {"template.yaml"}
    assert found[0]["Rule"]["Source"] == "docs/rules/SW210.md"


def test_it_does_so_in_json(tmp_path: Path) -> None:
    script = "#!/bin/sh\ncurl -s http://169.254.169.254/latest/meta-data/\n"
    instance = {"Type": "AWS::EC2::Instance", "Properties": {"UserData": {"Fn::Base64": script}}}
    text = json.dumps({"Resources": {"Web": instance}}, indent="\t")
    (tmp_path / "template.json").write_text(text)
    number, line = next((number, line) for number, line in enumerate(text.splitlines(), 1) if "curl" in line)
    ours = [place for place in places(matches("template.json", folder=tmp_path)) if place[2][1:3] == "95"]
    assert ours == [(number, line.index("curl") + 1, "E9510")]


def test_it_reads_a_pipe_and_says_which_value(template: Path) -> None:
    found = matches(folder=template.parent, stdin=TEMPLATE)
    assert places(found) == [(8, 9, "E9510"), (8, 9, "W9508"), (16, 7, "E9581")]


def test_it_reads_many_files(template: Path) -> None:
    (template.parent / "other.yaml").write_text(f"# One line more.\n{TEMPLATE}")
    found = matches("*.yaml", folder=template.parent)
    assert places([match for match in found if match["Filename"] == "other.yaml"]) == [
        (line + 1, column, rule) for line, column, rule in FOUND
    ]
    assert len(found) == 2 * len(FOUND)


def test_a_resource_can_ignore_a_rule_of_ours(template: Path) -> None:
    metadata = "    Metadata: {cfn-lint: {config: {ignore_checks: [E9510]}}}\n"
    template.write_text(TEMPLATE.replace("  Web:\n", f"  Web:\n{metadata}"))
    assert places(matches("template.yaml", folder=template.parent)) == [(12, 11, "W9508"), (17, 17, "E9581")]
    template.write_text(TEMPLATE.replace("  Plain:\n", f"  Plain:\n{metadata}"))
    assert (10, 20, "E9510") in places(matches("template.yaml", folder=template.parent))
    piped = matches(folder=template.parent, stdin=TEMPLATE.replace("  Web:\n", f"  Web:\n{metadata}"))
    assert [rule for _, _, rule in places(piped)] == ["W9508", "E9581"]


def test_so_can_a_template_and_the_command_line(template: Path) -> None:
    template.write_text(f"{TEMPLATE}Metadata: {{cfn-lint: {{config: {{ignore_checks: [E95]}}}}}}\n")
    assert places(matches("template.yaml", folder=template.parent)) == [(11, 11, "W9508")]
    assert places(matches("template.yaml", "--ignore-checks", "W95", folder=template.parent)) == [FOUND[0], FOUND[2]]


def test_so_can_a_comment(template: Path) -> None:
    template.write_text(TEMPLATE.replace('region"', 'region" # ssmwake: ignore SW208 the folder is made by the image'))
    assert places(matches("template.yaml", folder=template.parent)) == [FOUND[0], FOUND[2]]


def test_what_is_right_gets_no_word(tmp_path: Path) -> None:
    good = "Resources:\n  Web:\n    Type: AWS::EC2::Instance\n    Properties:\n      ImageId: ami-0123456789abcdef0\n"
    (tmp_path / "template.yaml").write_text(f"{good}      UserData: !Base64 |\n        #!/bin/sh\n        date\n")
    assert matches("template.yaml", folder=tmp_path) == []


def test_a_broken_template_does_not_crash_the_plugin(tmp_path: Path) -> None:
    texts = [
        "Resources: {Web: [}",
        "Resources: []\n",
        "Resources: {Web: null}\n",
        "Resources: {Web: {Type: 'AWS::EC2::Instance', Properties: [1]}}\n",
        "Resources: {Web: {Type: {Ref: X}, Properties: {UserData: {Fn::Base64: {Fn::Sub: []}}}}}\n",
        "Resources: &a {Web: *a}\n",
        "- 1\n",
        "",
        "\ufeffResources: {Web: {Type: 'AWS::SSM::Document', Properties: {Content: '{{'}}}\n",
        "Resources: {1: {Type: 'AWS::EC2::Instance', Properties: {UserData: 2001-01-01}}}\n",
    ]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.yaml").write_text(text)
    found = matches("*.yaml", folder=tmp_path) + matches(folder=tmp_path, stdin=texts[-1])
    assert {match["Filename"] for match in found} >= {"0.yaml", "8.yaml", "9.yaml"}
    # Some rules of cfn-lint itself do crash on these.
    crashed = [match["Message"] for match in found if match["Rule"]["Id"] == "E0002"]
    assert not [message for message in crashed if re.search(r"rule [EWI]9[5-9]\d\d", message)]


def test_it_finds_the_same_at_the_same_places_as_ssmwake_lint_in_all_templates_of_the_corpus(tmp_path: Path) -> None:
    files = [path for path in sorted((TOP / "tests/corpus").rglob("*")) if path.is_file() and path.name not in SIDECARS]
    templates = [path for path in files if kind(path.read_bytes(), path.name) is Kind.CLOUDFORMATION]
    expected = {
        (str(path), one.where.line, one.where.column, cfn_id(one.rule, one.severity), one.message)
        for path in templates
        for one in lint(str(path), path.read_bytes(), Kind.CLOUDFORMATION, with_cfn_lint=False)
    }
    found = matches("--include-checks", "I", "--", *map(str, templates), folder=tmp_path)
    ours = [match for match in found if int(match["Rule"]["Id"][1:]) >= min(PUBLISHED.values())]
    starts = [(match, match["Location"]["Start"]) for match in ours]
    assert {
        (match["Filename"], start["LineNumber"], start["ColumnNumber"], match["Rule"]["Id"], match["Message"])
        for match, start in starts
    } == expected
    assert len({rule for _, _, _, rule, _ in expected}) > 30


def test_cfn_lint_lists_each_of_our_rules_with_its_reason(tmp_path: Path) -> None:
    listed = cfn_lint("-a", "ssmwake.cfn_rules", "--list-rules", folder=tmp_path).stdout
    for rule in RULES.values():
        assert f"{cfn_id(rule.id, rule.severity)}: {rule.title} ({rule.id})\n{rule.reason}\n" in f"{listed}\n"


def test_the_letter_is_of_the_finding_and_not_of_its_rule(template: Path) -> None:
    message = (
        "Content-Type: multipart/mixed; boundary=b\nMIME-Version: 1.0\n\n--b\nContent-Type: text/x-shellscript\n\n"
    )
    properties = {"ImageId": "ami-0123456789abcdef0", "UserData": {"Fn::Base64": f"{message}#!/bin/sh\ndate\n"}}
    template.write_text(json.dumps({"Resources": {"Web": {"Type": "AWS::EC2::Instance", "Properties": properties}}}))
    assert RULES["SW214"].severity is Severity.ERROR
    assert [rule for _, _, rule in places(matches("template.yaml", folder=template.parent))] == ["W9514"]


def test_no_two_rules_have_one_number() -> None:
    numbers = [int(cfn_id(rule, Severity.ERROR)[1:]) for rule in RULES]
    assert len(set(numbers)) == len(RULES)
    assert all(9500 <= number <= 9999 for number in numbers)


def test_every_id_that_a_new_rule_can_have_has_a_number_of_its_own() -> None:
    every = {f"SW{number}" for number in range(230, 600)} - set(PUBLISHED)
    numbers = [cfn_id(rule, Severity.ERROR) for rule in sorted(every | set(PUBLISHED))]
    assert len(set(numbers)) == len(numbers)
    assert all(number <= "E9999" for number in numbers)


@pytest.mark.parametrize(
    ("rule", "number"),
    [
        ("SW200", "E9500"),
        ("SW229", "E9529"),
        ("SW300", "E9540"),
        ("SW339", "E9579"),
        ("SW401", "E9581"),
        ("SW418", "E9598"),
        ("SW230", "E9630"),
    ],
)
def test_the_number_of_a_rule_never_changes(rule: str, number: str) -> None:
    assert cfn_id(rule, Severity.ERROR) == number


def test_the_page_shows_a_command_that_works_and_the_numbers_that_it_shows(template: Path) -> None:
    (shown,) = re.findall(r"^cfn-lint (.* -a .*)$", PAGE, re.MULTILINE)
    done = cfn_lint("--format", "parseable", *shlex.split(shown), folder=template.parent)
    assert "template.yaml:10:20:10:21:E9510:" in done.stdout
    named = re.findall(r"`(SW\d+)` is `(\w\d+)`", PAGE)
    assert len(named) > 1
    for ours, theirs in named:
        assert cfn_id(ours, RULES[ours].severity) == theirs
