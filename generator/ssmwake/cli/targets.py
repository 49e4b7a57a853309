"""Which instances, in which regions and accounts: the options that doctor, wait and wake share."""

import os
import re
import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from ssmwake.cli.completion import complete_profiles, complete_regions
from ssmwake.model import Invalid

if TYPE_CHECKING:
    from ssmwake.aws.place import Place
    from ssmwake.operate.read_machines import Wanted

INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")
INSTANCE_ARN = re.compile(r"arn:[\w-]+:ec2:([a-z0-9-]+):[0-9]{12}:instance/(i-[0-9a-f]{8,17})")


class InstanceId(click.ParamType[str]):
    """The id of an instance."""

    name = "instance"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the id."""
        text = str(value).strip()
        if INSTANCE.fullmatch(text):
            return text
        if text.startswith("mi-"):
            advice = "is a hybrid node; give the instance's own id, i-..."
        elif found := INSTANCE_ARN.fullmatch(text):
            advice = f"is an ARN; give the id: {found[2]} --region {found[1]}"
        elif not text.startswith("i-") and ctx is not None and ctx.info_name == "doctor":
            advice = (
                "is not an instance id, such as i-0abc1234def567890; for a name, give --filter Name=tag:Name,Values="
            )
            advice += shlex.quote(text)
        else:
            advice = "is not an instance id, such as i-0abc1234def567890"
        raise click.BadParameter(f"{text!r} {advice}", ctx, param_hint="INSTANCE")


class RoleArn(click.ParamType[str]):
    """The ARN of a role."""

    name = "arn"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the ARN."""
        from ssmwake.config import option

        try:
            return str(option("accounts", str(value), "publish")) if value else ""
        except Invalid as invalid:
            self.fail(
                invalid.findings[0].message.removeprefix("accounts is ").replace(": not the", " is not the", 1),
                param,
                ctx,
            )


class Timeout(click.ParamType[int]):
    """Seconds, written as 90, 90s, 10m or 1h30m, as everywhere else."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds."""
        if isinstance(value, int):
            return value
        from ssmwake.config import seconds

        if not re.fullmatch(r"(?=[0-9])([0-9]{1,3}d)?([0-9]{1,4}h)?([0-9]{1,5}m)?([0-9]{1,7}s?)?", str(value)):
            self.fail(f"{value!r} is not a time; write 90s, 10m or 1h30m", param, ctx)
        return seconds(str(value))


def place_options(command: Callable[..., Any], *, several: bool = False) -> Callable[..., Any]:
    """Add the options that say in which region and account to look, or in several of them."""
    repeatable = "; repeatable" if several else ""
    for option in reversed(
        (
            click.option(
                "--region",
                "regions",
                multiple=True,
                metavar="REGION",
                shell_complete=complete_regions,
                help=f"Where to look{repeatable}.  [default: that of your AWS configuration]",
            ),
            click.option(
                "--profile",
                default="",
                metavar="NAME",
                shell_complete=complete_profiles,
                help="The profile of your AWS configuration.",
            ),
            click.option(
                "--assume-role",
                "roles",
                type=RoleArn(),
                multiple=True,
                metavar="ARN",
                help=f"Look in the account of this role{repeatable}.",
            ),
        )
    ):
        command = option(command)
    return command


def filter_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that chooses instances as the AWS CLI does."""
    return click.option(
        "--filter",
        "filters",
        multiple=True,
        metavar="FILTER",
        help="As in the AWS CLI: Name=tag:Team,Values=web; repeatable.",
    )(command)


def wanted(ids: Sequence[str], filters: Sequence[str], everything: bool) -> "Wanted":
    """Return which instances are meant, or refuse what is contradictory."""
    from ssmwake.operate.read_machines import Wanted

    if bool(ids) + bool(filters) + everything != 1:
        raise click.UsageError("name instances, or give --filter or --all; one of the three")
    return Wanted(tuple(dict.fromkeys(ids)), parsed_filters(filters))


def parsed_filters(filters: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return EC2's filters by their names, or refuse what is not written as in the AWS CLI."""
    return dict(map(_filter, filters))


def _filter(text: str) -> tuple[str, tuple[str, ...]]:
    found = re.fullmatch(r"Name=([^,]+),Values=(.+)", text)
    if not found:
        raise click.BadParameter(f"{text!r}; write Name=tag:Team,Values=web", param_hint="--filter")
    return found[1], tuple(found[2].split(","))


def places(regions: Sequence[str], profile: str, roles: Sequence[str]) -> "list[Place]":
    """Return the places to look in; without a region, that of the AWS configuration."""
    from ssmwake.aws.client import Refused
    from ssmwake.aws.place import Place
    from ssmwake.aws.session import home_region, known_regions, unknown_region

    try:
        # A profile that is not there is refused here, whether or not its region is needed.
        found = regions or [home_region(profile)]
        if regions and (profile or os.environ.get("AWS_PROFILE")):
            home_region(profile)
    except Refused as refused:
        raise click.UsageError(refused.line) from None
    if not all(found):
        raise click.UsageError("no region; give --region, or set AWS_REGION")
    for region in found:
        if region not in known_regions():
            raise click.BadParameter(unknown_region(region), param_hint="--region" if regions else "AWS_REGION")
    unique = dict.fromkeys(found)
    return [Place(region, role, profile) for role in roles or [""] for region in unique]
