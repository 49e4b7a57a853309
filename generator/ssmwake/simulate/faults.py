"""Everything that can be wrong with IMDS, by name: FAULTS says what each does, and the server plays it.

A fault acts at one of four places: what role is shown, what the reply says, how its bytes travel, or whether anybody
listens at all. It is aimed at some kinds of request (see `kind`) and leaves the others alone.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ssmwake.simulate.metadata import Role

HUGE = 9_000_000
HTML = b"<!DOCTYPE html><html><body><h1>It works!</h1></body></html>\n"
IAM = frozenset({"list", "credentials", "info"})
GETS = IAM | {"other"}
ALL = GETS | {"token"}
FOLDER = "meta-data/iam/security-credentials"


@dataclass(frozen=True)
class Reply:
    """An HTTP reply before it goes out."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


# Sends head and body in its own way; the last argument sleeps, and says True when the server is stopping.
Wire = Callable[[socket.socket, bytes, bytes, Callable[[float], bool]], None]


@dataclass(frozen=True)
class Fault:
    """One fault: a line for people, the requests that it hits, and one of the five things that it does to them."""

    text: str
    hits: frozenset[str] = ALL
    role: Callable[[Role | None, float], Role | None] | None = None
    reply: Callable[[Reply], Reply] | None = None
    wire: Wire | None = None
    lifetime: float | None = None
    refuses: bool = False


def kind(method: str, path: str) -> str:
    """Say what a request asks for: token, list (the role's name), credentials, info (of the profile), or other."""
    rest = path.strip("/").partition("/")[2]
    if rest == "api/token":
        return "token" if method == "PUT" else "other"
    if rest == FOLDER:
        return "list"
    if rest.startswith(f"{FOLDER}/"):
        return "credentials"
    return "info" if rest == "meta-data/iam/info" else "other"


def answer(status: int, body: bytes = b"", **headers: str) -> Callable[[Reply], Reply]:
    """Reply with this instead."""
    return lambda _: Reply(status, body, headers)


def body(text: bytes) -> Callable[[Reply], Reply]:
    """Reply 200 with another body, also where there was none; whoever has no token still gets 401."""
    return lambda reply: reply if reply.status in (400, 401) else Reply(200, text, reply.headers)


def more(text: bytes) -> Callable[[Reply], Reply]:
    """Append to the body of a good reply."""
    return lambda reply: replace(reply, body=reply.body + text) if reply.status == 200 else reply


def role_with(**changes: object) -> Callable[[Role | None, float], Role | None]:
    """Show the role with some attributes changed."""
    return lambda role, _: replace(role, **changes) if role else None  # type: ignore[arg-type]


def other(role: Role) -> Role:
    """Return a second role of a second profile."""
    key = f"{role.key[:-1]}{'Z' if role.key[-1] != 'Z' else 'Y'}"
    return replace(role, name=f"{role.name}-b"[:64], profile_id=f"{role.profile_id[:-1]}Z", key=key)


def swapped(role: Role | None, elapsed: float) -> Role | None:
    return other(role) if role and elapsed >= 2 else role


def alternating(role: Role | None, elapsed: float) -> Role | None:
    return other(role) if role and int(elapsed) % 2 else role


def hang(connection: socket.socket, _head: bytes, _body: bytes, _sleep: Callable[[float], bool]) -> None:
    connection.settimeout(None)
    while connection.recv(4096):  # ends when the client gives up, or when the server shuts the connection
        pass


def reset(connection: socket.socket, _head: bytes, _body: bytes, _sleep: Callable[[float], bool]) -> None:
    # Closing with a linger time of zero sends RST instead of FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def nothing(_connection: socket.socket, _head: bytes, _body: bytes, _sleep: Callable[[float], bool]) -> None:
    return


