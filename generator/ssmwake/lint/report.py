"""Findings as the programs that read them want them."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from ssmwake import __version__
from ssmwake.model import Finding, Rule, Severity
from ssmwake.resources import page

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
# How code scanning sorts findings.
PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
# What the places of SARIF are relative to.
ROOT = "SRCROOT"
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_json(findings: Sequence[Finding]) -> str:
    """Return a JSON list of objects."""
    return json.dumps([_plain(one) for one in findings], indent=2) + "\n"


def as_sarif(findings: Sequence[Finding], rules: Mapping[str, Rule]) -> str:
    """Return SARIF 2.1.0, as code scanning takes it; `rules` are those that it can describe."""
    used = {one.rule: one.severity for one in findings}
    places = {name: index for index, name in enumerate(sorted(used))}
    results = [
        {
            "ruleId": one.rule,
            "ruleIndex": places[one.rule],
            "level": LEVELS[one.severity],
            "message": {"text": _clean(one.message)},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": _artifact(one.where.path),
                        "region": {"startLine": one.where.line, "startColumn": one.where.column},
                    }
                }
            ],
        }
        for one in findings
    ]
    described = [_descriptor(name, used[name], rules.get(name)) for name in sorted(used)]
    run = {
        "tool": {"driver": {"name": "ssmwake", "version": __version__, "rules": described}},
        "invocations": [{"executionSuccessful": True}],
        # The folder itself is nobody's business, and would make each machine's report another.
        "originalUriBaseIds": {ROOT: {"description": {"text": "the folder that ssmwake lint ran in"}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    sarif = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(sarif, indent=2) + "\n"


def as_junit(findings: Sequence[Finding], paths: Sequence[str]) -> str:
    """Return JUnit XML: a test case for each file, failed where it has findings."""
    cases = []
    # A file that cannot be read has findings and yet was not linted.
    every = list(dict.fromkeys([*paths, *(one.where.path for one in findings)]))
    for path in every:
        mine = [_clean(str(one)) for one in findings if one.where.path == path]
        # Most readers take one failure of a case, and show its text.
        count = f"{len(mine)} finding{'s' if len(mine) > 1 else ''}"
        lines = _escaped("\n".join(mine))
        failure = f'<failure message="{count}">{lines}</failure>' if mine else ""
        cases.append(f'  <testcase classname="ssmwake" name="{_escaped(_clean(path))}">{failure}</testcase>\n')
    failed = len({one.where.path for one in findings})
    head = f'<testsuite name="ssmwake" tests="{len(every)}" failures="{failed}" errors="0">\n'
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}{"".join(cases)}</testsuite>\n'


def as_github(findings: Sequence[Finding]) -> str:
    """Return the commands by which a GitHub workflow annotates lines."""
    lines = []
    for one in findings:
        place = f"file={_property(one.where.path)},line={one.where.line},col={one.where.column}"
        text = _clean(one.message).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
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


def _descriptor(name: str, severity: Severity, rule: Rule | None) -> dict[str, object]:
    """Return what SARIF tells of a rule: of ours all that we know, of cfn-lint's where its page is."""
    if rule is not None:
        title, reason, severity = rule.title, rule.reason, rule.severity
        about: dict[str, object] = {"help": {"text": reason, "markdown": page(name) or reason}}
    else:
        title, reason = f"cfn-lint {name}", f"a rule of cfn-lint, {name}"
        url = f"https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md#{name}"
        about = {"help": {"text": f"{reason}; see {url}"}, "helpUri": url}
    return {
        "id": name,
        "shortDescription": {"text": title},
        "fullDescription": {"text": reason},
        **about,
        "defaultConfiguration": {"level": LEVELS[severity]},
        "properties": {"tags": ["aws"], "precision": "high", "problem.severity": PROBLEMS[severity]},
    }


def _artifact(path: str) -> dict[str, object]:
    """Return the place of a file as a URI reference: below the folder where it lies there, else absolute."""
    if path == "-":
        return {"uri": "stdin", "description": {"text": "standard input"}}
    relative = Path(os.path.relpath(path or "."))
    if os.pardir in relative.parts[:1]:
        return {"uri": Path(path).resolve().as_uri()}
    # A colon would make a scheme of what stands before it; quote() encodes it.
    return {"uri": quote(os.fsencode(relative)), "uriBaseId": ROOT}


def _clean(text: str) -> str:
    """Return a text with a question mark for each character that XML or UTF-8 has no place for, even escaped."""
    return UNPRINTABLE.sub("?", text)


def _escaped(text: str) -> str:
    """Return a text for XML, in which a line end that is not escaped is a space in an attribute, and never a CR."""
    # Of xml.sax.saxutils, which would do it, the import alone takes as long as linting a script.
    return escape(text).replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;")


def _property(text: str) -> str:
    text = _clean(text)
    for char, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        text = text.replace(char, code)
    return text
