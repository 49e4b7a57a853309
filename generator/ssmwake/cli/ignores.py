"""The entries of a config that ignore rules: those that name no rule, and those that ignore nothing."""

from collections.abc import Iterable, Iterator, Sequence

from ssmwake.lint.rules.suppressions import NO_EFFECT, is_ignored_by_config
from ssmwake.model import Finding, Ignore, Location
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import composed, items, value


def unknown_rules(path: str, data: bytes, ignores: Sequence[Ignore]) -> Iterator[Finding]:
    """Yield each entry whose rule there is not; what others call their rules is not known here."""
    from ssmwake.config.rules import WRONG_SETTING
    from ssmwake.rules import RULES

    for ignore, where in zip(ignores, _places(path, data), strict=True):
        if ignore.rule.startswith("SW") and ignore.rule not in RULES:
            yield WRONG_SETTING.at(where, f"no rule is called {ignore.rule}; see ssmwake lint --list-rules")


def useless(path: str, data: bytes, ignores: Sequence[Ignore], findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield each entry that ignores none of the findings of all files."""
    known = tuple(findings)
    for ignore, where in zip(ignores, _places(path, data), strict=True):
        if not any(is_ignored_by_config(one, [ignore]) for one in known):
            place = "in any file" if ignore.path == "*" else f"in {ignore.path}"
            yield NO_EFFECT.at(where, f"{ignore.rule} is not reported {place}; remove the entry")


def _places(path: str, data: bytes) -> list[Location]:
    """Return the place of the rule in each entry."""
    source = Source.of_file(path, data.decode("utf-8-sig"))
    entries = items(value(composed(source.text), "lint", "ignore"))
    return [source.of(value(entry, "rule") or entry) for entry in entries]
