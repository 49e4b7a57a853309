"""How the value of a YAML or JSON scalar lies in the text that a person wrote: line by line, escape by escape."""

import re
from collections.abc import Iterator

Turn = tuple[int, int, bool]
FOLD = r"[ \t]*(?:\r\n|\r|\n)\s*"
TOKENS = {
    '"': re.compile(rf"\\(?:x..|u....|U........|(?:\r\n|\r|\n)[ \t]*|.)|{FOLD}"),
    "'": re.compile(rf"''|{FOLD}"),
    None: re.compile(FOLD),
}


def turns(raw: str, value: str, style: str | None) -> Iterator[Turn]:
    """Yield where value and raw text begin to run side by side: an offset of each, and whether they do so."""
    if style in ("|", ">"):
        yield from _block(raw, value, folded=style == ">")
        return
    quote = 1 if style in ("'", '"') else 0
    found = [(0, quote, True)]
    at, last = 0, quote
    for token in TOKENS["'" if style == "'" else '"' if style == '"' else None].finditer(raw, quote, len(raw) - quote):
        at += token.start() - last
        last = token.end()
        # What an escape or a fold stands for begins where the escape does.
        found.append((at, token.start(), False))
        at += _length(token[0])
        found.append((at, last, True))
    # A style that is read otherwise here than by the parser, such as a plain scalar with a comment after it.
    yield from found if at + len(raw) - quote - last == len(value) else found[:1]


def _length(token: str) -> int:
    if token[0] == "\\":
        return 0 if token[1] in "\r\n" else 1
    if token == "''":
        return 1
    breaks = token.replace("\r\n", "\n").replace("\r", "\n").count("\n")
    return max(breaks - 1, 1)


def _block(raw: str, value: str, *, folded: bool) -> Iterator[Turn]:
    at, start = 0, raw.find("\n") + 1
    while 0 < start <= len(raw) and at <= len(value):
        end = raw.find("\n", start)
        line = raw[start : end if end >= 0 else len(raw)].rstrip("\r")
        if folded:
            text = line.strip(" ")
            found = value.find(text, at) if text else -1
            if found >= 0:
                yield found, start + line.find(text), True
                at = found + len(text)
        else:
            stop = value.find("\n", at)
            text = value[at : stop if stop >= 0 else len(value)]
            yield at, start + max(len(line) - len(text), 0), True
            at += len(text) + 1
        start = end + 1 if end >= 0 else 0
