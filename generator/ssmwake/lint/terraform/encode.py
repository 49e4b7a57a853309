"""What jsonencode and yamlencode make of an expression: JSON, each of whose strings knows where it was written."""

import re

from ssmwake.lint.terraform.scope import LIMIT, Coding, Evaluate, Scope, Text, keys
from ssmwake.lint.terraform.tree import Conditional, Constant, Expression, List, Object, Reference
from ssmwake.text.source import Edit, Source

# Read as YAML, a value that is neither text nor a mapping.
UNKNOWN = '!unknown ""'
SPECIAL = re.compile(r'["\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]')


def encoded(expression: Expression, scope: Scope, text: Evaluate) -> Source:
    """Return the JSON of an expression; what only Terraform knows has a tag of its own; `text` evaluates the rest."""
    where = expression.span.where
    if isinstance(expression, Object):
        pairs = []
        for (key, _), (name, value) in zip(expression.items, keys(expression), strict=True):
            if name is not None:
                begin = Source.at_place(key.span.where, f"{_quoted(name)}: ")
                pairs.append(Source.joined([begin, encoded(value, scope, text)]))
        return _within("{", pairs, "}", expression)
    if isinstance(expression, List):
        return _within("[", [encoded(item, scope, text) for item in expression.inside], "]", expression)
    if isinstance(expression, Conditional):
        return encoded(expression.inside[2 if scope.other else 1], scope, text)
    if isinstance(expression, Constant):
        return expression.span.slice
    if isinstance(expression, Reference) and len(expression.path) == 2 and expression.path[0] == "local":
        held = scope.locals.get(expression.path[1])
        if isinstance(held, Object | List):
            return _once(expression.path[1], held, scope, text)
    found = text(expression, scope)
    if found is None or found.coding is not Coding.PLAIN or found.source.path != where.path:
        return Source.at_place(where, UNKNOWN)
    edits = [Edit(match.start(), match.end(), _escaped(match[0])) for match in SPECIAL.finditer(found.source.text)]
    quote = Source.at_place(where, '"')
    return Source.joined([quote, found.source.edited(edits), quote])


def _once(name: str, held: Expression, scope: Scope, text: Evaluate) -> Source:
    # A name may stand for what holds itself, or for what holds another one many times.
    key = f"encoded {name}"
    if key not in scope.resolved:
        scope.resolved[key] = None
        scope.resolved[key] = Text(encoded(held, scope, text))
    found = scope.resolved[key]
    return found.source if found else Source.at_place(held.span.where, UNKNOWN)


def _within(opening: str, parts: list[Source], closing: str, expression: Expression) -> Source:
    where = expression.span.where
    if sum(len(part.text) for part in parts) > LIMIT:
        return Source.at_place(where, UNKNOWN)
    inner = [Source.joined(parts, ", ")] if parts else []
    return Source.joined([Source.at_place(where, opening), *inner, Source.at_place(where, closing)])


def _quoted(name: str) -> str:
    return '"' + SPECIAL.sub(lambda match: _escaped(match[0]), name) + '"'


def _escaped(character: str) -> str:
    if 0xD800 <= ord(character) < 0xE000:
        return "?"
    return {'"': '\\"', "\\": "\\\\", "\n": "\\n"}.get(character, f"\\u{ord(character):04x}")
