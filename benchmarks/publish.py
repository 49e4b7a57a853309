"""How long a publish to 17 regions takes, as a ratio to one region, when each call takes 100 ms; and its calls.

python benchmarks/publish.py [ROUNDS]; exits 1 where a bound is passed. Needs no account: the service is a stand-in.
"""

import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "generator"), str(ROOT / "tests")]

BOUND = 1.6
CALLS = 3
REGIONS = [f"{area}-{number}" for area in ("eu-west", "us-east", "ap-south") for number in range(1, 7)][:17]


def serve(pipe: Connection, latency: float) -> None:
    """Serve the stand-in from a process of its own; for each word on the pipe, tell the calls, and start anew."""
    from aws.fake_ssm import FakeSsm
    from aws.front import Front

    fake = FakeSsm()
    front = Front(fake, latency=latency)
    pipe.send(front.url)
    while (word := pipe.recv()) != "end":
        pipe.send(Counter((call.region, call.parameters["Name"]) for call in front.calls))
        front.calls.clear()
        if word == "forget":
            fake.documents.clear()
    front.close()


def publish(url: str, regions: list[str]) -> float:
    """Return the seconds that `ssmwake publish` takes as a command, from its start to its end."""
    where = [word for region in regions for word in ("--region", region)]
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "PYTHONPATH": str(ROOT / "generator"),
    }
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "ssmwake", "publish", "--yes", *where], env=environment, check=True, capture_output=True
    )
    return time.perf_counter() - began


def main() -> int:
    """Publish from nothing, and then what is there already, to one region and to 17, in turns."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, 0.1))
    server.start()
    url = ours.recv()
    passed = True
    most = 0
    for name in ("from nothing", "no change"):
        times: dict[int, list[float]] = {1: [], 17: []}
        for _ in range(rounds):
            for number in times:
                if name == "no change":
                    publish(url, REGIONS[:number])
                    ours.send("count")
                    ours.recv()
                times[number].append(publish(url, REGIONS[:number]))
                ours.send("forget")
                counted = ours.recv()
                if name == "no change":
                    most = max(most, *counted.values())
        one, many = (statistics.median(times[number]) for number in (1, 17))
        passed &= many / one <= BOUND
        sys.stdout.write(f"{name}: 1 region {one:.2f} s, 17 regions {many:.2f} s: ")
        sys.stdout.write(f"{many / one:.2f} times, at most {BOUND} wanted\n")
    passed &= most <= CALLS
    sys.stdout.write(f"no change: {most} calls a document and region, at most {CALLS} wanted\n")
    ours.send("end")
    server.join()
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
