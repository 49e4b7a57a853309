"""Where an expression, a parameter or a pattern of the shell ends."""

import re

# An expression or a parameter that is longer is not read as one, and no more characters are looked at in vain for one
# script; without the limits, hostile text takes ever longer.
LONGEST = 4096
IN_VAIN = 250_000


def end_of_sum(text: str, at: int, most: int = LONGEST) -> int:
    """Return the offset after the two parentheses that close an expression; -1 where they do not."""
    depth, last = 2, min(len(text), at + most)
    while at < last:
        character = text[at]
        at += 1
        depth += (character == "(") - (character == ")")
        if depth == 1:
            return at + 1 if text[at : at + 1] == ")" else -1
    return -1


def end_of_braces(text: str, at: int, most: int = LONGEST, *, quoted: bool) -> int:
    """Return the offset after the brace that closes a parameter; -1 where there is none."""
    last = min(len(text), at + most)
    # In double quotes a single quote is one only in a pattern.
    plain = quoted and not re.match(r"\$\{[!#]?(?:\w+|[@*#?$!-])(?:\[[^]]*\])?[#%/^,]", text[at : at + 200])
    # What closes each expansion that is open, and whether double quotes are open in it: there a brace is any character.
    closers: list[str] = []
    quotes: list[bool] = []
    while at < last:
        two, character = text[at : at + 2], text[at]
        if character == "\\":
            at += 2
            continue
        if character == "'" and not plain and not (quotes and quotes[-1]):
            at = text.find("'", at + 1, last)
            if at < 0:
                return -1
        elif character == '"':
            quotes[-1] = not quotes[-1]
        elif two in ("${", "$("):
            closers.append("}" if two == "${" else ")")
            quotes.append(False)
            at += 1
        elif character == "(" and closers[-1] == ")" and not quotes[-1]:
            closers.append(")")
            quotes.append(False)
        elif character == closers[-1] and not quotes[-1]:
            closers.pop()
            quotes.pop()
            if not closers:
                return at + 1
        at += 1
    return -1


def end_of_group(text: str, at: int) -> int:
    """Return the offset after the parenthesis that closes a pattern; -1 where none does on this line."""
    depth, last = 0, min(len(text), at + LONGEST)
    while at < last and text[at] != "\n":
        depth += (text[at] == "(") - (text[at] == ")")
        at += 1
        if depth == 0:
            return at
    return -1
