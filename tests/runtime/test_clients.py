"""How the three HTTP clients know that they have all of a reply, in whatever form the server sends it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from support.shells import CLIENTS, SHELLS, Runtime

INFO = b'{"InstanceProfileId":"AIPA"}'
ROLE = b"r" * len(INFO)
DOCUMENT = json.dumps(
    {"Code": "Success", "AccessKeyId": "a", "SecretAccessKey": "b", "Token": "c", "Expiration": "2099-01-01T00:00:00Z"}
).encode()

Send = Callable[[BaseHTTPRequestHandler, bytes], None]


def with_length(name: str) -> Send:
    def send(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        handler.wfile.write(f"HTTP/1.1 200 OK\r\n{name}: {len(body)}\r\n\r\n".encode() + body)

    return send


def chunked(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (body[:5], body[5:]))
    handler.wfile.write(head + pieces + b"0\r\n\r\n")


def chunked_and_cut(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    handler.wfile.write(head + b"%x\r\n%b" % (len(body), body[:5]))


def until_the_end(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + body)


@contextmanager
def serving(info: Send, other: Send) -> Iterator[str]:
    """An IMDS that sends iam/info in one way and all else that is read in another."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            with_length("Content-Length")(self, b"TOKEN")

        def do_GET(self) -> None:
            if self.path.endswith("info"):
                info(self, INFO)
            else:
                other(self, ROLE if self.path.endswith("/") else DOCUMENT)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def reasons(runtime: Runtime, info: Send, other: Send) -> dict[str, set[str]]:
    with serving(info, other) as url:
        results = runtime.run_everywhere("wait", "--timeout", "4", "--endpoint", url)
    assert len(results) == len(SHELLS) * len(CLIENTS)
    return {client: {each.report["reason"] for each in results if each.client == client} for client in CLIENTS}


def expected(bash: str, others: str) -> dict[str, set[str]]:
    return {client: {bash if client == "bash" else others} for client in CLIENTS}


@pytest.mark.parametrize("name", ["Content-Length", "content-length", "CONTENT-LENGTH"])
def test_the_name_of_a_header_may_be_in_any_case(name: str, runtime: Runtime) -> None:
    assert reasons(runtime, with_length(name), with_length(name)) == expected("ready", "ready")


def test_the_length_of_one_reply_is_not_that_of_the_next(runtime: Runtime) -> None:
    # Without a length bash cannot know that the body is whole, even where it is as long as the one before.
    assert reasons(runtime, with_length("Content-Length"), until_the_end) == expected("partial-body", "ready")


def test_chunks_are_read_or_reported(runtime: Runtime) -> None:
    assert reasons(runtime, chunked, chunked) == expected("partial-body", "ready")
    assert reasons(runtime, with_length("Content-Length"), chunked) == expected("partial-body", "ready")


def test_chunks_that_are_cut_off_are_reported(runtime: Runtime) -> None:
    assert reasons(runtime, with_length("Content-Length"), chunked_and_cut) == expected("partial-body", "partial-body")
