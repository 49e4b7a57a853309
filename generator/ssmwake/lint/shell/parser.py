"""Shell as simple commands: which words are run, and which are only prose, such as comments and here-documents."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

PIECE = re.compile(
    r"""
    (?P<joint>\\\r?\n)
    | (?P<escape>\\.)
    | (?P<single>\$?'[^']*'?)
    | (?P<sum>\$\(\([^()\n]*\)\))
    | (?P<parameter>\$\{[^{}\n]*\})
    | (?P<open>\$\(|[<>]\(|`)
    | (?P<double>")
    | (?P<here><<(?!<)-?[ \t]*(?P<delimiter>'[^'\n]*'|"[^"\n]*"|[\w\\.-]+))
    | (?P<redirect>\d*(?:&>>?|<<<|>>|>&|<&|>\||[<>]))
    | (?P<operator>&&|\|\||;;&|;;|;&|\|&|[;|&\n])
    | (?P<paren>[()])
    | (?P<comment>\#[^\n]*)
    | (?P<blank>[ \t\r]+)
    | (?P<plain>[^\s\\'"$`<>|&;()\#]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
QUOTED = re.compile(r"""(?P<double>")|(?P<open>\$\(|`)|(?P<escape>\\.)|(?P<plain>[^"\\$`]+|.)""", re.DOTALL)
LOOPS = {"while", "until", "for", "select"}
# Words before a command that change nothing about what it is.
LEADS = {"if", "then", "elif", "else", "do", "!", "{", "time"} | LOOPS
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
# Commands that run the command that follows, and which of their options take a word.
RUNNERS = {
    "sudo": "ugCDhpRrTt",
    "env": "uCS",
    "nohup": "",
    "exec": "a",
    "command": "",
    "nice": "n",
    "ionice": "cn",
    "setsid": "",
    "timeout": "ks",
    "stdbuf": "ioe",
    "export": "",
    "local": "",
    "readonly": "",
    "declare": "",
    "cloud-init-per": "",
}
# How many words they take before the command.
WORDS_BEFORE = {"timeout": 1, "cloud-init-per": 2}


@dataclass(frozen=True)
class Word:
    """A word of a command without its quotes, and the offset at which it stands."""

    text: str
    start: int


@dataclass(frozen=True)
class Here:
    """The body of a here-document by its offsets; a quoted one is taken as it is."""

    start: int
    end: int
    quoted: bool


@dataclass
class Command:
    """A simple command, and what is around it: loops, functions, the operators before and after, what it reads."""

    words: list[Word] = field(default_factory=list)
    writes: list[Word] = field(default_factory=list)
    heres: list[Here] = field(default_factory=list)
    looped: bool = False
    in_function: bool = False
    background: bool = False
    before: str = ""
    after: str = ""

    @cached_property
    def assignments(self) -> list[Word]:
        """The words that set a variable, before a command or without one."""
        return [word for word in self.words if ASSIGNMENT.match(word.text)]

    @cached_property
    def argv(self) -> list[Word]:
        """The words from the name of the program on, without sudo and the like."""
        first = 0
        while first < len(self.words):
            text = self.words[first].text
            name = text.rpartition("/")[2]
            if text in LEADS or ASSIGNMENT.match(text):
                first += 1
            elif name in RUNNERS:
                first = self._after_options(first + 1, RUNNERS[name]) + WORDS_BEFORE.get(name, 0)
            else:
                break
        return self.words[first:]

    @cached_property
    def name(self) -> str:
        """The name of the program without its folder; empty for none."""
        return self.argv[0].text.rpartition("/")[2] if self.argv else ""

    @cached_property
    def arguments(self) -> list[str]:
        """The texts of the words after the name."""
        return [word.text for word in self.argv[1:]]

    def _after_options(self, first: int, with_value: str) -> int:
        while first < len(self.words) and len(text := self.words[first].text) > 1 and text.startswith("-"):
            first += 2 if not text.startswith("--") and text[-1] in with_value else 1
        return first


@dataclass
class _Frame:
    """A place where commands stand: the script, or parentheses in it, and how many commands came before."""

    closes: str
    first: int = 0
    quoted: bool = False
    command: Command = field(default_factory=Command)
    word: list[str] = field(default_factory=list)
    start: int = -1
    redirected: bool = False
    array: bool = False


@dataclass
class _Reader:
    text: str
    found: list[Command] = field(default_factory=list)
    stack: list[_Frame] = field(default_factory=lambda: [_Frame("")])
    waiting: list[tuple[str, bool, bool, Command]] = field(default_factory=list)
    loops: int = 0
    # The braces that are open: whether each is that of a function; how many are; and whether the next one is.
    braces: list[bool] = field(default_factory=list)
    functions: int = 0
    function: bool = False
    # Where the groups that are open began, and the one that has just ended.
    groups: list[int] = field(default_factory=list)
    ended: int = -1

    def read(self) -> list[Command]:
        at = 0
        while at < len(self.text):
            frame = self.stack[-1]
            match = (QUOTED if frame.quoted else PIECE).match(self.text, at)
            assert match, "the last branch takes any character"
            kind, piece, end = match.lastgroup or "", match[0], match.end()
            if kind == "comment" and frame.start >= 0:
                # A number sign inside a word is a character like any other.
                kind, piece, end = "plain", "#", at + 1
            getattr(self, "_" + kind)(frame, piece, at)
            at = self._bodies(end) if piece == "\n" and kind == "operator" and self.waiting else end
        while self.stack:
            self._finished(self.stack[-1], "")
            self.stack.pop()
        return self.found

    def _add(self, frame: _Frame, text: str, at: int) -> None:
        if frame.start < 0:
            frame.start = at
        frame.word.append(text)

    def _plain(self, frame: _Frame, piece: str, at: int) -> None:
        if frame.closes == "`" and piece == "`":
            self._closed(frame)
        else:
            self._add(frame, piece, at)

    def _joint(self, frame: _Frame, piece: str, at: int) -> None:
        if frame.start < 0:
            self._blank(frame, piece, at)

    def _escape(self, frame: _Frame, piece: str, at: int) -> None:
        self._add(frame, piece[1:] if piece[1] != "\n" else "", at)

    def _single(self, frame: _Frame, piece: str, at: int) -> None:
        self._add(frame, piece[piece.index("'") + 1 :].removesuffix("'"), at)

    def _sum(self, frame: _Frame, piece: str, at: int) -> None:
        self._add(frame, piece, at)

    _parameter = _sum

    def _double(self, frame: _Frame, piece: str, at: int) -> None:
        self._add(frame, "", at)
        frame.quoted = not frame.quoted

    def _open(self, frame: _Frame, piece: str, at: int) -> None:
        if piece == "`" and frame.closes == "`" and not frame.quoted:
            self._closed(frame)
            return
        self._add(frame, "$()", at)
        self.stack.append(_Frame("`" if piece == "`" else ")", len(self.found)))

    def _here(self, frame: _Frame, piece: str, at: int) -> None:
        self._ended(frame)
        mark = piece.lstrip("<")
        name = mark.removeprefix("-").strip()
        plain = re.sub(r"[\\'\"]", "", name)
        self.waiting.append((plain, mark.startswith("-"), plain != name, frame.command))

    def _redirect(self, frame: _Frame, piece: str, at: int) -> None:
        self._ended(frame)
        frame.redirected = True

    def _operator(self, frame: _Frame, piece: str, at: int) -> None:
        self._finished(frame, piece)

    def _paren(self, frame: _Frame, piece: str, at: int) -> None:
        if piece == "(":
            if re.match(r"\(\s*\)", self.text[at : at + 16]) and (frame.start >= 0 or frame.command.words):
                # The name of a function that is defined here, which is no command.
                frame.word, frame.start, frame.command = [], -1, Command(before=frame.command.before)
                self.function = True
            elif frame.start >= 0 and frame.word and frame.word[-1].endswith("="):
                # An array: its words are no command, but may be options of one.
                self._add(frame, "(", at)
                self._ended(frame)
                self.stack.append(_Frame(")", len(self.found), array=True))
            else:
                self._finished(frame, piece)
                self.stack.append(_Frame(")", len(self.found)))
        elif frame.closes == ")":
            self._closed(frame)
        else:
            # The end of a pattern of case, or of the parentheses of a function.
            self._ended(frame)
            frame.command = Command(before="(")

    def _comment(self, frame: _Frame, piece: str, at: int) -> None:
        pass

    def _blank(self, frame: _Frame, piece: str, at: int) -> None:
        self._ended(frame)

    def _closed(self, frame: _Frame) -> None:
        self._finished(frame, "")
        if len(self.stack) > 1:
            self.stack.pop()
            self.ended = frame.first

    def _ended(self, frame: _Frame) -> None:
        """End the word that is being read."""
        if frame.start < 0:
            return
        word = Word("".join(frame.word), frame.start)
        frame.word, frame.start = [], -1
        if frame.redirected:
            frame.redirected = False
            frame.command.writes.append(word)
            return
        if not frame.command.words or frame.command.words[-1].text in LEADS:
            self._counted(word.text)
        frame.command.words.append(word)

    def _counted(self, word: str) -> None:
        if word in LOOPS or word == "{":
            self.groups.append(len(self.found))
        elif word in ("done", "}") and self.groups:
            self.ended = self.groups.pop()
        if word in LOOPS:
            self.loops += 1
        elif word == "done":
            self.loops = max(self.loops - 1, 0)
        elif word == "{":
            self.braces.append(self.function)
            self.functions += self.function
            self.function = False
        elif word == "}" and self.braces:
            self.functions -= self.braces.pop()

    def _finished(self, frame: _Frame, operator: str) -> None:
        """End the command that is being read."""
        self._ended(frame)
        command = frame.command
        ends_group = not command.words or command.words[0].text in ("}", "done")
        if operator == "&" and ends_group and self.ended >= 0:
            for inner in self.found[self.ended :]:
                inner.background = True
        if command.words:
            self.ended = -1
        if command.words or command.writes or command.heres:
            command.after = operator
            command.background = operator == "&"
            command.looped = self.loops > 0
            command.in_function = self.functions > 0
            if not frame.array:
                self.found.append(command)
            frame.command = Command(before=operator)
        elif operator != "\n":
            command.before = operator or command.before

    def _bodies(self, at: int) -> int:
        """Take the bodies of the here-documents that begin here, and return where the script goes on."""
        for name, tabs, quoted, command in self.waiting:
            start = at
            while at < len(self.text):
                stop = self.text.find("\n", at)
                stop = stop if stop >= 0 else len(self.text)
                line = self.text[at:stop].rstrip("\r")
                if (line.lstrip("\t") if tabs else line) == name:
                    command.heres.append(Here(start, at, quoted))
                    at = min(stop + 1, len(self.text))
                    break
                at = min(stop + 1, len(self.text))
            else:
                command.heres.append(Here(start, len(self.text), quoted))
        self.waiting = []
        return at


def commands(text: str) -> list[Command]:
    """Return the simple commands of a script, as they end; anything is read, and nothing is refused."""
    found = _Reader(text).read()
    return sorted(found, key=lambda command: command.words[0].start if command.words else len(text))
