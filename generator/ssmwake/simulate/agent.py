"""A stand-in for amazon-ssm-agent that sleeps, wakes, hibernates and stops as the real one was measured to.

Only the standard library: python3 -m ssmwake.simulate agent --root DIR --imds URL --ssm HOST:PORT [--scale 60]

Two kinds of time. What the agent waits for (25-30 minutes, 5 minutes, the 30 minutes of a cached key, the 90 s of an
idle connection) is divided by --scale, while its log announces the true figure. What its work costs (7 s to stop,
8.7-10.7 s to give up on IMDS, 1 s to open the control channel) is divided by --hurry, which only a test of something
else should use.

--release 3.1 does not sleep without a role: its worker starts and hibernates. --release 2.3 has no worker process.
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
from ssmwake.simulate.agent_errors import (
    DENIED,
    FINGERPRINT,
    NO_HOST_MANAGEMENT,
    NoRoleError,
    TransientError,
    unreachable,
    worded,
)
from ssmwake.simulate.agent_shared import (
    BACKOFF,
    IDENTITY_KEY,
    KEY_CACHE,
    MINUTE,
    REGISTRATION_KEY,
    Host,
    IdleConnection,
    ImdsClient,
    call,
    duration,
    fetch_key,
    is_trusted,
    longest_sleep,
    rename_process,
    write_identity,
)

VERSIONS = {"3.3": "3.3.987.0", "3.1": "3.1.1927.0", "2.3": "2.3.1644.0"}


class StopRequest(Exception):  # noqa: N818 - a request, not an error
    """SIGTERM arrived."""


def identify(host: Host, imds: ImdsClient, chance: random.Random) -> str:
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
            host.log("[amazon-ssm-agent] failed to find agent identity, exiting", level="ERROR")
            raise SystemExit(1)
        time.sleep(min(left, 0.4))


class Core:
    """The main process: it finds credentials, and starts a worker when there are some."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._imds = ImdsClient(host.imds)
        self._chance = random.Random(host.seed)
        self._idle = IdleConnection(host)
        self._worker = 0

    def run(self) -> None:
        """Live until a StopRequest."""
        host = self._host
        version = VERSIONS[host.release]
        host.log(f"[amazon-ssm-agent] Starting Core Agent: amazon-ssm-agent - v{version}")
        instance = identify(host, self._imds, self._chance)
        documents = host.root / "var/lib/amazon/ssm" / instance / "document/state/current"
        documents.mkdir(parents=True, exist_ok=True)
        if host.release == "2.3":
            agent_worker.work(host, os.getppid(), instance)
            return
        if host.release == "3.3" and not is_trusted(host):
            self._refresh(instance)
        host.log("[CredentialRefresher] Credentials ready")
        self._look_after_worker(instance)

    def stop(self) -> None:
        """Stop in order: a survey of the message bus takes a second, and a sleep that waits for the workers six."""
        self._host.log("[amazon-ssm-agent] Stopping Core Agent")
        self._host.work(7.0)
        if self._worker:
            with suppress(OSError):
                os.kill(self._worker, signal.SIGTERM)
                os.waitpid(self._worker, 0)
        self._host.log("[amazon-ssm-agent] Bye.")

    def _look_after_worker(self, instance: str) -> None:
        host = self._host
        self._worker = agent_worker.start(host, instance)
        due = time.monotonic() + KEY_CACHE / host.scale
        look = time.monotonic() + MINUTE / host.scale
        while True:
            time.sleep(min(0.5, MINUTE / host.scale))
            self._idle.tidy()
            # A worker that has ended stays a zombie until the next look, once a minute.
            if time.monotonic() >= look:
                look = time.monotonic() + MINUTE / host.scale
                if os.waitpid(self._worker, os.WNOHANG)[0]:
                    host.wait(15.0)
                    self._worker = agent_worker.start(host, instance)
            if time.monotonic() >= due and host.release == "3.3":
                self._refresh(instance)
                due = time.monotonic() + KEY_CACHE / host.scale

    def _refresh(self, instance: str) -> None:
        """Try until there are credentials, with the agent's own sleeps in between."""
        failures = short = 0
        while True:
            try:
                source = self._connect(instance)
                break
            except NoRoleError as error:
                reason, pause = str(error), min(25 * MINUTE + self._chance.randrange(0, 300), longest_sleep(self._host))
            except TransientError as error:
                reason, pause = str(error), BACKOFF[min(short, len(BACKOFF) - 1)] * MINUTE
                short += 1
            failures += 1
            write_identity(self._host, instance, "")
            self._host.log(f"[CredentialRefresher] Retrieve credentials produced {reason}", level="ERROR")
            if failures <= 3:  # later ones are logged at DEBUG, which nobody sees
                self._host.log(
                    f"[CredentialRefresher] Sleeping for {duration(pause)} before retrying retrieve credentials"
                )
            self._wait(pause)
        write_identity(self._host, instance, source)
        means = "instance profile role" if source == "EC2" else "Systems Manager managed instance role"
        self._host.log(f"[CredentialRefresher] Successfully connected with {means} credentials")

    def _connect(self, instance: str) -> str:
        """Return the source of working credentials: EC2 for the role, SSM for Default Host Management."""
        if self._host.activation:
            return self._register(instance)
        try:
            key = fetch_key(self._host, self._imds)
            refusal = self._ask("UpdateInstanceInformation", key)
            if not refusal:
                return "EC2"
            if refusal != DENIED:
                raise TransientError(f"aws error: {worded(refusal, self._imds.role, instance)}")
            text = worded(refusal, self._imds.role, instance)
        except NoRoleError as error:
            text = str(error)
        words = "EC2RoleProvider Failed to connect to Systems Manager with instance profile role credentials. Err: "
        self._host.log(f"{words}retrieved credentials failed to report to ssm. Error: {text}", level="WARN")
        refusal = self._ask("RequestManagedInstanceRoleToken", IDENTITY_KEY)
        if not refusal:
            return "SSM"
        if refusal != DENIED:
            raise TransientError(f"aws error: {refusal}")
        raise NoRoleError(
            "error: no valid credentials could be retrieved for ec2 identity. Default Host Management Err: "
            + NO_HOST_MANAGEMENT
        )

    def _register(self, instance: str) -> str:
        """Return the source of the credentials that a hybrid activation gives, whatever role the instance has."""
        refusal = self._ask("RequestManagedInstanceRoleToken", REGISTRATION_KEY)
        if refusal in (DENIED, FINGERPRINT):
            raise NoRoleError(f"aws error: {worded(refusal, 'registration', instance)}")
        if refusal:
            raise TransientError(f"aws error: {refusal}")
        return "SSM"

    def _ask(self, action: str, key: str) -> str:
        """Call SSM; a connection that is refused is tried for 18.3 s."""
        last = OSError()
        for pause in (0.3, 1.0, 2.0, 5.0, 10.0):
            try:
                return call(self._host, action, key, self._idle)
            except OSError as error:
                last = error
                self._host.work(pause)
        return unreachable(self._host.ssm, last)

    def _wait(self, seconds: float) -> None:
        """Let the agent's own time pass, in which idle connections are closed."""
        end = time.monotonic() + seconds / self._host.scale
        while (left := end - time.monotonic()) > 0:
            self._idle.tidy()
            time.sleep(min(left, 1.0))


