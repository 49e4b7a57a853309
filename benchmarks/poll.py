"""What a poll costs, in CPU time as a ratio to one bare curl in one run; and what an idle watcher costs.

python benchmarks/poll.py [ROUNDS]; exits 1 where a figure is above its bound. Needs dash and curl.
"""

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ssmwake.render.runtime import runtime
from ssmwake.simulate.imds import Imds

RATIO = 1.2
IDLE = 0.2  # percent of a core without a role: a poll every 5 s
WELL = 0.06  # percent of a core when all is well: a poll every 20 s
MEMORY = 1024  # KiB, proportional
POLLS = 20
# The loop of the runtime without its pauses.
LOOP = "loop() { i=0; while [ $i -lt %d ]; do i=$((i + 1)); now; poll_imds; done; exit; }\n"


def cpu(argv: list[str], environment: dict[str, str]) -> float:
    """Return the CPU seconds of a command and all that it waited for."""
    with subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return usage.ru_utime + usage.ru_stime


def memory(argv: list[str], environment: dict[str, str]) -> int:
    """Return the proportional memory of an idle watcher and its pause in KiB."""
    with subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(2.6)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        maps = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in (str(process.pid), *children)]
        process.send_signal(signal.SIGTERM)
    return sum(int(pss) for text in maps for pss in re.findall(r"^Pss: +(\d+)", text, re.MULTILINE))


def main() -> int:
    """Measure both side by side, and compare the medians."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as root, Imds() as imds:
        script, tight = Path(root) / "ssmwake.sh", Path(root) / "polls.sh"
        script.write_text(runtime())
        environment = {"PATH": os.environ["PATH"], "SSMWAKE_ROOT": root}
        option = ("--endpoint", imds.url)
        url = f"{imds.url}/latest/meta-data/iam/security-credentials/"
        curl = ["curl", "-s", "-H", "X-aws-ec2-metadata-token: none", url]
        polls, bare, pauses = [], [], []
        for _ in range(rounds):
            times = []
            for count in (1, 1 + POLLS):
                tight.write_text(runtime().replace('\nmain "$@"', f'\n{LOOP % count}main "$@"'))
                times.append(cpu(["dash", str(tight), "wait", *option], environment))
            polls.append((times[1] - times[0]) / POLLS)
            bare.append(statistics.mean(cpu(curl, environment) for _ in range(POLLS)))
            pauses.append(statistics.mean(cpu(["sleep", "0"], environment) for _ in range(POLLS)))
        pss = memory(["dash", str(script), "watch", *option], environment)
    poll, reference, pause = (statistics.median(column) for column in (polls, bare, pauses))
    figures = (
        ("CPU of a poll, in bare curls", poll / reference, RATIO),
        ("idle without a role, percent of a core", (poll + pause) / 5 * 100, IDLE),
        ("idle when all is well, percent of a core", (poll + pause) / 20 * 100, WELL),
        ("memory, KiB", float(pss), float(MEMORY)),
    )
    for name, value, bound in figures:
        sys.stdout.write(f"{name}: {value:.3g}, at most {bound:g} wanted\n")
    return 0 if all(value <= bound for _, value, bound in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
