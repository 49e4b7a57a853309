"""YAML and JSON as nodes, which know where they stand; aliases are not copied out, so no bomb goes off."""

import yaml

Pairs = dict[str, tuple[yaml.Node, yaml.Node]]


def composed(text: str) -> yaml.Node | None:
    """Return the root node of a text, None for none; raise yaml.YAMLError for what is neither YAML nor JSON."""
    if text.lstrip()[:1] in ("{", "["):
        # JSON may be indented by tabs, which YAML refuses; a space each keeps the columns.
        text = text.replace("\t", " ")
    node: yaml.Node | None = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return node


def pairs(node: yaml.Node | None) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    """Return the keys and values of a mapping node by the key's text; of anything else, nothing."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: (key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def value(node: yaml.Node | None, *path: str) -> yaml.Node | None:
    """Return the node below the keys, or None."""
    for step in path:
        found = pairs(node).get(step)
        node = found[1] if found else None
    return node


def items(node: yaml.Node | None) -> list[yaml.Node]:
    """Return the items of a sequence node; of anything else, nothing."""
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def text_of(node: yaml.Node | None) -> str:
    """Return the text of a scalar; of anything else, nothing."""
    return node.value if isinstance(node, yaml.ScalarNode) else ""


def is_string(node: yaml.Node | None) -> bool:
    """Return whether a scalar is a string, and not a number or a truth value."""
    return isinstance(node, yaml.ScalarNode) and node.tag.endswith(":str")


def effective(node: yaml.Node | None, seen: frozenset[int] | set[int] = frozenset()) -> Pairs:
    """Return the keys and values of a mapping, those that it merges in included."""
    found: Pairs = {}
    if not isinstance(node, yaml.MappingNode) or id(node) in seen:
        return found
    # What was merged once adds nothing when it is merged again, and may merge itself.
    seen = seen if isinstance(seen, set) else set()
    seen.add(id(node))
    for key, inner in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        if key.tag.endswith(":merge"):
            for other in items(inner) or [inner]:
                found = {**effective(other, seen), **found}
        else:
            found[key.value] = (key, inner)
    return found


def changed_by_yaml(node: yaml.ScalarNode) -> str | None:
    """Return what YAML makes of a plain word that it does not take for text, where that is written in another way.

    True and False are the same words as true and false to most programs.
    """
    kind = node.tag.rpartition(":")[2]
    if node.style or kind not in ("int", "float", "bool"):
        return None
    made = str(yaml.safe_load(node.value))
    return None if made == node.value or (kind == "bool" and made.lower() == node.value.lower()) else made
