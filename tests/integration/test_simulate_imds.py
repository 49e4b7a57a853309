"""The fake IMDS answers as the real one does, over a raw socket and as a program."""

import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ssmwake.simulate import control
from ssmwake.simulate.imds import Imds
from support.raw_http import INFO, LIST, TTL, ask, token


@pytest.fixture
def imds() -> Iterator[Imds]:
    with Imds() as server:
        yield server


@pytest.mark.parametrize("ttl", ["", "0", "21601", "-1", "x", "1.5", "²"])
def test_a_token_needs_a_ttl_from_1_to_21600(imds: Imds, ttl: str) -> None:
    assert ask(imds, "PUT", "/latest/api/token", {TTL: ttl})[0] == 400
    assert ask(imds, "PUT", "/latest/api/token")[0] == 400


def test_a_get_without_a_token_is_401_unless_v1_is_allowed(imds: Imds) -> None:
    assert ask(imds, "GET", "/latest/meta-data/instance-id")[0] == 401
    with Imds(v1=True) as lenient:
        assert ask(lenient, "GET", "/latest/meta-data/instance-id")[:2] == (200, b"i-0123456789abcdef0")


def test_a_token_ends_with_its_ttl(imds: Imds) -> None:
    _, body, _ = ask(imds, "PUT", "/latest/api/token", {TTL: "1"})
    held = {"X-aws-ec2-metadata-token": body.decode()}
    assert ask(imds, "GET", "/latest/", held)[0] == 200
    time.sleep(1.05)
    assert ask(imds, "GET", "/latest/", held)[0] == 401


def test_forgotten_tokens_are_401(imds: Imds) -> None:
    held = token(imds)
    imds.forget_tokens()
    assert ask(imds, "GET", "/latest/", held)[0] == 401


def test_a_request_through_a_proxy_gets_no_token(imds: Imds) -> None:
    assert ask(imds, "PUT", "/latest/api/token", {TTL: "60", "X-Forwarded-For": "10.0.0.1"})[0] == 403


def test_a_role_can_be_attached_rotated_swapped_and_detached_while_it_runs(imds: Imds) -> None:
    held = token(imds)
    assert [ask(imds, "GET", path, held)[0] for path in (LIST, INFO)] == [404, 404]
    first = imds.attach("web")
    assert ask(imds, "GET", LIST, held)[1] == b"web"
    document = json.loads(ask(imds, "GET", f"{LIST}web", held)[1])
    assert (document["Code"], document["AccessKeyId"], document["Token"]) == ("Success", first.key, first.token)
    assert imds.rotate().key != first.key
    inside = imds.swap("db", same_profile=True)
    assert (inside.name, inside.profile_id) == ("db", first.profile_id)
    assert ask(imds, "GET", f"{LIST}web", held)[0] == 404
    assert imds.swap("ops").profile_id != first.profile_id
    imds.detach()
    assert ask(imds, "GET", LIST, held)[0] == 404


def test_another_code_comes_with_a_message_and_no_keys(imds: Imds) -> None:
    imds.attach("web")
    imds.code("Failed", "try later")
    document = json.loads(ask(imds, "GET", f"{LIST}web", token(imds))[1])
    assert (document["Code"], document["Message"]) == ("Failed", "try later")
    assert "AccessKeyId" not in document


