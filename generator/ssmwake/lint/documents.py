"""SSM documents: what the service refuses, and what the agent ignores without a word."""

import difflib
import re
from collections.abc import Iterable, Iterator

import yaml

from ssmwake.lint import placeholders
from ssmwake.lint.nodes import is_string, items, pairs, text_of, value
from ssmwake.lint.rules import finding
from ssmwake.lint.shell import Found, Script, dialect
from ssmwake.lint.source import Source
from ssmwake.lint.words import AUTOMATION_ACTIONS, AUTOMATION_STEP, COMMAND_ACTIONS, COMMAND_STEP
from ssmwake.model import Finding

LIMIT = 65_536
COMMAND = frozenset({"schemaVersion", "description", "parameters", "mainSteps", "files"})
AUTOMATION = COMMAND | {"assumeRole", "outputs", "variables"}
PLACE = re.compile(r"\{\{\s*([A-Za-z0-9_.:-]+)\s*\}\}")
# What the service fills in: automation:EXECUTION_ID, global:DATE, ssm:name, and outputs of steps with a dot.
GIVEN = re.compile(r"(?:automation|global|ssm|ssm-secure|resolve):|\.")
FOREGROUND = re.compile(
    r"^\s*(?:sudo\s+)?(?:systemctl|service)\s+(?!.*--no-block).*\brestart\b.*\bamazon-ssm-agent|^\s*(?:sudo\s+)?service\s+amazon-ssm-agent\s+restart"
)
SAFE_VALUE = re.compile(r"[A-Za-z0-9_.,:/@+=-]*")


def check(source: Source, root: yaml.Node) -> Iterator[Found]:
    """Yield what is wrong with a Command document of schema 2.x, or an Automation document, and its scripts."""
    if len(source.text.encode()) > LIMIT:
        size = len(source.text.encode())
        yield finding("SW312", source.at(1), f"{size:,} bytes, and {LIMIT:,} are allowed; fetch what is large from S3")
    version = value(root, "schemaVersion")
    if version is None or not is_string(version):
        where = source.of(version or root)
        yield finding(
            "SW301", where, "schemaVersion is a string; write it in quotes" if version else "no schemaVersion"
        )
    number = text_of(version)
    if number in ("1.0", "1.2"):
        return
    automation = number == "0.3"
    if number not in ("0.3", "2.0", "2.2"):
        if version is not None:
            yield finding("SW301", source.of(version), f"schemaVersion '{number}'; 2.2 is a Command, 0.3 an Automation")
        automation = any(
            text_of(value(step, "action")) in AUTOMATION_ACTIONS for step in items(value(root, "mainSteps"))
        )
    yield from unknown(source, root, AUTOMATION if automation else COMMAND, "field")
    declared = pairs(value(root, "parameters"))
    for name, (key, parameter) in declared.items():
        yield from _parameter(source, key, name, parameter)
    steps = items(value(root, "mainSteps"))
    if not steps:
        yield finding("SW302", source.of(root), "no mainSteps; a document has one step at least")
    yield from _steps(source, steps, automation)
    if automation:
        yield from _places(source, root, {*declared, *pairs(value(root, "variables"))}, set())
    for step in steps:
        yield from _script(source, step, declared)


def unknown(source: Source, node: yaml.Node, known: Iterable[str], word: str) -> Iterator[Finding]:
    """Yield each key of the mapping that is not known, with the nearest that is."""
    for name, (key, _) in pairs(node).items():
        if name not in set(known):
            near = difflib.get_close_matches(name, list(known), 1)
            hint = f"did you mean '{near[0]}'?" if near else "remove it"
            yield finding("SW303", source.of(key), f"unknown {word} '{name}'; {hint}")


def _parameter(source: Source, key: yaml.Node, name: str, parameter: yaml.Node) -> Iterator[Finding]:
    if not re.fullmatch(r"[A-Za-z0-9]+", name):
        yield finding("SW316", source.of(key), f"parameter '{name}'; the agent takes letters and digits only")
    pattern, default = value(parameter, "allowedPattern"), value(parameter, "default")
    allowed = [text_of(item) for item in items(value(parameter, "allowedValues"))]
    compiled = None
    if isinstance(pattern, yaml.ScalarNode):
        try:
            compiled = re.compile(pattern.value)
        except re.error as error:
            yield finding("SW309", source.of(pattern), f"allowedPattern does not compile: {error}")
        if re.search(r"\(\?[=!<]|\\[1-9]", pattern.value):
            yield finding("SW309", source.of(pattern), "look-around or a back reference, which the agent's RE2 has not")
        if not (pattern.value.startswith("^") and pattern.value.endswith("$")):
            yield finding("SW308", source.of(pattern), "allowedPattern is searched for, not matched; write ^...$")
    if isinstance(default, yaml.ScalarNode):
        if allowed and default.value not in allowed:
            yield finding("SW310", source.of(default), f"default '{default.value}' is not one of the allowedValues")
        elif compiled and not compiled.search(default.value):
            yield finding("SW310", source.of(default), f"default '{default.value}' does not match its allowedPattern")


