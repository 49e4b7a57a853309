"""What State Manager wants of an association, whatever describes it: its schedule, and what goes with which."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ssmwake.lint.aws.setting import StatedSetting
from ssmwake.lint.rules import ERROR, INFO, rule
from ssmwake.model import Finding

SCHEDULE = rule("SW408", ERROR, "an invalid association schedule", reason="State Manager refuses the association")
NEEDS_CRON = rule(
    "SW409", ERROR, "an option that requires a cron schedule", reason="State Manager refuses the association"
)
SHORT_WAIT = rule(
    "SW410", INFO, "a short wait for an association", reason="the stack fails while the agent still sleeps"
)

OF_AUTOMATION = rule(
    "SW422", ERROR, "an Automation association with Command settings", reason="State Manager refuses the association"
)

FORM = re.compile(r"\s*(rate|cron|at)\((.*)\)\s*", re.DOTALL)
RATE = re.compile(r"\s*([0-9]{1,9})\s+([a-z]+)\s*")
MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
# Shorter is not taken, longer neither: https://docs.aws.amazon.com/systems-manager/latest/userguide/reference-cron-and-rate-expressions.html
SHORTEST, LONGEST = 30, 31 * 24 * 60
FIELDS = ("minute", "hour", "day of the month", "month", "day of the week", "year")
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
# An agent that found no role asks again after half an hour at most: https://github.com/aws/amazon-ssm-agent
PATIENCE = 2400


# Runbooks of AWS that people associate.
AUTOMATIONS = frozenset(
    {
        "AWS-AttachIAMToInstance",
        "AWS-CreateImage",
        "AWS-CreateSnapshot",
        "AWS-DeleteImage",
        "AWS-DeleteSnapshot",
        "AWS-RebootRdsInstance",
        "AWS-ResizeInstance",
        "AWS-RestartEC2Instance",
        "AWS-StartEC2Instance",
        "AWS-StartRdsInstance",
        "AWS-StopEC2Instance",
        "AWS-StopRdsInstance",
        "AWS-TerminateEC2Instance",
        "AWS-UpdateLinuxAmi",
        "AWS-UpdateWindowsAmi",
    }
)


@dataclass(frozen=True)
class AssociationNames:
    """What the options are called where the association is described."""

    only_at_cron: str = "ApplyOnlyAtCronInterval"
    offset: str = "ScheduleOffset"
    targets: str = "Targets"
    target_parameter: str = "AutomationTargetParameterName"


@dataclass(frozen=True)
class DescribedAssociation:
    """An association as described; an option that is not stated is None."""

    schedule: StatedSetting | None = None
    only_at_cron: StatedSetting | None = None
    offset: StatedSetting | None = None
    wait: StatedSetting | None = None
    # The name of the document; whether that is an Automation, and its parameters: None for what is not known.
    document: StatedSetting | None = None
    automation: bool | None = None
    parameters: frozenset[str] | None = None
    instance: StatedSetting | None = None
    targets: StatedSetting | None = None
    target_parameter: StatedSetting | None = None
    names: AssociationNames = AssociationNames()


def check(association: DescribedAssociation) -> Iterator[Finding]:
    """Yield what is wrong with the schedule of an association, with its options, and with how long a stack waits."""
    schedule = association.schedule
    expression = schedule.value if schedule else None
    if schedule and expression and (wrong := schedule_error(expression)):
        yield SCHEDULE.at(schedule.where, wrong)
    yield from _cron_options(association, expression.lstrip().partition("(")[0] if expression else None)
    yield from _of_automation(association)
    wait = association.wait
    if wait and wait.value and re.fullmatch(r"[0-9]{1,6}", wait.value) and int(wait.value) < PATIENCE:
        message = f"an agent that finds its role late sleeps for half an hour; wait {PATIENCE} seconds, or not at all"
        yield SHORT_WAIT.at(wait.where, message)


def _of_automation(association: DescribedAssociation) -> Iterator[Finding]:
    """Yield what an association of a runbook does not take, or needs."""
    names, document = association.names, association.document
    named = (document.value if document else None) or ""
    if not association.automation and named.rpartition("/")[2] not in AUTOMATIONS:
        return
    parameter = association.target_parameter
    if association.instance:
        message = f"an Automation takes {names.targets} and {names.target_parameter}, not an instance; use those"
        yield OF_AUTOMATION.at(association.instance.where, message)
    elif association.targets and parameter is None:
        message = f"an Automation needs {names.target_parameter} with {names.targets}; name the parameter they go to"
        yield OF_AUTOMATION.at(association.targets.where, message)
    known = association.parameters
    if parameter and parameter.value and known is not None and parameter.value not in known:
        near = difflib.get_close_matches(parameter.value, known, 1)
        hint = (
            f"did you mean {near[0]}?" if near else f"write one of {', '.join(sorted(known)[:5]) or 'its parameters'}"
        )
        message = f"the document has no parameter {parameter.value[:60]}; {hint}"
        yield OF_AUTOMATION.at(parameter.where, message)


def _cron_options(association: DescribedAssociation, kind: str | None) -> Iterator[Finding]:
    only, offset, names = association.only_at_cron, association.offset, association.names
    said = ((only.value if only else None) or "").lower()
    if only and said == "true" and kind in ("rate", "at"):
        message = f"{names.only_at_cron} goes with cron, not with {kind}; remove it, or write cron(...)"
        yield NEEDS_CRON.at(only.where, message)
    if offset is None or offset.value is None:
        return
    if kind in ("rate", "at"):
        yield NEEDS_CRON.at(offset.where, f"{names.offset} goes with cron, not with {kind}; remove it")
    elif kind == "cron" and (only is None or said == "false"):
        yield NEEDS_CRON.at(offset.where, f"{names.offset} needs {names.only_at_cron}; set that to true")


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
        return f"not a rate: '{said}'; write a number and minutes, hours or days, as in rate(30 minutes)"
    number = int(match[1])
    if (number == 1) == match[2].endswith("s"):
        right = unit if number == 1 else f"{unit}s"
        return f"'{match[2]}' does not go with {number}; write rate({number} {right})"
    if not SHORTEST <= number * MINUTES[unit] < LONGEST:
        return "the rate of an association is from 30 minutes to 31 days; choose one of these"
    return None


def _cron(said: str) -> str | None:
    fields = said.split()
    if len(fields) not in (6, 7):
        count = "one field" if len(fields) == 1 else f"{len(fields)} fields"
        return f"a cron expression of {count}; write six: minute, hour, day of the month, month, day of the week, year"
    # With seven, seconds come first.
    for field, name, (first, last) in zip(fields[-6:], FIELDS, RANGES, strict=True):
        if re.fullmatch(r"[0-9]{1,5}", field) and not first <= int(field) <= last:
            return f"the {name} is {first} to {last}, not {field}; write one of these"
    return None


def _once(said: str) -> str | None:
    try:
        datetime.fromisoformat(said.strip())
    except ValueError:
        return f"'{said}' is not a time; write at(2030-01-31T02:00:00)"
    return None
