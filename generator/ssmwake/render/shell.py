"""Read a POSIX shell script and write it again: without comments and needless blanks, and with other names."""

import re
from collections import Counter
from collections.abc import Callable
from enum import Enum

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# A capital is for what others read or write: the environment, settings, properties of a unit.
OUTSIDE = re.compile(r"[A-Z]\w{2,}")
WORD_END = " \t\n;&|<>()"
# After these a command follows on the same line as well as on the next.
OPENERS = {"if", "then", "else", "elif", "while", "until", "do", "{", "!"}
RESERVED = OPENERS | {"fi", "done", "esac", "}", "for", "case", "in"}
# Their arguments are names of variables.
NAMING = {"read", "export", "readonly", "unset"}
# Their arguments are shell once more.
SHELL_AGAIN = {"eval", "trap"}
# An alias of ksh and mksh.
TAKEN = {"r"}

SEPARATOR = ";"
SEPARATORS = {"\n", ";;", "&&", "||", "|", "&", "(", "()"}
# After these no blank is needed.
GLUE = SEPARATORS | {")"}
CLOSERS = {";;", ")", "&&", "||"}


class Kind(Enum):
    """The two name spaces of a shell."""

    VARIABLE = "variable"
    FUNCTION = "function"


Rename = Callable[[Kind, str], str]


class Script:
    """One pass over a script: reads it and writes it again, with the names that `rename` gives."""

    def __init__(self, text: str, rename: Rename) -> None:
        self.text = text
        self.rename = rename
        self.at = 0
        self.made: dict[Kind, set[str]] = {kind: set() for kind in Kind}
        self.used: dict[Kind, Counter[str]] = {kind: Counter() for kind in Kind}
        self.kept: set[str] = set()
        self.documents: list[tuple[str, bool]] = []

    def read(self) -> str:
        return _Commands(self, "").read()

    def own(self, kind: Kind) -> set[str]:
        return {name for name in self.made[kind] if not OUTSIDE.fullmatch(name)} - self.kept - {"_"}

    def taken(self, kind: Kind) -> set[str]:
        return set(self.used[kind]) - self.own(kind) | TAKEN | {"_"}

    def name(self, kind: Kind, name: str, *, made: bool = False) -> str:
        self.used[kind][name] += 1
        if made:
            self.made[kind].add(name)
        return self.rename(kind, name)

    def peek(self, length: int = 1) -> str:
        return self.text[self.at : self.at + length]

    def take(self, length: int = 1) -> str:
        taken = self.peek(length)
        self.at += length
        return taken

    def match(self, pattern: str) -> str:
        found = re.compile(pattern, re.DOTALL).match(self.text, self.at)
        return self.take(len(found[0])) if found else ""

    def word(self) -> str:
        parts: list[str] = []
        while (char := self.peek()) and char not in WORD_END:
            if char == "'":
                quoted = self.match("'[^']*'")
                parts.append(quoted[1:-1] if parts == ["="] and re.fullmatch(r"'[\w.:/,-]+'", quoted) else quoted)
            elif char == '"':
                parts.append(self.take() + self.quoted('"') + self.take())
            elif char == "\\":
                parts.append(self.take(2))
            elif char == "$":
                parts.append(self.match(r"\$'(?:\\.|[^'\\])*'") or self.expansion(quoted=False))
            elif char == "`":
                raise ValueError("write $(...) instead of backquotes")
            else:
                parts.append(self.take())
        return "".join(parts)

    def shell_again(self) -> str:
        """Read a word that is run as shell once more."""
        if quoted := self.match("'[^']*'"):
            return f"'{Script(quoted[1:-1], self._inner).read()}'"
        if self.peek() == '"':
            return self.take() + self.quoted('"', again=True) + self.take()
        start = self.at
        word = self.word()
        self.kept.update(NAME.findall(self.text[start : self.at]))
        return word

    def quoted(self, end: str, *, again: bool = False) -> str:
        """Read what double quotes hold, up to the end."""
        parts: list[str] = []
        while (char := self.peek()) and char != end:
            if again and (name := self.match('(?<=[" ;])' + NAME.pattern + "(?==)")):
                parts.append(self.name(Kind.VARIABLE, name, made=True))
            elif again and self.match(r"\\(?=\$\{?[A-Za-z_])"):
                parts.append("\\" + self.expansion(quoted=True))
            elif char == "\\":
                parts.append(self.take(2))
            elif char == "$":
                parts.append(self.expansion(quoted=True))
            else:
                parts.append(self.take())
        return "".join(parts)

    def expansion(self, *, quoted: bool) -> str:
        self.take()
        if self.peek(2) == "((":
            return "$((" + self.arithmetic()
        if self.peek() == "(":
            self.take()
            return "$(" + _Commands(self, ")").read() + self.take()
        if self.peek() == "{":
            return "${" + self.parameter(quoted=quoted)
        name = self.match(NAME.pattern)
        return "$" + (self.name(Kind.VARIABLE, name) if name else self.match(r"[0-9@*#?$!-]"))

    def parameter(self, *, quoted: bool) -> str:
        self.take()
        parts = [self.match("#(?!})")]
        name = self.match(NAME.pattern)
        parts.append(self.name(Kind.VARIABLE, name) if name else self.match(r"[0-9]+|[@*#?$!-]"))
        operator = self.match(":?[-=?+]|##?|%%?")
        # Where the whole is in double quotes, a single quote is one for a pattern only.
        single = not quoted or operator[:1] in ("#", "%")
        parts.append(operator)
        if operator.endswith("=") and name:
            self.made[Kind.VARIABLE].add(name)
        while (char := self.peek()) and char != "}":
            if char == "'" and single:
                parts.append(self.match("'[^']*'"))
            elif char == '"':
                parts.append(self.take() + self.quoted('"') + self.take())
            elif char == "\\":
                parts.append(self.take(2))
            elif char == "$":
                parts.append(self.expansion(quoted=quoted))
            else:
                parts.append(self.take())
        return "".join(parts) + self.take()

    def arithmetic(self) -> str:
        self.take(2)
        parts: list[str] = []
        depth = 2
        while depth:
            char = self.peek()
            if char == "$":
                parts.append(self.expansion(quoted=True))
            elif number := self.match("[0-9][0-9A-Za-z#]*"):
                parts.append(number)
            elif name := self.match(NAME.pattern):
                parts.append(self.name(Kind.VARIABLE, name))
            elif blanks := self.match(r"[ \t\n]+"):
                # `a - -b` is not `a --b`.
                parts.append(blanks[:1] if parts and parts[-1] in ("+", "-") and self.peek() == parts[-1] else "")
            else:
                depth += {"(": 1, ")": -1}.get(char, 0)
                parts.append(self.take())
        return "".join(part for part in parts if part)

    def here_documents(self) -> str:
        """Read the documents that the line asked for; they begin after its end."""
        parts = []
        for mark, plain in self.documents:
            body = self.match(r"(?:(?!" + re.escape(mark) + r"\n)[^\n]*\n)*")
            if not plain:
                body = Script(body, self._inner).quoted("")
            parts.append(body + self.match("[^\n]*\n"))
        self.documents.clear()
        return "".join(parts)

    def _inner(self, kind: Kind, name: str) -> str:
        return self.name(kind, name)


