"""State Manager associations: the grammar of their schedules, and what goes with which."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ssmwake.lint.aws.association import NEEDS_CRON, PATIENCE, SCHEDULE, SHORT_WAIT, schedule_error
from ssmwake.lint.cloudformation.template import Resource, Template, plain
from ssmwake.lint.text.source import Source
from ssmwake.model import Finding


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
            yield SHORT_WAIT.at(template.source.of(wait), message)


def _schedule(source: Source, association: Resource) -> Iterator[Finding]:
    node = association.get("ScheduleExpression")
    expression = plain(node)
    if node is not None and expression:
        wrong = schedule_error(expression)
        if wrong:
            yield SCHEDULE.at(source.of(node), wrong)
    kind = expression.lstrip().partition("(")[0] if expression else None
    only, offset = association.get("ApplyOnlyAtCronInterval"), association.get("ScheduleOffset")
    on = (plain(only) or "").lower() == "true"
    if only is not None and on and kind in ("rate", "at"):
        message = f"ApplyOnlyAtCronInterval goes with cron, not with {kind}; remove it, or write cron(...)"
        yield NEEDS_CRON.at(source.of(only), message)
    if offset is None or plain(offset) is None:
        return
    if kind in ("rate", "at"):
        yield NEEDS_CRON.at(source.of(offset), f"ScheduleOffset goes with cron, not with {kind}; remove it")
    elif kind == "cron" and (only is None or (plain(only) or "").lower() == "false"):
        message = "ScheduleOffset needs ApplyOnlyAtCronInterval; set that to true"
        yield NEEDS_CRON.at(source.of(offset), message)
