"""What ssmwake.aws makes of errors, and how it works side by side."""

import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from ssmwake.aws import errors
from ssmwake.aws.parallel import Stop, side_by_side
from ssmwake.aws.place import Place


def refusal(code: str, message: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetDocument")


@given(st.text(), st.text(), st.sampled_from([200, 400, 403, 500]))
def test_a_line_is_one_line_without_control_characters(code: str, message: str, status: int) -> None:
    line = errors.line(refusal(code, message, status), "ssm:GetDocument", "*", "eu-west-1")
    assert line.isprintable()
    assert line


def test_a_password_in_a_url_is_not_printed() -> None:
    error = EndpointConnectionError(endpoint_url="https://jo:hunter2@proxy.example.com")
    line = errors.line(error, "ssm:GetDocument", "*", "eu-west-1")
    assert "hunter2" not in line
    assert "proxy.example.com" in line
    assert "hunter2" not in errors.nonsense("ssm:GetDocument", "https://jo:hunter2@example.com", "is empty")


@pytest.mark.parametrize("page", ["<html><head><title>Sign in</title>", "\n<!DOCTYPE html>\n<p>No</p>"])
def test_a_web_page_is_not_quoted(page: str) -> None:
    line = errors.line(refusal("500", page, 500), "ssm:GetDocument", "*", "eu-west-1")
    assert line == "ssm:GetDocument failed at the service (500: a web page instead of a reason); try again"


def test_a_wrong_code_for_mfa_is_not_taken_for_a_missing_permission() -> None:
    said = "MultiFactorAuthentication failed with invalid MFA one time pass code."
    line = errors.line(refusal("AccessDenied", said, 403), "sts:AssumeRole", "*", "eu-west-1")
    assert line.startswith("the code for MFA was not accepted")
    assert "grant" not in line


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-isob-east-1", "aws-iso-b")],
)
def test_the_partition_of_a_place(region: str, partition: str) -> None:
    assert Place(region).partition == partition


def test_an_external_id_is_not_in_the_representation_of_a_place() -> None:
    assert "sesame" not in repr(Place("eu-west-1", external_id="sesame"))


def test_results_come_in_the_order_of_the_items() -> None:
    def work(number: int) -> int:
        time.sleep(0.01 * (5 - number))
        return number * number

    assert side_by_side(work, range(5), at_once=5) == [0, 1, 4, 9, 16]
    assert side_by_side(work, []) == []


def test_no_more_run_at_once_than_allowed() -> None:
    running, most, lock = [0], [0], threading.Lock()

    def work(number: int) -> int:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.01)
        with lock:
            running[0] -= 1
        return number

    assert side_by_side(work, range(20), at_once=3) == list(range(20))
    assert most[0] <= 3


def test_what_is_raised_inside_is_raised_outside() -> None:
    def work(number: int) -> int:
        raise ValueError(str(number))

    with pytest.raises(ValueError, match="7"):
        side_by_side(work, [7])


def test_an_interrupt_keeps_what_is_done_and_begins_nothing_else() -> None:
    stop, begun = Stop(), []

    def work(number: int) -> int:
        begun.append(number)
        return number

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    outcomes = side_by_side(work, range(100), at_once=1, stop=stop, on_progress=interrupt, grace=5)
    assert stop.interrupted
    assert len(outcomes) == 100
    assert [number for number, outcome in enumerate(outcomes) if outcome is not None] == sorted(begun)


def test_an_interrupt_does_not_wait_for_ever_for_what_hangs() -> None:
    release = threading.Event()

    def work(number: int) -> int:
        if number:
            release.wait(30)
        return number

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    began = time.monotonic()
    assert side_by_side(work, [0, 1], at_once=2, on_progress=interrupt, grace=0.1) == [0, None]
    assert time.monotonic() - began < 5
    release.set()
