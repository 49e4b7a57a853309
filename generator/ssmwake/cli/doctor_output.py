"""How verdicts are written: a screen for one instance, one for a fleet, ids for xargs, JSON for a program.

What comes from AWS is other people's text: nothing in it reaches a terminal as a control character.
"""

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from ssmwake.cli.targets import INSTANCE
from ssmwake.terminal import printable

if TYPE_CHECKING:
    from ssmwake.operate.desk import PlaceReport
    from ssmwake.operate.verdict import Verdict

WIDTH = 80
MARKS = {"ok": ("ok", "green"), "no": ("NO", "red"), "unknown": ("?", "yellow")}


def instance_screen(verdict: "Verdict", *, is_long: bool = True, with_steps: bool = True) -> Iterator[str]:
    """Yield the lines of the screen for one instance."""
    from ssmwake.operate.images import label

    about = [verdict.id, verdict.name, verdict.zone or verdict.region]
    if verdict.platform:
        about.append(label(verdict.image, verdict.platform))
    if verdict.started:
        about.append(f"started {verdict.started:%H:%M:%S}")
    yield printable("  ".join(one for one in about if one))
    yield ""
    confidence = "" if verdict.confidence == "cannot tell" else f"  ({verdict.confidence})"
    title = printable(verdict.verdict.upper().replace("-", " "))
    yield f"  {click.style(title, fg=color_of(verdict), bold=True)}{confidence}"
    yield from wrapped(verdict.sentence, "  ")
    if verdict.do and with_steps:
        yield ""
        yield from steps(verdict.do, "  do    ")
    for blocker in verdict.and_then:
        yield ""
        yield from wrapped(blocker.sentence, "  then  ", "        ")
        yield from steps(blocker.do, "        ")
    if verdict.checks and is_long:
        yield ""
        for check in verdict.checks:
            mark, color = MARKS[check.result]
            head = f"  {mark:<6}{check.name:<10}"
            first, *rest = wrapped(check.evidence, head, " " * len(head))
            yield first.replace(f"  {mark}", f"  {click.style(mark, fg=color)}", 1)
            yield from rest


def color_of(verdict: "Verdict") -> str:
    """Return the color of a verdict: whether all is well, time cures it, it is not known to, or somebody must act."""
    from ssmwake.operate.causes.cause import FINE, NOT_YET, Cure

    if verdict.exit == NOT_YET:
        return "cyan" if verdict.cure is Cure.TIME else "yellow"
    return "green" if verdict.exit == FINE else "red"


def wrapped(text: str, first: str, rest: str | None = None) -> list[str]:
    """Return a text in lines of at most 80 columns."""
    lines = textwrap.wrap(
        printable(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [first.rstrip()]


def steps(do: Sequence[str], indent: str) -> Iterator[str]:
    """Yield commands that can be pasted: a long one goes on after a backslash, and is broken between words only."""
    for number, step in enumerate(do):
        start = indent if number == 0 else " " * len(indent)
        line = start
        if step.startswith("#"):
            # A backslash does not continue a comment.
            yield f"{start}{printable(step)}"
            continue
        for word in words(printable(step)):
            if len(line) + len(word) + 3 > WIDTH and line.strip() and line != start:
                yield f"{line.rstrip()} \\"
                line = " " * (len(indent) + 2)
            line += f"{word} "
        yield line.rstrip()


def words(command: str) -> list[str]:
    """Return the words of a command as they are written, with their quotes."""
    found, word, quote, depth = [], "", "", 0
    for char in command:
        if char == " " and not quote and not depth:
            found.append(word)
            word = ""
            continue
        if char in "'\"" and quote in ("", char):
            quote = "" if quote else char
        depth += (char == "(") - (char == ")") if quote != "'" else 0
        word += char
    return [*found, word]


def fleet_screen(report: "PlaceReport", about: str) -> Iterator[str]:
    """Yield the lines of the screen for a fleet."""
    from ssmwake.operate.fleet import group

    count = len(report.verdicts)
    head = [f"{count} instance{'' if count == 1 else 's'}", about, str(report.place)]
    head += [f"at {report.at:%H:%M:%S}"] if report.at else []
    yield printable("  ".join(one for one in [*head, f"{report.calls} calls"] if one))
    yield ""
    groups = group(report.verdicts)
    wide = max([16, *(len(one.verdict) for one in groups)])
    digits = max([5, *(len(str(len(one.members))) for one in groups)])
    for one in groups:
        confidence = "" if one.verdict == "online" or one.confidence == "cannot tell" else str(one.confidence)
        name = click.style(f"{one.verdict:<{wide}}", fg=color_of(one.members[0]))
        start = f"  {one.verdict:<{wide}}{len(one.members):>{digits}}  {confidence:<6}  "
        detail = "" if one.verdict == "online" else one.detail
        first, *rest = wrapped(detail, start, " " * len(start))
        yield first.replace(f"{one.verdict:<{wide}}", name, 1)
        yield from rest
    for one in groups:
        if one.do:
            yield ""
            # A comment says whose credentials the step is for.
            count = 1 + sum(step.startswith("#") for step in one.do)
            yield from steps(one.do[:count], f"  do, for {len(one.members):<4} ")
    rest_of_them = [one.verdict for one in groups if one.verdict != "online"]
    if rest_of_them:
        yield ""
        yield f"  ids          --list {rest_of_them[0]}    --json"


def listed(verdicts: Sequence["Verdict"], verdict: str) -> Iterator[str]:
    """Yield the ids with a verdict, one a line; what does not look like an id is not handed to a shell."""
    yield from (one.id for one in verdicts if one.verdict == verdict and INSTANCE.fullmatch(one.id))


def as_json(reports: Sequence["PlaceReport"]) -> str:
    """Return reports for a program; several places are listed under `places`."""
    from ssmwake.operate.fleet import summary

    found = [_place(report) for report in reports]
    if len(found) == 1:
        return dumps({"v": 1, **found[0]})
    total = summary([one for report in reports for one in report.verdicts])
    return dumps({"v": 1, "places": found, "summary": total})


def dumps(value: Any) -> str:
    """Return JSON in which no control character is left as it is."""
    return json.dumps(value).replace("\x7f", "\\u007f")


def _place(report: "PlaceReport") -> dict[str, Any]:
    from ssmwake.operate.fleet import summary

    found = {
        "account": report.account,
        "region": report.place.region,
        "at": _time(report.at),
        "calls": report.calls,
        "instances": [as_value(one) for one in report.verdicts],
        "summary": summary(report.verdicts),
    }
    return found | ({"error": report.failure} if report.failure else {})


def as_value(verdict: "Verdict") -> dict[str, Any]:
    """Return a verdict as JSON has it."""
    retry = verdict.retry
    return {
        "id": verdict.id,
        "name": verdict.name,
        "verdict": verdict.verdict,
        "confidence": verdict.confidence,
        "sentence": verdict.sentence,
        "do": list(verdict.do),
        "retry": {"from": _time(retry.first), "to": _time(retry.last), "basis": retry.basis} if retry else None,
        "and_then": [
            {"verdict": one.verdict, "sentence": one.sentence, "do": list(one.do)} for one in verdict.and_then
        ],
        "checks": [
            {
                "name": one.name,
                "result": one.result,
                "confidence": "known" if one.result != "unknown" else "cannot tell",
                "evidence": one.evidence,
                "call": one.call,
            }
            for one in verdict.checks
        ],
        "resource": verdict.resource,
        "exit": verdict.exit,
    }


def _time(at: Any) -> str | None:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None
