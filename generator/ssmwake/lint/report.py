"""Findings as the programs that read them want them."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from ssmwake import __version__
from ssmwake.model import Finding, Replacement, Rule, Severity
from ssmwake.resources import page

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
# How code scanning sorts findings.
PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
# What the places of SARIF are relative to.
ROOT = "SRCROOT"
LINK = re.compile(r"https://[^\s<>()`\"']+[^\s<>()`\"'.,;:]")
# What the rules are about, by their ids; the first that fits counts.
AWS = "https://docs.aws.amazon.com"
SUBJECTS = {
    "SW2(?:08|31)": "https://www.shellcheck.net/wiki/",
    "SW21[01]": f"{AWS}/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html",
    "SW22": f"{AWS}/systems-manager/latest/userguide/setup-instance-permissions.html",
    "SW2": "https://cloudinit.readthedocs.io/en/latest/explanation/format.html",
    "SW3": f"{AWS}/systems-manager/latest/userguide/documents-schemas-features.html",
    "SW4": f"{AWS}/AWSEC2/latest/UserGuide/user-data.html",
    "SW": f"{AWS}/systems-manager/latest/userguide/what-is-systems-manager.html",
}
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_json(findings: Sequence[Finding]) -> str:
    """Return a JSON list of objects."""
    return _json([_plain(one) for one in findings])


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
            **({"fixes": [_fix(one)]} if one.fix else {}),
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
    return _json(sarif)


def as_junit(findings: Sequence[Finding], paths: Sequence[str]) -> str:
    """Return JUnit XML: a test case for each file, failed where it has errors or warnings; information is output."""
    cases = []
    failed = 0
    # A file that cannot be read has findings and yet was not linted.
    every = list(dict.fromkeys([*paths, *(one.where.path for one in findings)]))
    for path in every:
        mine = [one for one in findings if one.where.path == path]
        worse = [one for one in mine if one.severity is not Severity.INFO]
        failed += bool(worse)
        inside = _failure(worse) + _output([one for one in mine if one.severity is Severity.INFO])
        cases.append(f'  <testcase classname="ssmwake" name="{_escaped(_clean(path))}">{inside}</testcase>\n')
    head = f'<testsuite name="ssmwake" tests="{len(every)}" failures="{failed}" errors="0">\n'
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}{"".join(cases)}</testsuite>\n'


def _failure(findings: Sequence[Finding]) -> str:
    """Return one failure, because most readers take one of a case, and show its text."""
    if not findings:
        return ""
    count = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}"
    worst = min(findings, key=lambda one: list(Severity).index(one.severity)).severity
    return f'<failure type="{worst}" message="{count}">{_lines(findings)}</failure>'


def _output(findings: Sequence[Finding]) -> str:
    return f"<system-out>{_lines(findings)}</system-out>" if findings else ""


def _lines(findings: Sequence[Finding]) -> str:
    return _escaped("\n".join(_clean(str(one)) for one in findings))


def as_github(findings: Sequence[Finding], rules: Mapping[str, Rule]) -> str:
    """Return the commands by which a GitHub workflow annotates lines, each with the title of its rule."""
    lines = []
    for one in findings:
        place = f"file={_property(one.where.path)},line={one.where.line},col={one.where.column}"
        text = _clean(one.message).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        title = f"{one.rule}: {rules[one.rule].title}" if one.rule in rules else f"{one.rule} of cfn-lint"
        lines.append(f"::{GITHUB[one.severity]} {place},title={_property(title)}::{text}\n")
    return "".join(lines)


def _json(value: object) -> str:
    """Return JSON in which nothing is a command to the runner whose log it may end up in, such as ##[command]."""
    return json.dumps(value, indent=2).replace("##", "#\\u0023") + "\n"


def _plain(one: Finding) -> dict[str, object]:
    return {
        "path": one.where.path,
        "line": one.where.line,
        "column": one.where.column,
        "rule": one.rule,
        "severity": one.severity.value,
        "message": one.message,
    }


def _fix(one: Finding) -> dict[str, object]:
    """Return the fix of a finding, which is one change for each file."""
    changes = [
        {
            "artifactLocation": _artifact(path),
            "replacements": [
                {"deletedRegion": _region(each), "insertedContent": {"text": _clean(each.text)}}
                for each in one.fix
                if each.start.path == path
            ],
        }
        for path in dict.fromkeys(each.start.path for each in one.fix)
    ]
    return {"description": {"text": "What ssmwake lint --fix does"}, "artifactChanges": changes}


def _region(each: Replacement) -> dict[str, object]:
    # A byte order mark has no column.
    if each.start.column < 1:
        return {"byteOffset": 0, "byteLength": 3}
    return {
        "startLine": each.start.line,
        "startColumn": each.start.column,
        "endLine": each.end.line,
        "endColumn": each.end.column,
    }


def _descriptor(name: str, severity: Severity, rule: Rule | None) -> dict[str, object]:
    """Return what SARIF says about a rule: all that we know of our own, the page of one of cfn-lint's."""
    if rule is not None:
        title, reason, severity = rule.title, rule.reason, rule.severity
        text = f"{title}: {reason}. `ssmwake explain {name}` shows a bad and a good example."
        about: dict[str, object] = {
            "help": {"text": text, "markdown": page(name) or text},
            "helpUri": _help_uri(name, page(name) or ""),
        }
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


def _help_uri(name: str, text: str) -> str:
    """Return where to read on: the first link of the rule's page, else what AWS or cloud-init say of the subject."""
    link = LINK.search(text)
    return link[0] if link else next(url for ids, url in SUBJECTS.items() if re.match(ids, name))


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
    return escape(text).replace("##", "#&#35;").replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;")


def _property(text: str) -> str:
    text = _clean(text)
    for char, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        text = text.replace(char, code)
    return text
