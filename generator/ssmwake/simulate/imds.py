"""A fake IMDS that speaks IMDSv2 and can be broken in every way that FAULTS names, while it runs.

In a test:

    with Imds() as imds:                       # or Imds("127.0.0.1:8080", "[::1]:8080")
        imds.url                               # http://127.0.0.1:PORT, for --endpoint
        imds.attach("web")                     # no role before; returns the Role (.key .secret .token .profile_id)
        imds.swap("db")                        # a new profile with another role; same_profile=True keeps the profile
        imds.rotate(); imds.expire(); imds.code("Failed"); imds.detach()
        imds.forget_tokens()                   # every session token so far gets 401
        imds.fault("token-hang", seconds=5)    # or times=3: only the next 3 requests that it hits; faults add up
        imds.clear("token-hang")               # or clear() for all
        imds.instance.user_data = b"#!/bin/sh" # and .id .region .ip .mac .public_keys .paths: see metadata.Instance
        imds.requests                          # [Request(at, method, path, status, kind), ...]
        imds.counts["GET /latest/meta-data/iam/info"]; imds.count("list"); imds.tokens

As a program (only the standard library): python3 -m ssmwake.simulate imds --port 0 --control-port 0 [--role web]
"""

from __future__ import annotations

import base64
import secrets
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import unquote

from ssmwake.simulate.faults import FAULTS, Fault, Reply, kind
from ssmwake.simulate.listener import Listener, read_head
from ssmwake.simulate.metadata import LIFETIME, Instance, Role, lookup

TTL = "x-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "x-aws-ec2-metadata-token"


@dataclass(frozen=True)
class Request:
    """One request that was answered, or was not; the time is time.monotonic()."""

    at: float
    method: str
    path: str
    status: int
    kind: str


@dataclass
class Active:
    """A fault in force: since when, until when, and for how many requests more."""

    fault: Fault
    since: float
    until: float
    left: float


