"""AWS on loopback: moto for what it does faithfully, a stand-in for the rest, both behind a front that checks."""

import urllib.request
from collections.abc import Callable, Iterator

import pytest
from moto.server import ThreadedMotoServer

from support.fake_ssm import FakeSsm
from support.front import Front, passed_on


@pytest.fixture(autouse=True)
def _no_account_of_yours(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": f"{tmp_path}/config",
        "AWS_SHARED_CREDENTIALS_FILE": f"{tmp_path}/credentials",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def start_front(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Front], Front]]:
    started: list[Front] = []

    def start(front: Front) -> Front:
        started.append(front)
        monkeypatch.setenv("AWS_ENDPOINT_URL", front.url)
        return front

    yield start
    for front in started:
        front.close()
    assert [wrong for front in started for wrong in front.wrong] == []


@pytest.fixture
def moto(moto_url: str, start_front: Callable[[Front], Front]) -> Front:
    """moto, empty, behind a front."""
    urllib.request.urlopen(urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")).close()
    return start_front(Front(passed_on(moto_url)))


@pytest.fixture
def fake() -> FakeSsm:
    """The stand-in that `front` stands before; tests set it up."""
    return FakeSsm()


@pytest.fixture
def front(fake: FakeSsm, start_front: Callable[[Front], Front]) -> Front:
    """The stand-in behind a front."""
    return start_front(Front(fake))
