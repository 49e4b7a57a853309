"""The hidden verb that ssh starts as its ProxyCommand: it signs the URL of the tunnel itself, and carries the bytes."""

import sys

import click

from ssmwake.cli.targets import place_options, places
from ssmwake.terminal import printable


@click.command(hidden=True)
@click.option("--endpoint", required=True)
@click.option("--dns-name", required=True)
@click.option("--address", required=True)
@click.option("--port", type=int, default=22)
@place_options
def command(endpoint: str, dns_name: str, address: str, port: int, **flags: object) -> None:
    """Carry stdin and stdout through an EC2 Instance Connect Endpoint."""
    from ssmwake.aws.client import Refused
    from ssmwake.aws.session import Sessions
    from ssmwake.operate import tunnel

    (place,) = places(flags["regions"], flags["profile"], flags["roles"])  # type: ignore[arg-type]
    try:
        url = tunnel.signed_url(
            Sessions(()).session(place),
            region=place.region,
            dns_name=dns_name,
            endpoint=endpoint,
            address=address,
            port=port,
        )
    except Refused as refused:
        raise click.ClickException(printable(refused.line)) from None
    sys.exit(tunnel.carry(url))