def _steps(source: Source, steps: list[yaml.Node], automation: bool) -> Iterator[Finding]:
    names: dict[str, yaml.Node] = {}
    for step in steps:
        fields = pairs(step)
        for field in ("name", "action"):
            if field not in fields:
                yield finding("SW302", source.of(step), f"a step without {field}")
        yield from unknown(source, step, AUTOMATION_STEP if automation else COMMAND_STEP, "field of a step")
        name, action = value(step, "name"), value(step, "action")
        if text_of(name) in names and name is not None:
            yield finding("SW304", source.of(name), f"a step is named '{text_of(name)}' already; give it another name")
        elif name is not None:
            names[text_of(name)] = step
        known = AUTOMATION_ACTIONS if automation else COMMAND_ACTIONS
        if action is not None and text_of(action) not in known:
            near = difflib.get_close_matches(text_of(action), known, 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            yield finding("SW305", source.of(action), f"unknown action '{text_of(action)}'{hint}")
        if not automation:
            yield from _command_step(source, step)
    if automation:
        yield from _graph(source, steps, names)


def _command_step(source: Source, step: yaml.Node) -> Iterator[Finding]:
    for field in ("onFailure", "timeoutSeconds", "maxAttempts"):
        if found := pairs(step).get(field):
            yield finding("SW314", source.of(found[0]), f"the agent reads {field} in inputs only; move it there")
    seconds = value(step, "inputs", "timeoutSeconds")
    if seconds is not None and text_of(seconds).isdecimal() and not 5 <= int(text_of(seconds)) <= 172_800:
        yield finding("SW313", source.of(seconds), "timeoutSeconds is 5 to 172800; else the agent takes 3600")


def _graph(source: Source, steps: list[yaml.Node], names: dict[str, yaml.Node]) -> Iterator[Finding]:
    reached = {text_of(value(step, "name")) for step in steps[:1]}
    for number, step in enumerate(steps):
        targets = [value(step, "nextStep"), value(step, "inputs", "Default")]
        targets += [value(choice, "NextStep") for choice in items(value(step, "inputs", "Choices"))]
        jumps = [
            text for field in ("onFailure", "onCancel") if (text := text_of(value(step, field))).startswith("step:")
        ]
        for target in targets:
            if target is not None and text_of(target) not in names:
                yield finding("SW311", source.of(target), f"there is no step '{text_of(target)}'")
        for jump in jumps:
            if jump.removeprefix("step:") not in names:
                yield finding("SW311", source.of(step), f"there is no step '{jump.removeprefix('step:')}'")
        reached |= {text_of(target) for target in targets if target is not None}
        reached |= {jump.removeprefix("step:") for jump in jumps}
        leaves = text_of(value(step, "isEnd")) == "true" or value(step, "nextStep") is not None
        # A branch that no choice fits, and that has no Default, goes on to the next step.
        branches = text_of(value(step, "action")) == "aws:branch" and value(step, "inputs", "Default") is not None
        if not leaves and not branches and number + 1 < len(steps):
            reached.add(text_of(value(steps[number + 1], "name")))
    for name, step in names.items():
        if name not in reached:
            yield finding("SW317", source.of(step), f"no step leads to '{name}'; remove it or lead to it")


def _places(source: Source, node: yaml.Node, declared: set[str], seen: set[int]) -> Iterator[Finding]:
    # Only in an Automation: in a Command, {{ x }} that is no parameter stays, as in `docker ps --format '{{ .ID }}'`.
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        for match in PLACE.finditer(node.value):
            if match[1] not in declared and not GIVEN.search(match[1]):
                yield finding("SW306", source.of(node), f"no parameter '{match[1]}' is declared")
        return
    for inner in node.value:
        for part in inner if isinstance(inner, tuple) else (inner,):
            yield from _places(source, part, declared, seen)


def _script(source: Source, step: yaml.Node, declared: dict[str, tuple[yaml.Node, yaml.Node]]) -> Iterator[Found]:
    action = text_of(value(step, "action"))
    lines = [item for item in items(value(step, "inputs", "runCommand")) if isinstance(item, yaml.ScalarNode)]
    body = value(step, "inputs", "Script")
    if isinstance(body, yaml.ScalarNode):
        lines = [*lines, body]
    for line in lines:
        for match in PLACE.finditer(line.value):
            found = declared.get(match[1])
            if found and not _tame(found[1]):
                message = f"'{match[1]}' is pasted as text, so its value is code; give it allowedValues, or ENV_VAR"
                yield finding("SW307", source.of(line), message)
        if action == "aws:runShellScript":
            inner = source.inner(line)
            for number, text in enumerate(inner.text.split("\n"), 1):
                if FOREGROUND.search(text):
                    message = "restarts the agent that runs it; use systemd-run --on-active=5 systemctl restart"
                    yield finding("SW315", inner.at(number), message)
    if action == "aws:runShellScript" and lines:
        whole = Source.joined([source.inner(line) for line in lines], "\n")
        yield Script(dialect(whole.text) or "sh", placeholders.ssm(whole))


def _tame(parameter: yaml.Node) -> bool:
    values = [text_of(item) for item in items(value(parameter, "allowedValues"))]
    if values and all(SAFE_VALUE.fullmatch(text) for text in values):
        return True
    if text_of(value(parameter, "type")) in ("Integer", "Boolean"):
        return True
    pattern = text_of(value(parameter, "allowedPattern"))
    # A character class or a few, anchored, without what the shell reads as more than text.
    return bool(re.fullmatch(r"\^[^.$`;&|<>\"']*\$", pattern)) and " " not in pattern and "\\s" not in pattern
