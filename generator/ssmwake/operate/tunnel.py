"""A tunnel through an EC2 Instance Connect Endpoint: stdin and stdout on this side, TCP of the instance on the other.

As `aws ec2-instance-connect open-tunnel` does it: a WebSocket whose URL is signed for 60 s. The URL is a secret for
that minute, so it is made here, in the process that uses it, and is never an argument, a file or a message.
"""

import os
import ssl
import sys
import threading
import urllib.parse
from typing import Any

from botocore.model import ServiceId
from botocore.signers import RequestSigner

EXPIRES = 60
# Policies may demand a limit; an hour is the most that the service takes.
LONGEST_SESSION = 3600
FRAME = 65000


def signed_url(session: Any, *, region: str, dns_name: str, endpoint: str, address: str, port: int) -> str:
    """Return the URL that opens the tunnel; whoever has it can open one, for a minute."""
    query = urllib.parse.urlencode(
        {
            "instanceConnectEndpointId": endpoint,
            "remotePort": port,
            "privateIpAddress": address,
            "maxTunnelDuration": LONGEST_SESSION,
        }
    )
    credentials = session.get_credentials()
    signer = RequestSigner(
        ServiceId("EC2 Instance Connect"), region, "ec2-instance-connect", "v4", credentials, session.events
    )
    url = f"https://{dns_name}/openTunnel?{query}"
    request = {"method": "GET", "url": url, "headers": {}, "body": {}, "context": {}}
    signed = signer.generate_presigned_url(
        request,
        operation_name="openTunnel",
        region_name=region,
        expires_in=EXPIRES,
        signing_name="ec2-instance-connect",
    )
    return f"wss{signed.removeprefix('https')}"


def carry(url: str) -> int:
    """Carry bytes between stdin and the tunnel, and the tunnel and stdout, until one side ends; return a status."""
    from websockets.exceptions import ConnectionClosed, WebSocketException
    from websockets.sync.client import connect

    bundle = os.environ.get("AWS_CA_BUNDLE") or None
    context = ssl.create_default_context(cafile=bundle)
    try:
        with connect(url, ssl=context, compression=None, max_size=None, user_agent_header="ssmwake") as tunnel:
            threading.Thread(target=_send, args=(tunnel,), daemon=True).start()
            for message in tunnel:
                data = message.encode() if isinstance(message, str) else message
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            return 0
    except ConnectionClosed as closed:
        code = closed.rcvd.code if closed.rcvd else 0
        return 0 if code == 1000 else 1
    except (WebSocketException, OSError) as error:
        # The text of an error may hold the URL.
        sys.stderr.write(f"ssmwake: the endpoint does not open a tunnel ({type(error).__name__})\n")
        return 1


def _send(tunnel: Any) -> None:
    from websockets.exceptions import ConnectionClosed

    source = sys.stdin.fileno()
    try:
        while data := os.read(source, FRAME):
            tunnel.send(data)
        tunnel.close()
    except (ConnectionClosed, OSError):
        return
