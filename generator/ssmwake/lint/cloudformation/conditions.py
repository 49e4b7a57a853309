"""Which conditions of a template can hold together: a text with Fn::If is one text in each combination that can be."""

from __future__ import annotations

from itertools import product

import yaml

from ssmwake.lint.cloudformation.template import Intrinsic, Template, call, calls, plain
from ssmwake.text.yaml_nodes import items, text_of, value

Combination = dict[str, bool]

# More values to try than this, and nothing is said about a text: it is no longer a template that a person reads.
LIMIT = 2048
COMBINATIONS = 32
DEPTH = 16
# Stands for any text that no condition names.
OTHER = "\0other"


def condition_combinations(template: Template, node: yaml.Node | None) -> list[Combination]:
    """Return what the conditions that a node asks for can be, together; nothing where that is too much to try."""
    asked = {text_of(items(one.argument)[0]) for one in calls(node) if one.name == "Fn::If" and items(one.argument)}
    asked = {name for name in asked if name}
    if not asked:
        return [{}]
    choices = _Choices(template)
    for name in asked:
        choices.collect(name)
    domains = {key: sorted(values, key=str) for key, values in choices.domains.items()}
    size = 1
    for domain in domains.values():
        size *= len(domain)
    if size > LIMIT:
        return []
    found: list[Combination] = []
    for picked in product(*domains.values()):
        values, known = dict(zip(domains, picked, strict=True)), dict[object, bool]()
        combination = {name: choices.holds(name, values, known) for name in sorted(asked)}
        if combination not in found:
            found.append(combination)
    return found if len(found) <= COMBINATIONS else []


class _Choices:
    """The values that decide conditions: parameters by name, and what is not understood by its node."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.domains: dict[object, set[object]] = {}
        self.seen: set[object] = set()

    def collect(self, name: str, depth: int = 0) -> None:
        """Collect the values that decide a condition."""
        self._expression(value(self.template.root, "Conditions", name), ("condition", name), depth)

    def _expression(self, node: yaml.Node | None, key: object, depth: int) -> None:
        if key in self.seen:
            return
        self.seen.add(key)
        found = call(node)
        if found is not None and depth < DEPTH:
            if found.name == "Condition":
                self.collect(text_of(found.argument), depth + 1)
                return
            if found.name in ("Fn::And", "Fn::Or", "Fn::Not"):
                for item in items(found.argument):
                    self._expression(item, id(item), depth + 1)
                return
            if sides := _sides(found):
                name, literal = sides
                domain = self.domains.setdefault(name, self._allowed(name))
                if OTHER in domain:
                    domain.add(literal)
                return
        self.domains[key] = {True, False}

    def _allowed(self, name: str) -> set[object]:
        texts = (plain(item) for item in items(value(self.template.parameters.get(name), "AllowedValues")))
        return {text for text in texts if text is not None} or {OTHER}

    def holds(self, name: str, picked: dict[object, object], known: dict[object, bool], depth: int = 0) -> bool:
        """Return whether a condition holds with the values picked, by what is known of expressions with them."""
        return self._true(value(self.template.root, "Conditions", name), ("condition", name), picked, known, depth)

    def _true(
        self, node: yaml.Node | None, key: object, picked: dict[object, object], known: dict[object, bool], depth: int
    ) -> bool:
        if key not in known:
            # A condition that leads back to itself is refused; here it ends.
            known[key] = bool(picked.get(key))
            found = call(node)
            if found is not None and key not in picked and depth < DEPTH:
                known[key] = self._called(found, picked, known, depth)
        return known[key]

    def _called(self, found: Intrinsic, picked: dict[object, object], known: dict[object, bool], depth: int) -> bool:
        if found.name == "Condition":
            return self.holds(text_of(found.argument), picked, known, depth + 1)
        if sides := _sides(found):
            return picked.get(sides[0]) == sides[1]
        each = [self._true(item, id(item), picked, known, depth + 1) for item in items(found.argument)]
        return all(each) if found.name == "Fn::And" else any(each) if found.name == "Fn::Or" else not any(each)


def _sides(found: Intrinsic) -> tuple[str, str] | None:
    """Return the parameter and the text that Fn::Equals compares; None for what compares anything else."""
    both = items(found.argument)
    if found.name != "Fn::Equals" or len(both) != 2:
        return None
    for one, other in (both, both[::-1]):
        reference, literal = call(one), plain(other)
        if reference is not None and reference.name == "Ref" and literal is not None:
            return text_of(reference.argument), literal
    return None
