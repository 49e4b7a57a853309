"""`ssmwake document`: one SSM document, to stdout."""

from typing import Any

import click

from ssmwake.cli.inputs import adjusted, config_option, settings
from ssmwake.cli.output import data_out, output_option

NAMES = ("command", "automation")


@click.command(epilog="Example: ssmwake document command --role web -o command.yaml")
@click.argument("name", type=click.Choice(NAMES))
@config_option
@click.option(
    "--format", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True, help="The file format."
)
@click.option("--role", metavar="NAME", help="Wait for this role.  [default: any role]")
@click.option("--timeout", metavar="TIME", help="How long to wait, such as 90s or 1h.  [default: 10m]")
@click.option("--on-ready", multiple=True, metavar="COMMAND", help="Run this once the role is there; repeatable.")
@output_option
def command(
    name: str,
    config: str | None,
    format: str,  # noqa: A002 - it is the option's name
    output: str | None,
    **flags: Any,
) -> None:
    """Print one SSM document.

    `command` installs or repairs the runtime, and does what its parameter Action says. `automation` acts from outside
    on an instance that is not online.
    """
    from ssmwake.render import Rendering

    made, _ = settings(config)
    rendering = Rendering(adjusted(made, flags))
    data_out(rendering.text(f"ssm/{name}.{format}").encode(), output)
