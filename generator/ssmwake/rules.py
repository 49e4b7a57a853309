"""The table of all rules: every id that a finding can have, gathered from the modules that report them."""

from collections.abc import Iterator
from importlib import import_module

from ssmwake.model import Rule

# A rule is a constant of its module. A new module with rules is added here, and nowhere else.
MODULES: tuple[str, ...] = ()


def _gathered() -> Iterator[Rule]:
    from ssmwake.lint.rules import OLD

    yield from OLD.values()
    for name in MODULES:
        for each in vars(import_module(f"ssmwake.{name}")).values():
            if isinstance(each, Rule):
                yield each


def _table() -> dict[str, Rule]:
    """Return the rules by id, sorted; two that share an id are a mistake."""
    found: dict[str, Rule] = {}
    for each in _gathered():
        if found.setdefault(each.id, each) is not each:
            raise ValueError(f"{each.id} is the id of two rules: {found[each.id].title!r} and {each.title!r}")
    return dict(sorted(found.items()))


RULES = _table()
