"""A text that CloudFormation puts together: its pieces with their places, and how long each can become."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, takewhile

import yaml

from ssmwake.cloud_init.packing import user_data_in
from ssmwake.cloud_init.parts import is_mime, kind_of
from ssmwake.lint.cloudformation.conditions import Combination
from ssmwake.lint.cloudformation.template import Intrinsic, Template, call, is_no_value, plain, substitution
from ssmwake.model import Location
from ssmwake.text import placeholders
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import items, text_of, value

SUB = placeholders.SUB
DEPTH = 32
# EC2 takes no more pieces than user data may have bytes; aliases can make them grow without end.
PIECES = 20_000
# The header of user data is looked for in this many characters.
HEADER = 32
# A value of each pseudo parameter, and its longest known: https://docs.aws.amazon.com/general/latest/gr/rande.html
# for regions and partitions; a stack has at most 128 characters in its name.
STACK_NAME = 128
STACK_ID = len("arn:aws-us-gov:cloudformation:us-gov-west-1:123456789012:stack/") + STACK_NAME + 1 + 36
PSEUDO = {
    "AWS::Region": ("us-east-1", len("ap-northeast-1")),
    "AWS::AccountId": ("123456789012", 12),
    "AWS::Partition": ("aws", len("aws-us-gov")),
    "AWS::URLSuffix": ("amazonaws.com", len("amazonaws.com.cn")),
    "AWS::StackName": ("x", STACK_NAME),
    "AWS::StackId": ("x" * (STACK_ID - STACK_NAME), STACK_ID),
}


@dataclass(frozen=True)
class Piece:
    """A stretch of a text: its bytes as deployed with defaults, and at most; `bounded` where that cannot be more.

    A placeholder is a word instead of something that only a deployment knows; a default holds in most deployments.
    """

    source: Source
    base: int
    most: int
    bounded: bool = True
    is_placeholder: bool = False
    by_default: bool = False


@dataclass(frozen=True)
class EvaluatedText:
    """A text in one combination."""

    pieces: tuple[Piece, ...]

    @property
    def source(self) -> Source:
        """The text with the place of each character."""
        return Source.joined([piece.source for piece in self.pieces])

    @property
    def joined(self) -> str:
        """The text alone."""
        return "".join(piece.source.text for piece in self.pieces)

    @property
    def begins(self) -> bool:
        """Whether its beginning is known, which says what the rest is."""
        return bool(self.pieces) and not self.pieces[0].is_placeholder

    @property
    def kind_is_known(self) -> bool:
        """Whether enough of its beginning is known to tell what cloud-init takes it for."""
        head = "".join(
            piece.source.text for piece in takewhile(lambda piece: not piece.is_placeholder, self.pieces)
        ).lstrip()
        return self.known or len(head) >= HEADER or "\n" in head or kind_of(head) is not None

    @property
    def known(self) -> bool:
        """Whether all of it is known, if only by defaults."""
        return not any(piece.is_placeholder for piece in self.pieces)

    @property
    def base(self) -> int:
        """Its bytes as deployed with defaults, at least."""
        return sum(piece.base for piece in self.pieces)

    @property
    def most(self) -> int:
        """Its bytes at most."""
        return sum(piece.most for piece in self.pieces)

    @property
    def bounded(self) -> bool:
        """Whether it can be no longer than that."""
        return all(piece.bounded for piece in self.pieces)


def text(template: Template, node: yaml.Node, combination: Combination) -> EvaluatedText:
    """Return the text that a node stands for in a combination."""
    pieces = list(islice(_pieces(template, node, combination, 0), PIECES + 1))
    found = [piece for piece in pieces if piece.source.text] if len(pieces) <= PIECES else []
    if found and found[0].by_default and not _is_beginning(found[0].source.text):
        # Such as `none`, which a condition then asks for: what is deployed begins otherwise.
        found[0] = replace(found[0], is_placeholder=True)
    return EvaluatedText(tuple(found))


def _is_beginning(default: str) -> bool:
    return (
        kind_of(default) is not None or is_mime(default.encode("utf-8", "replace")) or user_data_in(default) is not None
    )


def chosen(node: yaml.Node | None, combination: Combination) -> yaml.Node | None:
    """Return the node that stands there in a combination; None for nothing."""
    for _ in range(DEPTH):
        found = call(node)
        if found is None or found.name != "Fn::If":
            break
        branches = items(found.argument)
        if len(branches) != 3:
            return None
        node = branches[1] if combination.get(text_of(branches[0])) else branches[2]
    # YAML's null is not text either.
    return None if is_no_value(node) or (node is not None and node.tag.endswith(":null")) else node


def _pieces(template: Template, node: yaml.Node | None, combination: Combination, depth: int) -> Iterator[Piece]:
    node = chosen(node, combination)
    if node is None:
        return
    found = call(node)
    if isinstance(node, yaml.ScalarNode) and found is None:
        yield literal(template.source.inner(node))
    elif found is None or depth > DEPTH:
        yield unknown(template.source.of(node), "unknown")
    elif found.name == "Ref":
        yield from _named(template, text_of(found.argument), template.source.of(node))
    elif found.name == "Fn::Sub":
        yield from _substituted(template, found, node, combination, depth)
    elif found.name == "Fn::Join":
        yield from _joined(template, found, node, combination, depth)
    else:
        yield unknown(template.source.of(node), "unknown")


def literal(source: Source) -> Piece:
    """Return a stretch that is the same in each deployment."""
    size = len(source.text.encode("utf-8", "surrogateescape"))
    return Piece(source, size, size)


def unknown(where: Location, like: str) -> Piece:
    """Return a word for what only a deployment knows."""
    return Piece(Source.at_place(where, placeholders.word(f"${{{like}}}")), 0, 0, bounded=False, is_placeholder=True)


def _joined(
    template: Template, found: Intrinsic, node: yaml.Node, combination: Combination, depth: int
) -> Iterator[Piece]:
    both = items(found.argument)
    between = plain(both[0]) if len(both) == 2 else None
    if between is None or not isinstance(both[1], yaml.SequenceNode) or call(both[1]):
        yield unknown(template.source.of(node), "unknown")
        return
    first = True
    for item in both[1].value:
        if chosen(item, combination) is None:
            continue
        if not first:
            yield literal(Source.at_place(template.source.of(both[0]), between))
        first = False
        yield from _pieces(template, item, combination, depth + 1)


def _substituted(
    template: Template, found: Intrinsic, node: yaml.Node, combination: Combination, depth: int
) -> Iterator[Piece]:
    scalar, own = substitution(found)
    if scalar is None:
        yield unknown(template.source.of(node), "unknown")
        return
    source, done = template.source.inner(scalar), 0
    for match in SUB.finditer(source.text):
        yield literal(source.slice(done, match.start()))
        done = match.end()
        where, name = source.at_offset(match.start()), match[2].strip()
        if match[1]:
            # The shell's own: its dollar and brace, then the rest without the exclamation mark.
            yield literal(source.slice(match.start(), match.start() + 2))
            yield literal(source.slice(match.start() + 3, match.end()))
        elif name in own:
            yield from _pieces(template, own[name], combination, depth + 1)
        else:
            yield from _named(template, name, where)
    yield literal(source.slice(done, len(source.text)))


def _named(template: Template, name: str, where: Location) -> Iterator[Piece]:
    if name in PSEUDO:
        sample, most = PSEUDO[name]
        yield Piece(Source.at_place(where, sample), len(sample), most)
    elif name in template.parameters:
        yield _parameter(template.source, template.parameters[name], name, where)
    else:
        yield unknown(where, name)


def _parameter(source: Source, node: yaml.Node, name: str, where: Location) -> Piece:
    kind = text_of(value(node, "Type"))
    if kind.startswith(("AWS::SSM::Parameter::", "List<", "CommaDelimited")):
        return unknown(where, name)
    default = value(node, "Default")
    given = plain(default) or ""
    lengths = [_size(text) for item in items(value(node, "AllowedValues")) if (text := plain(item)) is not None]
    bound = max(lengths, default=None) if lengths else _number(plain(value(node, "MaxLength")))
    base = _size(given)
    most = max(base, bound or 0)
    if not given or not isinstance(default, yaml.ScalarNode):
        return Piece(unknown(where, name).source, base, most, bound is not None, is_placeholder=True)
    # A script in a default is read where it stands; a word, where it is used.
    inner = source.inner(default) if "\n" in given else Source.at_place(where, given)
    return Piece(inner, base, most, bound is not None, by_default=True)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,6}", text) else None
