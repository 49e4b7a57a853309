"""`ssmwake help`: the overview, or the help of one command, to stdout."""

import click


@click.command()
@click.argument("verb", required=False, metavar="[COMMAND]")
@click.pass_context
def command(ctx: click.Context, verb: str | None) -> None:
    """Print the overview of the commands, or the help for one."""
    root = ctx.find_root()
    if verb is None:
        click.echo(root.get_help())
        return
    assert isinstance(root.command, click.Group)
    name, found, _ = root.command.resolve_command(root, [verb])
    assert found is not None
    with click.Context(found, info_name=name, parent=root) as inner:
        click.echo(found.get_help(inner))
