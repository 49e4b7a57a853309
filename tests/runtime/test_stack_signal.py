"""The shell with which the agent of an instance tells its stack that it is online."""

import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ssmwake.resources import templates
from support.shells import found

SCRIPT = (templates() / "cloudformation" / "tell-stack.sh").read_text(encoding="utf-8")
SHELLS = {"dash": [], "bash": ["--posix"], "busybox": ["sh"], "mksh": [], "yash": []}


class Puts(http.server.BaseHTTPRequestHandler):
    """A pre-signed address: it takes PUTs, and the first of them may be refused."""

    bodies: list[tuple[str, str | None, str]]
    refusals: int

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        type(self).bodies.append((self.path, self.headers["Content-Type"], body))
        type(self).refusals -= 1
        self.send_response(503 if type(self).refusals >= 0 else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own
        pass


@pytest.fixture
def address() -> Iterator[str]:
    Puts.bodies, Puts.refusals = [], 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Puts) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/wait?Signature=a%2Bb&x=%7B1%7D"
        server.shutdown()
        thread.join()


def tell(root: Path, shell: str, *tools: str, url: str = "", helper_fails: int = 0) -> "tuple[int, list[str]]":
    """Run it; return its status, and what cfn-signal was called with."""
    folder = root / "bin"
    folder.mkdir()
    shims = {
        "sleep": "exit 0",
        "cfn-signal": f'echo "$@" >>{root}/signals; [ $(wc -l <{root}/signals) -gt {helper_fails} ]',
    }
    for name, text in shims.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    for tool in ("sh", "wc", *tools):
        (folder / tool).symlink_to(found(tool))
    given = f"stack=web region=eu-central-1 resource=Instance url='{url}'\n"
    done = subprocess.run(
        [found(shell), *SHELLS[shell], "-uc", given + SCRIPT],
        env={"PATH": str(folder)},
        check=False,
        capture_output=True,
        timeout=60,
    )
    signals = root / "signals"
    return done.returncode, signals.read_text().splitlines() if signals.exists() else []


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    found(str(request.param))
    return str(request.param)


def test_success_is_signalled_once(tmp_path: Path, shell: str) -> None:
    assert tell(tmp_path, shell) == (0, ["-e 0 --stack web --resource Instance --region eu-central-1"])


def test_a_signal_that_is_refused_is_repeated(tmp_path: Path) -> None:
    status, signals = tell(tmp_path, "dash", helper_fails=2)
    assert (status, len(signals)) == (0, 3)


def test_a_signal_that_never_gets_through_fails_the_command(tmp_path: Path) -> None:
    status, signals = tell(tmp_path, "dash", helper_fails=100)
    assert (status, len(signals)) == (1, 6)


@pytest.mark.parametrize("client", ["curl", "python3"])
def test_the_presigned_address_gets_the_signal_with_either_client(
    tmp_path: Path, shell: str, address: str, client: str
) -> None:
    Puts.refusals = 1
    assert tell(tmp_path, shell, client, url=address) == (0, [])
    path, kind, body = Puts.bodies[-1]
    assert len(Puts.bodies) == 2
    assert address.endswith(path)
    assert not kind
    assert json.loads(body) == {"Status": "SUCCESS", "Reason": "ssmwake", "UniqueId": "Instance", "Data": "online"}
