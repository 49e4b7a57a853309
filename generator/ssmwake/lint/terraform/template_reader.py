"""Read the templates of Terraform: quoted strings, heredocs and template files, with what is filled in."""

import re
from dataclasses import replace

from ssmwake.lint.terraform.cursor import COMMENT, BrokenText, Cursor
from ssmwake.lint.terraform.tree import Broken, Directive, Expression, Interpolation, Literal, Span, TemplateExpression
from ssmwake.text.source import Source

NAME = re.compile(r"[^\W\d][\w-]*")
STRIP = re.compile("~")
HEREDOC = re.compile(r"<<(-?)([^\W\d][\w-]*)[ \t]*\r?\n")
FOR = re.compile(rf"(?:\s|{COMMENT})*+for\s+([^\W\d][\w-]*)\s*(?:,\s*([^\W\d][\w-]*)\s*)?in\b")
# What may follow an escaped or a plain opening in a template; a doubled dollar before a brace is not an opening.
PIECE = re.compile(r"\$\$\{|%%\{|\$\{|%\{")
QUOTED_PIECE = re.compile(r"\$\$\{|%%\{|\$\{|%\{|\\.|[\"\n]", re.DOTALL)
ESCAPE = re.compile(r"\\(?:[nrt\"\\]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})")
# A file with more broken templates is not a Terraform file; each is read further at a guess, which takes time.
MOST_BROKEN = 500


class TemplateReader(Cursor):
    """Reads templates; what is written between their braces, another class reads."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.broken_pieces: dict[int, str] = {}
        # What was not found once is not there further on.
        self.unclosed: set[str] = set()

    def expression(self) -> Expression:
        """Return the expression that begins here."""
        raise NotImplementedError

    def inside(self, in_brackets: bool) -> Expression:
        """Return an expression in brackets, or in the braces of an object."""
        before, self.in_brackets = self.in_brackets, in_brackets
        found = self.expression()
        self.skip()
        self.in_brackets = before
        return found

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
