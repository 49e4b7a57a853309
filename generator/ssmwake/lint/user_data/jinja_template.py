"""Templates that cloud-init renders: whether Jinja can read them, and whether cloud-init has the variables.

The variables are those of `_get_standardized_metadata` and `convert_jinja_instance_data` in
https://github.com/canonical/cloud-init, in all versions from 19.3 to 26.2.
"""

import difflib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ssmwake.lint.rules import ERROR, rule
from ssmwake.model import Finding, Location
from ssmwake.text.placeholders import WORD
from ssmwake.text.source import Source

if TYPE_CHECKING:
    from jinja2 import nodes

BROKEN_TEMPLATE = rule("SW253", ERROR, "a template that Jinja cannot read", reason="cloud-init ignores the whole part")
NO_VARIABLE = rule(
    "SW268", ERROR, "a variable that cloud-init does not have", reason="CI_MISSING_JINJA_VAR is written instead"
)
NOT_RENDERED = rule("SW266", ERROR, "a Jinja variable without the template header", reason="it stays as it is written")

V1 = {
    *("availability_zone", "cloud_id", "cloud_name", "distro", "distro_release", "distro_version", "instance_id"),
    *("kernel_release", "local_hostname", "machine", "platform", "public_ssh_keys", "python_version", "region"),
    *("subplatform", "system_platform", "variant", "_beta_keys"),
}
# Besides these there is everything in v1 by its mere name.
TOP = {
    *("v1", "ds", "sys_info", "merged_cfg", "merged_system_cfg", "base64_encoded_keys", "sensitive_keys", "userdata"),
    *("vendordata", "vendordata2", "security_credentials", "system_info", "_doc"),
}
HEADER = "## template: jinja"
# What can only be meant for cloud-init: other programs have other names.
OURS = re.compile(r"^(?![ \t]*#)[^\n]*?(?P<what>\{\{-?[ \t]*(?:v1\.|v1\[|ds\.meta_data\b)[^{}\n]*\}\})", re.MULTILINE)
HEADED = re.compile(r"##\s*template:\s*jinja", re.IGNORECASE)
EXPRESSION = re.compile(r"\{\{|\{%|\{#")


def check(source: Source) -> Iterator[Finding]:
    """Yield what is wrong with a template, given without its header."""
    from jinja2 import TemplateSyntaxError
    from jinja2.ext import do
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(extensions=[do])
    try:
        root = environment.parse(source.text)
    except TemplateSyntaxError as error:
        yield BROKEN_TEMPLATE.at(*_broken(source, error.lineno, error.message or "it cannot be read"))
        return
    except RecursionError:
        return
    unknown = _undeclared(root, set(environment.globals)) - TOP - V1 - set(environment.globals)
    tried = {_path(node) for node in _tried(root)}
    found: dict[tuple[int, str], int] = {}
    parts: set[int] = set()
    for node, left, right in _subtractions(root):
        parts |= {id(node.left), id(node.right)}
        message = f"{left}-{right} is a subtraction for Jinja; write {left}_{right}"
        yield NO_VARIABLE.at(source.at_offset(_offset(source, node.lineno, left, found)), message)
    for read, path in _reads(root):
        text = ".".join(path)
        if path in tried or id(read) in parts or WORD.search(text):
            continue
        if problem := _problem(path, unknown):
            where = _offset(source, read.lineno, text, found)
            yield NO_VARIABLE.at(source.at_offset(where), problem)


def not_rendered(source: Source) -> Iterator[Finding]:
    """Yield the first expression in a text that no header makes a template."""
    # A value can have the header too: what final_message and phone_home write is rendered by itself.
    if match := None if HEADED.search(source.text) else OURS.search(source.text):
        message = f"{match['what'][:60]} is not rendered without a header; write {HEADER} on the first line"
        yield NOT_RENDERED.at(source.at_offset(match.start("what")), message)


def _broken(source: Source, number: int, problem: str) -> tuple[Location, str]:
    line = source.text.split("\n")[number - 1] if number <= source.text.count("\n") + 1 else ""
    match = EXPRESSION.search(line)
    advice = (
        "; {# begins a comment, so put {% raw %} before it and {% endraw %} after it"
        if "comment tag" in problem
        else ""
    )
    return source.at(
        number, match.start() + 1 if match else 1
    ), f"Jinja cannot read the template: {problem.rstrip('.')}{advice}"


