"""The forms of a report, as strict readers take them."""

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic_sarif import model  # type: ignore[import-untyped]

from ssmwake.lint import lint
from ssmwake.lint.report import as_github, as_json, as_junit, as_sarif
from ssmwake.model import Finding, Location, Severity
from ssmwake.resources import page
from ssmwake.rules import RULES

Sarif = model.StaticAnalysisResultsFormatSarifVersion210JsonSchema
PATHS = [
    "plain.sh",
    "./with a space.sh",
    "a#b?c.sh",
    "100%25.sh",
    "größe/東京.yaml",
    "C:\\windows\\user data.txt",
    "a:b.sh",
    "a//b/../c.sh",
    '"quotes" & <marks>.sh',
    "line\nfeed.sh",
    "not-utf-8-\udcff.sh",
    "bell-\x07.sh",
]
# What RFC 3986 lets stand in a relative reference: a first segment without a colon, and no character unencoded.
RELATIVE = re.compile(r"(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})+(?:/(?:[A-Za-z0-9\-._~:@!$&'()*+,;=]|%[0-9A-F]{2})+)*")


def found(path: str, message: str = "wrong; fix it", rule: str = "SW210") -> Finding:
    """Return a finding in a file."""
    return Finding(Location(path, 3, 5), rule, message, Severity.ERROR)


def run_of(*findings: Finding) -> dict[str, Any]:
    """Return the run of a SARIF log that holds to the schema."""
    text = as_sarif(findings, RULES)
    text.encode("utf-8")
    Sarif.model_validate_json(text)
    run: dict[str, Any] = json.loads(text)["runs"][0]
    return run


def artifact(path: str) -> dict[str, Any]:
    """Return where SARIF says that a file is."""
    (result,) = run_of(found(path))["results"]
    place: dict[str, Any] = result["locations"][0]["physicalLocation"]["artifactLocation"]
    return place


def test_the_schema_would_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="startLine"):
        Sarif.model_validate_json(as_sarif([Finding(Location("a", 0), "SW210", "wrong")], RULES))
    with pytest.raises(ValueError, match="columnKnid"):
        Sarif.model_validate_json(as_sarif([found("a")], RULES).replace("columnKind", "columnKnid"))


@pytest.mark.parametrize("path", PATHS)
def test_sarif_has_a_reference_that_leads_back_to_the_file(path: str) -> None:
    place = artifact(path)
    assert RELATIVE.fullmatch(place["uri"])
    assert unquote_to_bytes(place["uri"]) == os.fsencode(os.path.normpath(path))
    assert place["uriBaseId"] == "SRCROOT"


def test_sarif_has_an_absolute_reference_only_outside_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inside").mkdir()
    monkeypatch.chdir(tmp_path / "inside")
    assert artifact(str(tmp_path / "inside" / "a b.sh")) == {"uri": "a%20b.sh", "uriBaseId": "SRCROOT"}
    for outside in ("../a #b.sh", str(tmp_path / "a #b.sh")):
        place = artifact(outside)
        assert set(place) == {"uri"}
        parts = urlsplit(place["uri"])
        assert (parts.scheme, parts.netloc, parts.fragment) == ("file", "", "")
        assert unquote_to_bytes(parts.path) == os.fsencode(tmp_path / "a #b.sh")
    assert artifact("-")["uri"] == "stdin"
    assert artifact("")["uri"] == "."


