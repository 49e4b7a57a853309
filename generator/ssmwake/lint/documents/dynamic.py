"""The values of the nodes of a document; None for what only CloudFormation or a run can know."""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import yaml

from ssmwake.model import Location
from ssmwake.text.placeholders import is_other_tools
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import items, pairs

# `{{ Name }}`, `{{ Step.Output }}`, `{{ ssm:/path }}`; a Go template such as `{{ .ID }}` begins with something else.
MENTION = re.compile(r"\{\{\s{0,9}([A-Za-z_][A-Za-z0-9_.:/-]{0,1023})\s{0,9}\}\}")
# What a run fills in, what Fn::Sub and other generators do, and the word that lint puts there.
COMPUTED = re.compile(r"\{\{|\$\{|%%|xxxx")


@dataclass(frozen=True)
class Mention:
    """A `{{ name }}` and where it stands."""

    name: str
    where: Location


def opaque(node: yaml.Node | None) -> bool:
    """Return whether CloudFormation, a merge key or another tool makes the node into something else than is written."""
    if node is None:
        return False
    if isinstance(node, yaml.ScalarNode):
        return node.tag.startswith("!") or is_other_tools(node.value)
    # `{{ name }}` without quotes is a mapping in a mapping.
    if isinstance(node, yaml.MappingNode) and any(isinstance(key, yaml.MappingNode) for key, _ in node.value):
        return True
    return node.tag.startswith("!") or any(name in ("Ref", "<<") or name.startswith("Fn::") for name in pairs(node))


def branches(node: yaml.Node | None) -> list[yaml.Node]:
    """Return what Fn::If may choose between, at any depth; the node itself where it is none."""
    found: list[yaml.Node] = []
    left = [node] if node is not None else []
    while left and len(found) < 100:
        one = left.pop(0)
        inside = one if one.tag == "!If" else pairs(one)["Fn::If"][1] if list(pairs(one)) == ["Fn::If"] else None
        if isinstance(inside, yaml.SequenceNode) and len(inside.value) == 3:
            left = [*inside.value[1:], *left]
        elif inside is None:
            found.append(one)
    return found


def plain(node: yaml.Node | None) -> str | None:
    """Return the text of a scalar that is what is written; None for anything else."""
    if not isinstance(node, yaml.ScalarNode) or opaque(node) or node.tag.endswith(":null"):
        return None
    return None if COMPUTED.search(node.value) else str(node.value)


def number(node: yaml.Node | None) -> int | None:
    """Return the whole number that a scalar is, in quotes or not; None for anything else."""
    text = plain(node) or ""
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else None


def true(node: yaml.Node | None) -> bool:
    """Return whether a scalar says yes."""
    return (plain(node) or "").lower() == "true"


def scalars(node: yaml.Node | None) -> list[yaml.ScalarNode]:
    """Return a scalar, or the scalars of a sequence."""
    found = [node] if isinstance(node, yaml.ScalarNode) else items(node)
    return [each for each in found if isinstance(each, yaml.ScalarNode) and not opaque(each)]


def walk(node: yaml.Node | None, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    """Yield every scalar below a node, keys too, and aliases once."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        yield node
        return
    for inner in node.value:
        for part in inner if isinstance(inner, tuple) else (inner,):
            yield from walk(part, seen)


def mentions(source: Source, node: yaml.Node | None, but: Iterable[yaml.Node] = ()) -> Iterator[Mention]:
    """Yield each `{{ name }}` at and below a node, but not in the nodes that are left out."""
    for scalar in walk(node, {id(each) for each in but}):
        if "{{" in scalar.value:
            inner = source.inner(scalar)
            for match in MENTION.finditer(scalar.value):
                yield Mention(match[1], inner.at_offset(match.start()))


def names(node: yaml.Node | None) -> set[str]:
    """Return the names in every `{{ name }}` at and below a node."""
    return {match[1] for scalar in walk(node, set()) for match in MENTION.finditer(scalar.value)}


def nearest(name: str, known: Iterable[str], otherwise: str, alike: float = 0.6) -> str:
    """Return the hint that names the nearest known word, or the other one where none is so much alike."""
    # Comparing is slow: of hostile documents no more is compared than a person would write.
    candidates = [each for each in islice(known, 200) if len(each) < 100]
    same = next((each for each in candidates if each.lower() == name.lower()), None)
    if same is not None:
        return f"did you mean '{same}'?"
    found = difflib.get_close_matches(name[:100], candidates, 1, alike)
    return f"did you mean '{found[0]}'?" if found else otherwise


def transposed(name: str, known: Iterable[str]) -> str:
    """Return the hint that names a known word of which two neighbouring letters are swapped; nothing otherwise."""
    for each in islice(known, 200):
        differs = [at for at, (one, other) in enumerate(zip(name, each, strict=False)) if one != other]
        swapped = len(differs) == 2 and differs[1] == differs[0] + 1 and len(name) == len(each)
        if swapped and name[differs[0]] == each[differs[1]] and name[differs[1]] == each[differs[0]]:
            return f"did you mean '{each}'?"
    return ""
