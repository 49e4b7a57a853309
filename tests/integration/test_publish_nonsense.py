"""Answers that AWS would never give cost their place one clear line, and the other places nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from ssmwake.aws.client import Patience
from ssmwake.cli import command
from ssmwake.publish import LaunchTemplate, Outcome, Place, execute, plan
from ssmwake.publish.desired import Desired
from support.accounts import HASTY, HERE, done, published, state, wanted
from support.fake_ssm import FakeSsm
from support.front import Answer, Call, Front

PLACES = (Place("eu-west-1"), Place("us-east-1"))
HTML = Answer(200, b"<html><head><title>Sign in</title></head><body>Welcome to the airport</body></html>")
SPOILED: dict[str, Answer] = {
    "HTML": HTML,
    "an empty object": Answer.of({}),
    "an empty list": Answer(200, b"[]"),
    "null": Answer(200, b"null"),
    "nothing": Answer(200, b""),
    "half of an answer": Answer(200, b'{"Name": "wake", "Docu'),
    "a number for a text": Answer.of({"Content": 7, "DocumentVersion": "1", "DocumentType": "Command"}),
    "a text for a list": Answer.of({"DocumentVersions": "many", "Document": "x", "TagList": "y"}),
    "bytes that are not text": Answer(200, b"\xff\xfe\x00"),
    "HTML with status 500": Answer(502, HTML.body),
}


def spoil(region: str, answer: Answer, *operations: str) -> Callable[[Call], Answer | None]:
    return lambda call: answer if call.region == region and (call.operation in operations or not operations) else None


@pytest.mark.parametrize("name", SPOILED)
@pytest.mark.parametrize("operation", ["GetDocument", "DescribeDocument"])
def test_nonsense_costs_its_place_one_line_and_the_others_nothing(
    name: str, operation: str, fake: FakeSsm, front: Front
) -> None:
    published(wanted("one"), places=PLACES)
    front.spoil = spoil("eu-west-1", SPOILED[name], operation)
    spoiled, other = published(wanted("two"), places=PLACES)
    assert (spoiled.outcome, other.outcome) == (Outcome.FAILED, Outcome.DONE)
    assert "\n" not in spoiled.failure
    assert f"ssm:{operation}" in spoiled.failure
    assert spoiled.failure.endswith(
        ("check AWS_ENDPOINT_URL and whether a proxy or a sign-in page answers instead", "try again")
    ), spoiled.failure
    assert state(fake, "us-east-1")["wake"]["default"] == 2


@pytest.mark.parametrize("name", sorted(set(SPOILED) - {"an empty object", "a text for a list"}))
def test_nonsense_in_answer_to_a_write_is_not_taken_for_success(name: str, fake: FakeSsm, front: Front) -> None:
    front.spoil = spoil("eu-west-1", SPOILED[name], "CreateDocument")
    spoiled, other = published(wanted("one"), places=PLACES)
    assert (spoiled.outcome, other.outcome) == (Outcome.FAILED, Outcome.DONE)
    assert "ssm:CreateDocument" in spoiled.failure


def test_a_page_of_html_is_not_taken_for_an_empty_answer(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    front.spoil = spoil("eu-west-1", HTML, "AddTagsToResource")
    (result,) = published(wanted("one", tags={"team": "web"}))
    assert result.outcome is Outcome.FAILED


def test_a_page_token_that_repeats_ends(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    again = Answer.of({"DocumentVersions": [], "NextToken": "again"})
    front.spoil = spoil("eu-west-1", again, "ListDocumentVersions")
    from ssmwake.publish import Publish

    (result,) = published(wanted("two"), Publish(prune=1))
    assert "begins again at an earlier page" in result.failure


def test_pages_that_never_end_do(fake: FakeSsm, front: Front) -> None:
    done(wanted("one"))
    number = iter(range(10**9))
    front.spoil = lambda call: (
        Answer.of({"DocumentVersions": [], "NextToken": str(next(number))})
        if call.operation == "ListDocumentVersions"
        else None
    )
    from ssmwake.publish import Publish

    (result,) = published(wanted("two"), Publish(prune=1))
    assert "never ends" in result.failure


@pytest.mark.parametrize("body", [b"<x/>", b"", HTML.body, b"{}", b"<DescribeLaunchTemplatesResponse/>"])
def test_nonsense_of_ec2(body: bytes, moto: Front) -> None:
    for place in PLACES:
        boto3.client("ec2", region_name=place.region).create_launch_template(
            LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-1"}
        )
    what = Desired(launch_templates=(LaunchTemplate("web", b"new"),))
    moto.spoil = spoil("eu-west-1", Answer(200, body), "DescribeLaunchTemplates")
    spoiled, other = published(what, places=PLACES)
    assert (spoiled.outcome, other.outcome) == (Outcome.FAILED, Outcome.DONE)
    assert "ec2:DescribeLaunchTemplates" in spoiled.failure


def test_sts_that_talks_nonsense_leaves_the_account_unknown(fake: FakeSsm, front: Front) -> None:
    front.spoil = spoil("eu-west-1", HTML, "GetCallerIdentity")
    (one,) = plan(wanted("one"), [HERE], patience=HASTY).places
    assert (one.account, one.failure) == ("", "")
    assert one.actions


@pytest.fixture
def hanging() -> Iterator[str]:
    """An endpoint that takes connections and sends a byte now and then."""
    listener = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            held.append(connection)
            threading.Thread(target=drip, args=(connection,), daemon=True).start()

    def drip(connection: socket.socket) -> None:
        try:
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 999\r\n\r\n"
            )
            while True:
                connection.sendall(b" ")
                time.sleep(0.05)
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    for connection in held:
        connection.close()


def test_an_answer_that_trickles_for_ever_ends_in_time(hanging: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", hanging)
    began = time.monotonic()
    patience = Patience(connect=0.2, answer=0.3, pause=0.01)
    (result,) = execute(plan(wanted("one"), [HERE], patience=patience), patience=patience)
    assert "did not answer ssm:GetDocument in time" in result.failure
    assert result.code == "Timeout"
    assert time.monotonic() - began < 5


def test_control_characters_of_the_other_side_never_reach_the_terminal(fake: FakeSsm, front: Front) -> None:
    front.spoil = lambda call: (
        Answer.of({"__type": "Bad\x1b]0;owned\x07", "message": "\x1b[2Jgone\r\n::error::x\u202e"}, 400)
        if call.operation == "GetDocument"
        else None
    )
    said = CliRunner().invoke(command, ["publish", "--region", "eu-west-1", "--check"])
    assert said.exit_code == 2
    assert all(char.isprintable() or char == "\n" for char in said.output), said.output
    assert "gone" in said.output
    document = json.loads(CliRunner().invoke(command, ["publish", "--region", "eu-west-1", "--check", "--json"]).stdout)
    assert document["places"][0]["error"]["message"]


def test_ctrl_c_while_planning_says_that_nothing_was_changed(fake: FakeSsm, front: Front) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "generator")}
    words = [sys.executable, "-m", "ssmwake", "publish", "--yes", "--json", "--region", "eu-west-1"]
    front.latency = 0.5
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        sent: list[Any] = []

        def interrupt(call: Call) -> None:
            if not sent:
                sent.append(call)
                process.send_signal(signal.SIGINT)

        front.after = interrupt
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.decode() == "ssmwake: interrupted; nothing was changed\n"
    document = json.loads(out)
    assert (document["status"], document["error"]["code"]) == (130, "Interrupted")
    assert state(fake) == {}
