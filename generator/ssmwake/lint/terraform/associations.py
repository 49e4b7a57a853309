"""State Manager associations in Terraform: the grammar of their schedules, and what goes with which."""

from collections.abc import Iterator

from ssmwake.lint.aws.association import NEEDS_CRON, PATIENCE, SCHEDULE, SHORT_WAIT, schedule_error
from ssmwake.lint.terraform.evaluate import text
from ssmwake.lint.terraform.scope import Scope
from ssmwake.lint.terraform.tree import Body
from ssmwake.model import Finding


def check(body: Body, scope: Scope) -> Iterator[Finding]:
    """Yield what is wrong with an association."""
    schedule = _said(body, "schedule_expression", scope)
    if schedule is not None and (wrong := schedule_error(schedule)):
        yield SCHEDULE.at(body.attributes["schedule_expression"].value.span.where, wrong)
    kind = schedule.lstrip().partition("(")[0] if schedule else ""
    if kind in ("rate", "at") and _said(body, "apply_only_at_cron_interval", scope) == "true":
        where = body.attributes["apply_only_at_cron_interval"].name.where
        message = f"apply_only_at_cron_interval goes with cron, not with {kind}; remove it, or write cron(...)"
        yield NEEDS_CRON.at(where, message)
    seconds = _said(body, "wait_for_success_timeout_seconds", scope)
    if seconds and seconds.isascii() and seconds.isdecimal() and len(seconds) < 7 and int(seconds) < PATIENCE:
        where = body.attributes["wait_for_success_timeout_seconds"].name.where
        message = f"an agent that finds its role late sleeps for half an hour; wait {PATIENCE} seconds, or not at all"
        yield SHORT_WAIT.at(where, message)


def _said(body: Body, name: str, scope: Scope) -> str | None:
    """Return the text of an attribute; None where it is left out, or known to Terraform only."""
    value = body.value(name)
    found = text(value, scope) if value else None
    return found.source.text if found and found.known and found.source.text else None
