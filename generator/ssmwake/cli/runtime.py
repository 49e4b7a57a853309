"""`ssmwake runtime`: the script that runs on an instance, to stdout or a file."""

import click

from ssmwake.cli.output import data_out, output_option


@click.command(epilog="Example: ssmwake runtime | ssh ec2-user@HOST sudo sh -s -- status")
@click.option("--carried", is_flag=True, help="Print what user data carries: without comments and blank lines.")
@output_option
def command(carried: bool, output: str | None) -> None:
    """Print the script that runs on an instance.

    It is the same for every config. To see that an instance runs what you have reviewed, compare the output of
    `--carried` with /usr/local/sbin/ssmwake there.
    """
    from ssmwake.render.runtime import carried as without_comments
    from ssmwake.render.runtime import runtime

    data_out((without_comments() if carried else runtime()).encode(), output)
