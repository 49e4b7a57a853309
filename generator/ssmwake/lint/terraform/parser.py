"""Read Terraform's language: text in, tree out; a broken template in it is kept, what else is broken raises."""

import re

from ssmwake.lint.terraform.cursor import BrokenText
from ssmwake.lint.terraform.template_reader import FOR, NAME, TemplateReader
from ssmwake.lint.terraform.tree import (
    Attribute,
    Block,
    Body,
    Broken,
    Call,
    Conditional,
    Constant,
    Expression,
    List,
    Object,
    Reference,
    Span,
    TemplateExpression,
)
from ssmwake.text.source import Source

NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
IF = re.compile(r"if\b")
OPERATOR = re.compile(r"==|!=|<=|>=|&&|\|\||[-+*/%<>]")
CONSTANTS = frozenset({"true", "false", "null"})


def parse(source: Source) -> Body:
    """Return the tree of a .tf file; raise BrokenText at the first place that makes no sense."""
    reader = _TerraformReader(source)
    if source.text.startswith("\ufeff"):
        reader.at = 1
    return reader.body(whole=True)


def parse_template(source: Source) -> TemplateExpression:
    """Return the tree of a template: that which a file holds, or a string of .tf.json."""
    try:
        return _TerraformReader(source).template(len(source.text))
    except BrokenText as error:
        # Broken in this many places, it is read no further.
        start = Span(source, error.offset, error.offset + 1)
        return TemplateExpression(start, (Broken(start, problem=error.problem),))


