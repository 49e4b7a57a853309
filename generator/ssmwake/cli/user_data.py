"""`ssmwake user-data`: user data for an instance or a launch template, to stdout."""

import dataclasses
import sys

import click

from ssmwake.cli.inputs import config_option, settings
from ssmwake.model import Finding, Invalid, Location, UserDataFormat
from ssmwake.render import user_data
from ssmwake.userdata.size import LIMIT, base64_text, budget, zipped

TOO_LARGE = "SW201"


@click.command()
@config_option
@click.option("--format", "form", type=click.Choice(UserDataFormat), help="By default cloud-config.")
@click.option("--include", multiple=True, metavar="FILE", help="User data of your own, merged; - is stdin.")
@click.option("--role", help="Wait for this role, not any.")
@click.option("--gzip", is_flag=True, help="Compress; the output is binary.")
@click.option("--base64", is_flag=True, help="Encode, as launch-template data takes it.")
def command(
    config: str | None,
    form: UserDataFormat | None,
    include: tuple[str, ...],
    role: str | None,
    gzip: bool,
    base64: bool,
) -> None:
    """Print user data that wakes the SSM agent when the instance's role arrives."""
    made, parts = settings(config, include)
    changes: dict[str, object] = {"role": role} if role is not None else {}
    made = dataclasses.replace(made, **changes)  # type: ignore[arg-type]
    if form:
        made = dataclasses.replace(made, user_data=dataclasses.replace(made.user_data, format=form))
    plain = user_data(made, parts).encode()
    click.echo(budget(plain), err=True)
    final = zipped(plain) if gzip else plain
    if len(final) > LIMIT:
        raise Invalid(_too_large(plain, gzip))
    output = base64_text(final).encode() if base64 else final
    sys.stdout.buffer.write(output)
    sys.stdout.buffer.flush()


def _too_large(plain: bytes, gzip: bool) -> Finding:
    help_ = (
        "--gzip makes it fit" if not gzip and len(zipped(plain)) <= LIMIT else "move files of yours to S3 or an image"
    )
    return Finding(Location("-"), TOO_LARGE, f"{len(plain):,} bytes of user data, EC2 takes {LIMIT:,}; {help_}")
