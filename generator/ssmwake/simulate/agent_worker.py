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

from ssmwake.simulate.agent_shared import (
    BACKOFF,
    KEY_CACHE,
    MINUTE,
    Host,
    Imds,
    NoRoleError,
    TransientError,
    authorization,
    call,
    exchange,
    fetch_key,
    rename_process,
)

EXPIRED = "ExpiredTokenException"
CALL = "UpdateInstanceInformation"


class Key:
    """The worker's access key and its age."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._imds = Imds(host.imds)
        self._text = ""
        self._read = float("-inf")

    def get(self) -> str:
        """Return the key, read again when it is 30 minutes old; the old one when there is no new one."""
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


def start(host: Host) -> int:
    """Fork the worker and return its process id."""
    core = os.getpid()
    worker = os.fork()
    if worker:
        return worker
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    rename_process("ssm-agent-worker")
    try:
        work(host, core)
    finally:
        sys.stdout.flush()
        os._exit(0)


def work(host: Host, core: int) -> None:
    """Live until the core is gone."""
    key = Key(host)
    host.log("[ssm-agent-worker] ssm-agent-worker - starting")
    pings = 0
    while os.getppid() == core:
        refusal = call_safely(host, key.get())
        if not refusal:
            host.work(1.0)
            hold_channel(host, key, core)
            pings = 0
        elif refusal == EXPIRED:
            key.forget()
            host.wait(1.0)
        else:
            pause = BACKOFF[min(pings, len(BACKOFF) - 1)] * MINUTE
            host.log(f"[ssm-agent-worker] Agent is in hibernate mode ({refusal}). Reducing logging.", "hibernate.log")
            pings += 1
            rest(host, pause, core)


def call_safely(host: Host, key: str) -> str:
    try:
        return call(host, CALL, key)
    except OSError as error:
        return type(error).__name__


def hold_channel(host: Host, key: Key, core: int) -> None:
    """Open the control channel and stay in it; when it breaks, try every 2.2 s with the key at hand."""
    while os.getppid() == core:
        headers = {"Authorization": authorization(key.get()), "Content-Length": "0"}
        try:
            status, text, connection = exchange(host.ssm, "POST", "/control-channel", headers, None)
        except OSError:
            rest(host, 15.0, core)
            continue
        with connection:
            if status == 200:
                host.log("[ssm-agent-worker] [MessageService] [MGSInteractor] Set up control channel successfully")
                listen(connection, core)
            elif EXPIRED in text:
                key.forget()
        rest(host, 2.2, core)


def listen(connection: socket.socket, core: int) -> None:
    """Stay in the channel until the other side closes it or the core is gone."""
    while os.getppid() == core:
        try:
            if select.select([connection], [], [], 0.5)[0] and not connection.recv(4096):
                return
        except OSError:
            return


def rest(host: Host, seconds: float, core: int) -> None:
    """Wait in the agent's time, and notice within half a second when the core is gone."""
    end = time.monotonic() + max(seconds / host.scale, 0.05)
    while os.getppid() == core and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.5))
