"""A stand-in for amazon-ssm-agent that sleeps, wakes, hibernates and stops as the real one was measured to.

Only the standard library: python3 -m ssmwake.simulate agent --root DIR --imds URL --ssm HOST:PORT [--scale 60]

Two kinds of time. What the agent waits for (25-30 minutes, 5 minutes, the 30 minutes of a cached key) is divided by
--scale, while its log announces the true figure. What its work costs (7 s to stop, 8.7-10.7 s to give up on IMDS, 1 s
to open the control channel) is divided by --hurry, which only a test of something else should use.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

from ssmwake.simulate import agent_worker
from ssmwake.simulate.agent_shared import (
    BACKOFF,
    DENIED,
    KEY_CACHE,
    MINUTE,
    Host,
    Imds,
    NoRoleError,
    TransientError,
    call,
    duration,
    fetch_key,
    is_trusted,
    rename_process,
    write_identity,
)


class StopRequest(Exception):  # noqa: N818 - a request, not an error
    """SIGTERM arrived."""


def identify(host: Host, imds: Imds, chance: random.Random) -> str:
    """Return the instance id; leave as the agent does when IMDS is away."""
    began = time.monotonic()
    patience = chance.uniform(8.7, 10.7) / host.hurry
    while True:
        try:
            answers = [imds.get(f"/latest/meta-data/{path}") for path in ("instance-id", "placement/region")]
            if all(status == 200 and text for status, text in answers):
                return answers[0][1]
        except ConnectionRefusedError:
            patience = 1.6 / host.hurry
        except OSError:
            pass
        left = patience - (time.monotonic() - began)
        if left <= 0:
            host.log("[amazon-ssm-agent] failed to find agent identity, exiting")
            raise SystemExit(1)
        time.sleep(min(left, 0.4))


def connect(host: Host, imds: Imds) -> str:
    """Return the source of working credentials: EC2 for the role, SSM for Default Host Management."""
    try:
        key = fetch_key(host, imds)
        refusal = ask_ssm(host, "UpdateInstanceInformation", key)
        if not refusal:
            return "EC2"
        raise NoRoleError(refusal) if refusal == DENIED else TransientError(refusal)
    except NoRoleError:
        refusal = ask_ssm(host, "RequestManagedInstanceRoleToken", "ASIAINSTANCEIDENTITY")
        if not refusal:
            return "SSM"
        if refusal != DENIED:
            raise TransientError(refusal) from None
        raise


def ask_ssm(host: Host, action: str, key: str) -> str:
    """Call SSM; a connection that is refused is tried for 18.3 s."""
    for pause in (0.3, 1.0, 2.0, 5.0, 10.0):
        try:
            return call(host, action, key)
        except OSError:
            host.work(pause)
    return "RequestError"


def refresh(host: Host, imds: Imds, instance: str, chance: random.Random) -> None:
    """Try until there are credentials, with the agent's own sleeps in between."""
    failures = short = 0
    while True:
        try:
            source = connect(host, imds)
            break
        except NoRoleError as error:
            reason, pause = str(error), 25 * MINUTE + chance.randrange(0, 300)
        except TransientError as error:
            reason, pause = str(error), BACKOFF[min(short, len(BACKOFF) - 1)] * MINUTE
            short += 1
        failures += 1
        write_identity(host, instance, "")
        if failures <= 3:  # later ones are logged at DEBUG, which nobody sees
            host.log(f"[CredentialRefresher] failed to get credentials: {reason}")
            host.log(f"[CredentialRefresher] Sleeping for {duration(pause)} before retrying retrieve credentials")
        host.wait(pause)
    write_identity(host, instance, source)
    means = "instance profile role" if source == "EC2" else "Systems Manager managed instance role"
    host.log(f"[CredentialRefresher] Successfully connected with {means} credentials")


def run(host: Host) -> None:
    """Live as the agent's main process."""
    imds = Imds(host.imds)
    chance = random.Random(host.seed)
    host.log("[amazon-ssm-agent] Starting Core Agent: amazon-ssm-agent - v3.3.987.0")
    instance = identify(host, imds, chance)
    documents = host.root / "var/lib/amazon/ssm" / instance / "document/state/current"
    documents.mkdir(parents=True, exist_ok=True)
    if not is_trusted(host):
        refresh(host, imds, instance, chance)
    host.log("[CredentialRefresher] Credentials ready")
    worker = agent_worker.start(host)
    try:
        due = time.monotonic() + KEY_CACHE / host.scale
        while True:
            time.sleep(0.5)
            if os.waitpid(worker, os.WNOHANG)[0]:
                host.wait(15.0)
                worker = agent_worker.start(host)
            if time.monotonic() >= due:
                refresh(host, imds, instance, chance)
                due = time.monotonic() + KEY_CACHE / host.scale
    finally:
        with suppress(OSError):
            os.kill(worker, signal.SIGTERM)
            os.waitpid(worker, 0)


def stop(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise StopRequest


def main(argv: list[str]) -> int:
    """Run the agent until SIGTERM; it then takes its seven seconds."""
    parser = argparse.ArgumentParser(prog="ssmwake.simulate agent", description="a stand-in for amazon-ssm-agent")
    parser.add_argument("--root", type=Path, default=Path("/"))
    parser.add_argument("--imds", default="http://169.254.169.254")
    parser.add_argument("--ssm", default="127.0.0.1:8443", metavar="HOST:PORT")
    parser.add_argument("--scale", type=float, default=1.0, help="divides the agent's waits")
    parser.add_argument("--hurry", type=float, default=1.0, help="divides what its work costs")
    parser.add_argument("--seed", type=int, default=52, help="picks the sleep; the default announces 25m27s")
    options = parser.parse_args(argv)
    address, _, port = options.ssm.rpartition(":")
    if not port.isdigit() or options.scale <= 0 or options.hurry <= 0:
        parser.error("--ssm is HOST:PORT, and --scale and --hurry are above zero")
    ssm = (address.strip("[]"), int(port))
    host = Host(options.root, options.imds, ssm, options.scale, options.hurry, options.seed)
    rename_process("amazon-ssm-agent")
    signal.signal(signal.SIGTERM, stop)
    try:
        run(host)
    except (StopRequest, KeyboardInterrupt):
        # A survey of the message bus takes a second, and a sleep that waits for the workers takes six.
        host.log("[amazon-ssm-agent] Stopping Core Agent")
        host.work(7.0)
        host.log("[amazon-ssm-agent] Bye.")
    return 0
