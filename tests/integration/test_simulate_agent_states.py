"""What only long looks at the real agent showed: hibernating, older agents, and agents that do not live on the role."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ssmwake.simulate.agent_shared import ACTIVATION_KEY, HOST_MANAGEMENT_KEY
from support.agent_bench import Bench, children, new_bench, until

CALL = "UpdateInstanceInformation"
# The agent's minute, where a test does not say otherwise.
SCALE = 60.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with new_bench(tmp_path) as made:
        yield made


def online(bench: Bench, *options: str, scale: float = SCALE) -> str:
    """Start the agent with a role that SSM accepts; return the key."""
    key = bench.imds.attach("web").key
    bench.ssm.allow(key)
    bench.start(*options, scale=scale)
    assert bench.ssm.wait_for("channel", 8, key)
    return key


def hibernating(bench: Bench, scale: float = SCALE) -> str:
    """Start the agent with credentials that worked once, and are denied now; return the key."""
    key = online(bench)
    bench.ssm.deny(key)
    bench.kill()
    denied = time.monotonic()
    bench.start(scale=scale)
    assert bench.ssm.wait_for("denied", 8, key, denied)
    assert until(lambda: bench.log("hibernate.log"))
    return key


# Hibernating.


def test_online_it_is_connected_to_two_addresses_and_hibernating_to_one(bench: Bench) -> None:
    key = online(bench)
    assert until(lambda: bench.connections() == 2)
    bench.ssm.deny(key)
    bench.kill()
    assert until(lambda: bench.connections() == 0)
    bench.start(scale=SCALE)
    assert until(lambda: bench.log("hibernate.log"))
    assert bench.connections() == 1


def test_the_connection_on_which_it_was_refused_is_idle_for_90_s_and_comes_back_at_each_ping(bench: Bench) -> None:
    hibernating(bench)
    entered = time.monotonic()
    assert until(lambda: bench.connections() == 0)
    assert 0.8 < time.monotonic() - entered < 3.5
    # The next ping is five minutes after the first refusal.
    assert until(lambda: bench.connections() == 1, 8)
    assert until(lambda: bench.connections() == 0, 4)


def test_hibernate_log_is_written_at_entry_and_at_each_back_off(bench: Bench) -> None:
    hibernating(bench, scale=300)
    assert until(lambda: len(bench.entered()) == 3, 8)
    first, second, third = bench.entered()
    # +5 and +15 minutes, at 300 to 1.
    assert 0.9 < second - first < 2.5
    assert 1.9 < third - second < 4.0


def test_the_main_log_says_why_it_hibernates_once(bench: Bench) -> None:
    hibernating(bench, scale=600)
    assert until(lambda: len(bench.entered()) == 3, 8)
    lines = [line for line in bench.log().splitlines() if "Entering SSM Agent hibernate - " in line]
    assert len(lines) == 1
    assert "AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/web/" in lines[0]


def test_by_its_own_ping_it_comes_online_once_it_is_allowed(bench: Bench) -> None:
    key = hibernating(bench, scale=120)
    allowed = time.monotonic()
    bench.ssm.allow(key)
    channel = bench.ssm.wait_for("channel", 8, key, allowed)
    assert channel
    assert channel.at - allowed > 0.5


def test_worker_and_main_process_end_together(bench: Bench) -> None:
    bench.ssm.allow(bench.imds.attach("web").key)
    agent = bench.start(hurry=4)
    assert bench.ssm.wait_for("channel", 8)
    asked = time.monotonic()
    agent.send_signal(signal.SIGTERM)
    time.sleep(1.0)
    assert children(agent.pid) == ["ssm-agent-worke"]
    assert bench.ssm.online
    assert agent.wait(5) == 0
    assert 1.7 <= time.monotonic() - asked < 4.0
    assert bench.ssm.wait_for("closed", 0.5)


# Older agents.


def test_release_3_1_does_not_sleep_without_a_role_but_hibernates(bench: Bench) -> None:
    agent = bench.start("--release", "3.1")
    assert until(lambda: bench.log("hibernate.log"))
    assert children(agent.pid) == ["ssm-agent-worke"]
    assert "Sleeping for" not in bench.log()
    assert "Entering SSM Agent hibernate - EC2RoleRequestError: no EC2 instance role found" in bench.log()
    # Nothing to sign a call with, so none is made.
    assert bench.ssm.events == []


def test_release_3_1_is_online_with_a_late_role_after_an_orderly_restart(bench: Bench) -> None:
    first = bench.start("--release", "3.1")
    assert until(lambda: bench.log("hibernate.log"))
    key = bench.imds.attach("web").key
    bench.ssm.allow(key)
    assert bench.ssm.wait_for("accepted", 1.0, key) is None
    first.send_signal(signal.SIGTERM)
    assert first.wait(5) == 0
    bench.start("--release", "3.1")
    assert bench.ssm.wait_for("channel", 8, key)


def test_release_2_has_no_worker_and_no_program_for_one(bench: Bench) -> None:
    key = bench.imds.attach("web").key
    bench.ssm.allow(key)
    agent = bench.start("--release", "2.3")
    assert bench.ssm.wait_for("channel", 8, key)
    assert children(agent.pid) == []
    assert not (bench.root / "usr/bin/ssm-agent-worker").exists()
    assert until(lambda: bench.connections() == 2)


def test_release_2_without_a_role_makes_no_connection(bench: Bench) -> None:
    bench.start("--release", "2.3")
    assert bench.says("no EC2 instance role found")
    assert bench.connections() == 0


def test_a_worker_that_died_is_a_zombie_until_the_main_process_looks(bench: Bench) -> None:
    bench.ssm.allow(bench.imds.attach("web").key)
    agent = bench.start(scale=20)
    assert bench.ssm.wait_for("channel", 8)
    worker = int(Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text())
    os.kill(worker, signal.SIGKILL)
    killed = time.monotonic()
    assert until(lambda: ") Z " in Path(f"/proc/{worker}/stat").read_text(), 1)
    # Within its minute, here 3 s, and a pause of 15 s, it starts another one.
    assert bench.ssm.wait_for("channel", 8, after=killed)
    assert not Path(f"/proc/{worker}").exists()


# Agents that do not live on the role.


def test_default_host_management_is_the_source_and_the_key(bench: Bench) -> None:
    bench.ssm.host_management = "granted"
    bench.start()
    assert bench.ssm.wait_for("channel", 8, HOST_MANAGEMENT_KEY)
    identity = json.loads((bench.root / "var/lib/amazon/ssm/runtimeconfig/identity_config.json").read_text())
    assert (identity["CredentialSource"], identity["IdentityType"]) == ("SSM", "EC2")


def test_after_a_restart_with_a_role_it_still_uses_the_key_of_default_host_management(bench: Bench) -> None:
    bench.ssm.host_management = "granted"
    bench.start(scale=600)
    assert bench.ssm.wait_for("channel", 8, HOST_MANAGEMENT_KEY)
    key = bench.imds.attach("web").key
    bench.ssm.allow(key)
    bench.kill()
    restarted = time.monotonic()
    bench.start(scale=600)
    assert bench.ssm.wait_for("channel", 8, HOST_MANAGEMENT_KEY, restarted)
    assert bench.source() == "SSM"
    # At half of the key's life, here 3 s after the start, it changes over.
    assert until(lambda: bench.source() == "EC2", 8)


def test_asleep_it_does_not_notice_that_default_host_management_was_switched_on(bench: Bench) -> None:
    bench.start()
    assert bench.says("Sleeping for")
    bench.ssm.host_management = "granted"
    assert bench.ssm.wait_for("channel", 1.0) is None
    bench.kill()
    bench.start()
    assert bench.ssm.wait_for("channel", 8, HOST_MANAGEMENT_KEY)


def test_a_hybrid_activation_never_uses_the_role(bench: Bench) -> None:
    key = bench.imds.attach("web").key
    bench.ssm.allow(key)
    bench.start("--activation", scale=600)
    assert bench.ssm.wait_for("channel", 8, ACTIVATION_KEY)
    identity = json.loads((bench.root / "var/lib/amazon/ssm/runtimeconfig/identity_config.json").read_text())
    assert identity["IdentityType"] == "OnPrem"
    assert (bench.root / "var/lib/amazon/ssm/registration").exists()
    # Also not when it reads its credentials again.
    assert bench.ssm.wait_for("accepted", 4, key) is None
    assert bench.imds.count("credentials") == 0


def test_the_registration_of_another_machine_costs_the_long_sleep_at_each_start(bench: Bench) -> None:
    bench.ssm.allow(bench.imds.attach("web").key)
    bench.ssm.fault("ssm-fingerprint")
    for _ in range(2):
        bench.start("--activation")
        assert bench.says("Sleeping for 25m27s")
        assert "MachineFingerprintDoesNotMatch: Fingerprint doesn't match" in bench.log()
        bench.kill()
        (bench.root / "var/log/amazon/ssm/amazon-ssm-agent.log").unlink()
    assert bench.ssm.wait_for("channel", 0.1) is None


def test_a_clock_that_is_off_makes_it_hibernate_until_its_own_ping(bench: Bench) -> None:
    key = online(bench)
    bench.kill()
    bench.ssm.fault("ssm-clock")
    began = time.monotonic()
    bench.start(scale=120)
    assert bench.says("Entering SSM Agent hibernate - InvalidSignatureException: Signature expired: ")
    assert bench.log("hibernate.log")
    bench.ssm.clear("ssm-clock")
    channel = bench.ssm.wait_for("channel", 8, key, began)
    assert channel
    assert 2.0 < channel.at - began < 6.0


def test_an_adopted_role_that_loses_its_policy_looks_online_until_host_management_takes_over(bench: Bench) -> None:
    key = online(bench, scale=600)
    lost = time.monotonic()
    bench.ssm.deny(key, hang_up=False)
    bench.ssm.host_management = "granted"
    assert bench.ssm.wait_for("denied", 4, key, lost)
    assert bench.ssm.online == [key]
    assert bench.connections() == 2
    # Half of the key's life is 30 minutes, here 3 s.
    assert until(lambda: bench.source() == "SSM", 8)


@pytest.mark.parametrize(("seconds", "announced"), [(60, "1m0s"), (1800, "25m27s"), (59, "25m27s"), ("x", "25m27s")])
def test_its_settings_can_limit_the_sleep_to_a_minute(bench: Bench, seconds: object, announced: str) -> None:
    settings = bench.root / "etc/amazon/ssm/amazon-ssm-agent.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"Ssm": {"CredentialRetryMaxSleepSeconds": seconds}}))
    bench.start()
    assert bench.says(f"Sleeping for {announced} before")


def test_a_name_that_is_not_found_is_worded_as_the_agent_does(bench: Bench) -> None:
    bench.imds.attach("web")
    bench.start("--ssm", "ssm.eu-central-1.invalid:443", hurry=200)
    assert bench.says("dial tcp: lookup ssm.eu-central-1.invalid: no such host", 15)
