"""A real OpenSSH server on loopback that lets in whom EC2 Instance Connect announced, and a stand-in of its tunnel."""

import contextlib
import os
import pwd
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from support.tools import require


@dataclass
class Sshd:
    """The server: where it listens, its host key as a console shows it, and the file of the keys that it lets in."""

    port: int
    host_key: str
    keys: Path

    @property
    def user(self) -> str:
        """Whom it lets in: who runs the test."""
        return pwd.getpwuid(os.getuid()).pw_name

    def announce(self, key: str) -> None:
        """Let a key in, as the guest's AuthorizedKeysCommand does for a minute."""
        self.keys.write_text(key + "\n", encoding="ascii")
        self.keys.chmod(0o600)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def sshd(folder: Path, **environment: str) -> Iterator[Sshd]:
    """Start a server in a folder, whose commands get an environment; it ends with the block."""
    server = require("sshd")
    key, keys, port = folder / "host_key", folder / "authorized_keys", free_port()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    settings = {
        "ListenAddress": "127.0.0.1",
        "Port": port,
        "HostKey": key,
        "AuthorizedKeysFile": keys,
        "PasswordAuthentication": "no",
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "prohibit-password",
        "PidFile": folder / "pid",
        # What the instance is, the command finds in its environment.
        "SetEnv": " ".join(f"{name}={value}" for name, value in {"SSMWAKE_TEST": folder, **environment}.items()),
    }
    config = folder / "sshd_config"
    config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()), encoding="utf-8")
    Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([server, "-D", "-e", "-f", config], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        host_key = key.with_suffix(".pub").read_text(encoding="ascii").rsplit(" ", 1)[0]
        yield Sshd(port, host_key, keys)
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("sshd does not listen")


@dataclass
class Tunnel:
    """A stand-in of an Instance Connect Endpoint: a WebSocket over TLS that leads to the port that its URL names."""

    port: int
    certificate: Path
    queries: list[dict[str, list[str]]] = field(default_factory=list)

    @property
    def dns_name(self) -> str:
        """Where it listens, as DescribeInstanceConnectEndpoints names it."""
        return f"localhost:{self.port}"


@contextlib.contextmanager
def tunnel(folder: Path) -> Iterator[Tunnel]:
    """Serve a tunnel from a folder; it ends with the block."""
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.server import ServerConnection, serve

    certificate, key = folder / "tunnel.pem", folder / "tunnel.key"
    made = [require("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    made += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    found = Tunnel(0, certificate)

    def carry(connection: ServerConnection) -> None:
        assert connection.request is not None
        url = urlsplit(connection.request.path)
        query = parse_qs(url.query)
        found.queries.append(query)
        assert url.path == "/openTunnel"
        target = socket.create_connection(("127.0.0.1", int(query["remotePort"][0])))

        def back() -> None:
            with contextlib.suppress(OSError):
                while data := target.recv(65000):
                    connection.send(data)
            connection.close(1000)

        threading.Thread(target=back, daemon=True).start()
        # ssh ends its ProxyCommand as soon as it is done, and that may be in the middle of a frame.
        with target, contextlib.suppress(ConnectionClosed, OSError):
            for message in connection:
                assert isinstance(message, bytes)
                assert len(message) <= 65000
                target.sendall(message)

    with serve(carry, "127.0.0.1", 0, ssl=context, compression=None) as server:
        found.port = int(server.socket.getsockname()[1])
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join(10)
