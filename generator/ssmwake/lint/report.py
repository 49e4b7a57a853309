"""Findings as the programs that read them want them."""

import json
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from ssmwake import __version__
from ssmwake.lint.rules import RULES
from ssmwake.model import Finding, Severity

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def as_json(findings: Sequence[Finding]) -> str:
    """Return a JSON list of objects."""
    return json.dumps([_plain(one) for one in findings], indent=2) + "\n"


def as_sarif(findings: Sequence[Finding]) -> str:
    """Return SARIF 2.1.0, as code scanning takes it."""
    used = sorted({one.rule for one in findings})
    rules = [
        {
            "id": name,
            "shortDescription": {"text": RULES[name].title if name in RULES else name},
            "fullDescription": {"text": RULES[name].reason if name in RULES else name},
        }
        for name in used
    ]
    results = [
        {
            "ruleId": one.rule,
            "level": LEVELS[one.severity],
            "message": {"text": one.message},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": one.where.path},
                        "region": {"startLine": one.where.line, "startColumn": one.where.column},
                    }
                }
            ],
        }
        for one in findings
    ]
    driver = {"name": "ssmwake", "version": __version__, "rules": rules}
    sarif = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(sarif, indent=2) + "\n"


def as_junit(findings: Sequence[Finding], paths: Sequence[str]) -> str:
    """Return JUnit XML: a test case for each file, failed where it has findings."""
    cases = []
    for path in paths:
        mine = [one for one in findings if one.where.path == path]
        failures = "".join(f"<failure message={_attribute(str(one))}/>" for one in mine)
        cases.append(f'  <testcase classname="ssmwake" name={_attribute(path)}>{failures}</testcase>\n')
    failed = len({one.where.path for one in findings})
    head = f'<testsuite name="ssmwake" tests="{len(paths)}" failures="{failed}">\n'
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}{"".join(cases)}</testsuite>\n'


def as_github(findings: Sequence[Finding]) -> str:
    """Return the commands by which a GitHub workflow annotates lines."""
    lines = []
    for one in findings:
        place = f"file={_property(one.where.path)},line={one.where.line},col={one.where.column}"
        text = one.message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        lines.append(f"::{GITHUB[one.severity]} {place},title={one.rule}::{text}\n")
    return "".join(lines)


def _plain(one: Finding) -> dict[str, object]:
    return {
        "path": one.where.path,
        "line": one.where.line,
        "column": one.where.column,
        "rule": one.rule,
        "severity": one.severity.value,
        "message": one.message,
    }


def _attribute(text: str) -> str:
    # XML has no place for control characters, not even escaped.
    return quoteattr("".join(char if char >= " " or char in "\t\n" else "?" for char in text))


def _property(text: str) -> str:
    for char, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        text = text.replace(char, code)
    return text
