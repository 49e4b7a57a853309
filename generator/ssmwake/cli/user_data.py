"""`ssmwake user-data`: user data for an instance or a launch template, to stdout."""

import dataclasses
import shlex
import sys
from typing import Any

import click

from ssmwake.cli.inputs import adjusted, config_option, settings
from ssmwake.cli.output import complete_files, data_out, output_option
from ssmwake.cloud_init.size import LIMIT, base64_text, budget, excess, zipped
from ssmwake.model import Invalid, Location, Severity, UserDataFormat
from ssmwake.render.user_data import user_data, why_multipart
from ssmwake.terminal import printable


@click.command(
    epilog="\b\nExamples:\n  ssmwake user-data --role web > user-data.yaml\n"
    "  ssmwake user-data --include setup.sh --gzip -o user-data.gz"
)
@config_option
@click.option(
    "--format",
    type=click.Choice([form.value for form in UserDataFormat]),
    metavar="FORM",
    help="cloud-config (default), script or multipart.",
)
@click.option(
    "--include",
    multiple=True,
    metavar="FILE",
    shell_complete=complete_files,
    help="Add ssmwake to this user data; - is stdin; repeatable.",
)
@click.option("--role", metavar="NAME", help="Wait for this role.  [default: any role]")
@click.option("--timeout", metavar="TIME", help="How long to wait, such as 90s or 1h.  [default: 10m]")
@click.option(
    "--on-ready", multiple=True, metavar="COMMAND", help="Run this in a shell once the role is there; repeatable."
)
@click.option("--foreground", is_flag=True, default=None, help="Delay the first boot until the agent is online.")
@click.option("--strict", is_flag=True, default=None, help="Let the first boot fail when ssmwake fails.")
@click.option("--gzip", is_flag=True, help="Compress; the output is binary.")
@click.option("--base64", is_flag=True, help="Encode, as launch templates take it.")
@click.option("--external", is_flag=True, help="Speak the protocol of Terraform's external data source.")
@output_option
@click.argument("files", nargs=-1, metavar="", shell_complete=complete_files)
def command(
    config: str | None,
    include: tuple[str, ...],
    gzip: bool,
    base64: bool,
    external: bool,
    output: str | None,
    files: tuple[str, ...],
    **flags: Any,
) -> None:
    """Print user data that wakes the SSM agent when the instance's role arrives."""
    if files:
        words = " ".join(f"--include {shlex.quote(name)}" for name in files)
        raise click.UsageError(f"your own user data is given with an option; did you mean {words}?")
    if gzip and not (base64 or external or output) and sys.stdout is not None and sys.stdout.isatty():
        raise click.UsageError("gzip is binary, and stdout is a terminal; add --base64, or -o FILE")
    if external:
        from ssmwake.cli import external_data

        config, include, flags = external_data.query(config, include, flags)
    made, parts = settings(config, include)
    made = adjusted(made, flags)
    text = user_data(made, parts)
    data = text.encode()
    too_large = len(data) > LIMIT
    packed = zipped(user_data(made, parts, plain=True).encode()) if gzip or external or too_large else b""
    final = packed if gzip else data
    # Terraform takes either: it is enough that one of them fits.
    if min(len(final), len(packed) if external else len(final)) > LIMIT:
        advice = "--gzip makes it {}" + ("" if base64 else "; pass that with fileb://, or add --base64")
        finding = excess(Location("user data", 0), len(final), len(packed), advice)
        raise Invalid(dataclasses.replace(finding, severity=Severity.ERROR))
    if text.startswith("Content-Type:") and (why := why_multipart(made, parts)):
        click.echo(f"user data: a multipart, because {printable(why)}", err=True)
    if external:
        data_out(external_data.answer(data, packed), output)
        click.echo(f"{budget(len(data))}, {len(packed):,} with gzip", err=True)
        return
    data_out(base64_text(final).encode() if base64 else final, output)
    click.echo(budget(len(final), gzip=gzip), err=True)