def test_sarif_tells_each_rule_once_with_its_page() -> None:
    run = run_of(found("a"), found("b"), found("b", rule="E3002"), found("c", rule="SW402"))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["E3002", "SW210", "SW402"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    ours = rules[1]
    assert ours["help"]["markdown"] == page("SW210")
    assert RULES["SW210"].reason in ours["help"]["text"]
    assert ours["shortDescription"]["text"] == RULES["SW210"].title
    assert ours["properties"]["problem.severity"] == "error"
    assert rules[0]["helpUri"].endswith("#E3002")


@pytest.mark.parametrize("rule", sorted(RULES))
def test_sarif_leads_from_each_rule_to_more_about_it(rule: str) -> None:
    (described,) = run_of(found("a", rule=rule))["tool"]["driver"]["rules"]
    url = urlsplit(described["helpUri"])
    assert (url.scheme, bool(url.netloc)) == ("https", True)


def test_sarif_has_the_fix_of_a_finding() -> None:
    text = '\ufeff#!/bin/sh\ncurl -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/meta-data/ami-id\n'
    results = run_of(*lint("user-data.sh", text.encode()))["results"]
    fixes = {result["ruleId"]: result["fixes"][0]["artifactChanges"] for result in results if "fixes" in result}
    ((change,),) = (fixes["SW211"],)
    assert change["artifactLocation"]["uri"] == "user-data.sh"
    (replacement,) = change["replacements"]
    region = replacement["deletedRegion"]
    line = text.splitlines()[region["startLine"] - 1]
    assert line[: region["startColumn"] - 1].endswith("169.254.169.254")
    assert replacement["insertedContent"]["text"] == "/latest"
    assert {"byteOffset": 0, "byteLength": 3} in [
        each["deletedRegion"] for change in fixes["SW207"] for each in change["replacements"]
    ]


def test_sarif_counts_columns_in_characters_and_says_that_it_ran() -> None:
    run = run_of()
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["invocations"] == [{"executionSuccessful": True}]
    assert run["results"] == run["tool"]["driver"]["rules"] == []


@pytest.mark.parametrize("message", ["\x00\x1b[31m", "\ud800", "\ufffe", "]]>&lt;", "a\r\nb\tc", "😀"])
def test_no_message_breaks_a_report(message: str) -> None:
    one = found("a.sh", message)
    assert json.loads(as_json([one]))[0]["message"] == message
    run_of(one)
    (failure,) = ElementTree.fromstring(as_junit([one], ["a.sh"]).encode("utf-8")).iter("failure")
    (line,) = as_github([one], RULES).encode("utf-8").decode("utf-8").splitlines()
    if message.isprintable():
        assert message in str(failure.text)
        assert message in line


@pytest.mark.parametrize("path", PATHS)
def test_junit_has_a_case_for_each_path(path: str) -> None:
    suite = ElementTree.fromstring(as_junit([found(path), found(path, "more")], [path, "fine.sh"]).encode("utf-8"))
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    bad, fine = suite.findall("testcase")
    (failure,) = bad
    assert failure.get("message") == "2 findings"
    assert len(str(failure.text).split("error: ")) == 3
    assert len(fine) == 0
    if path.isprintable():
        assert bad.get("name") == path


def test_information_fails_no_test_and_a_clean_file_passes_one() -> None:
    informed = Finding(Location("a.sh"), "SW410", "worth knowing", Severity.INFO)
    suite = ElementTree.fromstring(as_junit([informed], ["a.sh", "b.sh"]))
    assert (suite.get("tests"), suite.get("failures")) == ("2", "0")
    first, second = suite.findall("testcase")
    assert [child.tag for child in first] == ["system-out"]
    assert "worth knowing" in str(first[0].text)
    assert len(second) == 0
    both = ElementTree.fromstring(as_junit([informed, found("a.sh")], ["a.sh"]))
    assert [(child.tag, child.get("type")) for child in both[0]] == [("failure", "error"), ("system-out", None)]


def test_a_title_on_github_is_never_empty() -> None:
    for rule in ("SW210", "E3012"):
        (line,) = as_github([found("a.sh", rule=rule)], RULES).splitlines()
        assert re.search(rf"title={rule}[^:,]*[a-z]", line)


# What a hostile folder can hold: commands of runners and terminals, ends of elements, halves of characters.
NASTY = st.lists(
    st.sampled_from(
        ["::error::x", "##[error]x", "##vso[task.x]y", "###[", "\n", "\r\n", "\x1b]0;x\x07", "]]>", "</failure>"]
    )
    | st.sampled_from(
        [
            "%0A",
            "%",
            ",title=x",
            "&amp;",
            '"',
            "\\u0023",
            "\u2028",
            "\u202e",
            "\udcff",
            "\ufffe",
            "C:\\x",
            "../",
            "//h/",
        ]
    )
    | st.text(max_size=5),
    max_size=6,
).map("".join)


@given(path=NASTY.filter(bool), message=NASTY, rule=st.sampled_from(["SW210", "E3012"]))
@example(path="##[error]a", message="###[\n::error::b", rule="SW210")
def test_what_a_hostile_folder_holds_stays_text_in_each_report(path: str, message: str, rule: str) -> None:
    findings = [found(path, message, rule), found("a.sh", message, rule)]
    assert [(one["path"], one["message"]) for one in json.loads(as_json(findings))] == [
        (path, message),
        ("a.sh", message),
    ]
    run_of(*findings)
    xml = as_junit(findings, [path, "a.sh"])
    cases = ElementTree.fromstring(xml.encode()).findall("testcase")
    assert len(cases) == len({path, "a.sh"})
    assert [[child.tag for child in case] for case in cases] == [["failure"]] * len(cases)
    lines = as_github(findings, RULES).encode().decode().split("\n")
    assert [bool(re.match(r"::error file=[^:,]*,line=3,col=5,title=[^:,]*::", line)) for line in lines] == [
        True,
        True,
        False,
    ]
    for text in (as_json(findings), as_sarif(findings, RULES), xml):
        assert not re.search(r"(?m)^\s*::|##", text)


def test_junit_counts_a_file_that_cannot_be_read() -> None:
    suite = ElementTree.fromstring(as_junit([found("missing.sh")], ["fine.sh"]))
    assert (suite.get("tests"), suite.get("failures"), len(suite)) == ("2", "1", 2)


@pytest.mark.parametrize("path", PATHS)
def test_github_gets_one_command_for_a_finding(path: str) -> None:
    (line,) = as_github([found(path, "a::b,c%\nd")], RULES).encode("utf-8").decode("utf-8").splitlines()
    head, properties, message = re.fullmatch(r"(::error) ([^:]*)::(.*)", line).groups()  # type: ignore[union-attr]
    assert head == "::error"
    assert message == "a::b,c%25%0Ad"
    name, *rest = properties.split(",")
    assert rest == ["line=3", "col=5", "title=SW210%3A IMDSv1"]
    if path.isprintable():
        assert unquote_to_bytes(name.removeprefix("file=")) == os.fsencode(path)
