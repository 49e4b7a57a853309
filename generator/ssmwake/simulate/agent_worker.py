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

from ssmwake.simulate.agent_world import (
    BACKOFF,
    KEY_CACHE,
    MINUTE,
    Imds,
    NoRoleError,
    TransientError,
    World,
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

    def __init__(self, world: World) -> None:
        self._world = world
        self._imds = Imds(world.imds)
        self._text = ""
        self._read = float("-inf")

    def get(self) -> str:
        """Return the key, read again when it is 30 minutes old; the old one when there is no new one."""
        if time.monotonic() - self._read >= KEY_CACHE / self._world.scale:
            try:
                self._text = fetch_key(self._world, self._imds)
                self._read = time.monotonic()
            except (NoRoleError, TransientError):
                pass
        return self._text

    def forget(self) -> None:
        """Read it anew the next time."""
        self._read = float("-inf")


def start(world: World) -> int:
    """Fork the worker and return its process id."""
    core = os.getpid()
    worker = os.fork()
    if worker:
        return worker
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    rename_process("ssm-agent-worker")
    try:
        work(world, core)
    finally:
        sys.stdout.flush()
        os._exit(0)


def work(world: World, core: int) -> None:
    """Live until the core is gone."""
    key = Key(world)
    world.log("[ssm-agent-worker] ssm-agent-worker - starting")
    pings = 0
    while os.getppid() == core:
        refusal = call_safely(world, key.get())
        if not refusal:
            world.work(1.0)
            hold_channel(world, key, core)
            pings = 0
        elif refusal == EXPIRED:
            key.forget()
            world.wait(1.0)
        else:
            pause = BACKOFF[min(pings, len(BACKOFF) - 1)] * MINUTE
            world.log(f"[ssm-agent-worker] Agent is in hibernate mode ({refusal}). Reducing logging.", "hibernate.log")
            pings += 1
            rest(world, pause, core)


def call_safely(world: World, key: str) -> str:
    try:
        return call(world, CALL, key)
    except OSError as error:
        return type(error).__name__


def hold_channel(world: World, key: Key, core: int) -> None:
    """Open the control channel and stay in it; when it breaks, try every 2.2 s with the key at hand."""
    while os.getppid() == core:
        headers = {"Authorization": authorization(key.get()), "Content-Length": "0"}
        try:
            status, text, connection = exchange(world.ssm, "POST", "/control-channel", headers, None)
        except OSError:
            rest(world, 15.0, core)
            continue
        with connection:
            if status == 200:
                world.log("[ssm-agent-worker] [MessageService] [MGSInteractor] Set up control channel successfully")
                listen(connection, core)
            elif EXPIRED in text:
                key.forget()
        rest(world, 2.2, core)


def listen(connection: socket.socket, core: int) -> None:
    """Stay in the channel until the other side closes it or the core is gone."""
    while os.getppid() == core:
        try:
            if select.select([connection], [], [], 0.5)[0] and not connection.recv(4096):
                return
        except OSError:
            return


def rest(world: World, seconds: float, core: int) -> None:
    """Wait in the agent's time, and notice within half a second when the core is gone."""
    end = time.monotonic() + max(seconds / world.scale, 0.05)
    while os.getppid() == core and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.5))
