"""A place in a text of Terraform, which moves on word by word over blanks and comments."""

import re

from ssmwake.lint.terraform.tree import Span
from ssmwake.text.source import Source

# Possessive, so that a hostile text is not read in ever new ways.
COMMENT = r"#[^\n]*+|//[^\n]*+|(?>/\*(?s:.*?)\*/)"
BLANK = re.compile(rf"(?:[ \t\r]|{COMMENT})*+")
BLANK_LINES = re.compile(rf"(?:\s|{COMMENT})*+")


class BrokenText(Exception):  # noqa: N818 - a text is broken
    """What is wrong with a text, and where."""

    def __init__(self, source: Source, offset: int, problem: str) -> None:
        super().__init__(problem)
        self.offset, self.where = offset, source.at_offset(offset)
        self.problem = problem


class Cursor:
    """A place in a text, which moves on as it is read."""

    def __init__(self, source: Source) -> None:
        self.source, self.text = source, source.text
        self.at, self.end = 0, len(source.text)
        # In brackets a line end is a blank like any other.
        self.in_brackets = False

    def skip(self) -> None:
        """Move over blanks and comments, and in brackets over line ends."""
        found = (BLANK_LINES if self.in_brackets else BLANK).match(self.text, self.at, self.end)
        self.at = found.end() if found else self.at

    def skip_lines(self) -> None:
        """Move over blanks, comments and line ends."""
        found = BLANK_LINES.match(self.text, self.at, self.end)
        self.at = found.end() if found else self.at

    def peek(self, word: str) -> bool:
        """Return whether the word comes next."""
        return self.text.startswith(word, self.at, self.end)

    def take(self, word: str) -> bool:
        """Return whether the word comes next, behind blanks, and move behind it."""
        self.skip()
        if not self.peek(word):
            return False
        self.at += len(word)
        return True

    def expect(self, word: str, problem: str) -> None:
        """Move behind the word, or raise what is wrong without it."""
        if not self.take(word):
            raise self.broken(problem)

    def matched(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Return what the pattern matches here, and move behind it."""
        found = pattern.match(self.text, self.at, self.end)
        if found:
            self.at = found.end()
        return found

    def span(self, start: int) -> Span:
        """Return the stretch that ends here."""
        return Span(self.source, start, self.at)

    def broken(self, problem: str, offset: int | None = None) -> BrokenText:
        """Return what is wrong here, to be raised."""
        return BrokenText(self.source, self.at if offset is None else offset, problem)
