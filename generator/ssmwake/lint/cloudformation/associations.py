"""State Manager associations: the grammar of their schedules, and what goes with which."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from ssmwake.lint.cloudformation.template import Resource, Template, plain
from ssmwake.lint.rules import finding
from ssmwake.lint.source import Source
from ssmwake.model import Finding

FORM = re.compile(r"\s*(rate|cron|at)\((.*)\)\s*", re.DOTALL)
RATE = re.compile(r"\s*([0-9]{1,9})\s+([a-z]+)\s*")
MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
# Shorter is not taken, longer neither: https://docs.aws.amazon.com/systems-manager/latest/userguide/reference-cron-and-rate-expressions.html
SHORTEST, LONGEST = 30, 31 * 24 * 60
FIELDS = ("minute", "hour", "day of the month", "month", "day of the week", "year")
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
# An agent that found no role asks again after half an hour at most: https://github.com/aws/amazon-ssm-agent
PATIENCE = 2400


def check(template: Template) -> Iterator[Finding]:
    """Yield what is wrong with the associations of a template."""
    for association in template.of_kind("AWS::SSM::Association"):
        yield from _schedule(template.source, association)
        wait = association.get("WaitForSuccessTimeoutSeconds")
        seconds = plain(wait)
        if wait is not None and seconds and re.fullmatch(r"[0-9]{1,6}", seconds) and int(seconds) < PATIENCE:
            message = (
                f"an agent that finds its role late sleeps for half an hour; wait {PATIENCE} seconds, or not at all"
            )
            yield finding("SW410", template.source.of(wait), message)


def _schedule(source: Source, association: Resource) -> Iterator[Finding]:
    node = association.get("ScheduleExpression")
    expression = plain(node)
    if node is not None and expression:
        wrong = schedule_error(expression)
        if wrong:
            yield finding("SW408", source.of(node), wrong)
    kind = expression.lstrip().partition("(")[0] if expression else None
    only, offset = association.get("ApplyOnlyAtCronInterval"), association.get("ScheduleOffset")
    on = (plain(only) or "").lower() == "true"
    if only is not None and on and kind in ("rate", "at"):
        message = f"ApplyOnlyAtCronInterval goes with cron, not with {kind}; remove it, or write cron(...)"
        yield finding("SW409", source.of(only), message)
    if offset is None or plain(offset) is None:
        return
    if kind in ("rate", "at"):
        yield finding("SW409", source.of(offset), f"ScheduleOffset goes with cron, not with {kind}; remove it")
    elif kind == "cron" and (only is None or (plain(only) or "").lower() == "false"):
        message = "ScheduleOffset needs ApplyOnlyAtCronInterval; set that to true"
        yield finding("SW409", source.of(offset), message)


def schedule_error(expression: str) -> str | None:
    """Return what State Manager surely refuses in a schedule, and what to write; None for all else."""
    match = FORM.fullmatch(expression)
    if match is None:
        return "not a schedule; write rate(30 minutes), cron(0 2 ? * SUN *) or at(2030-01-31T02:00:00)"
    if match[1] == "rate":
        return _rate(match[2])
    return _cron(match[2]) if match[1] == "cron" else _once(match[2])


def _rate(said: str) -> str | None:
    match = RATE.fullmatch(said)
    unit = match[2].removesuffix("s") if match else ""
    if match is None or unit not in MINUTES:
        return f"no rate '{said}'; write a number and minutes, hours or days, as in rate(30 minutes)"
    number = int(match[1])
    if (number == 1) == match[2].endswith("s"):
        right = unit if number == 1 else f"{unit}s"
        return f"'{match[2]}' does not go with {number}; write rate({number} {right})"
    if not SHORTEST <= number * MINUTES[unit] < LONGEST:
        return "an association runs every 30 minutes at most, and within 31 days; choose a rate between"
    return None


def _cron(said: str) -> str | None:
    fields = said.split()
    if len(fields) not in (6, 7):
        count = "one field" if len(fields) == 1 else f"{len(fields)} fields"
        return f"cron of {count}; it has six: minute, hour, day of the month, month, day of the week, year"
    # With seven, seconds come first.
    for field, name, (first, last) in zip(fields[-6:], FIELDS, RANGES, strict=True):
        if re.fullmatch(r"[0-9]{1,5}", field) and not first <= int(field) <= last:
            return f"the {name} is {first} to {last}, not {field}; correct it"
    return None


def _once(said: str) -> str | None:
    try:
        datetime.fromisoformat(said.strip())
    except ValueError:
        return f"no time '{said}'; write at(2030-01-31T02:00:00)"
    return None