def cut_short(connection: socket.socket, head: bytes, content: bytes, _sleep: Callable[[float], bool]) -> None:
    connection.sendall(head + content[: len(content) // 2])


def cut_reset(connection: socket.socket, head: bytes, content: bytes, sleep: Callable[[float], bool]) -> None:
    cut_short(connection, head, content, sleep)
    sleep(0.1)  # a client must have read the first half, or RST would take it away
    reset(connection, head, content, sleep)


def trickle(connection: socket.socket, head: bytes, content: bytes, sleep: Callable[[float], bool]) -> None:
    connection.sendall(head)
    for byte in content:
        connection.sendall(bytes([byte]))
        if sleep(1.0):
            return


def slow(seconds: float) -> Wire:
    """Send everything after a while."""

    def send(connection: socket.socket, head: bytes, content: bytes, sleep: Callable[[float], bool]) -> None:
        if not sleep(seconds):
            connection.sendall(head + content)

    return send


TOKEN = frozenset({"token"})
LIST = frozenset({"list"})
CREDENTIALS = frozenset({"credentials"})
INFO = frozenset({"info"})

FAULTS = {
    # The token.
    "imds-disabled": Fault("403 on everything, as with HttpEndpoint=disabled", reply=answer(403)),
    "token-400": Fault("the token request is refused as malformed", TOKEN, reply=answer(400)),
    "token-403": Fault("the token request is forbidden", TOKEN, reply=answer(403)),
    "token-404": Fault(
        "no IMDSv2 here: 404 on the token request (another cloud, an emulator)", TOKEN, reply=answer(404)
    ),
    "token-405": Fault("no IMDSv2 here: 405 on the token request", TOKEN, reply=answer(405)),
    "token-503": Fault("503 on the token request", TOKEN, reply=answer(503)),
    "token-hang": Fault("no reply to the token request, as with a hop limit that is too small", TOKEN, wire=hang),
    "token-empty": Fault("a token of no bytes", TOKEN, reply=body(b"")),
    "token-html": Fault("a web page instead of a token", TOKEN, reply=body(HTML)),
    "token-long": Fault("a token of 2 KiB", TOKEN, reply=body(b"A" * 2048)),
    "token-huge": Fault("a token of 9 MB", TOKEN, reply=body(b"A" * HUGE)),
    "token-expires": Fault("each token is good for 1 s only, whatever was asked", TOKEN, lifetime=1.0),
    # Every GET.
    "get-401": Fault("401 on every GET, however new the token", GETS, reply=answer(401)),
    "get-403": Fault("403 on every GET", GETS, reply=answer(403)),
    "get-empty": Fault("200 and no body on every GET, as when packets are dropped", GETS, reply=body(b"")),
    "partial-short": Fault("half a body, then an orderly end", GETS, wire=cut_short),
    "partial-reset": Fault("half a body, then a reset", GETS, wire=cut_reset),
    "trickle": Fault("the body comes at one byte per second", GETS, wire=trickle),
    # Everything.
    "hang": Fault("accepts, then never answers", wire=hang),
    "refused": Fault("nobody listens", refuses=True),
    "reset": Fault("the connection is reset instead of answered", wire=reset),
    "no-reply": Fault("the connection is closed without a byte", wire=nothing),
    "slow": Fault("every answer takes 0.8 s", wire=slow(0.8)),
    "slow-1.2": Fault("every answer takes 1.2 s", wire=slow(1.2)),
    "error-500": Fault("500 on everything", reply=answer(500)),
    "error-503": Fault("503 on everything", reply=answer(503)),
    "error-429": Fault("429 on everything", reply=answer(429)),
    "redirect-302": Fault("302 to another address on everything", reply=answer(302, Location="http://127.0.0.1:9/")),
    # The role's name.
    "no-role": Fault("404 on everything below iam/: no instance profile", IAM, role=lambda _role, _elapsed: None),
    "list-empty": Fault("the list of roles is empty", LIST, reply=body(b"")),
    "list-html": Fault("a web page instead of the role's name", LIST, reply=body(HTML)),
    "list-binary": Fault("binary bytes instead of the role's name", LIST, reply=body(bytes(range(256)))),
    "list-dotdot": Fault("the role's name is ../../user-data", LIST, reply=body(b"../../user-data")),
    "list-two-lines": Fault("a second line follows the role's name", LIST, reply=more(b"\nsecond-role")),
    "list-huge": Fault("a list of 9 MB", LIST, reply=body(b"A" * HUGE)),
    "list-503": Fault("503 on the list of roles", LIST, reply=answer(503)),
    # The credentials.
    "code-assume-role": Fault(
        "the code is AssumeRoleUnauthorizedAccess: the trust policy lacks ec2.amazonaws.com",
        IAM,
        role=role_with(code="AssumeRoleUnauthorizedAccess"),
    ),
    "code-failed": Fault("the code is Failed", IAM, role=role_with(code="Failed")),
    "credentials-no-token": Fault("the document has no Token", IAM, role=role_with(missing=("Token",))),
    "credentials-no-key": Fault("the document has no AccessKeyId", IAM, role=role_with(missing=("AccessKeyId",))),
    "credentials-expired": Fault("the Expiration lies in the past", IAM, role=role_with(expires=1_700_000_000.0)),
    "credentials-one-line": Fault("the document is one line of JSON", IAM, role=role_with(one_line=True)),
    "credentials-html": Fault("a web page instead of credentials", CREDENTIALS, reply=body(HTML)),
    "credentials-empty": Fault("credentials of no bytes", CREDENTIALS, reply=body(b"")),
    "credentials-huge": Fault("credentials of 9 MB", CREDENTIALS, reply=body(b"A" * HUGE)),
    "credentials-404": Fault("a role is listed, its credentials are not there", CREDENTIALS, reply=answer(404)),
    "credentials-503": Fault("503 on the credentials", CREDENTIALS, reply=answer(503)),
    "credentials-429": Fault("429 on the credentials", CREDENTIALS, reply=answer(429)),
    "credentials-slow": Fault("the credentials take 3 s", CREDENTIALS, wire=slow(3)),
    "credentials-hang": Fault("no reply to the request for credentials", CREDENTIALS, wire=hang),
    # The profile.
    "info-404": Fault("404 on iam/info while the credentials are fine", INFO, reply=answer(404)),
    "info-html": Fault("a web page instead of iam/info while the credentials are fine", INFO, reply=body(HTML)),
    "info-empty": Fault("an empty iam/info while the credentials are fine", INFO, reply=body(b"")),
    # Roles that come and go.
    "role-swaps": Fault("another role of another profile after 2 s", IAM, role=swapped),
    "role-leaves": Fault("the role is gone after 2 s", IAM, role=lambda role, elapsed: role if elapsed < 2 else None),
    "role-flaps": Fault(
        "the role is there one second and gone the next", IAM, role=lambda role, t: None if int(t) % 2 else role
    ),
    "role-alternates": Fault("two roles take turns, second by second", IAM, role=alternating),
}
