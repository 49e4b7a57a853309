"""A stand-in for SSM and ssmmessages: it decides by access key and time, holds control channels, and keeps a record.

In a test:

    with Endpoint() as ssm:                    # or Endpoint("127.0.0.1:8443"); ssm.address is HOST:PORT
        ssm.allow(role.key)                    # nobody is allowed at first; allow("*") is everybody
        ssm.allow(role.key, after=5)           # denied for five seconds more, as while IAM is not consistent
        ssm.deny(role.key)                     # from now on denied, its channels closed (not with hang_up=False)
        ssm.expire(role.key)                   # ExpiredTokenException, its channels closed
        ssm.host_management = "granted"        # or "denied" (the default), or "error"
        ssm.fault("throttled", seconds=5)      # ENDPOINT_FAULTS; clear() ends them
        ssm.wait_for("accepted", key=role.key, timeout=10)   # -> Event(at, what, key, call); None when it did not come
        ssm.events; ssm.online                 # the keys of the channels that are open

As a program (only the standard library): python3 -m ssmwake.simulate endpoint --port 0 --control-port 0 [--allow-all]
"""

from __future__ import annotations

import re
import socket
import threading
import time
from dataclasses import dataclass

from ssmwake.simulate.agent_errors import DENIED, EXPIRED, FINGERPRINT, SKEWED
from ssmwake.simulate.agent_shared import ACTIVATION_KEY, HOST_MANAGEMENT_KEY, REGISTRATION_KEY
from ssmwake.simulate.listener import Listener, read_head

ENDPOINT_FAULTS = {
    "ssm-refused": "nobody listens",
    "ssm-throttled": "every call is throttled",
    "ssm-hang": "accepts, then never answers",
    "ssm-500": "500 on every call",
    "ssm-unrecognized": "no key is recognized (UnrecognizedClientException)",
    "ssm-invalid-instance": "the instance is not known (InvalidInstanceId)",
    "ssm-clock": "the instance's clock is an hour off (InvalidSignatureException)",
    "ssm-fingerprint": "the registration is that of another machine (MachineFingerprintDoesNotMatch)",
}
REFUSALS = {
    "ssm-throttled": (400, "ThrottlingException"),
    "ssm-500": (500, "InternalServerError"),
    "ssm-unrecognized": (400, "UnrecognizedClientException"),
    "ssm-invalid-instance": (400, "InvalidInstanceId"),
    "ssm-clock": (400, SKEWED),
}
INFINITE = float("inf")


@dataclass(frozen=True)
class Event:
    """What the endpoint did: accepted, denied, failed, channel (opened), closed, hanging; at is time.monotonic()."""

    at: float
    what: str
    key: str
    call: str


