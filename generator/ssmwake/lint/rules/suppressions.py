"""Findings that a user has looked at and wants to ignore, each with a reason: by a comment, or by the config."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ssmwake.model import Finding, Ignore, Location, Severity, rule

NO_EFFECT = rule(
    "SW230",
    Severity.INFO,
    "an ignore comment without effect",
    reason="it would hide later findings, or hides nothing although its author thinks so",
    also={Severity.WARNING: "where the comment gives no reason"},
)
COMMENT = re.compile(r"ssmwake: ignore(?P<file>-file)? (?P<rule>[A-Z]{1,2}\d+)(?P<reason>[ \t]+\S)?")
# shellcheck's code, at the end of a message.
CODE = re.compile(r"\((SC\d{4})\)$")
CFN_LINT = re.compile(r"[EWI]\d{4}")


@dataclass(frozen=True)
class IgnoreComment:
    """A comment that ignores a rule on its line and the next, or in the whole file."""

    rule: str
    line: int
    column: int
    whole_file: bool
    has_reason: bool

    def ignores(self, finding: Finding) -> bool:
        """Return whether the comment is about the finding."""
        near = self.whole_file or finding.where.line in (self.line, self.line + 1)
        return self.has_reason and near and self.rule in ids(finding)


def ids(finding: Finding) -> tuple[str, ...]:
    """Return the ids of a finding: its rule, and the code of shellcheck that its message ends with."""
    code = CODE.search(finding.message)
    return (finding.rule, code[1]) if code else (finding.rule,)


def is_ignored_by_config(finding: Finding, ignores: Iterable[Ignore]) -> bool:
    """Return whether the config ignores the rule in that file."""
    path = finding.where.path.removeprefix("./")
    return any(ignore.rule in ids(finding) and fnmatchcase(path, ignore.path) for ignore in ignores)


def without_ignored(path: str, findings: Sequence[Finding], text: str, *, with_cfn_lint: bool) -> list[Finding]:
    """Return the findings of a text that no comment ignores, and the comments that ignore nothing.

    Without cfn-lint nobody knows whether a comment about one of its rules has an effect.
    """
    comments = tuple(_comments(text))
    if not comments:
        return list(findings)
    kept = [one for one in findings if not any(comment.ignores(one) for comment in comments)]
    for comment in comments:
        if CFN_LINT.fullmatch(comment.rule) and not with_cfn_lint:
            continue
        where = Location(path, comment.line, comment.column)
        if not comment.has_reason:
            message = f"a comment that ignores a rule needs a reason to have an effect; write it after {comment.rule}"
            kept.append(NO_EFFECT.at(where, message, severity=Severity.WARNING))
        elif not any(comment.ignores(one) for one in findings):
            place = "in this file" if comment.whole_file else "on this line or the next"
            kept.append(
                NO_EFFECT.at(where, f"{comment.rule} is not reported {place}, so this comment has no effect; remove it")
            )
    return sorted(kept)


def _comments(text: str) -> Iterator[IgnoreComment]:
    line, last = 1, 0
    for match in COMMENT.finditer(text):
        line += text.count("\n", last, match.start())
        last = match.start()
        column = match.start() - text.rfind("\n", 0, match.start())
        yield IgnoreComment(match["rule"], line, column, match["file"] is not None, match["reason"] is not None)
