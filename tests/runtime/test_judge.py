"""Whether an agent that runs is online: by its connections, its hibernate.log and its log."""

import os
import time

import pytest

from support.parts import call, write_log
from support.shells import SHELLS, Runtime

CHANNEL = "INFO [ssm-agent-worker] [MessageService] [MGSInteractor] Set up control channel successfully"


def hibernated(runtime: Runtime, ago: int) -> None:
    path = runtime.root / "var/log/amazon/ssm/hibernate.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (time.time() - ago,) * 2)


def judged(runtime: Runtime, shell: str, age: int, connected: str = "yes", more: str = "") -> str:
    """What is said of a worker of an age, with a connection or without one."""
    commands = f"""
    read_connections() {{ connected={connected}; }}
    find_age() {{ age={age}; }}
    now=1000 {more}
    judge 7 0
    echo $agent
    """
    return call(runtime, shell, commands).strip()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_worker_that_was_refused_hibernates_until_its_channel_is_open(shell: str, runtime: Runtime) -> None:
    hibernated(runtime, ago=600)
    assert judged(runtime, shell, age=700) == "hibernating"
    # Before the refusal, a channel of an earlier worker says nothing.
    write_log(runtime.root, CHANNEL, ago=800)
    assert judged(runtime, shell, age=700) == "hibernating"
    # It came back by itself. Behind a proxy it has one remote address, as it had when it was refused.
    write_log(runtime.root, CHANNEL, ago=300)
    assert judged(runtime, shell, age=700) == "online"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_refusal_of_an_earlier_worker_or_of_long_ago_says_nothing(shell: str, runtime: Runtime) -> None:
    hibernated(runtime, ago=600)
    assert judged(runtime, shell, age=500) == "online"
    # While it hibernates it writes at least every three hours: what its log said since then is rotated away.
    hibernated(runtime, ago=4 * 3600 + 10)
    assert judged(runtime, shell, age=10 * 3600) == "online"
    hibernated(runtime, ago=3 * 3600)
    assert judged(runtime, shell, age=10 * 3600) == "hibernating"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_worker_without_a_connection_connects_and_then_hibernates(shell: str, runtime: Runtime) -> None:
    assert judged(runtime, shell, age=100, connected="") == "connecting"
    assert judged(runtime, shell, age=100, connected="", more="lost=991") == "connecting"
    assert judged(runtime, shell, age=100, connected="", more="lost=990") == "hibernating"
    # A refusal comes within a moment of the start.
    assert judged(runtime, shell, age=2) == "connecting"
    assert judged(runtime, shell, age=3) == "online"
    # Version 2, which is its own worker, makes no connection without a role.
    assert judged(runtime, shell, age=100, connected="", more="pid=7 lost=997") == "asleep"
