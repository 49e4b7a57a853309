"""Which findings a user asks for, by ids or their beginnings; the codes of shellcheck are ids, too."""

import re
from collections.abc import Callable, Iterable

from ssmwake.lint.rules.suppressions import ids
from ssmwake.model import Finding

ID = re.compile(r"(?:S[WC]?|[EWI])\d{0,4}")


def selection(select: Iterable[str], ignore: Iterable[str]) -> Callable[[Finding], bool]:
    """Return whether a finding is selected and not ignored; raise ValueError for what is not the beginning of an id."""
    wanted, unwanted = _prefixes(select), _prefixes(ignore)

    def selected(finding: Finding) -> bool:
        names = ids(finding)
        return (not wanted or _fits(names, wanted)) and not _fits(names, unwanted)

    return selected


def _fits(names: Iterable[str], prefixes: tuple[str, ...]) -> bool:
    return any(name.startswith(prefixes) for name in names)


def _prefixes(given: Iterable[str]) -> tuple[str, ...]:
    found: list[str] = []
    for word in (each.strip().upper() for text in given for each in text.split(",")):
        if not ID.fullmatch(word):
            raise ValueError(f"{word or 'nothing'!r} is not an id or the beginning of one, such as SW2 or E3012")
        if word.startswith("SW") and not _begins_a_rule(word):
            raise ValueError(f"no rule is called {word}, or begins so; see --list-rules")
        found.append(word)
    return tuple(found)


def _begins_a_rule(prefix: str) -> bool:
    # The table imports every module with rules, and hardly any run needs it.
    from ssmwake.rules import RULES

    return any(rule.startswith(prefix) for rule in RULES)