class Endpoint:
    """The server and what it grants."""

    def __init__(self, address: str = "127.0.0.1:0", messages: str = "") -> None:
        self.events: list[Event] = []
        self.host_management = "denied"
        self._allowed: dict[str, float] = {ACTIVATION_KEY: 0.0}
        self._expired: set[str] = set()
        self._channels: dict[socket.socket, str] = {}
        self._faults: dict[str, float] = {}
        self._changed = threading.Condition()
        self._timers: list[threading.Timer] = []
        self._stopping = False
        self._listener = Listener(address, self._converse)
        self._messages = Listener(messages, self._converse) if messages else self._listener

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Where it listens, as HOST:PORT."""
        return self._listener.address

    @property
    def messages(self) -> str:
        """Where its ssmmessages listens, as HOST:PORT; by default at the same address."""
        return self._messages.address

    @property
    def online(self) -> list[str]:
        """The keys of the control channels that are open."""
        with self._changed:
            return list(self._channels.values())

    def stop(self) -> None:
        """Stop listening and close every channel."""
        self._stopping = True
        for timer in self._timers:
            timer.cancel()
        for listener in (self._listener, self._messages):
            listener.close()
            listener.hang_up()

    # What it grants.

    def allow(self, key: str = "*", after: float = 0.0) -> None:
        """Accept a key, from some seconds on."""
        self._expired.discard(key)
        self._allowed[key] = time.monotonic() + after

    def deny(self, key: str, hang_up: bool = True) -> None:
        """Deny a key, and close its channels unless told not to."""
        self._allowed[key] = INFINITE
        if hang_up:
            self._hang_up(key)

    def expire(self, key: str) -> None:
        """Call a key expired and close its channels."""
        self._expired.add(key)
        self._hang_up(key)

    def fault(self, name: str, seconds: float = INFINITE) -> None:
        """Break something, for ever or for a time."""
        if name not in ENDPOINT_FAULTS:
            raise ValueError(f"{name}: no such fault; see ENDPOINT_FAULTS")
        self._faults[name] = time.monotonic() + seconds
        if name == "ssm-refused":
            self._listener.close()
            self._messages.close()
        if seconds != INFINITE:
            timer = threading.Timer(seconds, self.clear, (name,))
            timer.daemon = True
            timer.start()
            self._timers.append(timer)

    def clear(self, name: str = "") -> None:
        """Clear one fault, or all."""
        for ended in [name] if name else list(self._faults):
            self._faults.pop(ended, None)
        if "ssm-refused" not in self._faults and not self._stopping:
            self._listener.open()
            self._messages.open()

    # What happened.

    def wait_for(self, what: str, timeout: float, key: str = "", after: float = 0.0) -> Event | None:
        """Return the first event of a kind, of a key if one is given, not before a time; wait for it."""

        def found() -> Event | None:
            happened = (event for event in self.events if event.what == what and event.at >= after)
            return next((event for event in happened if key in ("", event.key)), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None, timeout)
            return found()

    def _record(self, what: str, key: str, call: str) -> None:
        with self._changed:
            self.events.append(Event(time.monotonic(), what, key, call))
            self._changed.notify_all()

    def _hang_up(self, key: str) -> None:
        with self._changed:
            for channel, held in self._channels.items():
                if held == key:
                    channel.shutdown(socket.SHUT_RDWR)

    # How it answers.

    def _verdict(self, call: str, key: str) -> tuple[int, str]:
        for name in self._faults:
            if name in REFUSALS:
                return REFUSALS[name]
        if key == REGISTRATION_KEY:
            return (400, FINGERPRINT) if "ssm-fingerprint" in self._faults else (200, "")
        if call == "RequestManagedInstanceRoleToken":
            refusals = {"granted": (200, ""), "denied": (400, DENIED)}
            return refusals.get(self.host_management, (500, "InternalServerError"))
        if key == HOST_MANAGEMENT_KEY:
            return (200, "") if self.host_management == "granted" else (400, DENIED)
        if key in self._expired:
            return 400, EXPIRED
        since = self._allowed.get(key, self._allowed.get("*", INFINITE))
        return (200, "") if time.monotonic() >= since else (400, DENIED)

    def _converse(self, connection: socket.socket) -> None:
        """Answer requests until the client closes the connection."""
        connection.settimeout(None)
        with connection.makefile("rb") as lines:
            while True:
                method, path, headers = read_head(lines)
                if not method:
                    return
                lines.read(int(headers.get("content-length") or 0))
                self._answer(connection, path, headers)

    def _answer(self, connection: socket.socket, path: str, headers: dict[str, str]) -> None:
        held = re.search(r"Credential=([^/]+)/", headers.get("authorization", ""))
        key = held[1] if held else ""
        channel = path == "/control-channel"
        call = "OpenControlChannel" if channel else headers.get("x-amz-target", "").rpartition(".")[2]
        if "ssm-hang" in self._faults:
            self._record("hanging", key, call)
            self._hold(connection)
            return
        status, error = self._verdict(call, key)
        body = f'{{"__type":"{error}"}}' if error else "{}"
        reply = f"HTTP/1.1 {status} {error or 'OK'}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        # Whoever has got an answer finds it in the record, so that comes first.
        if error:
            self._record("denied" if error == DENIED else "failed", key, call)
        elif not channel:
            self._record("accepted", key, call)
        else:
            self._keep(connection, reply, key, call)
            return
        connection.sendall(reply.encode())

    def _keep(self, connection: socket.socket, reply: str, key: str, call: str) -> None:
        """Hold a control channel from before its answer until either side closes it."""
        with self._changed:
            self._channels[connection] = key
        self._record("channel", key, call)
        try:
            connection.sendall(reply.encode())
            self._hold(connection)
        finally:
            with self._changed:
                del self._channels[connection]
            self._record("closed", key, call)

    @staticmethod
    def _hold(connection: socket.socket) -> None:
        while connection.recv(4096):
            pass
