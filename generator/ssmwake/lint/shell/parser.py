"""Shell as simple commands: which words are run, and which are only prose, such as comments and here-documents."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ssmwake.lint.shell.command import LEADS, Command, Expansion, Here, ParsedScript
from ssmwake.lint.shell.command_recorder import CommandRecorder, Frame
from ssmwake.lint.shell.extent import IN_VAIN, LONGEST, end_of_braces, end_of_group, end_of_sum

PIECE = re.compile(
    r"""
    (?P<joint>\\\r?\n)
    | (?P<escape>\\.)
    | (?P<single>\$?'(?:(?<=\$')(?:[^'\\]|\\.)*|(?<!\$')[^']*)'?)
    | (?P<sum>\$\(\(|\(\()
    | (?P<braces>\$\{)
    | (?P<open>\$\(|[<>]\(|`)
    | (?P<variable>\$[A-Za-z_]\w*)
    | (?P<double>")
    | (?P<here><<(?!<)-?[ \t]*(?P<delimiter>'[^'\n]*'|"[^"\n]*"|[^\s'"<>|&;()\#]+))
    | (?P<redirect>\d*(?:&>>?|<<<|>>|>&|<&|>\||<>|[<>]))
    | (?P<operator>&&|\|\||;;&|;;|;&|\|&|[;|&\n])
    | (?P<paren>[()])
    | (?P<comment>\#[^\n]*)
    | (?P<blank>[ \t\r]+)
    | (?P<plain>[^\s\\'"$`<>|&;()\#]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
QUOTED = re.compile(
    r"""
    (?P<double>")
    | (?P<sum>\$\(\()
    | (?P<braces>\$\{)
    | (?P<open>\$\(|`)
    | (?P<variable>\$[A-Za-z_]\w*)
    | (?P<escape>\\.)
    | (?P<plain>[^"\\$`]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
# Text in which the shell only replaces: the body of a here-document, or what stands between `${` and `}`.
TEXT = re.compile(
    r"""(?P<sum>\$\(\()|(?P<braces>\$\{)|(?P<open>\$\(|`)|(?P<variable>\$[A-Za-z_]\w*)|(?P<escape>\\.)"""
    r"""|(?P<plain>[^\\$`]+|.)""",
    re.DOTALL,
)
NAMED = re.compile(r"\$\{[!#]?([A-Za-z_]\w*)(:?[-=+?])?")


@dataclass
class _ShellReader(CommandRecorder):
    text: str = ""
    expansions: list[Expansion] = field(default_factory=list)
    waiting: list[tuple[str, bool, bool, Command]] = field(default_factory=list)
    # How many characters may still be looked at for an end that is not there.
    patience: int = IN_VAIN

    def read(self, at: int, end: int, frame: Frame) -> None:
        """Read a stretch of the text."""
        outer = self.stack, self.waiting
        self.stack, self.waiting = [frame], []
        while at < end:
            frame = self.stack[-1]
            pattern = TEXT if frame.text else QUOTED if frame.quoted else PIECE
            match = pattern.match(self.text, at, end)
            assert match, "the last branch takes any character"
            kind, piece, after = match.lastgroup or "", match[0], match.end()
            if kind == "comment" and frame.start >= 0:
                # A number sign inside a word is a character like any other.
                kind, piece, after = "plain", "#", at + 1
            if frame.test and frame.word == ["]]"]:
                self.end_word(frame, at)
            if frame.test and kind in ("operator", "paren", "redirect", "here", "sum") and piece not in ("\n", "$(("):
                kind, piece, after = "plain", self.text[at], at + 1
            moved = getattr(self, "_" + kind)(frame, piece, at)
            after = after if moved is None else moved
            at = self._bodies(after, end) if piece == "\n" and kind == "operator" and self.waiting else after
        while self.stack:
            self.end_command(self.stack[-1], "", end)
            self.stack.pop()
        self.stack, self.waiting = outer

    def _plain(self, frame: Frame, piece: str, at: int) -> None:
        self.add(frame, piece, at)

    def _variable(self, frame: Frame, piece: str, at: int) -> None:
        self.expansions.append(Expansion(piece[1:], at))
        self.add(frame, piece, at)

    def _joint(self, frame: Frame, piece: str, at: int) -> None:
        if frame.start < 0:
            self._blank(frame, piece, at)

    def _escape(self, frame: Frame, piece: str, at: int) -> None:
        if piece == "\\`" and any(outer.closes == "`" for outer in self.stack):
            # Backticks inside backticks.
            if frame.closes == piece and not frame.quoted:
                self.close_frame(frame, at)
            else:
                self.add(frame, "$()", at)
                self.stack.append(Frame(piece, len(self.found)))
            return
        kept = frame.quoted and piece[1] not in '$`"\\\n'
        self.add(frame, piece if kept else piece[1:] if piece[1] != "\n" else "", at)

    def _single(self, frame: Frame, piece: str, at: int) -> None:
        text = piece[piece.index("'") + 1 :].removesuffix("'")
        if piece.startswith("$"):
            text = re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), text)
        self.add(frame, text, at)

    def _sum(self, frame: Frame, piece: str, at: int) -> int:
        starts = not frame.command.words or frame.command.words[-1].text in LEADS
        may_be = piece != "((" or (starts and frame.start < 0)
        end = end_of_sum(self.text, at + len(piece), self._most()) if may_be else -1
        self.patience -= LONGEST if may_be and end < 0 else 0
        if end >= 0:
            self._add_stretch(frame, at, end)
        elif piece == "((":
            self._paren(frame, "(", at)
            end = at + 1
        else:
            self._open(frame, "$(", at)
            end = at + 2
        return end

    def _braces(self, frame: Frame, piece: str, at: int) -> int:
        end = end_of_braces(self.text, at, self._most(), quoted=frame.quoted or frame.text)
        self.patience -= LONGEST if end < 0 else 0
        if match := NAMED.match(self.text, at):
            indirect = self.text[at + 2] == "!" and self.text[match.end() : match.end() + 1] not in ("*", "@", "[")
            self.expansions.append(Expansion(match[1], at, defaulted=match[2] is not None, indirect=indirect))
        if end < 0:
            self.add(frame, piece, at)
            return at + len(piece)
        self._add_stretch(frame, at, end)
        return end

    def _most(self) -> int:
        """Return how far an end is looked for."""
        return LONGEST if self.patience > 0 else 0

    def _add_stretch(self, frame: Frame, at: int, end: int) -> None:
        """Add a stretch as it stands to the word, and read the commands that it holds."""
        self.add(frame, self.text[at:end], at)
        if re.compile(r"[$`]").search(self.text, at + 2, end):
            self.read(at + 2, end, Frame("", text=True))

    def _double(self, frame: Frame, piece: str, at: int) -> None:
        self.add(frame, "", at)
        frame.quoted = not frame.quoted

    def _open(self, frame: Frame, piece: str, at: int) -> None:
        if piece == "`" and frame.closes == "`" and not frame.quoted:
            self.close_frame(frame, at)
            return
        self.add(frame, "$()", at)
        self.stack.append(Frame("`" if piece == "`" else ")", len(self.found)))

    def _here(self, frame: Frame, piece: str, at: int) -> None:
        self.end_word(frame, at)
        mark = piece.lstrip("<")
        name = mark.removeprefix("-").strip()
        plain = re.sub(r"[\\'\"]", "", name)
        self.waiting.append((plain, mark.startswith("-"), plain != name, frame.command))

    def _redirect(self, frame: Frame, piece: str, at: int) -> None:
        self.end_word(frame, at)
        frame.redirected = True

    def _operator(self, frame: Frame, piece: str, at: int) -> None:
        if frame.pattern or (frame.choosing and piece == "\n") or frame.test:
            self.end_word(frame, at)
            if frame.pattern or frame.choosing or frame.test:
                return
        self.end_command(frame, piece, at)
        frame.pattern = frame.cases > 0 and piece in (";;", ";&", ";;&")

    def _paren(self, frame: Frame, piece: str, at: int) -> int | None:
        if frame.pattern:
            self.end_word(frame, at)
            if piece == ")" and frame.pattern:
                frame.pattern, frame.command = False, Command(before="(")
            return None
        if piece == "(":
            return self._opening(frame, at)
        if frame.closes == ")":
            self.close_frame(frame, at)
        else:
            # One too many: what comes before is a command all the same.
            self.end_command(frame, "", at)
            frame.command = Command(before="(")
        return None

    def _opening(self, frame: Frame, at: int) -> int | None:
        if re.match(r"\(\s*\)", self.text[at : at + 16]) and (frame.start >= 0 or frame.command.words):
            # The name of a function that is defined here, which is not a command.
            self.end_word(frame, at)
            self.function = frame.command.words[-1].text if frame.command.words else "?"
            frame.command = Command(before=frame.command.before)
            return self.text.index(")", at) + 1
        last = frame.word[-1][-1:] if frame.start >= 0 and frame.word else ""
        if last == "=":
            # An array: its words are not a command, but may be options of one.
            self.add(frame, "(", at)
            self.end_word(frame, at)
            self.stack.append(Frame(")", len(self.found), array=True))
        elif last and last in "@?*+!" and (end := end_of_group(self.text, at)) > 0:
            self._add_stretch(frame, at, end)
            return end
        else:
            self.end_command(frame, "(", at)
            self.stack.append(Frame(")", len(self.found), body=bool(self.function)))
            if self.function:
                self.functions.append(self.function)
                self.function = ""
        return None

    def _comment(self, frame: Frame, piece: str, at: int) -> None:
        pass

    def _blank(self, frame: Frame, piece: str, at: int) -> None:
        self.end_word(frame, at)

    def _bodies(self, at: int, end: int) -> int:
        """Take the bodies of the here-documents that begin here, and return where the script goes on."""
        for name, tabs, quoted, command in self.waiting:
            start = at
            while at < end:
                stop = self.text.find("\n", at, end)
                stop = stop if stop >= 0 else end
                line = self.text[at:stop].rstrip("\r")
                if (line.lstrip("\t") if tabs else line) == name:
                    command.heres.append(Here(start, at, quoted, tabs))
                    at = min(stop + 1, end)
                    break
                at = min(stop + 1, end)
            else:
                command.heres.append(Here(start, end, quoted, tabs))
            here = command.heres[-1]
            if not quoted and re.compile(r"[$`]").search(self.text, here.start, here.end):
                self.read(here.start, here.end, Frame("", text=True))
        self.waiting = []
        return at


def read(text: str) -> ParsedScript:
    """Return the simple commands of a script and the variables that it reads; anything is read, nothing is refused."""
    reader = _ShellReader(text=text)
    reader.read(0, len(text), Frame(""))
    found = sorted(reader.found, key=lambda command: command.words[0].start if command.words else len(text))
    calls: dict[str, list[Command]] = {}
    for command in found:
        calls.setdefault(command.name, []).append(command)
    # What only goes on by itself does not hold up the script, and neither does what it calls.
    for command in found:
        called = calls.get(command.function) if command.function else None
        if called and all(call.background for call in called):
            command.background = True
    return ParsedScript(found, sorted(reader.expansions, key=lambda expansion: expansion.start))


def commands(text: str) -> list[Command]:
    """Return the simple commands of a script, in the order in which they begin."""
    return read(text).commands
