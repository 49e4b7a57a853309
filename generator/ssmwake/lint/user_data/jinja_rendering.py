"""What cloud-init makes of a Jinja template, on machines as EC2 has them: the text, and the place of each character.

The template is somebody else's. It is rendered in the sandbox of Jinja, which keeps it from the machine, with a part of
the language that ends soon and makes nothing large; what asks for more is not rendered at all.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, wraps
from typing import Any

from jinja2 import ChainableUndefined, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import do
from jinja2.sandbox import SandboxedEnvironment
from jinja2.visitor import NodeTransformer

from ssmwake.text.source import Source
from ssmwake.text.time_limit import TooSlow, time_limit

# Seconds for one template, characters of a string and of all output, items of a list, loops in a template and in each
# other: user data has 16,384 bytes, and a person who writes it a hundredth of these.
PATIENCE = 2
LONGEST, LARGEST, MOST, LOOPS, DEEPEST = 16_384, 1_048_576, 1_000, 50, 2
# What defines, repeats or takes in what is not seen here, and what changes a text after it was written.
NOT_RENDERED = (
    *(nodes.Macro, nodes.CallBlock, nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends, nodes.Block),
    *(nodes.FilterBlock, nodes.AssignBlock, nodes.Pow),
)
FILTERS = (
    *(
        "abs",
        "capitalize",
        "count",
        "d",
        "default",
        "dictsort",
        "e",
        "escape",
        "first",
        "float",
        "int",
        "items",
        "last",
    ),
    *("length", "list", "lower", "max", "min", "reverse", "round", "select", "reject", "sort", "string", "title"),
    *("tojson", "trim", "unique", "upper"),
)
METHODS = {
    *("capitalize", "count", "endswith", "find", "get", "isalnum", "isalpha", "isdigit", "items", "keys", "lower"),
    *("lstrip", "removeprefix", "removesuffix", "rpartition", "partition", "rsplit", "rstrip", "split", "splitlines"),
    *("startswith", "strip", "title", "upper", "values"),
}
# Around the number of a literal, in front of it; no template holds these.
OPEN, CLOSE = "\ue000", "\ue001"
LITERAL = re.compile(f"{OPEN}(\\d+){CLOSE}")


class _TooMuchError(Exception):
    """A template makes more than anybody needs."""


class _Unknown(ChainableUndefined):
    """What only the instance knows: a word like those for the placeholders of other tools."""

    def __str__(self) -> str:
        return "x" * 8


class _Environment(SandboxedEnvironment):
    """The environment of cloud-init, within bounds."""

    intercepted_binops = frozenset(["+", "*", "%"])

    def is_safe_callable(self, obj: Any) -> bool:
        """Return whether a call can make nothing large: those of a few methods of texts and mappings."""
        return isinstance(getattr(obj, "__self__", None), str | dict) and getattr(obj, "__name__", "") in METHODS

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Return a sum, a product of numbers, or a remainder of them."""
        numbers = all(isinstance(one, int | float) and abs(one) < MOST * MOST for one in (left, right))
        if operator != "+" and not numbers:
            raise _TooMuchError
        return _bounded(super().call_binop(context, operator, left, right))


def renderings(source: Source) -> tuple[Source, ...]:
    """Return the texts that machines get of a template, given without its header; nothing where it is not rendered."""
    source = source.with_lf()
    environment = _environment()
    if OPEN in source.text:
        return ()
    try:
        tree = environment.parse(source.text)
        literals = list(_literals(environment, source.text))
        if not _is_simple(tree) or not _mark(tree, literals):
            return ()
        code = environment.compile(_Concatenations().visit(tree))
        made = environment.template_class.from_code(environment, code, environment.make_globals(None))
        with time_limit(PATIENCE):
            texts = [_rendered(made, machine) for machine in MACHINES]
    except (TemplateError, RecursionError, TooSlow, _TooMuchError):
        return ()
    end = "\n" if source.text.endswith("\n") else ""
    known = dict.fromkeys(text + end for text in texts if text is not None)
    return tuple(_with_places(source, text, literals) for text in known)


def _rendered(made: Any, machine: Mapping[str, Any]) -> str | None:
    """Return what a machine gets; None where that cannot be known, such as a sum with something that is not known."""
    chunks: list[str] = []
    size = 0
    try:
        for chunk in made.generate(**machine):
            size += len(chunk)
            if size > LARGEST:
                raise _TooMuchError
            chunks.append(chunk)
    except SecurityError:
        raise _TooMuchError from None
    except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None
    return "".join(chunks)


def _literals(environment: SandboxedEnvironment, text: str) -> Iterator[tuple[int, str]]:
    """Yield the offset of each stretch that is written as it is, and the stretch."""
    at = 0
    for _, kind, value in environment.lex(text):
        # What a minus sign strips is in no token.
        at = max(text.find(value, at), at)
        if kind == "data" and value:
            yield at, value
        at += len(value)


