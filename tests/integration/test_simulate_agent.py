"""The stand-in agent sleeps, wakes and stops as the real one was measured to, at any scale."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.agent_bench import Bench, children, new_bench, until


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with new_bench(tmp_path) as made:
        yield made


def test_without_a_role_it_announces_the_true_sleep_and_has_no_worker(bench: Bench) -> None:
    agent = bench.start(scale=60)
    assert bench.says("Sleeping for 25m27s before retrying retrieve credentials")
    assert Path(f"/proc/{agent.pid}/comm").read_text() == "amazon-ssm-agen\n"
    assert children(agent.pid) == []
    assert bench.source() == ""


def test_a_role_that_comes_late_is_seen_only_after_the_scaled_sleep(bench: Bench) -> None:
    bench.start(scale=1527)
    assert bench.says("Sleeping for 25m27s")
    slept = time.monotonic()
    bench.ssm.allow(bench.imds.attach("web").key)
    accepted = bench.ssm.wait_for("accepted", 8)
    assert accepted is not None
    assert 0.8 < accepted.at - slept < 4.0
    assert until(lambda: bench.source() == "EC2")


def test_killed_in_its_sleep_and_started_again_it_is_online_at_once(bench: Bench) -> None:
    bench.start()
    assert bench.says("Sleeping for")
    role = bench.imds.attach("web")
    bench.ssm.allow(role.key)
    bench.kill()
    started = time.monotonic()
    agent = bench.start(hurry=1)
    accepted, channel = bench.ssm.wait_for("accepted", 5), bench.ssm.wait_for("channel", 5)
    assert accepted is not None
    assert channel is not None
    assert accepted.at - started < 3.0
    assert 0.9 < channel.at - accepted.at < 4.0
    assert children(agent.pid) == ["ssm-agent-worke"]
    assert bench.ssm.online == [role.key]


@pytest.mark.parametrize("online", [True, False])
def test_an_orderly_stop_takes_seven_seconds(bench: Bench, online: bool) -> None:
    if online:
        bench.ssm.allow(bench.imds.attach("web").key)
    agent = bench.start(scale=600, hurry=10)
    assert bench.ssm.wait_for("channel", 5) if online else bench.says("Sleeping for")
    asked = time.monotonic()
    agent.send_signal(signal.SIGTERM)
    assert agent.wait(5) == 0
    assert 0.7 <= time.monotonic() - asked < 4.0
    assert bench.ssm.online == []


def test_a_denial_costs_the_long_sleep_even_if_iam_is_consistent_a_moment_later(bench: Bench) -> None:
    role = bench.imds.attach("web")
    bench.start()
    assert bench.ssm.wait_for("denied", 10, role.key)
    bench.ssm.allow(role.key)
    assert bench.says("Sleeping for 25m27s")
    assert bench.ssm.wait_for("accepted", 1.0) is None
    bench.kill()
    bench.start()
    assert bench.ssm.wait_for("accepted", 5, role.key)


@pytest.mark.parametrize(("failures", "line"), [(2, "Successfully connected"), (3, "Sleeping for 25m27s")])
def test_two_failed_requests_are_survived_and_three_cost_the_long_sleep(bench: Bench, failures: int, line: str) -> None:
    bench.ssm.allow(bench.imds.attach("web").key)
    bench.imds.fault("credentials-503", times=failures)
    bench.start()
    assert bench.says(line)


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("code-assume-role", "Sleeping for 25m27s"),
        ("code-failed", "Sleeping for 5m0s"),
        ("credentials-429", "Sleeping for 25m27s"),
        ("ssm-throttled", "Sleeping for 5m0s"),
        ("ssm-500", "Sleeping for 5m0s"),
        ("ssm-unrecognized", "Sleeping for 5m0s"),
        ("ssm-invalid-instance", "Sleeping for 5m0s"),
        ("ssm-refused", "Sleeping for 5m0s"),
    ],
)
def test_a_fault_at_the_start_costs_its_sleep(bench: Bench, fault: str, line: str) -> None:
    bench.ssm.allow(bench.imds.attach("web").key)
    (bench.ssm if fault.startswith("ssm-") else bench.imds).fault(fault)
    bench.start()
    assert bench.says(line)


def test_an_endpoint_that_hangs_gives_no_verdict(bench: Bench) -> None:
    bench.imds.attach("web")
    bench.ssm.fault("ssm-hang")
    bench.start()
    assert bench.ssm.wait_for("hanging", 5)
    assert "CredentialRefresher" not in bench.log()


def test_five_minutes_grow_and_the_fourth_failure_is_not_logged(bench: Bench) -> None:
    bench.imds.attach("web")
    bench.imds.code("Failed")
    bench.start(scale=6000)
    assert until(lambda: bench.imds.count("credentials") >= 5)
    sleeps = [line.partition("Sleeping for ")[2].split()[0] for line in bench.log().splitlines() if "Sleeping" in line]
    assert sleeps == ["5m0s", "10m0s", "10m0s"]


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [("error-503", 8.7, 10.7), ("token-503", 8.7, 10.7), ("hang", 8.7, 10.7), ("refused", 1.6, 1.6)],
)
def test_without_imds_the_process_exits(bench: Bench, fault: str, least: float, most: float) -> None:
    bench.imds.fault(fault)
    began = time.monotonic()
    assert bench.start(hurry=8).wait(10) == 1
    # The start of Python comes on top, and a request that hangs ends after its second.
    assert least / 8 <= time.monotonic() - began <= most / 8 + 4


def test_a_slow_imds_does_not_stop_it(bench: Bench) -> None:
    bench.ssm.allow(bench.imds.attach("web").key)
    bench.imds.fault("slow")
    bench.start()
    assert bench.ssm.wait_for("accepted", 12)


def test_default_host_management_puts_it_online_without_a_role(bench: Bench) -> None:
    bench.ssm.host_management = "granted"
    bench.start()
    assert bench.says("Credentials ready")
    assert bench.source() == "SSM"


def test_after_a_swap_it_keeps_the_old_key_until_it_is_restarted(bench: Bench) -> None:
    first = bench.imds.attach("web")
    bench.ssm.allow()
    bench.start()
    assert bench.ssm.wait_for("channel", 5, first.key)
    second = bench.imds.swap("db")
    assert bench.ssm.wait_for("accepted", 0.5, second.key) is None
    assert bench.ssm.online == [first.key]
    bench.kill()
    bench.start()
    assert bench.ssm.wait_for("channel", 5, second.key)


def test_a_denied_worker_repeats_its_old_key_for_thirty_minutes_after_a_swap(bench: Bench) -> None:
    first = bench.imds.attach("web")
    bench.ssm.allow(first.key)
    bench.start(scale=600)
    assert bench.ssm.wait_for("channel", 5, first.key)
    second = bench.imds.swap("db")
    bench.ssm.allow(second.key)
    bench.ssm.deny(first.key)
    swapped = time.monotonic()
    used = bench.ssm.wait_for("channel", 9, second.key)
    assert used is not None
    assert 1.5 < used.at - swapped < 8
    assert sum(event.what == "denied" and event.key == first.key for event in bench.ssm.events) > 10


def test_an_expired_key_is_replaced_on_the_next_call(bench: Bench) -> None:
    first = bench.imds.attach("web")
    bench.ssm.allow()
    bench.start(scale=10)
    assert bench.ssm.wait_for("channel", 5, first.key)
    second = bench.imds.rotate()
    bench.ssm.expire(first.key)
    assert bench.ssm.wait_for("channel", 8, second.key)


def test_restarted_before_the_good_role_is_served_it_trusts_its_stale_file_and_hibernates(bench: Bench) -> None:
    bad = bench.imds.attach("web")
    bench.ssm.allow(bad.key)
    bench.start(scale=120)
    assert bench.ssm.wait_for("channel", 5)
    bench.ssm.deny(bad.key)
    bench.kill()
    restarted = time.monotonic()
    agent = bench.start(scale=120)
    assert bench.ssm.wait_for("denied", 5, bad.key, restarted)
    good = bench.imds.swap("db")
    bench.ssm.allow(good.key)
    assert until(lambda: "hibernate" in bench.log("hibernate.log"))
    assert bench.source() == "EC2"
    assert children(agent.pid) == ["ssm-agent-worke"]
    # The ping after five scaled minutes still carries the key of the bad role.
    first = bench.ssm.wait_for("denied", 0, bad.key, restarted)
    assert first is not None
    second = bench.ssm.wait_for("denied", 8, bad.key, first.at + 1)
    assert second is not None
    assert 2.5 <= second.at - first.at < 6
    assert bench.ssm.wait_for("accepted", 0, good.key) is None
    bench.kill()
    bench.start(scale=120)
    assert bench.ssm.wait_for("channel", 5, good.key)


def test_a_worker_leaves_when_its_core_is_killed(bench: Bench) -> None:
    bench.ssm.allow(bench.imds.attach("web").key)
    bench.start()
    assert bench.ssm.wait_for("channel", 5)
    bench.kill()
    assert bench.ssm.wait_for("closed", 3)
