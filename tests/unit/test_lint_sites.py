"""Each place in the code that can report a finding is reached by a case that says with which id, line and severity."""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ssmwake.cloud_init.reader import read
from ssmwake.cloud_init.size import LIMIT, excess
from ssmwake.lint import Kind, lint
from ssmwake.lint.shell import shellcheck
from ssmwake.lint.user_data import cloud_config_schema
from ssmwake.model import Finding, Invalid, Location, Rule
from ssmwake.text.time_limit import TooSlow
from support import corpus

PACKAGE = Path(__file__).parents[2] / "generator" / "ssmwake"
ROOMS = ("lint", "cloud_init")
# The file and the line of a call of Rule.at.
Site = tuple[str, int]
BROKEN_SHELLCHECK = "#!/bin/sh\nexit 3\n"


def sites(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield the name of each rule that a file reports by, with the first and the last line of the call."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "at"):
            continue
        rule = node.func.value
        # A rule is a constant, or what is called one where several are handed over or passed on.
        name = rule.id if isinstance(rule, ast.Name) else ast.unparse(rule.func) if isinstance(rule, ast.Call) else ""
        if name.isupper() or name == "rule":
            yield name, node.lineno, node.end_lineno or node.lineno


def refused(work: Callable[[], object]) -> list[Finding]:
    """Return the findings with which a work is refused."""
    with pytest.raises(Invalid) as caught:
        work()
    return list(caught.value.findings)


def archives(depth: int) -> bytes:
    """Return a cloud-config-archive that holds another one, and so on."""
    text = "#cloud-config-archive\n- |\n  #!/bin/sh\n  date\n"
    for _ in range(depth - 1):
        text = "#cloud-config-archive\n- |\n" + "".join(f"  {line}\n" for line in text.splitlines())
    return text.encode()


def linted(data: bytes, kind: Kind, name: str = "-", *, with_cfn_lint: bool = False) -> list[Finding]:
    """Return the findings of a file that is called what it is."""
    return list(lint(name, data, kind, with_cfn_lint=with_cfn_lint))


def in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    """Work in a folder with one file, and with a cfn-lint that has yet to read its settings there."""
    from ssmwake.lint import cfn_lint

    (folder / name).write_text(text)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    cfn_lint._runner.cache_clear()


def without_shellcheck(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """Return what is found in a script where there is no shellcheck."""
    monkeypatch.setattr(shellcheck, "program", lambda: None)
    return linted(b"#!/bin/sh\ndate\n", Kind.USER_DATA)


def with_broken_shellcheck(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """Return what is found in a script where shellcheck fails."""
    program = folder / "shellcheck"
    program.write_text(BROKEN_SHELLCHECK)
    program.chmod(0o755)
    monkeypatch.setattr(shellcheck, "program", lambda: str(program))
    return linted(b"#!/bin/sh\ndate\n", Kind.USER_DATA)


def with_broken_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """Return what is found in a template where the settings of cfn-lint cannot be read."""
    in_folder(folder, monkeypatch, ".cfnlintrc", "regions: [\n")
    return linted(TEMPLATE, Kind.CLOUDFORMATION, with_cfn_lint=True)


def with_failing_cfn_lint(error: BaseException) -> Callable[[Path, pytest.MonkeyPatch], list[Finding]]:
    """Return what finds what is said of a template where cfn-lint fails."""

    def find(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
        class Broken:
            def validate_template(self, _: object) -> list[Any]:
                raise error

        monkeypatch.setattr("ssmwake.lint.cfn_lint._runner", lambda _: Broken())
        return linted(TEMPLATE, Kind.CLOUDFORMATION, with_cfn_lint=True)

    return find


def just(find: Callable[[], list[Finding]]) -> Callable[[Path, pytest.MonkeyPatch], list[Finding]]:
    """Return a case that needs neither a folder nor a patch."""
    return lambda folder, monkeypatch: find()


TEMPLATE = b"Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties:\n      Nmae: x\n"
DEEP = "{a: " * 3000 + "}" * 3000
# What no file of the corpus can show: it depends on a kind that is named, on a program, or on a size.
CASES: dict[str, tuple[Callable[[Path, pytest.MonkeyPatch], list[Finding]], str]] = {
    "a file that is too large": (
        just(lambda: linted(b"#!/bin/sh\n" + b":\n" * 6_000_000, Kind.USER_DATA)),
        "1 SW200 error",
    ),
    "nested too deeply": (just(lambda: linted(b"x = " + b"[" * 800 + b"]" * 800, Kind.TERRAFORM)), "1 SW200 error"),
    "a byte that is not UTF-8": (just(lambda: linted(b'{"a": 1,\n"b": "\xff"}', Kind.SSM)), "2 SW200 error"),
    "not a script": (just(lambda: linted(b"date\n", Kind.SCRIPT)), "1 SW200 error"),
    "not a mapping": (just(lambda: linted(b"[]\n", Kind.SSM)), "1 SW300 error"),
    "a module that is too large": (just(lambda: linted(b"# x\n" * 150_000, Kind.TERRAFORM)), "1 SW200 error"),
    "no shellcheck": (without_shellcheck, "1 SW200 error"),
    "a broken shellcheck": (with_broken_shellcheck, "1 SW200 error"),
    "a finding of cfn-lint": (
        just(lambda: linted(TEMPLATE, Kind.CLOUDFORMATION, with_cfn_lint=True)),
        "5 E3002 error",
    ),
    "broken settings of cfn-lint": (with_broken_settings, "1 E0003 error"),
    "a cfn-lint that crashes": (with_failing_cfn_lint(KeyError("x")), "1 E0002 error"),
    "a cfn-lint that does not end": (with_failing_cfn_lint(TooSlow()), "1 E0002 error"),
    "a schema that cannot be read": (
        lambda folder, _: refused(lambda: cloud_config_schema.load(folder / "none.json")),
        "1 SW200 error",
    ),
    "an included archive": (
        just(lambda: refused(lambda: read("-", b"#cloud-config-archive\na: b\n"))),
        "2 SW203 error",
    ),
    "an included byte that is not UTF-8": (
        just(lambda: refused(lambda: read("-", b"#cloud-config\na: \xff\n"))),
        "2 SW203 error",
    ),
    "an included text without a header": (just(lambda: refused(lambda: read("-", b"hello\n"))), "1 SW202 error"),
    "an included file that is too large": (
        just(lambda: refused(lambda: read("-", b"#!/bin/sh\n" + b":\n" * 3_000_000))),
        "1 SW201 error",
    ),
    "an included file for another system": (
        just(lambda: refused(lambda: read("-", b"<powershell>\ndir\n</powershell>\n"))),
        "1 SW202 error",
    ),
    "archives in archives": (just(lambda: linted(archives(7), Kind.USER_DATA)), "11 SW200 error"),
    "rendered user data that is too large": (
        just(lambda: [excess(Location("-"), LIMIT + 1, LIMIT + 1, "{}")]),
        "1 SW201 error",
    ),
    "rendered user data that fits with gzip": (
        just(lambda: [excess(Location("-"), LIMIT + 1, LIMIT, "{}")]),
        "1 SW201 warning",
    ),
}


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Site, Finding]]:
    """Return a list that grows with each finding that is made, and where in the code it was."""
    made: list[tuple[Site, Finding]] = []
    original = Rule.at

    def at(self: Rule, *arguments: Any, **named: Any) -> Finding:
        frame = sys._getframe(1)
        finding = original(self, *arguments, **named)
        made.append(((frame.f_code.co_filename, frame.f_lineno), finding))
        return finding

    monkeypatch.setattr(Rule, "at", at)
    return made


def test_every_place_that_can_report_is_reached_by_a_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = recorded(monkeypatch)
    reached: set[Site] = set()
    for folder in corpus.BAD.iterdir():
        for path in corpus.files(folder.name):
            made.clear()
            corpus.lint_file(path)
            # The place and the severity of the findings of its own rule stand in places.txt.
            reached |= {site for site, finding in made if finding.rule == folder.name}
    for name, (find, expected) in CASES.items():
        made.clear()
        with monkeypatch.context() as patch:
            folder = tmp_path / name
            folder.mkdir()
            found = [f"{one.where.line} {one.rule} {one.severity}" for one in find(folder, patch)]
        assert expected in found, (name, found)
        _, rule, severity = expected.split()
        reached |= {site for site, finding in made if (finding.rule, finding.severity) == (rule, severity)}
    missed = [
        f"{path.relative_to(PACKAGE)}:{first} {rule}"
        for room in ROOMS
        for path in sorted((PACKAGE / room).rglob("*.py"))
        for rule, first, last in sites(path)
        if not any(file == str(path) and first <= line <= last for file, line in reached)
    ]
    assert "\n".join(missed) == ""


def test_the_search_sees_a_place_that_reports(tmp_path: Path) -> None:
    path = tmp_path / "check.py"
    path.write_text(
        "def check(where):\n    yield IMDSV1.at(\n        where, 'x'\n    )\n    source.at(1)\n    rule.at(where)\n"
    )
    assert sorted(sites(path)) == [("IMDSV1", 2, 4), ("rule", 6, 6)]