def _mark(tree: nodes.Template, literals: list[tuple[int, str]]) -> bool:
    """Write its number in front of each literal; return whether all of them were found in the text."""
    found = list(tree.find_all(nodes.TemplateData))
    if [node.data for node in found] != [text for _, text in literals]:
        return False
    for number, node in enumerate(found):
        node.data = f"{OPEN}{number}{CLOSE}{node.data}"
    return True


def _with_places(source: Source, text: str, literals: list[tuple[int, str]]) -> Source:
    """Return a rendered text with the places of its literals; the value of an expression is where that stands."""
    parts: list[Source] = []
    where = source.at_offset(0)
    at = 0
    for match in LITERAL.finditer(text):
        if match.start() > at:
            parts.append(Source.at_place(where, text[at : match.start()]))
        offset, literal = literals[int(match[1])]
        parts.append(source.slice(offset, offset + len(literal)))
        where = source.at_offset(offset + len(literal))
        at = match.end() + len(literal)
    if at < len(text):
        parts.append(Source.at_place(where, text[at:]))
    return Source.joined(parts) if parts else Source.at_place(where, "")


def _is_simple(tree: nodes.Template) -> bool:
    """Return whether a template can be rendered here: few loops, and no values that double when they are shown."""
    if next(tree.find_all(NOT_RENDERED), None) is not None:
        return False
    loops = list(tree.find_all(nodes.For))
    if len(loops) > LOOPS or any(loop.recursive for loop in loops) or any(_depth(loop) > DEEPEST for loop in loops):
        return False
    assigned = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    return not any(
        name.name in assigned
        for one in tree.find_all((nodes.List, nodes.Tuple, nodes.Dict))
        for name in one.find_all(nodes.Name)
        if name.ctx == "load"
    )


def _depth(loop: nodes.For) -> int:
    return 1 + max((_depth(inner) for inner in loop.find_all(nodes.For)), default=0)


def _bounded(value: Any) -> Any:
    """Return a value that is not large; numbers never are, after the bound on what is multiplied."""
    if (isinstance(value, str) and len(value) > LONGEST) or (isinstance(value, list | tuple) and len(value) > MOST):
        raise _TooMuchError
    return value


class _Concatenations(NodeTransformer):
    """Puts a bound around each `~`, which is not an operator that the sandbox sees."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - named after the class of the node
        """Return the node within the filter that bounds it."""
        self.generic_visit(node)
        return nodes.Filter(node, "bounded", [], [], None, None, lineno=node.lineno)


@cache
def _environment() -> SandboxedEnvironment:
    # As in render_string of https://github.com/canonical/cloud-init, cloudinit/templater.py.
    environment = _Environment(undefined=_Unknown, trim_blocks=True, extensions=[do])
    environment.filters = {name: _within(environment.filters[name]) for name in FILTERS}
    environment.filters["bounded"] = _bounded
    environment.globals = {"range": _range}
    return environment


def _within(made: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter whose results are not large."""

    @wraps(made)
    def within(*given: Any, **settings: Any) -> Any:
        return _bounded(made(*given, **settings))

    return within


def _range(*bounds: int) -> list[int]:
    """Return the numbers of a range, few enough for a loop over them to end soon."""
    numbers = range(*bounds)
    if len(numbers) > MOST:
        raise _TooMuchError
    return list(numbers)


def _machine(distro: str, version: str, release: str, machine: str = "x86_64") -> dict[str, Any]:
    """Return the variables that a template has on a machine: `cloud-init query --all`, as far as it does not vary."""
    region, zone = "us-east-1", "us-east-1a"
    v1 = {
        "availability_zone": zone,
        "cloud_id": "aws",
        "cloud_name": "aws",
        "distro": distro,
        "distro_release": release,
        "distro_version": version,
        "instance_id": "i-0123456789abcdef0",
        "kernel_release": "6.1.0",
        "local_hostname": "ip-10-0-0-10",
        "machine": machine,
        "platform": "ec2",
        "public_ssh_keys": ["ssh-ed25519 AAAA key"],
        "python_version": "3.11.6",
        "region": region,
        "subplatform": "metadata (http://169.254.169.254)",
        "system_platform": f"Linux-6.1.0-{machine}",
        "variant": distro,
    }
    v1 |= {
        name.replace("_", "-"): v1[name]
        for name in ("availability_zone", "cloud_name", "instance_id", "local_hostname")
    }
    meta_data = {
        "ami_id": "ami-0123456789abcdef0",
        "instance_id": v1["instance_id"],
        "instance_type": "t3.micro",
        "local_hostname": "ip-10-0-0-10.ec2.internal",
        "local_ipv4": "10.0.0.10",
        "placement": {"availability_zone": zone, "availability-zone": zone, "region": region},
    }
    meta_data |= {name.replace("_", "-"): value for name, value in meta_data.items()}
    return {**v1, "v1": v1, "ds": {"meta_data": meta_data}}


MACHINES = (
    _machine("amazon", "2023", ""),
    _machine("amazon", "2", ""),
    _machine("ubuntu", "24.04", "noble"),
    _machine("debian", "12", "bookworm", machine="aarch64"),
    _machine("rhel", "9.4", "plow"),
)
