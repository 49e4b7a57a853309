"""A server on loopback that stands before another or before a stand-in: it checks, records, spoils and passes on.

Every request is checked against botocore's service model. What a test wants to go wrong is a function from a call to an
answer, or nothing; `after` is called after every call that took effect.
"""

import json
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError

from support import service_model

JSON = frozenset({"ssm", "cloudtrail", "ec2-instance-connect"})


@dataclass(frozen=True)
class Call:
    """One request."""

    service: str
    operation: str
    parameters: dict[str, Any]
    region: str
    key: str

    @property
    def action(self) -> str:
        """The call as IAM names it."""
        return f"{self.service}:{self.operation}"

    @property
    def writes(self) -> bool:
        """Whether the call may change something."""
        return not self.operation.startswith(("Get", "Describe", "List", "Assume"))


@dataclass(frozen=True)
class Answer:
    """A status and a body; `parsed` is what a body of JSON says."""

    status: int
    body: bytes

    @classmethod
    def of(cls, value: dict[str, Any], status: int = 200) -> "Answer":
        """Return the answer with a value as JSON."""
        return cls(status, json.dumps(value).encode())


def error(call: Call, code: str, message: str = "no reason", status: int = 400) -> Answer:
    """Return an error in the protocol of the call's service."""
    if call.service in JSON:
        return Answer.of({"__type": code, "message": message}, status)
    inner = f"<Code>{code}</Code><Message>{message}</Message>"
    if call.service == "ec2":
        said = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>1</RequestID></Response>"
    else:
        said = f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error><RequestId>1</RequestId></ErrorResponse>"
    return Answer(status, said.encode())


class GoneError(Exception):
    """Close the connection without an answer."""


@dataclass
class Front:
    """The server; `behind` answers what no spoiler answers."""

    behind: Callable[[Call, "Request"], Answer]
    spoil: Callable[[Call], Answer | None] = lambda call: None
    after: Callable[[Call], None] = lambda call: None
    latency: float = 0
    clock: Callable[[], float] = time.time
    calls: list[Call] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    answer, service = front.answer(Request(dict(self.headers.items()), body))
                except GoneError:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                self.send_header("Content-Type", "application/x-amz-json-1.1" if service in JSON else "text/xml")
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def date_time_string(self, timestamp: float | None = None) -> str:
                """Return the `Date` of an answer, by the clock of the account."""
                return super().date_time_string(int(front.clock()) if timestamp is None else int(timestamp))

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def answer(self, request: "Request") -> tuple[Answer, str]:
        """Check, record, spoil or pass on."""
        call = request.call()
        model = service_model.operation(call.service, call.operation)
        found = [f"{call.action}{said}" for said in service_model.problems(call.parameters, model.input_shape)]
        with self.lock:
            self.calls.append(call)
            self.wrong += found
        if self.latency:
            time.sleep(self.latency)
        try:
            answer = self.spoil(call) or self.behind(call, request)
        except AssertionError as failed:
            self.wrong.append(str(failed))
            raise
        self.after(call)
        return answer, call.service


class Server(ThreadingHTTPServer):
    """Takes as many connections at once as a fleet opens; threads end with their connections."""

    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is not a fault here."""


@dataclass(frozen=True)
class Request:
    """What came over the wire."""

    headers: dict[str, str]
    body: bytes

    def call(self) -> Call:
        """Return the call in it."""
        scope = self.headers["Authorization"].partition("Credential=")[2].partition(",")[0].split("/")
        key, region, service = scope[0], scope[2], scope[3]
        target = self.headers.get("X-Amz-Target", "")
        if target:
            return Call(service, target.rpartition(".")[2], json.loads(self.body), region, key)
        form = {k: v[0] for k, v in urllib.parse.parse_qs(self.body.decode(), keep_blank_values=True).items()}
        shape = service_model.operation(service, form["Action"]).input_shape
        return Call(service, form["Action"], service_model.from_query(form, shape, ec2=service == "ec2"), region, key)


def passed_on(url: str) -> Callable[[Call, Request], Answer]:
    """Return what passes requests on to another server."""

    def behind(call: Call, request: Request) -> Answer:
        dropped = ("host", "connection", "content-length", "accept-encoding")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in dropped}
        sent = urllib.request.Request(url, data=request.body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(sent) as response:
                return Answer(response.status, response.read())
        except HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.read())

    return behind
