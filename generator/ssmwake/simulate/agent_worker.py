"""The worker process of the stand-in agent: it holds the control channel, or hibernates when its first call is denied.

It keeps an access key for 30 minutes, also when that key has become useless; only ExpiredToken makes it read a new one.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time

from ssmwake.simulate.agent_errors import EXPIRED, NO_ROLE, NoRoleError, TransientError, unreachable, worded
from ssmwake.simulate.agent_shared import (
    ACTIVATION_KEY,
    BACKOFF,
    DIAL,
    HOST_MANAGEMENT_KEY,
    KEY_CACHE,
    MINUTE,
    Host,
    IdleConnection,
    ImdsClient,
    authorization,
    call,
    exchange,
    fetch_key,
    rename_process,
    source_on_file,
)

CALL = "UpdateInstanceInformation"
HEARTBEAT = 5 * MINUTE


class Key:
    """The worker's access key and its age."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._imds = ImdsClient(host.imds)
        self._text = ""
        self._read = float("-inf")

    def get(self) -> str:
        """Return the key, read again when it is 30 minutes old; the old one when there is no new one."""
        if self._host.activation:
            return ACTIVATION_KEY
        if source_on_file(self._host) == "SSM":
            return HOST_MANAGEMENT_KEY
        if time.monotonic() - self._read >= KEY_CACHE / self._host.scale:
            try:
                self._text = fetch_key(self._host, self._imds)
                self._read = time.monotonic()
            except (NoRoleError, TransientError):
                pass
        return self._text

    def forget(self) -> None:
        """Read it anew the next time."""
        self._read = float("-inf")

    @property
    def role(self) -> str:
        """The name of the role that the key belongs to."""
        return self._imds.role


def start(host: Host, instance: str) -> int:
    """Fork the worker and return its process id."""
    core = os.getpid()
    worker = os.fork()
    if worker:
        return worker
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    rename_process("ssm-agent-worker")
    try:
        work(host, core, instance)
    finally:
        sys.stdout.flush()
        os._exit(0)


def work(host: Host, core: int, instance: str) -> None:
    """Live until the core is gone."""
    key = Key(host)
    idle = IdleConnection(host)
    host.log("[ssm-agent-worker] ssm-agent-worker - starting")
    pings = 0
    while os.getppid() == core:
        code, error = report(host, key, idle, instance)
        if not error:
            host.work(1.0)
            hold_channel(host, key, core, idle, instance)
            pings = 0
        elif code == EXPIRED:
            key.forget()
            host.wait(1.0)
        else:
            pause = BACKOFF[min(pings, len(BACKOFF) - 1)] * MINUTE
            if not pings:
                host.log(f"[ssm-agent-worker] Entering SSM Agent hibernate - {error}")
            host.log("[ssm-agent-worker] Agent is in hibernate mode. Reducing logging.", "hibernate.log")
            pings += 1
            rest(host, pause, core, idle)
    idle.close()


def report(host: Host, key: Key, idle: IdleConnection, instance: str) -> tuple[str, str]:
    """Tell SSM that the agent lives; return the code of a refusal, and what the log says about it or a failure."""
    text = key.get()
    if not text:
        # There is nothing to sign the call with, so it is not made.
        return "", NO_ROLE
    try:
        code = call(host, CALL, text, idle)
    except OSError as error:
        return "", unreachable(host.ssm, error)
    return code, worded(code, key.role, instance) if code else ""


def hold_channel(host: Host, key: Key, core: int, idle: IdleConnection, instance: str) -> None:
    """Open the control channel and stay in it; when it breaks, try every 2.2 s with the key at hand.

    The connection to ssm of the last call stays open next to it, as it is used by every heartbeat and poll.
    """
    while os.getppid() == core:
        headers = {"Authorization": authorization(key.get()), "Content-Length": "0"}
        try:
            status, text, connection = exchange(host.messages, "POST", "/control-channel", headers, DIAL / host.hurry)
        except OSError:
            rest(host, 15.0, core)
            continue
        with connection:
            if status == 200:
                host.log("[ssm-agent-worker] [MessageService] [MGSInteractor] Set up control channel successfully")
                while listen(connection, core, HEARTBEAT / host.scale):
                    code, error = report(host, key, idle, instance)
                    if code == EXPIRED:
                        key.forget()
                    elif error:
                        host.log(
                            f"[ssm-agent-worker] [HealthCheck] error when calling AWS APIs. {error}", level="ERROR"
                        )
            elif EXPIRED in text:
                key.forget()
        rest(host, 2.2, core)


def listen(connection: socket.socket, core: int, seconds: float) -> bool:
    """Stay in the channel for some seconds; say whether it is still open, and the core still there."""
    end = time.monotonic() + seconds
    while os.getppid() == core:
        left = end - time.monotonic()
        if left <= 0:
            return True
        try:
            if select.select([connection], [], [], min(left, 0.5))[0] and not connection.recv(4096):
                return False
        except OSError:
            return False
    return False


def rest(host: Host, seconds: float, core: int, idle: IdleConnection | None = None) -> None:
    """Wait in the agent's time, and notice within half a second when the core is gone."""
    end = time.monotonic() + max(seconds / host.scale, 0.05)
    while os.getppid() == core and (left := end - time.monotonic()) > 0:
        if idle is not None:
            idle.tidy()
        time.sleep(min(left, 0.5))
