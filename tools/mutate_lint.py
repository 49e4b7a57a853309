"""Take away, or turn around, each check of lint, one at a time, and see whether a test turns red.

python tools/mutate_lint.py [ROOM...] [--tests]; a room is a folder or a module below ssmwake, such as lint/shell, or
one line of a module, such as lint/shell/imds.py:74.

What can be changed with the corpus as it was survives: a report that is removed, or loses its severity or its fix; a
condition of one that is inverted, or loses a part; one that returns before. With --tests the unit tests of its room
are run as well. Survivors are printed, and their number is the exit status.
"""

import ast
import copy
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "generator"), str(ROOT / "tests")]

from ssmwake.lint import File, Kind, kind, lint_all  # noqa: E402
from ssmwake.lint.shell import shellcheck  # noqa: E402
from ssmwake.model import Finding, Rule  # noqa: E402
from ssmwake.rules import LINT_MODULES, RULES  # noqa: E402
from support import corpus  # noqa: E402

PACKAGE = ROOT / "generator" / "ssmwake"
# What reports: lint, and what it reads user data by.
REPORTING = ("lint", "cloud_init", "text")
GOOD = ROOT / "tests" / "corpus" / "good"
# The unit tests of a room besides the corpus, the fast ones first.
TESTS = {
    "cloud_init": ("userdata_parts", "lint_cases", "lint_user_data", "lint_sites"),
    "text": ("lint_source", "lint_cases", "lint_sites"),
    "lint/shell": ("lint_imds_fallback", "lint_cases", "lint_instance", "lint_user_data", "lint_sites"),
    "lint/user_data": ("lint_jinja", "lint_cases", "lint_user_data", "lint_sites"),
    "lint/documents": ("lint_cases", "lint_documents"),
    "lint/aws": ("lint_instance", "lint_modules", "lint_launch_template", "lint_cloudformation", "lint_terraform"),
    "lint/cloudformation": ("lint_cases", "lint_cloudformation"),
    "lint/terraform": ("lint_modules", "lint_cases", "lint_terraform", "lint_sites"),
    "lint": ("lint_cases", "lint_launch_template", "lint_sites", "lint", "lint_cfn"),
}


# What is done to a node of the copy of a function.
Change = Callable[[Any], None]
# With which a condition ends what follows it.
LEAVES = (ast.Return, ast.Continue, ast.Break)
UNCHANGED = "nothing"
# Seconds that the tests of a change may take.
LONGEST = 120


@dataclass(frozen=True)
class Mutant:
    """A change of one function: the file and the line, what is changed, and the code that the function gets."""

    path: Path
    line: int
    what: str
    rule: str
    function: str
    code: CodeType

    def __str__(self) -> str:
        return f"{self.path.relative_to(PACKAGE)}:{self.line}: {self.what}"


def is_report(node: ast.AST) -> bool:
    """Return whether a node is a call of Rule.at."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "at"):
        return False
    rule = node.func.value
    return isinstance(rule, ast.Name) and (rule.id.isupper() or rule.id == "rule")


def reports(node: ast.AST) -> str:
    """Return the constant of the rule that a node reports by; nothing for any other."""
    return next((each.func.value.id for each in ast.walk(node) if is_report(each)), "")  # type: ignore[attr-defined]


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield each change of the functions of a module that report."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for name, node in functions(tree.body, ""):
        if not reports(node):
            continue
        for at, statement in enumerate(ast.walk(node)):
            for where, rule, change, what in changes(statement):
                yield mutant(path, name, node, at, where, rule, change, what)


def changes(node: ast.AST) -> Iterator[tuple[Any, str, Change, str]]:
    """Yield what is changed of one node: the place, the rule where it is known, the change, and what it is called."""
    rule = reports(node)
    if isinstance(node, ast.Expr | ast.Return) and rule:
        yield node, rule, remove, f"without {rule}"
    if isinstance(node, ast.If):
        test = ast.unparse(node.test)
        if any(reports(each) for each in (*node.body, *node.orelse)):
            yield node.test, rule, invert, f"if not ({test})"
            if isinstance(node.test, ast.BoolOp):
                for number, part in enumerate(node.test.values):
                    yield part, rule, partial(leave_out, number), f"if {test} without {ast.unparse(part)}"
        elif not node.orelse and isinstance(node.body[-1], LEAVES):
            yield node.test, "", never, f"never: if {test}"
    if isinstance(node, ast.comprehension):
        for number, condition in enumerate(node.ifs):
            yield condition, "", partial(forget, number), f"for each, without if {ast.unparse(condition)}"
    if isinstance(node, ast.Call):
        for number, keyword in enumerate(node.keywords if is_report(node) else ()):
            yield keyword.value, rule, partial(omit, number), f"{rule} without {keyword.arg}"


def functions(body: Sequence[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the functions of a module and the methods of its classes by their qualified names."""
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield f"{prefix}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from functions(node.body, f"{node.name}.")


def remove(statement: Any) -> None:
    """Make a statement do nothing; one that returned a finding returns none."""
    statement.value = ast.copy_location(ast.Constant(None), statement)


def invert(statement: Any) -> None:
    """Turn a condition around."""
    statement.test = ast.copy_location(ast.UnaryOp(ast.Not(), statement.test), statement.test)


def never(statement: Any) -> None:
    """Make a condition false."""
    statement.test = ast.copy_location(ast.Constant(False), statement.test)


def leave_out(number: int, statement: Any) -> None:
    """Leave one part of a condition out: let it be what decides nothing."""
    neutral = isinstance(statement.test.op, ast.And)
    statement.test.values[number] = ast.copy_location(ast.Constant(neutral), statement.test.values[number])


def forget(number: int, comprehension: Any) -> None:
    """Leave one condition of a comprehension out."""
    del comprehension.ifs[number]


