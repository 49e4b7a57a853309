"""`ssmwake init`: a config in which every setting is explained and none is set."""

import os
import shlex
from pathlib import Path

import click
from click.core import ParameterSource

from ssmwake.cli.inputs import CONFIG
from ssmwake.cli.output import complete_files, data_out
from ssmwake.config import example
from ssmwake.dist import unwritable
from ssmwake.model import Invalid, Location, Severity, rule
from ssmwake.resources import schema

EXISTS = rule("SW004", Severity.ERROR, "a file that exists", reason="nothing that a user wrote is overwritten")


# What `# yaml-language-server` names; it is looked for next to the config.
SCHEMA = "ssmwake.schema.json"


@click.command()
@click.argument("file", default=CONFIG, shell_complete=complete_files)
@click.option("--schema", "wants_schema", is_flag=True, help=f"Print the JSON Schema for your editor: > {SCHEMA}.")
def command(file: str, wants_schema: bool) -> None:
    """Write a commented config to FILE, by default ssmwake.yaml; - is stdout. An existing file is left alone."""
    if wants_schema:
        if click.get_current_context().get_parameter_source("file") is not ParameterSource.DEFAULT and file != "-":
            raise click.UsageError(f"--schema prints to stdout; write ssmwake init --schema > {shlex.quote(file)}")
        data_out(schema("config").encode())
        return
    text = f"# yaml-language-server: $schema={SCHEMA}\n{example()}"
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
    click.echo(f"for your editor: ssmwake init --schema > {shlex.quote(os.fspath(path.parent / SCHEMA))}", err=True)
