"""A TCP server at one address that can stop listening for a while and come back at the same port.

Each connection is given to a function in a thread of its own; the socket is closed when that function returns.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable
from typing import BinaryIO


def parse(address: str) -> tuple[str, int]:
    """Split HOST:PORT; an IPv6 address is in brackets."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{address}: not an address; write HOST:PORT or [HOST]:PORT")
    return host.strip("[]"), int(port)


def read_head(lines: BinaryIO) -> tuple[str, str, dict[str, str]]:
    """Read the head of an HTTP request: method and path, both empty when garbled, and headers by lower-case name."""
    words = lines.readline(8192).decode("latin-1").split()
    headers: dict[str, str] = {}
    while line := lines.readline(8192).decode("latin-1").strip():
        name, _, text = line.partition(":")
        headers[name.strip().lower()] = text.strip()
    method, path = (words[0], words[1].partition("?")[0]) if len(words) == 3 else ("", "")
    return method, path, headers


class Listener:
    """Listens from the moment that it is made."""

    def __init__(self, address: str, converse: Callable[[socket.socket], None]) -> None:
        self._converse = converse
        self._host, self._port = parse(address)
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._alarm: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.open()

    @property
    def address(self) -> str:
        """Where it listens, as HOST:PORT."""
        return f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"

    def open(self) -> None:
        """Listen, if it does not."""
        if self._socket is not None:
            return
        listening = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self._host, self._port))
            listening.listen(128)
            listening.setblocking(False)  # a client that went away again must not hold the thread
        except OSError:
            listening.close()
            raise
        self._port = listening.getsockname()[1]
        self._socket = listening
        self._alarm, bell = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, args=(listening, bell), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, so that a connection is refused; open conversations go on."""
        self._socket = None
        if self._alarm is not None and self._thread is not None:
            self._alarm.close()  # which wakes the thread that accepts; closing the listening socket would not
            self._thread.join()
            self._alarm = None

    def hang_up(self) -> None:
        """End every open conversation."""
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listening: socket.socket, bell: socket.socket) -> None:
        with listening, bell, selectors.DefaultSelector() as selector:
            selector.register(listening, selectors.EVENT_READ)
            selector.register(bell, selectors.EVENT_READ)
            while bell not in [key.fileobj for key, _ in selector.select()]:
                with contextlib.suppress(OSError):  # the client may be gone already
                    connection, _ = listening.accept()
                    threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)
        try:
            self._converse(connection)
        except OSError:
            pass  # the client went away
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()
