"""What `ssmwake lint` passes on from cfn-lint."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ssmwake.lint import File, lint, lint_all
from ssmwake.lint.cfn_lint import _runner

TEMPLATE = "Parameters: {Size: {Type: String}}\nResources: {Topic: {Type: 'AWS::SNS::Topic', Properties: {Nmae: x}}}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in an empty folder, with no settings at home, and with a cfn-lint that has yet to look."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    _runner.cache_clear()
    yield tmp_path
    _runner.cache_clear()


def rules(text: str) -> list[str]:
    """Return the ids of the findings in a template."""
    return [one.rule for one in lint("template.yaml", text.encode())]


def test_a_finding_of_cfn_lint_is_reported_once() -> None:
    assert rules(TEMPLATE) == ["W2001", "E3002"]


DOCUMENTS = """\
Parameters: {Name: {Type: String, Default: web}}
Conditions: {Never: !Equals [!Ref Name, never]}
Resources:
  Text:
    Type: AWS::SSM::Document
    Properties:
      DocumentType: Command
      DocumentFormat: YAML
      UpdateMethod: NewVersion
      Content:
        Fn::Sub: |
          schemaVersion: "2.2"
          description: say hello
          mainSteps:
            - {name: hello, action: "aws:runShellScript", inputs: {runCommand: ["echo ${Name}"]}}
  Settings:
    Type: AWS::SSM::Document
    Properties: {DocumentType: ApplicationConfiguration, UpdateMethod: NewVersion, Content: {feature: on, limit: 5}}
  Words:
    Type: AWS::SSM::Document
    Properties:
      DocumentType: ApplicationConfiguration
      DocumentFormat: TEXT
      UpdateMethod: NewVersion
      Content: feature=on
  Branches:
    Type: AWS::SSM::Document
    Properties:
      DocumentType: Command
      UpdateMethod: NewVersion
      Content:
        schemaVersion: "2.2"
        description: say hello
        mainSteps:
          - Fn::If:
              - Never
              - {name: a, action: "aws:runShellScript", inputs: {runCommand: [date]}}
              - {name: b, action: "aws:runShellScript", inputs: {runCommand: !Split [",", !Sub "a,${Name}"]}}
"""


def test_what_cfn_lint_takes_wrongly_in_documents_is_not_passed_on() -> None:
    assert rules(DOCUMENTS) == []
    # Ours judge the same.
    assert "SW301" in rules(DOCUMENTS.replace('schemaVersion: "2.2"', 'schemaVersion: "9.9"'))


def test_a_template_says_what_cfn_lint_is_to_ignore() -> None:
    assert rules(f"{TEMPLATE}Metadata: {{cfn-lint: {{config: {{ignore_checks: [W2001]}}}}}}\n") == ["E3002"]
    metadata = "Type: 'AWS::SNS::Topic', Metadata: {cfn-lint: {config: {ignore_checks: [E3002]}}}"
    assert rules(TEMPLATE.replace("Type: 'AWS::SNS::Topic'", metadata)) == ["W2001"]
    # What one template says holds for no other.
    assert rules(TEMPLATE) == ["W2001", "E3002"]


def test_the_file_that_configures_cfn_lint_does_so_here(folder: Path) -> None:
    (folder / ".cfnlintrc").write_text("ignore_checks: [W]\ntemplates: [missing/*.yaml]\n")
    assert rules(TEMPLATE) == ["E3002"]


def test_our_rules_in_that_file_say_nothing_twice(folder: Path) -> None:
    (folder / ".cfnlintrc").write_text("append_rules: [ssmwake.cfn_rules]\n")
    instance = "Resources: {Web: {Type: 'AWS::EC2::Instance', Properties: {ImageId: ami-1234567890, UserData: '#!'}}}\n"
    assert rules(instance).count("SW401") == 1
    assert not [rule for rule in rules(instance) if rule[1:3] == "95"]


@pytest.mark.parametrize("text", ["ignore_chekcs: [W]\n", "regions: [moon-1]\n", "- W\n", "a: [\n"])
def test_a_wrong_configuration_is_a_finding(folder: Path, text: str) -> None:
    (folder / ".cfnlintrc").write_text(text)
    (one,) = lint("template.yaml", TEMPLATE.encode())
    assert one.rule == "E0003"
    assert "fix its configuration" in one.message
    assert "\n" not in one.message


def test_rules_that_a_cfnlintrc_appends_are_run_only_if_they_are_asked_for(folder: Path) -> None:
    (folder / "rules").mkdir()
    (folder / "rules" / "Mine.py").write_text("from pathlib import Path\nPath('executed').touch()\n")
    (folder / ".cfnlintrc").write_text("append_rules: [rules]\noverride_spec: /dev/stdin\n")
    assert rules(TEMPLATE) == ["W2001", "E3002"]
    assert not (folder / "executed").exists()
    (folder / ".cfnlintrc").write_text("append_rules: [rules]\n")
    lint_all([File("template.yaml", TEMPLATE.encode())], append_rules=True)
    assert (folder / "executed").exists()
    (folder / ".cfnlintrc").write_text("append_rules: [no.such.module]\n")
    _runner.cache_clear()
    (one,) = lint_all([File("template.yaml", TEMPLATE.encode())], append_rules=True)
    assert one.rule == "E0003"


@pytest.mark.parametrize("metadata", ["null", "[]", "{cfn-lint: null}", "{cfn-lint: {config: {ignore_checks: 1}}}"])
def test_what_makes_cfn_lint_crash_is_a_finding(metadata: str) -> None:
    assert "E3002" in rules(f"{TEMPLATE}Metadata: {metadata}\n") or "E0002" in rules(
        f"{TEMPLATE}Metadata: {metadata}\n"
    )
    resource = TEMPLATE.replace("Type: 'AWS::SNS::Topic'", f"Type: 'AWS::SNS::Topic', Metadata: {metadata}")
    assert set(rules(resource)) & {"E3002", "E0002"}


def test_a_pattern_that_never_ends_does_not_keep_lint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssmwake.lint.cfn_lint.PATIENCE", 2)
    default = "a" * 60 + "!"
    parameters = f"Parameters: {{Size: {{Type: String, Default: '{default}', AllowedPattern: '^(a|a)*$'}}}}\n"
    (one,) = lint("template.yaml", TEMPLATE.replace("Parameters: {Size: {Type: String}}\n", parameters).encode())
    assert (one.rule, "does not finish" in one.message) == ("E0002", True)
    # The next one is checked as if nothing had been.
    monkeypatch.setattr("ssmwake.lint.cfn_lint.PATIENCE", 60)
    assert rules(TEMPLATE) == ["W2001", "E3002"]
