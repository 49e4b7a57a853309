"""The Terraform module of ssmwake where somebody calls it: which block that is, and the parts it is given."""

import re
from collections.abc import Iterator

from ssmwake.lint.terraform.evaluate import text
from ssmwake.lint.terraform.scope import Scope, keys
from ssmwake.lint.terraform.tree import Block, Body, Expression, Object, Reference, chosen, unwrapped, walk

# Where people keep the module of ssmwake, or its content: as it is rendered, or below its name.
OURS = re.compile(r"ssmwake|(?:^|/)dist/terraform(?:/|$)")
# What a part has. Where there is more, it is a module of somebody else who uses the name.
FIELDS = frozenset({"content", "content_type", "filename", "merge_type"})


def is_own(block: Block, scope: Scope) -> bool:
    """Return whether a block calls a module of ssmwake."""
    source = block.body.value("source") if block.type == "module" else None
    found = text(source, scope) if source else None
    return bool(found and found.known and OURS.search(found.source.text))


def of_instance(body: Body, scope: Scope) -> Block | None:
    """Return the module of ssmwake whose user data an instance gets."""
    for name in ("user_data", "user_data_base64"):
        value = body.value(name)
        for one in walk(value) if value else ():
            block = scope.modules.get(one.path[1]) if isinstance(one, Reference) and one.path[0] == "module" else None
            if block and is_own(block, scope):
                return block
    return None


def parts(body: Body, scope: Scope) -> Iterator[dict[str, Expression]]:
    """Yield the fields of each part that a module of ssmwake is given, as far as they are written in this module."""
    value = body.value("parts")
    for one in _leaves(value, scope, set()) if value else ():
        fields = dict(keys(one)) if isinstance(one, Object) else {}
        if "content" in fields and fields.keys() <= FIELDS:
            yield {name: field for name, field in fields.items() if name}


def _leaves(expression: Expression, scope: Scope, seen: set[str]) -> Iterator[Expression]:
    """Yield what a list consists of, each name that it refers to once: names may refer to each other in a circle."""
    for one in chosen(unwrapped(expression)):
        path = one.path if isinstance(one, Reference) and not one.inside else ()
        named = {"local": scope.locals, "var": scope.defaults}.get(path[0]) if len(path) == 2 else None
        if named is None or path[1] not in named:
            yield one
        elif ".".join(path) not in seen:
            seen.add(".".join(path))
            yield from _leaves(named[path[1]], scope, seen)
