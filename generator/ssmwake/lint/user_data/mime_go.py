"""MIME that cloud-init reads although it is broken, and that readers in Go refuse, such as nodeadm of EKS.

How Go reads it: ReadMessage of net/mail, ParseMediaType of mime, and NextPart of mime/multipart.
"""

import re
from dataclasses import dataclass

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
TYPE = re.compile(rf"\s*{TOKEN}/{TOKEN}\s*")
PARAMETER = re.compile(rf'\s*;\s*(?P<name>{TOKEN})\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>{TOKEN}))')


@dataclass(frozen=True)
class Refusal:
    """Why a reader in Go gives up on a message, and the offset of the line at which it does."""

    offset: int
    problem: str


@dataclass(frozen=True)
class _Headers:
    """Headers by their names in lower case, each with the offset of its line, and where the body begins."""

    values: dict[str, tuple[int, str]]
    body: int


def refusal(text: str) -> Refusal | None:
    """Return the first thing that a reader in Go refuses in a message; None for one that it reads."""
    headers = _headers(text, 0)
    if isinstance(headers, Refusal):
        return headers
    offset, said = headers.values.get("content-type", (0, ""))
    parameters = _parameters(said)
    if parameters is None:
        what = "a boundary with such characters" if "boundary" in said.lower() else "a parameter of this form"
        return Refusal(offset, f'{what} has to be in quotes; write boundary="..."')
    if not said.lower().startswith("multipart/") or not (boundary := parameters.get("boundary")):
        return None
    at = headers.body
    for match in re.finditer(rf"^--{re.escape(boundary)}[ \t]*\r?$\n?", text, re.MULTILINE):
        if match.start() < at:
            continue
        part = _headers(text, match.end())
        if isinstance(part, Refusal):
            return part
        offset, said = part.values.get("content-type", (0, ""))
        if said and _parameters(said) is None:
            return Refusal(offset, "a parameter of Content-Type has to be a word, or in quotes; put it in quotes")
        at = part.body
    return None


def _headers(text: str, start: int) -> _Headers | Refusal:
    values: dict[str, tuple[int, str]] = {}
    last, at = "", start
    while at < len(text):
        end = text.find("\n", at)
        end = end if end >= 0 else len(text)
        line = text[at:end].rstrip("\r")
        if not line:
            return _Headers(values, end + 1)
        name, colon, value = line.partition(":")
        if line[0] in " \t":
            if not last:
                return Refusal(at, "the first header is indented; begin it at the margin")
            offset, so_far = values[last]
            values[last] = (offset, f"{so_far} {line.strip()}")
        elif not colon:
            return Refusal(at, "an empty line must end the headers above")
        else:
            last = name.lower()
            values.setdefault(last, (at, value.strip()))
        at = end + 1
    return _Headers(values, len(text))


def _parameters(said: str) -> dict[str, str] | None:
    """Return the parameters of a Content-Type; None where Go refuses them."""
    match = TYPE.match(said)
    if match is None:
        return {}
    at, found = match.end(), dict[str, str]()
    while at < len(said) and said[at:].strip() not in ("", ";"):
        parameter = PARAMETER.match(said, at)
        if parameter is None or parameter["name"].lower() in found:
            return None
        value = parameter["plain"] if parameter["quoted"] is None else re.sub(r"\\(.)", r"\1", parameter["quoted"])
        found[parameter["name"].lower()] = value
        at = parameter.end()
    return found