def omit(number: int, call: Any) -> None:
    """Leave one keyword of a call out."""
    del call.keywords[number]


def mutant(
    path: Path, name: str, node: ast.FunctionDef, at: int, where: Any, rule: str, change: Change, what: str
) -> Mutant:
    """Return the change of a statement, by its number in a function."""
    changed = copy.deepcopy(node)
    change(list(ast.walk(changed))[at])
    # What yields nothing any more is still a generator.
    if any(isinstance(each, ast.Yield | ast.YieldFrom) for each in ast.walk(node)):
        changed.body.append(ast.parse("if False:\n    yield").body[0])
    changed.decorator_list = []
    module = ast.Module([ast.parse("from __future__ import annotations").body[0], changed], [])
    code = compile(ast.fix_missing_locations(module), str(path), "exec")
    inner = next(each for each in code.co_consts if isinstance(each, CodeType) and each.co_name == node.name)
    return Mutant(path, where.lineno, what, rule, name, inner)


def unchanged(path: Path) -> Mutant:
    """Return the first function of a module that reports, with the code that it has."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name, node = next((name, node) for name, node in functions(tree.body, "") if reports(node))
    return mutant(path, name, node, 0, node, "", lambda statement: None, UNCHANGED)


def apply(one: Mutant) -> bool:
    """Give a function its changed code; return whether it could be found."""
    name = ".".join(("ssmwake", *one.path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    found: Any = import_module(name)
    for step in one.function.split("."):
        found = vars(found).get(step)
    found = getattr(found, "func", getattr(found, "fget", getattr(found, "__wrapped__", found)))
    if not isinstance(found, FunctionType):
        return False
    found.__code__ = one.code
    return True


def expected(rule: str) -> list[str]:
    """Return what a folder of the corpus says of its files."""
    return (corpus.BAD / rule / "places.txt").read_text(encoding="utf-8").splitlines()


def found(rule: str) -> list[str]:
    """Return what lint says of the files in a folder of the corpus."""
    own = [one for path in corpus.files(rule) for one in corpus.lint_file(path) if one.rule == rule]
    return [f"{one.where}{'' if one.severity is RULES[rule].severity else f' {one.severity}'}" for one in own]


def good() -> list[Finding]:
    """Return what lint says against the good files."""
    paths = [path for path in sorted(GOOD.rglob("*")) if path.is_file()]
    files = [File(str(path), path.read_bytes(), kind(path.read_bytes(), str(path)) or Kind.USER_DATA) for path in paths]
    return list(lint_all(files, with_cfn_lint=False))


def survives(one: Mutant, clean: Sequence[Finding], *, with_tests: bool) -> bool:
    """Return whether no test turns red with a change; it is made in a process of its own."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    status = 1
    # A change may make a loop endless, which is red; the alarm kills the process.
    signal.alarm(LONGEST)
    try:
        status = int(_is_red(one, clean, with_tests=with_tests))
    except BaseException as error:  # noqa: BLE001 - a check that crashes is red
        if one.what == UNCHANGED or "--crashes" in sys.argv:
            sys.stderr.write(f"{one}: {error!r}\n")
    finally:
        os._exit(status)


def _is_red(one: Mutant, clean: Sequence[Finding], *, with_tests: bool) -> bool:
    if not apply(one):
        return False
    own = {
        rule.id
        for name in LINT_MODULES
        for constant, rule in vars(import_module(f"ssmwake.{name}")).items()
        if constant == one.rule and isinstance(rule, Rule)
    }
    for rule in sorted((each.name for each in corpus.BAD.iterdir()), key=lambda rule: rule not in own):
        if found(rule) != expected(rule):
            return True
    if good() != clean:
        return True
    if not with_tests:
        return False
    import pytest

    rooms = (str(each) for each in one.path.relative_to(PACKAGE).parents)
    tests = [f"tests/unit/test_{name}.py" for name in next(TESTS[room] for room in rooms if room in TESTS)]
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
        return bool(pytest.main(["-q", "-x", "-p", "no:cacheprovider", *tests]))


def main(argv: Sequence[str]) -> int:
    """Try every change of the rooms that are named, or of all; return how many no test notices."""
    os.chdir(ROOT)
    rooms = [each.partition(":") for each in argv if not each.startswith("--")] or [("", "", "")]
    paths = [path for top in REPORTING for path in sorted((PACKAGE / top).rglob("*.py"))]
    every = [
        one
        for path in paths
        for one in mutants(path)
        if any(path.is_relative_to(PACKAGE / room) and line in ("", str(one.line)) for room, _, line in rooms)
    ]
    if not every:
        raise SystemExit("nothing to change there")
    remembered: dict[object, Any] = {}
    run = shellcheck._batch

    def once(program: str, batch: list[Any]) -> Any:
        # Each text is the same in nearly all runs, and shellcheck takes longer than all else.
        missing = [text for text in batch if text not in remembered]
        remembered.update(run(program, missing) if missing else ())
        return [(text, remembered[text]) for text in batch if text in remembered]

    shellcheck._batch = once  # type: ignore[assignment]
    clean = good()
    for rule in sorted(each.name for each in corpus.BAD.iterdir()):
        if found(rule) != expected(rule):
            raise SystemExit(f"{rule} is red as it is")
    if not survives(unchanged(every[0].path), clean, with_tests=False):
        raise SystemExit("what is not changed turns a test red")
    left = 0
    for number, one in enumerate(every, 1):
        if survives(one, clean, with_tests="--tests" in argv):
            left += 1
            sys.stdout.write(f"{one}\n")
            sys.stdout.flush()
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{number} of {len(every)}")
    sys.stdout.write(f"{len(every)} changes, {left} survive\n")
    return min(left, 255)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
