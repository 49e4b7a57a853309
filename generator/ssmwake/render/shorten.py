"""Write a POSIX shell script shorter: no comments, few blanks, names of a letter or two; what it does stays."""

from collections.abc import Iterator, Mapping
from string import ascii_letters
from types import MappingProxyType

from ssmwake.render.shell import NAME, Kind, Script


def shortened(text: str, wanted: Mapping[tuple[str, str], str] = MappingProxyType({})) -> str:
    """Return the script, a function a line, with short names for the variables and functions that it makes itself.

    A name that is wanted for one of a kind is given to it where nothing else has that name.
    """
    names = new_names(text, wanted)
    return Script(text, lambda kind, name: names.get((kind.value, name), name)).read() + "\n"


def new_names(text: str, wanted: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Return the short name for each kind and name that may change: the most used get the shortest."""
    script = _read(text)
    result: dict[tuple[str, str], str] = {}
    for kind in Kind:
        own, taken = script.own(kind), script.taken(kind)
        rest = []
        for name in sorted(own, key=lambda name: (-script.used[kind][name], len(name), name.swapcase())):
            short = wanted.get((kind.value, name), "")
            if NAME.fullmatch(short) and short not in taken:
                result[kind.value, name] = short
                taken.add(short)
            else:
                rest.append(name)
        free = (name for name in _candidates() if name not in taken)
        result |= {(kind.value, name): short for name, short in zip(rest, free, strict=False)}
    return result


def free_names(text: str, kind: str) -> Iterator[str]:
    """Return names that the variables or functions of the script may get, the shortest first."""
    taken = _read(text).taken(Kind(kind))
    return (name for name in _candidates() if name not in taken)


def _read(text: str) -> Script:
    script = Script(text, lambda _, name: name)
    script.read()
    return script


def _candidates() -> Iterator[str]:
    yield from ascii_letters
    for first in ascii_letters:
        for second in ascii_letters:
            yield first + second
