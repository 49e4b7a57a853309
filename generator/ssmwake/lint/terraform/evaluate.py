"""What an expression comes to, as far as a file tells it: text with places, and a word for what it does not tell."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from ssmwake.cloud_init.parts import BOM, is_mime, kind_of
from ssmwake.lint.terraform.encode import encoded
from ssmwake.lint.terraform.parser import parse_template
from ssmwake.lint.terraform.scope import LIMIT, Coding, Part, Scope, Text, keys
from ssmwake.lint.terraform.template_text import alone, indent, literal
from ssmwake.lint.terraform.tree import (
    Call,
    Conditional,
    Constant,
    Directive,
    Expression,
    Interpolation,
    List,
    Literal,
    Object,
    Reference,
    TemplateExpression,
    unwrapped,
)
from ssmwake.model import Location
from ssmwake.text.placeholders import word
from ssmwake.text.source import Edit, Source

# They give their first argument back, or nearly so.
SAME = frozenset({"chomp", "trimspace", "trimsuffix", "sensitive", "nonsensitive", "tostring"})
DOCUMENT = re.compile(r"\bschemaVersion[\"']?\s*:")
# Lists of lists, and names for names, are followed this far.
DEPTH = 8
# A verb of format().
VERB = re.compile(r"%(?:\[\d+\])?[-+ #0]*\d*(?:\.\d+)?[%a-zA-Z]")


def texts(expression: Expression, scope: Scope) -> Iterator[Text]:
    """Yield what an expression can come to: with the first branch of each condition, and with the other."""
    first = text(expression, scope)
    if first is not None:
        yield first
    other = text(expression, replace(scope, other=True, resolved={}))
    if other is not None and (first is None or other.source.text != first.source.text):
        yield other


def text(expression: Expression, scope: Scope) -> Text | None:
    """Return the text that an expression comes to; None where only Terraform knows it."""
    if isinstance(expression, TemplateExpression):
        return _template(expression, scope)
    if isinstance(expression, Constant):
        return None if expression.span.text == "null" else Text(expression.span.slice)
    if isinstance(expression, Conditional):
        return text(expression.inside[2 if scope.other else 1], scope)
    if isinstance(expression, Reference):
        return _reference(expression, scope)
    if isinstance(expression, Call):
        return _call(expression, scope)
    return None


def _reference(reference: Reference, scope: Scope) -> Text | None:
    path = reference.path
    # A module that is not the root has other files there, or none.
    if path in (("path", "module"), ("path", "root"), ("path", "cwd")):
        return Text(Source.at_place(reference.span.where, "."))
    if len(path) == 1 and path[0] in scope.variables:
        return scope.variables[path[0]]
    if reference.inside:
        return None
    if len(path) == 2 and path[0] == "local" and path[1] in scope.locals:
        return _once(f"local.{path[1]}", scope.locals[path[1]], scope)
    if len(path) == 2 and path[0] == "var" and path[1] in scope.defaults:
        # A script or a document is wrong by itself; what any other default makes of the text is the user's to change.
        found = _once(f"var.{path[1]}", scope.defaults[path[1]], scope)
        return found if found and (scope.by_default or _is_beginning(found)) else None
    if len(path) == 4 and path[:2] == ("data", "template_file") and path[3] == "rendered":
        block = scope.data.get((path[1], path[2]))
        source = block.body.value("template") if block else None
        return None if source is None else _rendered(source, scope)
    return None


def _is_beginning(found: Text) -> bool:
    said = found.source.text
    if found.coding is not Coding.PLAIN or not found.begins:
        return False
    return bool(kind_of(said) or is_mime(said.encode("utf-8", "replace")) or DOCUMENT.search(said[:4096]))


def _once(name: str, expression: Expression, scope: Scope) -> Text | None:
    # Names may refer to each other in a circle, or one name twice to the next and so on.
    if name not in scope.resolved:
        scope.resolved[name] = None
        scope.resolved[name] = text(expression, scope)
    return scope.resolved[name]


def _rendered(source: Expression, scope: Scope) -> Text | None:
    """Return what the old template_file makes of a template that is a text of its own."""
    found = text(source, scope)
    if found is None or not found.known or found.coding is not Coding.PLAIN:
        return None
    if found.file is not None:
        scope.files.templates.add(found.source.path)
    return text(parse_template(found.source), replace(scope, variables={}, locals={}, data={}, resolved={}))


def _call(call: Call, scope: Scope) -> Text | None:
    name, arguments = call.name.removeprefix("core::"), call.inside
    if not arguments:
        return None
    if name in ("base64encode", "base64gzip", "textencodebase64"):
        found = text(arguments[0], scope)
        if found is None or found.coding is not Coding.PLAIN:
            return None
        return replace(found, coding=Coding.GZIP if name == "base64gzip" else Coding.BASE64)
    if name in SAME:
        return text(arguments[0], scope)
    if name in ("coalesce", "try"):
        return _first(arguments, scope)
    if name in ("file", "filebase64"):
        found = _file(arguments[0], scope)
        return replace(found, coding=Coding.BASE64) if found and name == "filebase64" else found
    if name == "templatefile":
        return _template_file(call, scope)
    if name == "join":
        return _join(call, scope)
    if name in ("jsonencode", "yamlencode"):
        return _encoded(arguments[0], scope, yaml=name == "yamlencode")
    made = MAKES.get(name)
    return made(call, scope) if made else None


def _encoded(argument: Expression, scope: Scope, *, yaml: bool) -> Text | None:
    argument = unwrapped(argument)
    if isinstance(argument, Call) and argument.name in ("yamldecode", "jsondecode") and argument.inside:
        # What is read only to be written in the other form.
        found = text(argument.inside[0], scope)
        return replace(found, yaml=yaml) if found else None
    return Text(encoded(argument, scope, text), known=False, yaml=yaml)


def _replaced(call: Call, scope: Scope) -> Text | None:
    """Return what replace() makes of a text: with the new text where that is known, and a word for it otherwise."""
    found, *both = (text(one, scope) for one in call.inside)
    if found is None or found.coding is not Coding.PLAIN or len(both) != 2:
        return None
    old, new = both
    if old is None or not old.known or old.source.text.startswith("/") or not old.source.text:
        return replace(found, known=False)
    said = new.source.text if new and new.known else word(old.source.text)
    matches = re.finditer(re.escape(old.source.text), found.source.text)
    source = found.source.edited(Edit(match.start(), match.end(), said) for match in matches)
    return replace(found, source=source, known=found.known and bool(new and new.known), file=None)


def _formatted(call: Call, scope: Scope) -> Text | None:
    """Return what format() makes of a text, with a word for each value that is not known."""
    found = text(call.inside[0], scope)
    if found is None or found.coding is not Coding.PLAIN:
        return None
    given = iter(call.inside[1:])
    edits: list[Edit] = []
    known = found.known
    for match in VERB.finditer(found.source.text):
        if match[0].endswith("%"):
            edits.append(Edit(match.start(), match.end(), "%"))
            continue
        argument = next(given, None)
        value = text(argument, scope) if argument and "[" not in match[0] else None
        known = known and bool(value and value.known)
        edits.append(Edit(match.start(), match.end(), value.source.text if value and value.known else word("xxxx")))
    return replace(found, source=found.source.edited(edits), known=known, file=None)


def _indented(call: Call, scope: Scope) -> Text | None:
    if len(call.inside) != 2 or not re.fullmatch(r"\d{1,3}", call.inside[0].span.text):
        return None
    found = text(call.inside[1], scope)
    if found is None or found.coding is not Coding.PLAIN:
        return None
    margin = " " * int(call.inside[0].span.text)
    edits = (Edit(match.end(), match.end(), margin) for match in re.finditer("\n", found.source.text))
    return replace(found, source=found.source.edited(edits), file=None)


MAKES: dict[str, Callable[[Call, Scope], Text | None]] = {
    "replace": _replaced,
    "format": _formatted,
    "indent": _indented,
}


def _first(arguments: Sequence[Expression], scope: Scope) -> Text | None:
    """Return the first text that the module has itself; what a user may give instead is not known here."""
    found = [one for one in (text(argument, scope) for argument in arguments) if one is not None]
    known = next((one for one in found if one.known and one.source.text), None)
    return known or next((one for one in found if one.begins), None)


def _file(argument: Expression, scope: Scope) -> Text | None:
    # A file is there or not, whatever gave its name.
    name = text(argument, replace(scope, by_default=True, resolved={}))
    if name is None or not name.known or name.coding is not Coding.PLAIN:
        return None
    found = scope.files.get(scope.folder, name.source.text)
    if found is None or len(found[1]) > LIMIT:
        return None
    path, data = found
    source = Source.of_file(path, data.removeprefix(BOM).decode("utf-8", "surrogateescape"))
    return Text(unix(source), file=data)


def _template_file(call: Call, scope: Scope) -> Text | None:
    found = _file(call.inside[0], scope)
    if found is None:
        return None
    scope.files.templates.add(found.source.path)
    given = call.inside[1] if len(call.inside) > 1 else None
    variables = {key: text(value, scope) for key, value in keys(given) if key} if isinstance(given, Object) else {}
    inner = replace(scope, variables=variables, locals={}, data={}, resolved={})
    return text(parse_template(found.source), inner)


def _join(call: Call, scope: Scope) -> Text | None:
    elements = _elements(call.inside[1], scope) if len(call.inside) == 2 else None
    if not elements:
        return None
    between = text(call.inside[0], scope)
    if between is None or not between.known:
        return None
    parts: list[Part] = []
    for number, item in enumerate(elements):
        if number:
            parts.append((between, call.inside[0].span))
        parts.append((text(item, scope), item.span))
    return _joined(parts, call.span.where)


def _elements(expression: Expression, scope: Scope, depth: int = 0) -> list[Expression] | None:
    """Return the expressions that a list consists of; None where not all of them are there."""
    if isinstance(expression, List):
        return list(expression.inside)
    if isinstance(expression, Reference) and len(expression.path) == 2 and expression.path[0] == "local":
        held = scope.locals.get(expression.path[1])
        return _elements(held, scope, depth + 1) if held and not expression.inside and depth < DEPTH else None
    if not isinstance(expression, Call) or not expression.inside or depth >= DEPTH:
        return None
    if expression.name in ("compact", "tolist"):
        return _elements(expression.inside[0], scope, depth + 1)
    if expression.name == "flatten":
        outer = _elements(expression.inside[0], scope, depth + 1)
        # An element that is not a list, or not a known one, stays as it is.
        return None if outer is None else [one for each in outer for one in _elements(each, scope, depth + 1) or [each]]
    if expression.name != "concat":
        return None
    found = [_elements(one, scope, depth + 1) for one in expression.inside]
    return None if any(one is None for one in found) else [one for each in found for one in each or ()]


def _joined(parts: Iterable[Part], where: Location) -> Text | None:
    """Return the parts one after the other, with a word for what is not known."""
    sources: list[Source] = []
    known = begins = True
    layout_unknown = False
    length = 0
    for part, span in parts:
        if part is None or part.coding is not Coding.PLAIN:
            source, begins, known = Source.at_place(span.where, word(span.text)), begins and length > 0, False
        else:
            # A text has the places of one file; what comes from another stands where it is put in.
            here = part.source.path == where.path
            source = part.source if here else Source.at_place(span.where, part.source.text)
            known, layout_unknown = known and part.known, layout_unknown or part.layout_unknown
            begins = begins and (part.begins or length > 0)
        length += len(source.text)
        if length > LIMIT:
            return None
        if source.text:
            sources.append(source)
    joined = Source.joined(sources) if sources else Source.at_place(where, "")
    return Text(joined, known=known, begins=begins, layout_unknown=layout_unknown)


def _template(template: TemplateExpression, scope: Scope) -> Text | None:
    if len(template.inside) == 1 and isinstance(template.inside[0], Interpolation):
        return text(template.inside[0].inside[0], scope)
    parts: list[Part] = []
    directives = False
    script = bool(template.inside) and template.inside[0].span.text.lstrip().startswith("#!")
    cut = indent(template) if template.flush else 0
    for number, one in _selected(template.inside, scope):
        if isinstance(one, Literal):
            parts.append((Text(literal(template, number, cut)), one.span))
        elif isinstance(one, Interpolation):
            found = text(one.inside[0], scope)
            if found is None and alone(template.inside, number, script=script):
                # Lines that cannot be known: leaving them out is better than putting in one that is not YAML.
                found = Text(Source.at_place(one.span.where, ""), known=False, layout_unknown=True)
            parts.append((found, one.span))
        elif isinstance(one, Directive):
            directives = True
        else:
            parts.append((None, one.span))
    joined = _joined(parts, template.span.where)
    if joined and directives:
        return replace(joined, known=False, layout_unknown=True)
    return joined


def _selected(pieces: tuple[Expression, ...], scope: Scope) -> Iterator[tuple[int, Expression]]:
    """Yield the pieces that stay, with their numbers: of an if with an else one branch only."""
    with_else: set[int] = set()
    opened: list[int] = []
    for number, piece in enumerate(pieces):
        if isinstance(piece, Directive) and piece.word == "if":
            opened.append(number)
        elif isinstance(piece, Directive) and piece.word == "else" and opened:
            with_else.add(opened[-1])
        elif isinstance(piece, Directive) and piece.word == "endif" and opened:
            opened.pop()
    stays: list[bool] = []
    left_out = 0
    for number, piece in enumerate(pieces):
        if isinstance(piece, Directive) and piece.word == "if":
            stays.append(not (scope.other and number in with_else))
            left_out += not stays[-1]
        elif isinstance(piece, Directive) and piece.word in ("else", "endif") and stays:
            left_out -= not stays.pop()
            if piece.word == "else":
                stays.append(scope.other)
                left_out += not scope.other
        if not left_out or isinstance(piece, Directive):
            yield number, piece


def unix(source: Source) -> Source:
    """Return a text with the line ends of Unix."""
    if "\r\n" not in source.text:
        return source
    return source.edited(Edit(found.start(), found.end(), "\n") for found in re.finditer("\r\n", source.text))
