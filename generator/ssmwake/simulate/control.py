"""A tiny JSON API over HTTP that calls functions by name: POST /NAME with a JSON object of arguments.

`GET /` lists the names. The reply is the function's result as JSON; a wrong argument is 400 with {"error": ...}.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Actions = Mapping[str, Callable[..., object]]


def call(url: str, action: str, **arguments: object) -> object:
    """Call one action of a running simulator and return its result; ValueError says what it refused."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("POST", f"/{action}", json.dumps(arguments), {"Content-Type": "application/json"})
        reply = connection.getresponse()
        result = json.loads(reply.read())
        if reply.status != 200:
            raise ValueError(result["error"])
        return result
    finally:
        connection.close()


def serve(actions: Actions, host: str, port: int) -> ThreadingHTTPServer:
    """Serve the actions from a thread; stop it with `shutdown` and `server_close`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(200, sorted(actions))

        def do_POST(self) -> None:
            action = actions.get(self.path.strip("/"))
            if action is None:
                self.answer(404, {"error": f"no such action: {self.path}"})
                return
            try:
                length = int(self.headers.get("Content-Length") or 0)
                arguments = json.loads(self.rfile.read(length) or b"{}")
                result = action(**arguments)
            except (TypeError, ValueError, KeyError) as error:
                self.answer(400, {"error": str(error)})
            else:
                self.answer(200, result)

        def answer(self, status: int, result: object) -> None:
            body = json.dumps(result, default=str).encode() + b"\n"
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            pass

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    return server
