"""The simulators as programs: they print their URLs as a line of JSON, take orders over HTTP, and run until SIGTERM."""

from __future__ import annotations

import argparse
import base64
import json
import signal
import sys
import threading
from dataclasses import asdict, replace
from pathlib import Path

from ssmwake.simulate import control
from ssmwake.simulate.endpoint import Endpoint
from ssmwake.simulate.faults import FAULTS
from ssmwake.simulate.imds import Imds
from ssmwake.simulate.metadata import Instance

CHANGEABLE = dict.fromkeys(("id", "region", "zone", "type", "ip", "mac"), str) | {"public_keys": list, "paths": dict}


def imds_actions(server: Imds) -> control.Actions:
    """Return what can be asked of a running IMDS."""

    def fault(name: str, seconds: float = float("inf"), times: float = float("inf")) -> None:
        server.fault(name, seconds, times)

    def user_data(text: str = "", base64_text: str = "") -> int:
        server.instance.user_data = base64.b64decode(base64_text, validate=True) if base64_text else text.encode()
        return len(server.instance.user_data)

    def instance(**attributes: object) -> dict[str, object]:
        for name, value in attributes.items():
            wanted = CHANGEABLE.get(name)
            if wanted is None or not isinstance(value, wanted):
                raise ValueError(
                    f"{name}: not an attribute of an instance, or of the wrong type; see metadata.Instance"
                )
            setattr(server.instance, name, tuple(value) if isinstance(value, list) else value)
        shown = asdict(replace(server.instance, user_data=None))
        return {name: shown[name] for name in CHANGEABLE}

    def log(after: int = 0) -> list[dict[str, object]]:
        return [asdict(request) for request in server.requests[after:]]

    return {
        "attach": lambda **words: asdict(server.attach(**words)),
        "swap": lambda **words: asdict(server.swap(**words)),
        "detach": server.detach,
        "rotate": lambda: asdict(server.rotate()),
        "code": server.code,
        "expire": server.expire,
        "forget-tokens": server.forget_tokens,
        "fault": fault,
        "clear": server.clear,
        "user-data": user_data,
        "instance": instance,
        "log": log,
        "counts": lambda: dict(server.counts),
    }


def list_faults() -> str:
    """Return the table of faults for people."""
    width = max(map(len, FAULTS))
    return "".join(f"{name:{width}}  {fault.text}\n" for name, fault in FAULTS.items())


def until_stopped(actions: control.Actions, control_at: tuple[str, int | None], facts: dict[str, str]) -> None:
    """Say where the program listens, and wait for SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    host, port = control_at
    server = None if port is None else control.serve(actions, host, port)
    if server is not None:
        facts["control"] = f"http://{host}:{server.server_address[1]}"
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    stop.wait()
    if server is not None:
        server.shutdown()
        server.server_close()


def imds(argv: list[str]) -> int:
    """Run a fake IMDS."""
    parser = argparse.ArgumentParser(prog="python3 -m ssmwake.simulate imds", description=imds.__doc__)
    parser.add_argument("--listen", action="append", metavar="HOST:PORT", help="an address; may be repeated")
    parser.add_argument("--port", type=int, help="short for --listen 127.0.0.1:PORT; 0 takes a free one")
    parser.add_argument("--control-host", default="127.0.0.1")
    parser.add_argument("--control-port", type=int, help="listen for orders; 0 takes a free port")
    parser.add_argument("--role", help="the role that is attached from the start")
    parser.add_argument("--user-data", type=Path, metavar="FILE")
    parser.add_argument("--fault", action="append", default=[], choices=FAULTS, metavar="NAME")
    parser.add_argument("--v1", action="store_true", help="answer without a token too (HttpTokens=optional)")
    parser.add_argument("--list-faults", action="store_true")
    options = parser.parse_args(argv)
    if options.list_faults:
        sys.stdout.write(list_faults())
        return 0
    addresses = (options.listen or []) + ([f"127.0.0.1:{options.port}"] if options.port is not None else [])
    try:
        text = options.user_data.read_bytes() if options.user_data else None
        server = Imds(*addresses, instance=Instance(user_data=text), v1=options.v1)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    with server:
        if options.role:
            server.attach(options.role)
        for name in options.fault:
            server.fault(name)
        control_at = (options.control_host, options.control_port)
        until_stopped(imds_actions(server), control_at, {"url": server.url})
    return 0


def endpoint_actions(server: Endpoint) -> control.Actions:
    """Return what can be asked of a running endpoint."""

    def host_management(answer: str) -> None:
        server.host_management = answer

    def log(after: int = 0) -> list[dict[str, object]]:
        return [asdict(event) for event in server.events[after:]]

    return {
        "allow": server.allow,
        "deny": server.deny,
        "expire": server.expire,
        "host-management": host_management,
        "fault": server.fault,
        "clear": server.clear,
        "online": lambda: server.online,
        "log": log,
    }


def endpoint(argv: list[str]) -> int:
    """Run a stand-in for SSM and ssmmessages."""
    parser = argparse.ArgumentParser(prog="python3 -m ssmwake.simulate endpoint", description=endpoint.__doc__)
    parser.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:0")
    parser.add_argument("--port", type=int, help="short for --listen 127.0.0.1:PORT; 0 takes a free one")
    parser.add_argument("--control-host", default="127.0.0.1")
    parser.add_argument("--control-port", type=int, help="listen for orders; 0 takes a free port")
    parser.add_argument("--allow-all", action="store_true", help="accept every key")
    options = parser.parse_args(argv)
    try:
        server = Endpoint(options.listen if options.port is None else f"127.0.0.1:{options.port}")
    except (OSError, ValueError) as error:
        parser.error(str(error))
    with server:
        if options.allow_all:
            server.allow()
        control_at = (options.control_host, options.control_port)
        until_stopped(endpoint_actions(server), control_at, {"address": server.address})
    return 0
