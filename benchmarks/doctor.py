"""How long `ssmwake doctor` takes, as a ratio to importing boto3 and then its calls in sequence, at 50 ms each.

python benchmarks/doctor.py [ROUNDS]; exits 1 where a bound is passed. Needs no account: the service is a stand-in.
"""

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "generator"), str(ROOT / "tests")]

LATENCY = 0.05
BOUND = 1.5
# Besides consoles and CloudTrail, which have budgets of their own.
CALLS = 60
FOR_ONE = 4
TRACES = ("ec2:GetConsoleOutput", "cloudtrail:LookupEvents")
ONE = "i-0abc1234def567890"


def fleet(state: dict[str, Any]) -> None:
    """Make a thousand instances of it: 940 online, 41 asleep, 15 behind an endpoint that refuses them, 4 stopped."""
    state["groups"]["sg-shut"] = {"in": [{"port": 443, "cidr": "10.9.0.0/16"}], "vpc": "vpc-2"}
    state["groups"]["sg-two"] = {"out": [{"cidr": "0.0.0.0/0"}], "vpc": "vpc-2"}
    state["vpcs"] |= {"vpc-2": {}, "vpc-3": {}}
    state["subnets"]["subnet-two"] = {"cidr": "10.2.1.0/24", "vpc": "vpc-2"}
    state["endpoints"]["vpce-2"] = {
        "service": "ssm",
        "vpc": "vpc-2",
        "subnets": ["subnet-two"],
        "groups": ["sg-shut"],
    }
    late, online = dict(state["instances"].pop(ONE)), {"pinged": "2026-11-26T10:18:00Z", "connected": True}
    state["trail"] = []
    for number in range(1000):
        name = f"i-{number:017x}"
        one = {**late, "tags": {"Team": "web"}, "profile": f"web{number % 4}"}
        if number < 940:
            state["nodes"][name] = online
        elif number < 981:
            request = {"AssociateIamInstanceProfileRequest": {"InstanceId": name}}
            state["trail"].append(
                {"at": "2026-11-26T10:12:03Z", "name": "AssociateIamInstanceProfile", "request": request}
            )
        elif number < 996:
            one |= {"subnet": "subnet-two", "groups": ["sg-two"], "address": "10.2.1.9"}
        else:
            one["state"] = "stopped"
        state["instances"][name] = one
    for number in range(4):
        state["profiles"][f"web{number}"] = {"id": state["profiles"]["web"]["id"], "roles": [f"web{number}"]}
        state["roles"][f"web{number}"] = state["roles"]["web"]


def serve(pipe: Connection, case: str) -> None:
    """Serve the stand-in from a process of its own; for each word on the pipe, send the calls, and start anew."""
    from support.front import Front
    from support.standin import Account, load

    state = load(ROOT / "tests" / "cases" / "doctor" / case)
    if case == "late-role":
        fleet(state)
    account = Account(state)
    front = Front(account, clock=account.clock, latency=LATENCY)
    pipe.send(front.url)
    while pipe.recv() != "end":
        pipe.send([call.action for call in front.calls])
        front.calls.clear()
    front.close()


def timed(argv: list[str], url: str) -> tuple[float, str]:
    """Return the seconds that a program takes, from its start to its end, and what it printed."""
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-west-1",
        "PYTHONPATH": str(ROOT / "generator"),
    }
    began = time.perf_counter()
    done = subprocess.run([sys.executable, *argv], env=environment, check=False, capture_output=True, text=True)
    return time.perf_counter() - began, done.stdout


def measure(case: str, words: list[str], rounds: int, budget: int = 0) -> tuple[float, list[str], str]:
    """Return the median ratio of a diagnosis to its calls in sequence, the calls, and what was printed.

    With a budget, the diagnosis is compared with that number of calls, however few it makes.
    """
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, case))
    server.start()
    url = ours.recv()
    ratios, calls, printed = [], [], ""
    for _ in range(rounds):
        imported, _ = timed(["-c", "import boto3"], url)
        took, printed = timed(["-m", "ssmwake", "doctor", *words, "--json"], url)
        ours.send("calls")
        calls = ours.recv()
        ratios.append(took / (imported + LATENCY * (budget or len(calls))))
    ours.send("end")
    server.join()
    return statistics.median(ratios), calls, printed


def main() -> int:
    """Diagnose a thousand instances, and one that is online."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    fine = True
    ratio, calls, printed = measure("late-role", ["--filter", "Name=tag:Team,Values=web"], rounds)
    without = [one for one in calls if one not in TRACES]
    sys.stdout.write(
        f"1,000 instances: {len(without)} calls (bound {CALLS}), and {len(calls) - len(without)} for traces\n"
    )
    sys.stdout.write(f"  {json.loads(printed)['summary']}\n")
    sys.stdout.write(f"  {ratio:.2f} of the import of boto3 and the calls in sequence (bound {BOUND})\n")
    fine = fine and ratio <= BOUND and len(without) <= CALLS
    ratio, calls, _ = measure("online-behind-scp", [ONE], rounds, FOR_ONE)
    sys.stdout.write(f"one that is online: {len(calls)} calls (bound {FOR_ONE})\n")
    sys.stdout.write(f"  {ratio:.2f} of the import of boto3 and {FOR_ONE} calls (bound {BOUND})\n")
    return 0 if fine and len(calls) <= FOR_ONE and ratio <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
