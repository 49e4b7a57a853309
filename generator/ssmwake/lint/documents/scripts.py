"""The scripts in a document: shell that is checked, and parameters that are pasted into code."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from ssmwake.lint.deferred import Found, Script
from ssmwake.lint.documents.command import properties
from ssmwake.lint.documents.dynamic import MENTION, Mention, branches, mentions, opaque, plain, scalars
from ssmwake.lint.documents.parameters import INTERPOLATION_TYPE, by_variable, is_shell_safe
from ssmwake.lint.documents.steps import conditional, everywhere
from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.lint.shell import agent_restart, exit_status, imds, joined_lines, script, secrets
from ssmwake.lint.shell.shellcheck import dialect
from ssmwake.text import placeholders
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import items, pairs, value

PASTED_INTO_SCRIPT = rule("SW307", WARNING, "a parameter pasted into a script", reason="its value is code: x; reboot")
PASTED_INTO_CODE = rule(
    "SW336", WARNING, "a parameter pasted into the code of aws:executeScript", reason="its value is code"
)
CARRIAGE_RETURN = rule(
    "SW337", ERROR, "a carriage return in a shell script", reason="the shell takes it for a part of a word"
)

# What the agent calls a parameter in the environment of a script.
VARIABLE = re.compile(r"SSM_([A-Za-z0-9]{1,200})\b")
SHELL, POWERSHELL, PYTHON = "sh", "PowerShell", "Python"
PLUGINS = {"aws:runShellScript": SHELL, "aws:runPowerShellScript": POWERSHELL}
# The documents of AWS that run the commands they are given.
RUNNERS = {"AWS-RunShellScript": SHELL, "AWS-RunPowerShellScript": POWERSHELL}


@dataclass(frozen=True)
class Code:
    """The lines of a script in a document, its language, and whether Automation runs it, and all of it is there."""

    language: str
    scalars: tuple[yaml.ScalarNode, ...]
    executed: bool
    complete: bool
    # It runs in the terminal of a session.
    interactive: bool = False

    def mentions(self, source: Source) -> Iterator[Mention]:
        """Yield each `{{ name }}` in the script."""
        for scalar in self.scalars:
            yield from mentions(source, scalar)

    @property
    def given(self) -> bool:
        """Return whether all of it is one parameter: running what it is given is what the document is for."""
        return len(self.scalars) == 1 and bool(MENTION.fullmatch(self.scalars[0].value.strip()))


def _code(
    language: str, node: yaml.Node | None, *, executed: bool = False, interactive: bool = False
) -> Iterator[Code]:
    for branch in branches(node):
        found = scalars(branch)
        if found:
            complete = not opaque(branch) and len(found) == len(items(branch) or found)
            yield Code(language, tuple(found), executed, complete, interactive)


def codes(root: yaml.Node) -> Iterator[Code]:
    """Yield every script of a document of any kind."""
    main = value(root, "mainSteps")
    for step in (*everywhere(main), *conditional(main)):
        if step.action in PLUGINS:
            yield from _code(PLUGINS[step.action], step.input("runCommand"))
        elif step.action == "aws:runCommand" and (language := RUNNERS.get(plain(step.input("DocumentName")) or "")):
            yield from _code(language, step.input("Parameters", "commands"))
        elif step.action == "aws:executeScript":
            runtime = (plain(step.input("Runtime")) or "").lower()
            yield from _code(POWERSHELL if "powershell" in runtime else PYTHON, step.input("Script"), executed=True)
    for name, (_, plugin) in pairs(value(root, "runtimeConfig")).items():
        if name in PLUGINS:
            for each in properties(plugin):
                yield from _code(PLUGINS[name], value(each, "runCommand"))
    for name, language in (("linux", SHELL), ("macOS", SHELL), ("windows", POWERSHELL)):
        yield from _code(language, value(root, "properties", name, "commands"), interactive=True)


def check(source: Source, root: yaml.Node, found: list[Code]) -> Iterator[Found]:
    """Yield what is wrong with the scripts of a document, and its shell to be checked."""
    variables = plain(value(root, "schemaVersion")) == "2.2"
    declared = {name: node for name, (_, node) in pairs(value(root, "parameters")).items()}
    done: set[int] = set()
    # The cure is at the parameter, so the first place at which it is pasted is enough.
    reported: set[str] = set()
    for code in found:
        if id(code.scalars[0]) in done:
            continue
        done.add(id(code.scalars[0]))
        yield from _pasted(source, code, declared, reported, variables)
        for scalar in code.scalars:
            yield from secrets.check(source.inner(scalar), "an SSM document")
        if variables:
            yield from _empty(source, code, declared)
        if code.language == SHELL:
            yield from joined_lines.folded([source.inner(scalar) for scalar in code.scalars])
            yield from _shell(source, code)
        elif not code.executed:
            yield from _powershell([source.inner(scalar) for scalar in code.scalars], complete=code.complete)


def _pasted(
    source: Source, code: Code, declared: dict[str, yaml.Node], reported: set[str], variables: bool
) -> Iterator[Found]:
    for mention in () if code.given and not code.executed else code.mentions(source):
        name, parameter = mention.name, declared.get(mention.name)
        if code.executed:
            if parameter is not None:
                message = f"'{name[:60]}' becomes part of the code; hand it over in InputPayload, and read it there"
                yield PASTED_INTO_CODE.at(mention.where, message)
        elif parameter is None:
            continue
        elif by_variable(parameter):
            variable = f"$env:SSM_{name[:60]}" if code.language == POWERSHELL else f'"$SSM_{name[:60]}"'
            message = f"'{name[:60]}' is ENV_VAR, and still pasted as text; write {variable}"
            yield INTERPOLATION_TYPE.at(mention.where, message)
        elif not is_shell_safe(parameter) and name not in reported:
            reported.add(name)
            cure = "give it allowedValues or a narrow allowedPattern"
            cure += ", or interpolationType: ENV_VAR" if variables else ""
            message = f"'{name[:60]}' is pasted as text, so its value is code; {cure}"
            yield PASTED_INTO_SCRIPT.at(mention.where, message)


def _empty(source: Source, code: Code, declared: dict[str, yaml.Node]) -> Iterator[Found]:
    """Yield the first use of each variable that the agent would set for a parameter with interpolationType ENV_VAR."""
    reported: set[str] = set()
    for scalar in code.scalars:
        for match in VARIABLE.finditer(scalar.value):
            parameter = declared.get(match[1])
            if parameter is None or match[1] in reported or opaque(parameter):
                continue
            reported.add(match[1])
            # A script that sets the variable, or hands it on, knows what it does.
            own = any(f"{match[0]}=" in each.value or f"{match[0]} =" in each.value for each in code.scalars)
            if value(parameter, "interpolationType") is None and not own:
                where = source.inner(scalar).at_offset(match.start())
                message = f"{match[0]} is not set; give the parameter '{match[1]}' interpolationType: ENV_VAR"
                yield INTERPOLATION_TYPE.at(where, message)


def _shell(source: Source, code: Code) -> Iterator[Found]:
    run = script.Run.ELSEWHERE if code.interactive else script.Run.COMMAND
    inner = [source.inner(scalar) for scalar in code.scalars]
    yield from _lines(inner, run, complete=code.complete, given=code.given)


def check_commands(lines: Sequence[Source], document: str, *, complete: bool = True) -> Iterator[Found]:
    """Yield what is wrong with the commands that a document of AWS is given, such as AWS-RunShellScript.

    They are not complete where some of them are not known.
    """
    language = RUNNERS.get(document.rpartition("/")[2])
    if language is None or not lines:
        return
    for line in lines:
        yield from secrets.check(line, "an SSM document")
    if language == SHELL:
        yield from joined_lines.folded(list(lines))
        yield from _lines(lines, script.Run.COMMAND, complete=complete, given=False)
    else:
        yield from _powershell(lines, complete=complete)


def _powershell(lines: Sequence[Source], *, complete: bool) -> Iterator[Found]:
    if complete:
        yield from exit_status.endless_reboot_of_windows(Source.joined(lines, "\n"))
    for line in lines:
        yield from agent_restart.in_powershell(line)
        yield from imds.in_powershell(line)


def _lines(lines: Sequence[Source], run: script.Run, *, complete: bool, given: bool) -> Iterator[Found]:
    for each in lines:
        if (at := each.text.find("\r")) >= 0:
            message = "a carriage return, which the shell takes for a part of the last word; save with LF line ends"
            yield CARRIAGE_RETURN.at(each.at_offset(at), message)
            return
    whole = Source.joined(lines, "\n")
    if whole.text.startswith("#!") and dialect(whole.text) is None:
        # Python, zsh and the like: the plugin starts whatever the first line names.
        return
    yield from agent_restart.in_shell(whole)
    filled = placeholders.ssm(whole)
    if not given:
        yield from script.shell(filled, run, dialect=dialect(whole.text) or "sh", complete=complete)
    if complete and not given:
        yield Script(dialect(whole.text) or "sh", filled)
