"""What an expression of Terraform is evaluated to, and what names mean where it stands."""

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TypeVar

from ssmwake.lint.terraform.referenced_files import Files
from ssmwake.lint.terraform.tree import Block, Expression, Literal, Object, Reference, Span, TemplateExpression
from ssmwake.text.source import Source

K = TypeVar("K")
V = TypeVar("V")

# Much more than user data or a document may have, and little enough to be put together again and again.
LIMIT = 256 * 1024


class Coding(Enum):
    """How a text is packed."""

    PLAIN = auto()
    BASE64 = auto()
    GZIP = auto()


@dataclass(frozen=True)
class Text:
    """A text with its places: before it is packed, and with words for what only Terraform knows."""

    source: Source
    coding: Coding = Coding.PLAIN
    # Nothing in it stands for something else.
    known: bool = True
    # Its beginning is as it will be.
    begins: bool = True
    # Whole lines may come or go, so its layout tells nothing.
    layout_unknown: bool = False
    # Whether it comes out as YAML, or as JSON, whichever is written here; None where it stays as it is.
    yaml: bool | None = None
    # The file it came from as a whole, and not rendered.
    file: bytes | None = None


# What a piece comes to, and where it is put in.
Part = tuple[Text | None, Span]


@dataclass(frozen=True)
class Scope:
    """What names mean at a place."""

    folder: str
    files: Files
    locals: Mapping[str, Expression] = field(default_factory=dict)
    data: Mapping[tuple[str, str], Block] = field(default_factory=dict)
    resources: Mapping[tuple[str, str], Block] = field(default_factory=dict)
    modules: Mapping[str, Block] = field(default_factory=dict)
    variables: dict[str, Text | None] = field(default_factory=dict)
    # The defaults of the variables of the module, and whether all of them hold.
    defaults: Mapping[str, Expression] = field(default_factory=dict)
    by_default: bool = False
    # Of each condition the other branch is taken.
    other: bool = False
    resolved: dict[str, Text | None] = field(default_factory=dict)

    def of_file(self, own: "Scope") -> "Scope":
        """Return what names mean in one file of this module, whose own names go before the others."""
        return replace(
            own,
            locals=_before(own.locals, self.locals),
            data=_before(own.data, self.data),
            resources=_before(own.resources, self.resources),
            modules=_before(own.modules, self.modules),
            defaults=_before(own.defaults, self.defaults),
        )


def _before(own: Mapping[K, V], others: Mapping[K, V]) -> Mapping[K, V]:
    # It only reads, and so neither of them is copied.
    return ChainMap(dict(own), others) if own else others  # type: ignore[arg-type]


def keys(mapping: Object) -> Iterator[tuple[str | None, Expression]]:
    """Yield the keys of an object as text, None for one that only Terraform knows, with their values."""
    for key, value in mapping.items:
        pieces = key.inside if isinstance(key, TemplateExpression) else ()
        if isinstance(key, Reference) and len(key.path) == 1:
            yield key.path[0], value
        elif isinstance(key, TemplateExpression) and all(isinstance(piece, Literal) for piece in pieces):
            yield "".join(piece.span.text for piece in pieces), value
        else:
            yield None, value


# Returns the text that an expression comes to; None where only Terraform knows it.
Evaluate = Callable[[Expression, Scope], Text | None]