class _Commands:
    """The commands up to an end: a parenthesis, or the end of the script."""

    def __init__(self, script: Script, end: str) -> None:
        self.script = script
        self.end = end
        self.out: list[str] = []
        self.first = True  # a command may begin here
        self.blank = False
        self.last = "\n"  # what was written last: a word, or an operator
        self.verb = ""
        self.cases: list[int] = []  # for each case that is open: 0 before a pattern, 1 in its commands
        self.depth = 0

    def read(self) -> str:
        script = self.script
        while char := script.peek():
            if char in " \t":
                script.take()
                self.blank = True
            elif script.match(r"\\\n"):
                self.blank = True
            elif char == "#" and (self.blank or self.last in SEPARATORS):
                script.match("[^\n]*")
            elif char == "\n" or (char == ";" and script.peek(2) != ";;"):
                self.separate(script.take())
            elif self.pattern():
                if char == ")":
                    self.cases[-1] = 1
                    self.operator(script.take())
                    self.last = ";;"
                    self.first = True
                elif char in "(|":
                    self.operator(script.take())
                else:
                    self.of_case()
            elif char == ")" and self.end and not self.depth:
                break
            elif operator := script.match(r";;|&&|\|\||[0-9]*(?:<<<|<<-?|<&|<>|>>|>&|>\||[<>])|[|&()]"):
                self.control(operator)
            else:
                self.word()
        while self.out and self.out[-1] in ("\n", ";"):
            self.out.pop()
        return "".join(self.out)

    def pattern(self) -> bool:
        return bool(self.cases) and self.cases[-1] == 0

    def write(self, text: str) -> None:
        if self.blank and self.last not in GLUE:
            self.out.append(" ")
        self.out.append(text)
        self.last = text
        self.blank = False

    def operator(self, text: str) -> None:
        digits = self.last[-1:].isdigit() or text[0].isdigit()
        self.blank = self.blank and digits and text.strip("0123456789")[0] in "<>" and self.last not in GLUE
        if text in CLOSERS and self.out and self.out[-1] in ("\n", ";"):
            self.out.pop()
        self.out.append(" " + text if self.blank else text)
        self.last = text
        self.blank = False

    def separate(self, char: str) -> None:
        """End a command, or go on in the next line where there is none to end."""
        self.blank = False
        body = ""
        if char == "\n" and self.script.documents:
            body = "\n" + self.script.here_documents()
            self.out.append(body.removesuffix("\n"))
            self.last = "word"
        if self.last in OPENERS or self.last == "in":
            self.blank = True
        elif self.last not in SEPARATORS:
            top = not self.end and not self.depth and not self.cases and self.last == "}"
            self.out.append("\n" if top or body else SEPARATOR)
            self.last = "\n"
        if not self.pattern():
            self.first = True
        self.verb = ""

    def control(self, operator: str) -> None:
        script = self.script
        if operator[-1] in "<>&|-" and operator[-2:] not in ("&&", "||") and operator not in ("|", "&"):
            self.operator(operator)
            script.match(r"[ \t]+")
            if operator.lstrip("0123456789") in ("<<", "<<-"):
                mark = script.match(r"[^\s;&|<>()]+")
                self.out.append(mark)
                script.documents.append((re.sub(r"['\"\\]", "", mark), bool(re.search(r"['\"\\]", mark))))
            else:
                self.out.append(script.word())
            self.last = "word" if not self.out[-1][-1:].isdigit() else self.out[-1]
            return
        self.depth += {"(": 1, ")": -1}.get(operator, 0)
        self.operator(operator)
        self.first = operator != ")"
        self.verb = ""
        if operator == ";;":
            self.cases[-1] = 0

    def of_case(self) -> None:
        """Read a word of a pattern, or the end of the case."""
        word = self.script.word()
        self.write(word)
        if word == "esac":
            self.cases.pop()
            self.first = False

    def word(self) -> None:
        script = self.script
        start = script.at
        if self.first and (name := script.match(NAME.pattern + r"(?=\(\))")):
            self.write(script.name(Kind.FUNCTION, name, made=True) + script.take(2))
            script.match(r"[ \t\n]+")
            self.last = "()"
            return
        if self.first and (name := script.match(NAME.pattern + "(?==)")):
            name = script.name(Kind.VARIABLE, name, made=True)
            value = script.word()
            self.write(name + (value if value != "=''" else "="))
            return
        word = script.word() if self.first or self.verb not in SHELL_AGAIN else script.shell_again()
        raw = script.text[start : script.at]
        if self.first and raw in RESERVED:
            self.reserved(raw)
        elif self.first:
            self.write(script.name(Kind.FUNCTION, raw) if NAME.fullmatch(raw) else word)
            self.first = False
            self.verb = raw
        elif self.verb in NAMING and NAME.fullmatch(raw):
            self.write(script.name(Kind.VARIABLE, raw, made=self.verb == "read"))
        elif self.verb in NAMING and NAME.fullmatch(raw.partition("=")[0]):
            name = raw.partition("=")[0]
            self.write(script.name(Kind.VARIABLE, name, made=True) + word[len(name) :])
        else:
            self.write(word)

    def reserved(self, word: str) -> None:
        script = self.script
        self.write(word)
        if word == "for":
            script.match(r"[ \t]+")
            self.blank = True
            self.write(script.name(Kind.VARIABLE, script.match(NAME.pattern), made=True))
            self.last = "word"
            self.first = False
            if script.match(r"[ \t]+do(?=[ \t\n])"):
                self.separate(";")
                self.write("do")
                self.first = True
        elif word == "case":
            script.match(r"[ \t]+")
            self.blank = True
            self.write(script.word())
            script.match(r"[ \t\n]+")
            self.blank = True
            self.write(script.match("in"))
            self.cases.append(0)
        elif word == "esac":
            self.cases.pop()
            self.first = False
        else:
            self.first = word in OPENERS
