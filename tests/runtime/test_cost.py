"""What the runtime costs: processes, and time for long answers."""

import dataclasses
import re
import resource
import subprocess

import pytest

from ssmwake.simulate.imds import Imds
from support.shells import SHELLS, Runtime, found


def executed(runtime: Runtime, imds: Imds, shell: str, *options: str) -> list[str]:
    """Return the names of the programs that a run executes, its own shell first."""
    log = runtime.root / "strace"
    strace = [found("strace"), "-f", "-qq", "-z", "-e", "trace=execve", "-o", str(log)]
    command = runtime.command(shell, *options, "--endpoint", imds.url)
    subprocess.run([*strace, *command], check=False, env=runtime.environment("curl"), capture_output=True)
    return re.findall(r'execve\("[^"]*/([^/"]+)"', log.read_text())


@pytest.mark.parametrize("shell", SHELLS)
def test_a_poll_is_one_process_and_a_pause_is_another(shell: str, runtime: Runtime, imds: Imds) -> None:
    programs = executed(runtime, imds, shell, "wait", "--timeout", "7")
    polls = imds.count("list")
    assert polls >= 4
    assert imds.count("token") == 1
    assert programs.count("curl") == polls + 1
    # Some shells pause without a process.
    assert programs.count("sleep") in (0, polls - 1)
    # What it says once that it waits, and what reads its options, costs a few more, but not at each poll.
    others = [program for program in programs[1:] if program not in ("curl", "sleep")]
    assert set(others) <= {"date", "grep", "printf", "tr"}, programs
    assert others.count("date") == 1
    assert len(others) <= 7


@pytest.mark.parametrize("shell", SHELLS)
def test_time_is_linear_in_the_length_of_the_credentials(shell: str, runtime: Runtime, imds: Imds) -> None:
    role = imds.attach("web")

    def seconds(length: int) -> float:
        imds.instance.role = dataclasses.replace(role, token="A/b+" * (length // 4))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert runtime.run("wait", "--endpoint", imds.url, shell=shell).report["reason"] == "ready"
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime

    # A quadratic walk over 7 KiB took 0.1 s in dash and 0.3 s in mksh; a linear one is lost in the noise.
    assert min(seconds(7000) for _ in range(3)) < 0.05 + 2 * min(seconds(700) for _ in range(3))
