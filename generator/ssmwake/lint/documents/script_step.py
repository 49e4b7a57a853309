"""aws:executeScript of Automation: its runtime, the function that it calls, and how long it may take."""

import ast
import re
from collections.abc import Iterator

import yaml

from ssmwake.lint.documents.dynamic import MENTION, nearest, opaque, plain
from ssmwake.lint.documents.inputs import MISSING_INPUT
from ssmwake.lint.documents.steps import Step
from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.model import Finding
from ssmwake.text.placeholders import WORD
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import is_string, pairs

RUNTIME = rule("SW340", ERROR, "an unsupported runtime", reason="the document can be neither created, updated nor run")
HANDLER = rule("SW341", ERROR, "a handler that the script does not define", reason="the step fails")
NOT_A_STRING = rule("SW343", ERROR, "a script that is not a string", reason="the service refuses the document")
TOO_LONG = rule(
    "SW347",
    ERROR,
    "a script that takes over 600 seconds",
    reason="the step is stopped, and fails",
    also={WARNING: "where it may be skipped"},
)

# Seconds that a script may run: https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-executeScript.html
LIMIT = 600
# Since 2025-09-10 these are gone; of versions after 3.11 it is not known since when they are there.
RETIRED = re.compile(r"python3\.[6-9]")
KNOWN = re.compile(r"python3\.\d\d|PowerShell (?:Core )?[67]\.\d")
NEWEST = "python3.11"
NAMES = (NEWEST, "python3.10", "PowerShell Core 6.0", "PowerShell 7.0")
# A line, or a whole script, that another program puts in.
PUT_IN = re.compile(
    r"^[ \t]*(?:%%[^\n]*%%|x{4,}|[$@#]\{[^}\n]*\}|\{\{[^\n]*\}\}|<%[^\n]*%>|__\w+__|file://\S+)[ \t]*$", re.MULTILINE
)
FUNCTION = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)
START_SLEEP = re.compile(r"^[ \t]*Start-Sleep(?:[ \t]+-s\w*)?[ \t]+(\d{1,6})\b", re.IGNORECASE | re.MULTILINE)


def check(source: Source, step: Step) -> Iterator[Finding]:
    """Yield what is wrong with a script that Automation runs itself."""
    if opaque(step.input()):
        return
    runtime, script = step.input("Runtime"), pairs(step.input()).get("Script")
    said = plain(runtime)
    if runtime is not None and said is not None:
        yield from _runtime(source, runtime, said)
    is_python = (said or "").lower().startswith("python")
    if is_python and runtime is not None and "Handler" not in pairs(step.input()):
        yield MISSING_INPUT.at(source.of(runtime), "Python without Handler; name the function that is called")
    if script is None or opaque(script[1]):
        return
    if not isinstance(script[1], yaml.ScalarNode):
        message = "Script is one string, and not a list; write Script: | and the lines below it"
        yield NOT_A_STRING.at(source.of(script[0]), message)
    elif is_python and is_string(script[1]):
        yield from _python(source, step, script[1])
    elif said and not is_python:
        yield from _powershell(source.inner(script[1]))


def _runtime(source: Source, node: yaml.Node, said: str) -> Iterator[Finding]:
    if RETIRED.fullmatch(said):
        message = f"{said} is retired, and since 2025-09-10 no document with it can be run; write {NEWEST}"
        yield RUNTIME.at(source.of(node), message)
    elif not KNOWN.fullmatch(said):
        hint = nearest(said, NAMES, f"write {NEWEST}, or PowerShell 7.0", 0.75)
        yield RUNTIME.at(source.of(node), f"Automation has no runtime '{said[:60]}'; {hint}")


def _python(source: Source, step: Step, script: yaml.ScalarNode) -> Iterator[Finding]:
    # What a run fills in may stand anywhere; a name is the most harmless.
    text = MENTION.sub(lambda match: "x" * len(match[0]), script.value)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    handler = step.input("Handler")
    name = plain(handler)
    whole = "Attachment" not in pairs(step.input()) and not PUT_IN.search(script.value)
    if handler is not None and name and whole and not WORD.search(name):
        defined = _defined(tree) if tree else set(FUNCTION.findall(text))
        functions = FUNCTION.findall(text)
        if name not in defined and "*" not in defined:
            hint = f"write {functions[0]}" if len(functions) == 1 else nearest(name, functions, f"define {name[:40]}")
            yield HANDLER.at(source.of(handler), f"the script does not define the function {name[:60]}; {hint}")
    inner = source.inner(script)
    for node, seconds, surely in _sleeps(tree) if tree else ():
        if seconds >= LIMIT:
            message = f"sleeps for {seconds} s, and a script may run {LIMIT} s; wait in a step of aws:sleep"
            severity = ERROR if surely else WARNING
            yield TOO_LONG.at(inner.at(node.lineno, node.col_offset + 1), message, severity=severity)


def _defined(tree: ast.Module) -> set[str]:
    """Return the names that a script has at its top; a star where an import may bring any."""
    found: set[str] = set()
    left: list[ast.AST] = list(tree.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
        else:
            left += ast.iter_child_nodes(node)
    return found


def _sleeps(tree: ast.Module) -> Iterator[tuple[ast.Call, int, bool]]:
    """Yield each sleep of a known time with its seconds in all, and whether it is not in a loop that may end before."""
    left: list[tuple[ast.AST, int]] = [(tree, 1)]
    while left:
        node, times = left.pop()
        inside = times
        if isinstance(node, ast.For):
            inside = min(times * _times(node.iter), 100_000)
        elif isinstance(node, ast.While):
            inside = 0
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "sleep") and len(node.args) == 1:
            argument = node.args[0]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, int | float):
                once = int(argument.value)
                yield node, max(once, once * times), once >= LIMIT
        left += [(child, inside) for child in ast.iter_child_nodes(node)]


def _times(iterated: ast.expr) -> int:
    """Return how often a loop over range() goes round; 0 where that is not known."""
    if isinstance(iterated, ast.Call) and ast.unparse(iterated.func) == "range":
        numbers = [each.value for each in iterated.args if isinstance(each, ast.Constant)]
        whole = [number for number in numbers if isinstance(number, int)]
        if len(whole) == len(iterated.args) and 1 <= len(whole) <= 2:
            return len(range(*whole))
    return 0


def _powershell(script: Source) -> Iterator[Finding]:
    for match in START_SLEEP.finditer(script.text):
        if int(match[1]) >= LIMIT:
            message = f"sleeps for {match[1]} s, and a script may run {LIMIT} s; wait in a step of aws:sleep"
            yield TOO_LONG.at(script.at_offset(match.start() + len(match[0]) - len(match[0].lstrip())), message)
