"""Each fault does what its line says, and no more."""

import time
from collections.abc import Callable, Iterator

import pytest

from ssmwake.simulate.faults import FAULTS, HUGE
from ssmwake.simulate.imds import Imds
from support.raw_http import INFO, LIST, TTL, ask, token

PUT = ("PUT", "/latest/api/token")
NAME = ("GET", LIST)
KEYS = ("GET", f"{LIST}web")
PROFILE = ("GET", INFO)
Seen = Callable[[int, bytes, str], bool]


def status(*wanted: int) -> Seen:
    return lambda status, _body, _ended: status in wanted


def ends(*wanted: str) -> Seen:
    return lambda _status, _body, ended: ended in wanted


def says(text: bytes) -> Seen:
    return lambda status, body, ended: (status, body, ended) == (200, body, "end") and text in body


def is_body(text: bytes) -> Seen:
    return lambda status, body, _: (status, body) == (200, text)


def lacks(text: bytes) -> Seen:
    return lambda status, body, _: status == 200 and text not in body


# fault -> a request that it hits, and what a client then sees
TABLE: dict[str, tuple[tuple[str, str], Seen]] = {
    "imds-disabled": (PUT, status(403)),
    "token-400": (PUT, status(400)),
    "token-403": (PUT, status(403)),
    "token-404": (PUT, status(404)),
    "token-405": (PUT, status(405)),
    "token-503": (PUT, status(503)),
    "token-hang": (PUT, ends("timeout")),
    "token-empty": (PUT, is_body(b"")),
    "token-html": (PUT, says(b"<html>")),
    "token-long": (PUT, is_body(b"A" * 2048)),
    "token-huge": (PUT, is_body(b"A" * HUGE)),
    "token-expires": (PUT, status(200)),
    "get-401": (NAME, status(401)),
    "get-403": (NAME, status(403)),
    "get-empty": (NAME, is_body(b"")),
    "partial-short": (KEYS, ends("short")),
    "partial-reset": (KEYS, ends("reset")),
    "trickle": (KEYS, lambda status, body, ended: (status, ended) == (200, "timeout") and len(body) < 3),
    "hang": (PUT, ends("timeout")),
    "refused": (PUT, ends("refused")),
    "reset": (PUT, ends("reset")),
    "no-reply": (PUT, lambda status, _body, ended: (status, ended) == (0, "end")),
    "slow": (PUT, ends("timeout")),
    "slow-1.2": (PUT, ends("timeout")),
    "error-500": (PUT, status(500)),
    "error-503": (PUT, status(503)),
    "error-429": (PUT, status(429)),
    "redirect-302": (PUT, status(302)),
    "no-role": (NAME, status(404)),
    "list-empty": (NAME, is_body(b"")),
    "list-html": (NAME, says(b"<html>")),
    "list-binary": (NAME, is_body(bytes(range(256)))),
    "list-dotdot": (NAME, is_body(b"../../user-data")),
    "list-two-lines": (NAME, is_body(b"web\nsecond-role")),
    "list-huge": (NAME, is_body(b"A" * HUGE)),
    "list-503": (NAME, status(503)),
    "code-assume-role": (KEYS, says(b'"Code" : "AssumeRoleUnauthorizedAccess"')),
    "code-failed": (KEYS, says(b'"Code" : "Failed"')),
    "credentials-no-token": (KEYS, lacks(b'"Token"')),
    "credentials-no-key": (KEYS, lacks(b'"AccessKeyId"')),
    "credentials-expired": (KEYS, says(b'"Expiration" : "2023-')),
    "credentials-one-line": (KEYS, lacks(b"\n")),
    "credentials-html": (KEYS, says(b"<html>")),
    "credentials-empty": (KEYS, is_body(b"")),
    "credentials-huge": (KEYS, is_body(b"A" * HUGE)),
    "credentials-404": (KEYS, status(404)),
    "credentials-503": (KEYS, status(503)),
    "credentials-429": (KEYS, status(429)),
    "credentials-slow": (KEYS, ends("timeout")),
    "credentials-hang": (KEYS, ends("timeout")),
    "info-404": (PROFILE, status(404)),
    "info-html": (PROFILE, says(b"<html>")),
    "info-empty": (PROFILE, is_body(b"")),
    "role-swaps": (NAME, is_body(b"web")),
    "role-leaves": (NAME, is_body(b"web")),
    "role-flaps": (NAME, is_body(b"web")),
    "role-alternates": (NAME, is_body(b"web")),
}


@pytest.fixture
def imds() -> Iterator[Imds]:
    with Imds() as server:
        yield server


def test_every_fault_is_in_the_table_of_this_test() -> None:
    assert list(TABLE) == list(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_does_what_its_line_says_and_is_gone_when_it_is_cleared(imds: Imds, name: str) -> None:
    imds.attach("web")
    held = token(imds)
    (method, path), seen = TABLE[name]
    headers = held if method == "GET" else {TTL: "60"}
    imds.fault(name)
    result = ask(imds, method, path, headers)
    assert seen(*result), result
    imds.clear(name)
    status, body, ended = ask(imds, method, path, headers)
    assert (status, ended) == (200, "end")
    assert body


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("role-swaps", b"web", b"web-b"),
        ("role-leaves", b"web", b""),
        ("role-flaps", b"web", b""),
        ("role-alternates", b"web", b"web-b"),
    ],
)
def test_a_role_changes_under_the_client(imds: Imds, name: str, before: bytes, after: bytes) -> None:
    imds.attach("web")
    held = token(imds)
    imds.fault(name)
    first = ask(imds, *NAME, held)
    imds._active[name].since -= 3  # three seconds have passed
    second = ask(imds, *NAME, held)
    assert first[:2] == (200, before)
    assert second[:2] == (200, after) if after else second[0] == 404


def test_an_expiring_token_is_good_for_a_second(imds: Imds) -> None:
    imds.fault("token-expires")
    held = token(imds)
    assert ask(imds, "GET", "/", held)[0] == 200
    time.sleep(1.05)
    assert ask(imds, "GET", "/", held)[0] == 401


def test_a_fault_can_hit_a_number_of_requests_and_leaves_the_others_alone(imds: Imds) -> None:
    imds.attach("web")
    held = token(imds)
    imds.fault("credentials-503", times=2)
    assert [ask(imds, *KEYS, held)[0] for _ in range(3)] == [503, 503, 200]
    assert [ask(imds, *NAME, held)[0]] == [200]


@pytest.mark.parametrize("name", ["error-503", "refused"])
def test_a_fault_can_pass_by_itself_and_the_port_stays_the_same(imds: Imds, name: str) -> None:
    imds.fault(name, seconds=0.2)
    assert ask(imds, *PUT, {TTL: "60"})[0] in (0, 503)
    time.sleep(0.3)
    assert ask(imds, *PUT, {TTL: "60"})[0] == 200


def test_faults_add_up(imds: Imds) -> None:
    imds.fault("token-503", times=1)
    imds.fault("slow", times=1)
    started = time.monotonic()
    assert ask(imds, *PUT, {TTL: "60"}, timeout=3)[0] == 503
    assert time.monotonic() - started >= 0.8


def test_an_unknown_fault_is_refused(imds: Imds) -> None:
    with pytest.raises(ValueError, match="no-such: no such fault"):
        imds.fault("no-such")
