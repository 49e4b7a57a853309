"""The stand-in endpoint decides by key and time, and says what happened."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ssmwake.simulate import control
from ssmwake.simulate.endpoint import ENDPOINT_FAULTS, Endpoint

CALL = "UpdateInstanceInformation"


@pytest.fixture
def ssm() -> Iterator[Endpoint]:
    with Endpoint() as server:
        yield server


def send(address: str, key: str, path: str = "/", action: str = CALL, timeout: float = 0.5) -> socket.socket:
    host, port = address.split(":")
    connection = socket.create_connection((host, int(port)), timeout)
    lines = [f"POST {path} HTTP/1.1", f"X-Amz-Target: AmazonSSM.{action}"]
    lines.append(f"Authorization: AWS4-HMAC-SHA256 Credential={key}/20260101/eu-central-1/ssm/aws4_request")
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection


def verdict(address: str, key: str, action: str = CALL) -> str:
    with send(address, key, action=action) as connection:
        return connection.recv(4096).decode().split("\r\n")[0]


def test_a_key_is_denied_until_it_is_allowed(ssm: Endpoint) -> None:
    assert verdict(ssm.address, "A") == "HTTP/1.1 400 AccessDeniedException"
    ssm.allow("A", after=0.2)
    assert verdict(ssm.address, "A") == "HTTP/1.1 400 AccessDeniedException"
    time.sleep(0.25)
    assert verdict(ssm.address, "A") == "HTTP/1.1 200 OK"
    assert verdict(ssm.address, "B") == "HTTP/1.1 400 AccessDeniedException"
    ssm.allow()
    assert verdict(ssm.address, "B") == "HTTP/1.1 200 OK"


def test_a_channel_stays_open_until_its_key_is_denied(ssm: Endpoint) -> None:
    ssm.allow("A")
    with send(ssm.address, "A", "/control-channel", timeout=5) as channel:
        assert channel.recv(4096).startswith(b"HTTP/1.1 200 OK")
        assert ssm.wait_for("channel", 2, "A")
        assert ssm.online == ["A"]
        ssm.deny("A")
        assert channel.recv(4096) == b""
    assert ssm.wait_for("closed", 2, "A")
    assert ssm.online == []


def test_an_expired_key_is_called_so(ssm: Endpoint) -> None:
    ssm.allow("A")
    ssm.expire("A")
    assert verdict(ssm.address, "A") == "HTTP/1.1 400 ExpiredTokenException"


@pytest.mark.parametrize(("answer", "code"), [("granted", "200"), ("denied", "400"), ("error", "500")])
def test_default_host_management_answers_as_it_is_set(ssm: Endpoint, answer: str, code: str) -> None:
    ssm.host_management = answer
    assert verdict(ssm.address, "A", "RequestManagedInstanceRoleToken").split()[1] == code


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("ssm-throttled", "HTTP/1.1 400 ThrottlingException"),
        ("ssm-500", "HTTP/1.1 500 InternalServerError"),
        ("ssm-unrecognized", "HTTP/1.1 400 UnrecognizedClientException"),
        ("ssm-invalid-instance", "HTTP/1.1 400 InvalidInstanceId"),
    ],
)
def test_a_fault_names_its_error_and_passes(ssm: Endpoint, name: str, line: str) -> None:
    ssm.allow("A")
    ssm.fault(name, seconds=0.2)
    assert verdict(ssm.address, "A") == line
    time.sleep(0.3)
    assert verdict(ssm.address, "A") == "HTTP/1.1 200 OK"


def test_it_can_hang_and_it_can_refuse(ssm: Endpoint) -> None:
    ssm.fault("ssm-hang")
    with pytest.raises(TimeoutError):
        verdict(ssm.address, "A")
    ssm.clear()
    ssm.fault("ssm-refused")
    with pytest.raises(ConnectionRefusedError):
        verdict(ssm.address, "A")
    ssm.clear("ssm-refused")
    assert verdict(ssm.address, "A").startswith("HTTP/1.1 400")


def test_an_unknown_fault_is_refused(ssm: Endpoint) -> None:
    assert "ssm-hang" in ENDPOINT_FAULTS
    with pytest.raises(ValueError, match="hang: no such fault"):
        ssm.fault("hang")


def test_events_carry_key_call_and_time(ssm: Endpoint) -> None:
    began = time.monotonic()
    verdict(ssm.address, "A")
    event = ssm.wait_for("denied", 2, "A", began)
    assert event is not None
    assert (event.call, began <= event.at <= time.monotonic()) == (CALL, True)
    assert ssm.wait_for("denied", 0.05, "A", event.at + 0.001) is None


def test_as_a_program_it_takes_orders_over_http() -> None:
    command = [sys.executable, "-S", "-m", "ssmwake.simulate", "endpoint", "--port", "0", "--control-port", "0"]
    generator = Path(__file__).parents[2] / "generator"
    with subprocess.Popen(command, cwd=generator, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            facts = json.loads(program.stdout.readline())
            control.call(facts["control"], "allow", key="A")
            assert verdict(facts["address"], "A") == "HTTP/1.1 200 OK"
            log = control.call(facts["control"], "log")
            assert [event["what"] for event in log] == ["accepted"]  # type: ignore[attr-defined]
        finally:
            program.terminate()
        assert program.wait(5) == 0
