"""`ssmwake init`: a config in which every setting is explained and none is set."""

import os
from pathlib import Path

import click

from ssmwake.cli.output import data_out
from ssmwake.config import example
from ssmwake.dist import unwritable
from ssmwake.model import Invalid, Location, Severity, rule
from ssmwake.resources import schema

EXISTS = rule("SW004", Severity.ERROR, "a file that exists", reason="nothing that a user wrote is overwritten")


@click.command()
@click.argument("file", default="ssmwake.yaml")
@click.option("--schema", "wants_schema", is_flag=True, help="The JSON Schema of the config instead, for your editor.")
def command(file: str, wants_schema: bool) -> None:
    """Write a commented config to FILE, by default ssmwake.yaml; - is stdout. A file that exists is left alone."""
    text = schema("config") if wants_schema else example()
    if file == "-":
        data_out(text.encode())
        return
    if not file:
        raise click.UsageError("FILE is empty; name one, or leave it out")
    path = Path(file)
    try:
        with path.open("xb") as target:
            try:
                target.write(text.encode())
                target.flush()
                os.fsync(target.fileno())
            except OSError:
                path.unlink()
                raise
    except FileExistsError:
        raise Invalid(EXISTS.at(Location(file), "exists; remove it, or name another file")) from None
    except OSError as error:
        raise unwritable(path, error, "written") from error
    click.echo(f"{file}: written; every setting in it is a comment", err=True)
