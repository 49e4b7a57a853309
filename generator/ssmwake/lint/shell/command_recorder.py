"""From the words of a shell script to its simple commands: what begins and ends one, and what it is a part of."""

from __future__ import annotations

from dataclasses import dataclass, field

from ssmwake.lint.shell.command import LEADS, LOOPS, Command, Word


@dataclass
class Frame:
    """A place where commands stand: the script, or parentheses in it, and how many commands came before."""

    closes: str
    first: int = 0
    quoted: bool = False
    command: Command = field(default_factory=Command)
    word: list[str] = field(default_factory=list)
    start: int = -1
    redirected: bool = False
    array: bool = False
    # Only expansions are read in it; its words are not commands.
    text: bool = False
    # Between [[ and ]], where operators are words.
    test: bool = False
    # How many case statements are open, whether the last waits for its `in`, and whether a pattern comes next.
    cases: int = 0
    choosing: bool = False
    pattern: bool = False
    # The parentheses are the body of a function.
    body: bool = False


@dataclass
class CommandRecorder:
    """Takes the words of a script as they are read, and keeps the commands that they make."""

    found: list[Command] = field(default_factory=list)
    stack: list[Frame] = field(default_factory=list)
    loops: int = 0
    # The braces that are open, each with the name of the function that it is the body of; empty for a mere group.
    braces: list[str] = field(default_factory=list)
    # The functions that are open, and the one whose body comes next.
    functions: list[str] = field(default_factory=list)
    function: str = ""
    # Where the groups that are open began, and the one that has just ended.
    groups: list[int] = field(default_factory=list)
    ended: int = -1

    def add(self, frame: Frame, text: str, at: int) -> None:
        """Take a piece of a word."""
        if frame.start < 0:
            frame.start = at
        frame.word.append(text)

    def close_frame(self, frame: Frame, at: int) -> None:
        """End what stands in parentheses."""
        self.end_command(frame, "", at)
        if len(self.stack) > 1:
            self.stack.pop()
            self.ended = frame.first
            if frame.body and self.functions:
                self.functions.pop()

    def end_word(self, frame: Frame, at: int) -> None:
        """End the word that is being read."""
        if frame.start < 0:
            return
        word = Word("".join(frame.word), frame.start, at)
        frame.word, frame.start = [], -1
        if frame.text:
            return
        if frame.redirected:
            frame.redirected = False
            frame.command.writes.append(word)
            return
        if frame.pattern:
            if word.text != "esac":
                return
            frame.pattern = False
        words = frame.command.words
        if frame.choosing and word.text == "in" and len(words) > 1:
            frame.choosing, frame.pattern = False, True
            frame.cases += 1
            words.append(word)
            self._record(frame, "\n")
            return
        first = not words or words[-1].text in LEADS
        words.append(word)
        if frame.array:
            return
        if first:
            self._count(frame, word.text)
        elif word.text == "{" and len(words) == 3 and words[0].text == "function":
            self.function = words[1].text
            frame.command = Command([word], before=frame.command.before)
            self._count(frame, "{")
        elif word.text == "]]" and frame.test:
            frame.test = False

    def _count(self, frame: Frame, word: str) -> None:
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
            if self.function:
                self.functions.append(self.function)
            self.function = ""
        elif word == "}" and self.braces:
            if self.braces.pop() and self.functions:
                self.functions.pop()
        elif word == "case":
            frame.choosing = True
        elif word == "esac":
            frame.cases = max(frame.cases - 1, 0)
        elif word == "[[":
            frame.test = True

    def end_command(self, frame: Frame, operator: str, at: int) -> None:
        """End the command that is being read."""
        self.end_word(frame, at)
        if frame.text:
            return
        command = frame.command
        ends_group = not command.words or command.words[0].text in ("}", "done")
        if operator == "&" and ends_group and self.ended >= 0:
            for inner in self.found[self.ended :]:
                inner.background = True
        if command.words:
            self.ended = -1
        if len(command.words) == 2 and command.words[0].text == "function":
            self.function = command.words[1].text
            frame.command = Command(before=command.before)
        elif command.words or command.writes or command.heres:
            self._record(frame, operator)
        elif operator != "\n":
            command.before = operator or command.before

    def _record(self, frame: Frame, operator: str) -> None:
        command = frame.command
        command.after = operator
        command.background = operator == "&"
        command.looped = self.loops > 0
        command.function = self.functions[-1] if self.functions else ""
        if not frame.array:
            self.found.append(command)
        frame.command = Command(before=operator)
