"""A State Manager association of Terraform, as facts."""

from collections.abc import Iterator

from ssmwake.lint.aws import association
from ssmwake.lint.aws.association import Association, Names
from ssmwake.lint.aws.setting import Setting
from ssmwake.lint.terraform.evaluate import text
from ssmwake.lint.terraform.scope import Scope
from ssmwake.lint.terraform.tree import Body
from ssmwake.model import Finding

NAMES = Names("apply_only_at_cron_interval", "schedule_offset")


def check(body: Body, scope: Scope) -> Iterator[Finding]:
    """Yield what is wrong with an association."""
    schedule = _setting(body, "schedule_expression", scope)
    if schedule is not None:
        # A mistake in the schedule is in its text, and not in its name.
        schedule = Setting(schedule.value, body.attributes["schedule_expression"].value.span.where)
    described = Association(
        schedule=schedule,
        only_at_cron=_setting(body, "apply_only_at_cron_interval", scope),
        offset=_setting(body, "schedule_offset", scope),
        wait=_setting(body, "wait_for_success_timeout_seconds", scope),
        names=NAMES,
    )
    yield from association.check(described)


def _setting(body: Body, name: str, scope: Scope) -> Setting | None:
    """Return what an attribute says, without a value where only Terraform knows it; None where it is left out."""
    attribute = body.attributes.get(name)
    if attribute is None:
        return None
    found = text(attribute.value, scope)
    return Setting((found.source.text or None) if found and found.known else None, attribute.name.where)
