"""A client for the fake IMDS that hides nothing: status, body, and how the conversation ended."""

import socket
from collections.abc import Mapping

from ssmwake.simulate.imds import Imds

LIST = "/latest/meta-data/iam/security-credentials/"
INFO = "/latest/meta-data/iam/info"
TTL = "X-aws-ec2-metadata-token-ttl-seconds"


def ask(
    imds: Imds, method: str, path: str, headers: Mapping[str, str] | None = None, timeout: float = 0.4
) -> tuple[int, bytes, str]:
    """Return status, body, and how the conversation ended: end, timeout, reset, refused, short."""
    host, _, port = imds.url.removeprefix("http://").rpartition(":")
    received = b""
    ended = "end"
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=timeout) as connection:
            lines = [
                f"{method} {path} HTTP/1.1",
                "Host: x",
                *(f"{name}: {text}" for name, text in (headers or {}).items()),
            ]
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            while piece := connection.recv(1 << 20):
                received += piece
    except TimeoutError:
        ended = "timeout"
    except ConnectionRefusedError:
        ended = "refused"
    except ConnectionError:
        ended = "reset"
    if not received:
        return 0, b"", ended
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    return int(head.split()[1]), body, "short" if ended == "end" and len(body) < length else ended


def token(imds: Imds) -> dict[str, str]:
    status, body, _ = ask(imds, "PUT", "/latest/api/token", {TTL: "21600"})
    assert status == 200
    return {"X-aws-ec2-metadata-token": body.decode()}
