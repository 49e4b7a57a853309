"""Terraform's language as a tree of values, each of which knows where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ssmwake.model import Location
from ssmwake.text.source import Source

# Functions that give back one of their arguments, or of what is in them.
CHOOSES = frozenset({"coalesce", "element", "one", "try", "toset", "concat", "compact", "tolist", "flatten"})


@dataclass(frozen=True)
class Span:
    """A stretch of a text."""

    source: Source
    start: int
    end: int
    # Whether a quote precedes it; the quote is not part of it.
    quoted: bool = False

    @property
    def text(self) -> str:
        """What stands there."""
        return self.source.text[self.start : self.end]

    @property
    def where(self) -> Location:
        """Where it begins, with its quote."""
        return self.source.at_offset(self.start - self.quoted)

    @property
    def slice(self) -> Source:
        """The stretch as a text of its own."""
        return self.source.slice(self.start, self.end)


@dataclass(frozen=True)
class Expression:
    """Any expression; of one that lint does not work out, what is inside counts, and the names it gives."""

    span: Span
    inside: tuple[Expression, ...] = ()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Constant(Expression):
    """A number, true, false or null."""


@dataclass(frozen=True)
class Reference(Expression):
    """A name with the names after it, such as local.user_data; an index is left out, and inside."""

    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call(Expression):
    """A function with its arguments, which are inside."""

    name: str = ""


@dataclass(frozen=True)
class List(Expression):
    """A list of the expressions inside."""


@dataclass(frozen=True)
class Object(Expression):
    """Keys and values, in turn inside."""

    @property
    def items(self) -> Iterator[tuple[Expression, Expression]]:
        """Each key with its value; a bare word as a key is a name of one part."""
        return zip(self.inside[::2], self.inside[1::2], strict=True)


@dataclass(frozen=True)
class Conditional(Expression):
    """A condition, and what holds with it and without it, all inside."""


@dataclass(frozen=True)
class Literal(Expression):
    """Plain text in a template, its escapes as they were written."""


@dataclass(frozen=True)
class Interpolation(Expression):
    """`${...}` in a template, with one expression inside."""


@dataclass(frozen=True)
class Directive(Expression):
    """`%{...}` in a template: if, else, endif, for or endfor."""

    word: str = ""


@dataclass(frozen=True)
class Broken(Expression):
    """What should have been an interpolation or a directive, and why it is not."""

    problem: str = ""


@dataclass(frozen=True)
class TemplateExpression(Expression):
    """A string, a heredoc or a whole template file: its pieces are inside."""

    quoted: bool = False
    flush: bool = False


@dataclass(frozen=True)
class Body:
    """What stands between braces, or in a whole file."""

    attributes: dict[str, Attribute] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()

    def value(self, name: str) -> Expression | None:
        """Return the expression of an attribute, or None."""
        found = self.attributes.get(name)
        return found.value if found else None


@dataclass(frozen=True)
class Attribute:
    """A name with its value."""

    name: Span
    value: Expression


@dataclass(frozen=True)
class Block:
    """A block with its labels, such as resource "aws_instance" "web"."""

    name: Span
    labels: tuple[str, ...]
    body: Body

    @property
    def type(self) -> str:
        """The word it begins with."""
        return self.name.text


def inner_blocks(body: Body) -> Iterator[tuple[str, Body]]:
    """Yield the type and the body of each block in a body, of a dynamic one what it makes."""
    for block in body.blocks:
        if block.type == "dynamic" and block.labels:
            yield from ((block.labels[0], one.body) for one in block.body.blocks if one.type == "content")
        else:
            yield block.type, block.body


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield an expression and all inside it."""
    waiting = [expression]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(one.inside))


def unwrapped(expression: Expression) -> Expression:
    """Return what a string holds that is one `${...}` and nothing else; any other expression as it is."""
    while (
        isinstance(expression, TemplateExpression)
        and len(expression.inside) == 1
        and isinstance(expression.inside[0], Interpolation)
    ):
        expression = expression.inside[0].inside[0]
    return expression


def chosen(expression: Expression) -> Iterator[Expression]:
    """Yield the expressions one of which a condition, a list or a function such as one() comes to."""
    if isinstance(expression, Conditional):
        inside = expression.inside[1:]
    elif isinstance(expression, List) or (isinstance(expression, Call) and expression.name in CHOOSES):
        inside = expression.inside
    elif isinstance(expression, Call) and expression.name == "join":
        inside = expression.inside[1:]
    else:
        yield expression
        return
    for one in inside:
        yield from chosen(one)


def bodies(body: Body) -> Iterator[Body]:
    """Yield a body, and those of all blocks in it."""
    waiting = [body]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(block.body for block in reversed(one.blocks))


def expressions(body: Body) -> Iterator[Expression]:
    """Yield each expression of a body and of the blocks in it, but not what is inside of one."""
    for one in bodies(body):
        yield from (attribute.value for attribute in one.attributes.values())