def install(host: Host) -> None:
    """Put in place what a package would: the program of the worker, and the registration of an activation."""
    if host.release != "2.3":
        program = host.root / "usr/bin/ssm-agent-worker"
        if not program.exists():
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text("", encoding="ascii")
    if host.activation:
        registration = host.root / "var/lib/amazon/ssm/registration"
        registration.parent.mkdir(parents=True, exist_ok=True)
        registration.write_text("{}", encoding="ascii")


def stop(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise StopRequest


def address(text: str) -> tuple[str, int]:
    """Read HOST:PORT."""
    name, _, port = text.rpartition(":")
    if not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is not HOST:PORT")
    return name.strip("[]"), int(port)


def main(argv: list[str]) -> int:
    """Run the agent until SIGTERM; it then takes its seven seconds."""
    parser = argparse.ArgumentParser(prog="ssmwake.simulate agent", description="a stand-in for amazon-ssm-agent")
    parser.add_argument("--root", type=Path, default=Path("/"))
    parser.add_argument("--imds", default="http://169.254.169.254")
    parser.add_argument("--ssm", type=address, default=("127.0.0.1", 8443), metavar="HOST:PORT")
    parser.add_argument("--messages", type=address, metavar="HOST:PORT", help="ssmmessages; by default where ssm is")
    parser.add_argument("--scale", type=float, default=1.0, help="divides the agent's waits")
    parser.add_argument("--hurry", type=float, default=1.0, help="divides what its work costs")
    parser.add_argument("--seed", type=int, default=52, help="picks the sleep; the default announces 25m27s")
    parser.add_argument("--release", choices=VERSIONS, default="3.3")
    parser.add_argument("--activation", action="store_true", help="registered by a hybrid activation")
    options = parser.parse_args(argv)
    if options.scale <= 0 or options.hurry <= 0:
        parser.error("--scale and --hurry are above zero")
    host = Host(**{**vars(options), "messages": options.messages or options.ssm})
    install(host)
    rename_process("amazon-ssm-agent")
    signal.signal(signal.SIGTERM, stop)
    core = Core(host)
    try:
        core.run()
    except (StopRequest, KeyboardInterrupt):
        core.stop()
    return 0
