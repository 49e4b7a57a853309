"""The shell with which an instance tells its stack that its agent is online, or that it is not."""

import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ssmwake.resources import templates
from support.shells import found

SCRIPT = (templates() / "cloudformation" / "signal.sh").read_text(encoding="utf-8")
CALL = "tell_stack </dev/null >/dev/null 2>&1 &\n"


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


def tell(root: Path, *tools: str, online_at: int, url: str = "", helper_fails: int = 0) -> list[str]:
    """Run it with an agent that is online at the given look; return what cfn-signal was called with."""
    folder = root / "bin"
    (root / "var/lib/ssmwake").mkdir(parents=True)
    folder.mkdir()
    (root / "var/lib/ssmwake/ssmwake").write_text(f"echo >>{root}/looks; [ $(wc -l <{root}/looks) -ge {online_at} ]\n")
    shims = {
        "sleep": "exit 0",
        "cfn-signal": f'echo "$@" >>{root}/signals; [ $(wc -l <{root}/signals) -gt {helper_fails} ]',
    }
    for name, text in shims.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    for tool in ("sh", "wc", *tools):
        (folder / tool).symlink_to(found(tool))
    given = f"root={root} stack=web region=eu-central-1 seconds=60 resource=Instance url='{url}'\n"
    text = given + SCRIPT.replace(CALL, "tell_stack\n")
    subprocess.run(
        [found("dash"), "-uc", text], env={"PATH": str(folder)}, check=False, capture_output=True, timeout=60
    )
    signals = root / "signals"
    return signals.read_text().splitlines() if signals.exists() else []


def test_it_runs_in_the_background_and_holds_no_file_of_cloud_init_open() -> None:
    assert SCRIPT.endswith(CALL)


def test_success_is_signalled_once_the_agent_is_online(tmp_path: Path) -> None:
    said = tell(tmp_path, online_at=3)
    assert said == ["-e 0 --stack web --resource Instance --region eu-central-1"]
    assert len((tmp_path / "looks").read_text()) == 3


def test_failure_is_signalled_when_the_agent_does_not_come_online_in_time(tmp_path: Path) -> None:
    assert tell(tmp_path, online_at=1000) == ["-e 1 --stack web --resource Instance --region eu-central-1"]


def test_a_signal_that_is_refused_is_repeated(tmp_path: Path) -> None:
    assert len(tell(tmp_path, online_at=1, helper_fails=2)) == 3


@pytest.mark.parametrize("client", ["curl", "python3"])
@pytest.mark.parametrize(("online_at", "status"), [(1, "SUCCESS"), (1000, "FAILURE")])
def test_the_pre_signed_address_is_signalled_with_either_client(
    tmp_path: Path, address: str, client: str, online_at: int, status: str
) -> None:
    Puts.refusals = 1
    assert tell(tmp_path, client, online_at=online_at, url=address) == []
    path, kind, body = Puts.bodies[-1]
    assert len(Puts.bodies) == 2
    assert address.endswith(path)
    assert not kind
    assert json.loads(body) == {"Status": status, "Reason": "ssmwake", "UniqueId": "Instance", "Data": status}