def _problem(path: tuple[str, ...], unknown: set[str]) -> str:
    """Return why cloud-init has nothing for a variable, and what to write; nothing where it may have something."""
    if path[0] == "v1" and len(path) > 1 and path[1].replace("-", "_") not in V1:
        return f"cloud-init has no v1.{path[1][:60]}; {_hint(path[1], 'v1.')}"
    if path[0] == "ds" and len(path) > 1 and path[1] in ("metadata", "meta", "meta-data-latest"):
        return f"cloud-init has no ds.{path[1]}; write ds.meta_data"
    if path[0] in unknown:
        return f"cloud-init has no variable {path[0][:60]}; {_hint(path[0], '')}"
    return ""


def _hint(name: str, before: str) -> str:
    # What follows a minus sign is another variable: `v1.instance-id` is a subtraction.
    known = {"hostname": "local_hostname", "instance": "instance_id", "availability": "availability_zone"}
    known |= {"local": "local_hostname", "cloud": "cloud_name", "zone": "availability_zone", "az": "availability_zone"}
    near = known.get(name) or next(iter(difflib.get_close_matches(name.replace("-", "_"), V1, 1, 0.6)), "")
    return f"did you mean {before}{near}?" if near else "see what `cloud-init query --all` lists"


def _reads(root: "nodes.Node") -> Iterator[tuple["nodes.Node", tuple[str, ...]]]:
    """Yield each variable that is read, by its longest path."""
    from jinja2 import nodes

    inner = set()
    for node in root.find_all((nodes.Getattr, nodes.Getitem, nodes.Name)):
        if id(node) in inner:
            inner |= {id(each) for each in node.iter_child_nodes()}
            continue
        path = _path(node)
        inner |= {id(each) for each in node.iter_child_nodes()} if path else set()
        if path and getattr(node, "ctx", "load") == "load":
            yield node, path


def _undeclared(root: "nodes.Template", known: set[str]) -> set[str]:
    """Return the variables that are read and never set.

    Jinja's own function compiles the template, and then works out `"a" * 1000000000`.
    """
    from jinja2 import nodes

    names = list(root.find_all(nodes.Name))
    made = {one.name for one in names if one.ctx != "load"} | {one.name for one in root.find_all(nodes.Macro)}
    return {one.name for one in names} - made - known - {"loop", "caller", "varargs", "kwargs", "self", "super"}


def _subtractions(root: "nodes.Node") -> Iterator[tuple["nodes.Sub", str, str]]:
    """Yield each subtraction that was meant for a variable with a hyphen, such as v1.instance-id."""
    from jinja2 import nodes

    for node in root.find_all(nodes.Sub):
        left, right = _path(node.left), _path(node.right)
        if left and len(right) == 1 and f"{left[-1]}_{right[0]}" in V1 and left[-1] not in V1:
            yield node, ".".join(left), right[0]


def _tried(root: "nodes.Node") -> Iterator["nodes.Node"]:
    """Yield what a template asks about before it reads it, or has a default for."""
    from jinja2 import nodes

    for test in root.find_all(nodes.Test):
        if test.name in ("defined", "undefined", "none"):
            yield test.node
    for one in root.find_all(nodes.Filter):
        if one.name in ("default", "d") and one.node is not None:
            yield one.node


def _path(node: "nodes.Node") -> tuple[str, ...]:
    """Return the names of a variable and of what is read of it; nothing for anything else."""
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr) and (before := _path(node.node)):
        return (*before, node.attr)
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and (before := _path(node.node)):
        return (*before, str(node.arg.value))
    return ()


def _offset(source: Source, number: int, text: str, found: dict[tuple[int, str], int]) -> int:
    """Return where a variable stands: Jinja tells only the line."""
    start = source.start_of(number)
    end = source.text.find("\n", start)
    at = source.text.find(text, found.get((number, text), start), end if end >= 0 else len(source.text))
    if at < 0:
        at = source.text.find(text.partition(".")[0], start)
    found[number, text] = at + 1
    return at if at >= 0 else start