class Imds:
    """The server and the instance that it shows."""

    def __init__(self, *addresses: str, instance: Instance | None = None, v1: bool = False) -> None:
        self.instance = instance or Instance()
        self.requests: list[Request] = []
        self.counts: Counter[str] = Counter()
        self.tokens: list[str] = []
        self._v1 = v1
        self._valid: dict[str, float] = {}
        self._active: dict[str, Active] = {}
        self._serial = 0
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._timers: list[threading.Timer] = []
        self._listeners = [Listener(address, self._converse) for address in addresses or ("127.0.0.1:0",)]

    def __enter__(self) -> Imds:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The base URL at the first address."""
        return f"http://{self._listeners[0].address}"

    def stop(self) -> None:
        """Stop listening and end every conversation."""
        self._stopping.set()
        for timer in self._timers:
            timer.cancel()
        for listener in self._listeners:
            listener.close()
            listener.hang_up()

    # What the instance shows.

    def attach(self, name: str, profile: str = "", profile_id: str = "") -> Role:
        """Attach a role by an instance profile; without an id the profile is a new one."""
        with self._lock:
            self._serial += 1
            role = Role(name, profile_id or f"AIPA{self._serial:017d}", profile or name, "", "", "")
            self.instance.role = self._keyed(role)
            return self.instance.role

    def swap(self, name: str, same_profile: bool = False) -> Role:
        """Replace the role: by another profile, or inside the profile that is attached."""
        role = self._role()
        return self.attach(name, role.profile, role.profile_id) if same_profile else self.attach(name)

    def detach(self) -> None:
        """Take the profile away."""
        self.instance.role = None

    def rotate(self) -> Role:
        """Give the same role new keys, as happens every hour."""
        with self._lock:
            self.instance.role = self._keyed(self._role())
            return self.instance.role

    def code(self, code: str, message: str = "") -> None:
        """Let the credentials document carry another code than Success, or Success again."""
        self.instance.role = replace(self._role(), code=code, message=message)

    def expire(self) -> None:
        """Let the credentials be past their time."""
        self.instance.role = replace(self._role(), expires=time.time() - 60)

    def _role(self) -> Role:
        if self.instance.role is None:
            raise ValueError("no role is attached; attach one first")
        return self.instance.role

    def _keyed(self, role: Role) -> Role:
        self._serial += 1
        # The slash and the plus are there because real secrets have them.
        return replace(
            role,
            key=f"ASIA{self._serial:016d}",
            secret=f"secret/of+{role.name}/{self._serial:024d}",
            token=base64.b64encode(f"session token {self._serial} of {role.name} ".encode() * 20).decode(),
            updated=time.time(),
            expires=time.time() + LIFETIME,
        )

    # What is wrong with it.

    def fault(self, name: str, seconds: float = float("inf"), times: float = float("inf")) -> None:
        """Break something, for ever or for a time or for a number of requests."""
        if name not in FAULTS:
            raise ValueError(f"{name}: no such fault; see FAULTS")
        now = time.monotonic()
        with self._lock:
            self._active[name] = Active(FAULTS[name], now, now + seconds, times)
            if FAULTS[name].refuses:
                for listener in self._listeners:
                    listener.close()
                if seconds != float("inf"):
                    self._timers.append(threading.Timer(seconds, self.clear, (name,)))
                    self._timers[-1].daemon = True
                    self._timers[-1].start()

    def clear(self, name: str = "") -> None:
        """Clear one fault, or all."""
        with self._lock:
            for ended in [name] if name else list(self._active):
                self._active.pop(ended, None)
            if not self._stopping.is_set() and not any(active.fault.refuses for active in self._active.values()):
                for listener in self._listeners:
                    listener.open()

    def forget_tokens(self) -> None:
        """Invalidate every session token."""
        self._valid.clear()

    def count(self, wanted: str) -> int:
        """Return how many requests of a kind came in: token, list, credentials, info, other."""
        return sum(request.kind == wanted for request in self.requests)

    def _faults(self, wanted: str) -> list[Active]:
        now = time.monotonic()
        with self._lock:
            hit = [active for active in self._active.values() if wanted in active.fault.hits]
            hit = [active for active in hit if now < active.until and active.left > 0]
            for active in hit:
                active.left -= 1
            return hit

    # How it answers.

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(60)
        with connection.makefile("rb") as lines:
            method, path, headers = read_head(lines)
            path = unquote(path)  # a role's name may hold + = , . @ -
            asked = kind(method, path)
            faults = self._faults(asked)
            reply = self._reply(method, path, headers, faults)
            for active in faults:
                reply = active.fault.reply(reply) if active.fault.reply else reply
            with self._lock:
                self.requests.append(Request(time.monotonic(), method, path, reply.status, asked))
                self.counts[f"{method} {path}"] += 1
            head, body = wire(reply, method == "HEAD")
            for active in faults:
                if active.fault.wire:
                    active.fault.wire(connection, head, body, self._stopping.wait)
                    return
            connection.sendall(head + body)

    def _reply(self, method: str, path: str, headers: dict[str, str], faults: list[Active]) -> Reply:
        if path == "/latest/api/token":
            return self._issue(headers, faults) if method == "PUT" else Reply(405, headers={"Allow": "OPTIONS, PUT"})
        if method not in ("GET", "HEAD"):
            return Reply(405 if method else 400, headers={"Allow": "OPTIONS, GET, HEAD"})
        token = headers.get(TOKEN)
        if (token is not None or not self._v1) and self._valid.get(token or "", 0.0) <= time.monotonic():
            return Reply(401)
        role = self.instance.role
        for active in faults:
            if active.fault.role:
                role = active.fault.role(role, time.monotonic() - active.since)
        found = lookup(self.instance, role, path)
        return Reply(404) if found is None else Reply(200, found, {"Content-Type": "text/plain"})

    def _issue(self, headers: dict[str, str], faults: list[Active]) -> Reply:
        if "x-forwarded-for" in headers:
            return Reply(403)  # IMDSv2 refuses what came through a proxy
        ttl = headers.get(TTL, "")
        if not (ttl.isascii() and ttl.isdigit() and 1 <= int(ttl) <= 21600):
            return Reply(400)
        lifetime = min([float(ttl)] + [active.fault.lifetime for active in faults if active.fault.lifetime])
        token = f"AQAEA{secrets.token_urlsafe(36)}=="
        with self._lock:
            self.tokens.append(token)
            self._valid[token] = time.monotonic() + lifetime
        return Reply(200, token.encode(), {"Content-Type": "text/plain", "X-Aws-Ec2-Metadata-Token-Ttl-Seconds": ttl})


def wire(reply: Reply, bodiless: bool) -> tuple[bytes, bytes]:
    """Return the head and the body as they travel; an error without a body gets a page, as from IMDS."""
    phrase = HTTPStatus(reply.status).phrase
    body = reply.body
    if reply.status >= 400 and not body:
        body = f"<html><head><title>{reply.status} - {phrase}</title></head><body></body></html>\n".encode()
    fixed = {"Server": "EC2ws", "Connection": "close", "Content-Length": str(len(body))}
    lines = [f"{name}: {text}" for name, text in {**reply.headers, **fixed}.items()]
    head = "\r\n".join([f"HTTP/1.1 {reply.status} {phrase}", *lines, "", ""]).encode("latin-1")
    return head, b"" if bodiless else body
