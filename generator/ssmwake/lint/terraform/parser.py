"""Read Terraform's language: text in, tree out; a broken template in it is kept, what else is broken raises."""

import re
from dataclasses import replace

from ssmwake.lint.terraform.cursor import COMMENT, BrokenText, Cursor
from ssmwake.lint.terraform.tree import (
    Attribute,
    Block,
    Body,
    Broken,
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
    Span,
    TemplateExpression,
)
from ssmwake.text.source import Source

NAME = re.compile(r"[^\W\d][\w-]*")
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
IF = re.compile(r"if\b")
STRIP = re.compile("~")
OPERATOR = re.compile(r"==|!=|<=|>=|&&|\|\||[-+*/%<>]")
HEREDOC = re.compile(r"<<(-?)([^\W\d][\w-]*)[ \t]*\r?\n")
FOR = re.compile(rf"(?:\s|{COMMENT})*+for\s+([^\W\d][\w-]*)\s*(?:,\s*([^\W\d][\w-]*)\s*)?in\b")
# What may follow an escaped or a plain opening in a template; a doubled dollar before a brace is not an opening.
PIECE = re.compile(r"\$\$\{|%%\{|\$\{|%\{")
QUOTED_PIECE = re.compile(r"\$\$\{|%%\{|\$\{|%\{|\\.|[\"\n]", re.DOTALL)
ESCAPE = re.compile(r"\\(?:[nrt\"\\]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})")
# A file with more broken templates is not a Terraform file; each is read further at a guess, which takes time.
MOST_BROKEN = 500
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


class _TerraformReader(Cursor):
    """What the words of a text mean."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.broken_pieces: dict[int, str] = {}
        # What was not found once is not there further on.
        self.unclosed: set[str] = set()

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

    def inside(self, in_brackets: bool) -> Expression:
        """Return an expression in brackets, or in the braces of an object."""
        before, self.in_brackets = self.in_brackets, in_brackets
        found = self.expression()
        self.skip()
        self.in_brackets = before
        return found

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

    # Templates.

    def quoted(self) -> TemplateExpression:
        start = self.at
        self.at += 1
        pieces: list[Expression] = []
        while True:
            found = QUOTED_PIECE.search(self.text, self.at, self.end)
            if not found or found[0] == "\n":
                raise self.broken('a string without its closing quote; write "', start)
            if found[0] in ("${", "%{"):
                if found.start() > self.at:
                    pieces.append(Literal(Span(self.source, self.at, found.start())))
                self.at = found.start()
                pieces.append(self.piece(within_line=True))
                continue
            first = self.at
            self.at = found.start()
            if found[0] == '"':
                if self.at > first:
                    pieces.append(Literal(self.span(first)))
                self.at += 1
                return TemplateExpression(self.span(start), tuple(pieces), quoted=True)
            if found[0][0] == "\\" and not self.matched(ESCAPE):
                raise self.broken("no such escape; write \\\\ for a backslash")
            self.at = max(self.at, found.end())
            pieces.append(Literal(self.span(first)))

    def heredoc(self) -> TemplateExpression:
        start = self.at
        opened = self.matched(HEREDOC)
        if not opened:
            raise self.broken("no heredoc; write << and a word, and begin a new line")
        closing = re.compile(rf"^[ \t]*{re.escape(opened[2])}[ \t\r]*$", re.MULTILINE)
        closed = None if opened[2] in self.unclosed else closing.search(self.text, self.at, self.end)
        if not closed:
            self.unclosed.add(opened[2])
            raise self.broken(f"a heredoc without its end; write {opened[2]} on a line of its own", start)
        found = self.template(closed.start(), flush=bool(opened[1]))
        self.at = closed.start() + len(closed[0].rstrip())
        return replace(found, span=self.span(start))

    def template(self, stop: int, *, flush: bool = False) -> TemplateExpression:
        start, before = self.at, self.end
        self.end = stop
        pieces: list[Expression] = []
        while self.at < stop:
            first = self.at
            found = PIECE.search(self.text, first, stop)
            while found and len(found[0]) == 3:
                found = PIECE.search(self.text, found.end(), stop)
            self.at = found.start() if found else stop
            if self.at > first:
                pieces.append(Literal(self.span(first)))
            if found:
                pieces.append(self.piece(within_line=False))
        self.end = before
        return TemplateExpression(self.span(start), tuple(pieces), flush=flush)

    def piece(self, *, within_line: bool) -> Expression:
        """Return `${...}` or `%{...}`; of one that makes no sense, how far it reaches is a guess."""
        start, before, end = self.at, self.in_brackets, self.end
        if start not in self.broken_pieces:
            try:
                return self.directive() if self.peek("%") else self.interpolation()
            except BrokenText as error:
                self.end, self.in_brackets = end, before
                if (within_line and not self.guess_end(start)) or len(self.broken_pieces) >= MOST_BROKEN:
                    raise
                self.broken_pieces[start] = error.problem
        self.at = self.guess_end(start) or min(start + 2, end)
        return Broken(self.span(start), problem=self.broken_pieces[start])

    def guess_end(self, start: int) -> int:
        line = self.text.find("\n", start, self.end)
        return self.text.find("}", start, line if line >= 0 else self.end) + 1

    def interpolation(self) -> Expression:
        start = self.at
        self.at += 2
        self.matched(STRIP)
        found = self.inside(True)
        self.close()
        return Interpolation(self.span(start), (found,))

    def close(self) -> None:
        before, self.in_brackets = self.in_brackets, True
        self.take("~")
        self.expect("}", "more than an expression; write }")
        self.in_brackets = before

    def directive(self) -> Expression:
        start = self.at
        before, self.in_brackets = self.in_brackets, True
        self.at += 2
        self.matched(STRIP)
        self.skip()
        inside: list[Expression] = []
        names: frozenset[str] = frozenset()
        if found := self.matched(FOR):
            names = frozenset(name for name in (found[1], found[2]) if name)
            inside.append(self.expression())
            word = "for"
        else:
            named = self.matched(NAME)
            word = named[0] if named else ""
            if word == "if":
                inside.append(self.expression())
            elif word not in ("else", "endif", "endfor"):
                raise self.broken("no such directive; write %%{ for a plain %{", start)
        self.close()
        self.in_brackets = before
        return Directive(self.span(start), tuple(inside), names, word=word)