def test_every_path_of_the_listings_can_be_crawled(imds: Imds) -> None:
    imds.attach("web")
    imds.instance.public_keys = ("ssh-ed25519 AAAA me",)
    imds.instance.paths = {"meta-data/tags/instance/Name": "web 1", "meta-data/network": None}
    held = token(imds)

    def crawl(folder: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for name in ask(imds, "GET", folder, held)[1].decode().splitlines():
            path = folder + (name.partition("=")[0] + "/" if "=" in name else name)
            found |= crawl(path) if path.endswith("/") else {path: ask(imds, "GET", path, held)[1]}
        return found

    leaves = crawl("/2021-03-23/")
    assert leaves["/2021-03-23/meta-data/public-keys/0/openssh-key"] == b"ssh-ed25519 AAAA me"
    assert leaves["/2021-03-23/meta-data/tags/instance/Name"] == b"web 1"
    assert json.loads(leaves["/2021-03-23/dynamic/instance-identity/document"])["region"] == "eu-central-1"
    assert not [path for path in leaves if "/network/" in path]
    assert all(leaves.values())


def test_a_name_with_every_sign_that_iam_allows_is_found_quoted_or_not(imds: Imds) -> None:
    role = imds.attach("a_b+c=d,e.f@g-h")
    held = token(imds)
    for name in (role.name, "a_b%2Bc%3Dd%2Ce.f%40g-h"):
        assert role.key.encode() in ask(imds, "GET", LIST + name, held)[1]


def test_user_data_comes_back_as_the_same_bytes_and_is_404_without(imds: Imds) -> None:
    held = token(imds)
    assert ask(imds, "GET", "/latest/user-data", held)[0] == 404
    imds.instance.user_data = bytes(range(256))
    assert ask(imds, "GET", "/2009-04-04/user-data", held)[1] == bytes(range(256))


def test_it_speaks_ipv6_too() -> None:
    with Imds("[::1]:0", "127.0.0.1:0") as imds:
        assert imds.url.startswith("http://[::1]:")
        assert ask(imds, "GET", "/", token(imds))[0] == 200


def test_requests_are_logged_and_counted_without_a_token_in_them(imds: Imds) -> None:
    held = token(imds)
    ask(imds, "GET", LIST, held)
    ask(imds, "GET", LIST, held)
    assert (imds.count("token"), imds.count("list"), imds.counts[f"GET {LIST}"]) == (1, 2, 2)
    assert [request.status for request in imds.requests] == [200, 404, 404]
    assert not [request for request in imds.requests if imds.tokens[0] in repr(request)]


@pytest.mark.parametrize("bytes_", [b"", b"\r\n\r\n", b"GET /\r\n\r\n", b"\x00\xff\n\n", b"BREW / HTTP/1.1\r\n\r\n"])
def test_nonsense_does_not_stop_the_server(imds: Imds, bytes_: bytes) -> None:
    host, port = imds.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=2) as connection:
        connection.sendall(bytes_)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert ask(imds, "PUT", "/latest/api/token", {TTL: "60"})[0] == 200


def test_as_a_program_it_takes_orders_over_http(tmp_path: Path) -> None:
    (tmp_path / "user-data").write_bytes(b"#!/bin/sh\n")
    generator = Path(__file__).parents[2] / "generator"
    arguments = ["--port", "0", "--control-port", "0", "--user-data", str(tmp_path / "user-data"), "--v1"]
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", PROGRAM, str(generator), *arguments], stdout=subprocess.PIPE, text=True
    ) as program:
        try:
            assert program.stdout is not None
            urls = json.loads(program.stdout.readline())
            assert isinstance(control.call(urls["control"], "attach", name="web"), dict)
            control.call(urls["control"], "fault", name="list-503", times=1)
            with pytest.raises(ValueError, match="no such fault"):
                control.call(urls["control"], "fault", name="nonsense")
            with pytest.raises(ValueError, match="no such action"):
                control.call(urls["control"], "nonsense")
            host, _, port = urls["url"].removeprefix("http://").rpartition(":")
            with socket.create_connection((host, int(port)), timeout=2) as connection:
                connection.sendall(b"GET /latest/user-data HTTP/1.1\r\n\r\n")
                assert connection.makefile("rb").read().endswith(b"\r\n\r\n#!/bin/sh\n")
            shown = control.call(urls["control"], "instance", region="eu-west-1", public_keys=["ssh-rsa A"])
            assert isinstance(shown, dict)
            assert (shown["region"], shown["public_keys"]) == ("eu-west-1", ["ssh-rsa A"])
            for wrong in ({"role": "x"}, {"ip": 5}, {"nonsense": ""}):
                with pytest.raises(ValueError, match="see metadata"):
                    control.call(urls["control"], "instance", **wrong)
            log = control.call(urls["control"], "log")
            assert [request["path"] for request in log] == ["/latest/user-data"]  # type: ignore[attr-defined]
        finally:
            program.terminate()
        assert program.wait(5) == 0


# Only the standard library: -I -S shuts out everything that is installed.
PROGRAM = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from ssmwake.simulate.serve import imds
sys.exit(imds(sys.argv[1:]))
"""