class _TerraformReader(TemplateReader):
    """What the words of a text mean."""

    # Blocks.

    def body(self, *, whole: bool) -> Body:
        attributes: dict[str, Attribute] = {}
        blocks: list[Block] = []
        opened = self.at
        while True:
            self.skip_lines()
            if self.at >= self.end:
                if not whole:
                    raise self.broken("a block without its closing brace; write }", opened - 1)
                return Body(attributes, tuple(blocks))
            if self.peek("}"):
                if whole:
                    raise self.broken("one closing brace too many; remove it")
                self.at += 1
                return Body(attributes, tuple(blocks))
            start = self.at
            if not self.matched(NAME):
                raise self.broken("neither an argument nor a block; write name = value, or name { ... }")
            name = self.span(start)
            self.skip()
            if self.peek("=") and not self.peek("=="):
                self.at += 1
                attributes[name.text] = Attribute(name, self.expression())
            else:
                blocks.append(self.block(name))
            self.line_end(single=not whole)

    def line_end(self, *, single: bool) -> None:
        self.skip()
        if self.at < self.end and not self.peek("\n") and not (single and self.peek("}")):
            raise self.broken("more on this line than belongs to it; begin a new line, or remove it")

    def block(self, name: Span) -> Block:
        labels = []
        while not self.take("{"):
            start = self.at
            if self.matched(NAME):
                labels.append(self.text[start : self.at])
            elif self.peek('"'):
                self.quoted()
                labels.append(self.text[start + 1 : self.at - 1])
            else:
                raise self.broken("neither a value nor a block; write = or { after the name")
        return Block(name, tuple(labels), self.body(whole=False))

    # Expressions.

    def expression(self) -> Expression:
        self.skip()
        start = self.at
        first = self.operation()
        if not self.take("?"):
            return first
        yes = self.expression()
        self.expect(":", "a condition without its second value; write : and a value")
        no = self.expression()
        return Conditional(self.span(start), (first, yes, no))

    def operation(self) -> Expression:
        start = self.at
        found = [self.operand()]
        while True:
            self.skip()
            # A comment is skipped by now, so a slash divides.
            if not self.matched(OPERATOR):
                break
            found.append(self.operand())
        return found[0] if len(found) == 1 else Expression(self.span(start), tuple(found))

    def operand(self) -> Expression:
        self.skip()
        start = self.at
        signed = False
        while self.peek("-") or (self.peek("!") and not self.peek("!=")):
            self.at += 1
            self.skip()
            signed = True
        found = self.traversal(self.primary())
        return Expression(self.span(start), (found,)) if signed else found

    def traversal(self, found: Expression) -> Expression:
        start = found.span.start
        path = list(found.path) if isinstance(found, Reference) else []
        inside: list[Expression] = [] if isinstance(found, Reference) else [found]
        stepped = False
        while True:
            before = self.at
            self.skip()
            if self.peek(".") and not self.peek("..."):
                self.at += 1
                self.skip()
                if name := self.matched(NAME):
                    path.append(name[0])
                elif not self.take("*") and not self.matched(NUMBER):
                    raise self.broken("no name after the dot; write one")
            elif self.peek("["):
                self.at += 1
                if self.take("*"):
                    self.expect("]", "no closing bracket; write ]")
                else:
                    inside.append(self.inside(True))
                    self.expect("]", "no closing bracket; write ]")
            else:
                self.at = before
                break
            stepped = True
        if not stepped:
            return found
        if isinstance(found, Reference):
            return Reference(self.span(start), tuple(inside), path=tuple(path))
        return Expression(self.span(start), tuple(inside))

    def primary(self) -> Expression:
        start = self.at
        if self.peek('"'):
            return self.quoted()
        if self.peek("<<"):
            return self.heredoc()
        if self.peek("["):
            return self.sequence()
        if self.peek("{"):
            return self.mapping()
        if self.peek("("):
            self.at += 1
            found = self.inside(True)
            self.expect_bracket(")", start)
            return found
        if self.matched(NUMBER):
            return Constant(self.span(start))
        if not self.matched(NAME):
            raise self.broken("no value where one belongs" + ("; write it in double quotes" if self.peek("'") else ""))
        while self.peek("::"):
            self.at += 2
            if not self.matched(NAME):
                raise self.broken("no name after ::; write one")
        name = self.text[start : self.at]
        after = self.at
        self.skip()
        if self.peek("("):
            self.at += 1
            return self.call(start, name)
        self.at = after
        if name in CONSTANTS:
            return Constant(self.span(start))
        return Reference(self.span(start), path=(name,))

    def expect_bracket(self, bracket: str, opened: int) -> None:
        if self.at >= self.end:
            raise self.broken(f"no closing bracket; write {bracket}", opened)
        self.expect(bracket, f"neither a comma nor a closing bracket; write , or {bracket}")

    def call(self, start: int, name: str) -> Call:
        before, self.in_brackets = self.in_brackets, True
        opened = self.at - 1
        inside: list[Expression] = []
        while not self.take(")"):
            inside.append(self.expression())
            self.take("...")
            if self.take(","):
                continue
            self.expect_bracket(")", opened)
            break
        self.in_brackets = before
        return Call(self.span(start), tuple(inside), name=name)

    def sequence(self) -> Expression:
        start = self.at
        self.at += 1
        if FOR.match(self.text, self.at, self.end):
            return self.comprehension(start, "]")
        before, self.in_brackets = self.in_brackets, True
        inside: list[Expression] = []
        while not self.take("]"):
            inside.append(self.expression())
            if self.take(","):
                continue
            self.expect_bracket("]", start)
            break
        self.in_brackets = before
        return List(self.span(start), tuple(inside))

    def mapping(self) -> Expression:
        start = self.at
        self.at += 1
        if FOR.match(self.text, self.at, self.end):
            return self.comprehension(start, "}")
        before, self.in_brackets = self.in_brackets, False
        inside: list[Expression] = []
        while True:
            self.skip_lines()
            if self.take("}"):
                break
            if self.at >= self.end:
                raise self.broken("no closing brace; write }", start)
            inside.append(self.expression())
            if not self.take("=") and not self.take(":"):
                raise self.broken("a key without a value; write = and a value")
            inside.append(self.expression())
            if not self.take(","):
                self.skip()
                if self.at < self.end and not self.peek("\n") and not self.peek("}"):
                    raise self.broken("neither a comma nor a line end; write , or }")
        self.in_brackets = before
        return Object(self.span(start), tuple(inside))

    def comprehension(self, start: int, closing: str) -> Expression:
        found = self.matched(FOR)
        names = frozenset(name for name in (found[1], found[2]) if name) if found else frozenset[str]()
        before, self.in_brackets = self.in_brackets, True
        inside = [self.expression()]
        self.expect(":", "a for without its result; write : and a value")
        inside.append(self.expression())
        if self.take("=>"):
            inside.append(self.expression())
            self.take("...")
        self.skip()
        if self.matched(IF):
            inside.append(self.expression())
        self.expect_bracket(closing, start)
        self.in_brackets = before
        return Expression(self.span(start), tuple(inside), names)
