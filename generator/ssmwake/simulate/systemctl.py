"""A command named systemctl, in a folder to be put first on PATH, that asks our own units instead of systemd.

    with Systemctl(folder, Unit(Policy("amazon-ssm-agent.service", command))) as systemctl:
        systemctl.path        # the folder that holds the command
        systemctl.calls       # the arguments of every call so far

It knows show, status, start, stop, restart, try-restart, kill, reset-failed, is-active, is-enabled, enable, disable,
mask, unmask and daemon-reload.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import socketserver
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from ssmwake.simulate.supervisor import Unit

# `-I -S` starts in 15 ms. The socket is named by its folder, as the path of a Unix socket is 108 bytes at the most.
SHIM = """#!/bin/sh
exec {python} -I -S -c '
import json, os, socket, sys
os.chdir(sys.argv[1])
s = socket.socket(socket.AF_UNIX)
try:
    s.connect("socket")
    s.sendall(json.dumps(sys.argv[2:]).encode() + b"\\n")
    status, out, err = json.loads(s.makefile().read())
except (OSError, ValueError) as error:
    status, out, err = 1, "", "Failed to connect to bus: %s\\n" % error
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(status)
' {folder} "$@"
"""

WITH_VALUE = {
    "-p",
    "--property",
    "-P",
    "-s",
    "--signal",
    "--kill-who",
    "--kill-whom",
    "-t",
    "--type",
    "-n",
    "-o",
    "--job-mode",
}
ABSENT = {"LoadState": "not-found", "ActiveState": "inactive", "SubState": "dead", "MainPID": "0", "UnitFileState": ""}
FILE_STATES = {"enable": "enabled", "disable": "disabled", "mask": "masked", "unmask": "enabled"}

Answer = tuple[int, str, str]


@dataclass(frozen=True)
class CommandLine:
    """A command line, taken apart."""

    verb: str
    names: tuple[str, ...]
    properties: tuple[str, ...]
    flags: frozenset[str]
    signal: int

    @property
    def blocks(self) -> bool:
        return "--no-block" not in self.flags


def parse(argv: list[str]) -> CommandLine:
    """Take a command line apart; ValueError says what it does not know."""
    words: list[str] = []
    flags: set[str] = set()
    properties: list[str] = []
    number = int(signal.SIGTERM)
    rest = iter(argv)
    for word in rest:
        if not word.startswith("-"):
            words.append(word)
            continue
        name, equals, value = word.partition("=")
        if name in WITH_VALUE and not equals:
            value = next(rest, "")
        if name in ("-p", "--property", "-P"):
            properties += value.split(",")
            flags |= {"--value"} if name == "-P" else set()
        elif name in ("-s", "--signal"):
            text = value.upper().removeprefix("SIG")
            number = int(text) if text.isdigit() else int(signal.Signals[f"SIG{text}"])
        else:
            flags.add(name)
    if not words:
        raise ValueError("no verb")
    names = tuple(name if "." in name else f"{name}.service" for name in words[1:])
    return CommandLine(words[0], names, tuple(properties), frozenset(flags), number)


class Systemctl:
    """The command, and the socket behind it."""

    def __init__(self, folder: Path, *units: Unit) -> None:
        self.units = {unit.policy.name: unit for unit in units}
        self.calls: list[list[str]] = []
        self.path = folder
        folder.mkdir(parents=True, exist_ok=True)
        shim = folder / "systemctl"
        shim.write_text(SHIM.format(python=shlex.quote(sys.executable), folder=shlex.quote(str(folder))))
        shim.chmod(0o755)
        outer = self

        class Conversation(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                argv = json.loads(self.rfile.readline() or b"[]")
                self.wfile.write(json.dumps(outer.run(argv)).encode())

        self._folder = os.open(folder, os.O_RDONLY)
        self._server = socketserver.ThreadingUnixStreamServer(f"/proc/self/fd/{self._folder}/socket", Conversation)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Systemctl:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        os.close(self._folder)
        for unit in self.units.values():
            unit.close()

    def run(self, argv: list[str]) -> Answer:
        """Answer one call: status, standard output, standard error."""
        self.calls.append(argv)
        try:
            call = parse(argv)
        except (ValueError, KeyError) as error:
            return 1, "", f"systemctl: {error}\n"
        if call.verb == "daemon-reload":
            return 0, "", ""
        answers = [self._one(call, name) for name in call.names]
        if not answers:
            return 1, "", "Too few arguments.\n"
        return max(answer[0] for answer in answers), "".join(a[1] for a in answers), "".join(a[2] for a in answers)

    def _one(self, call: CommandLine, name: str) -> Answer:
        unit = self.units.get(name)
        if call.verb == "show":
            return 0, format_properties(unit.properties() if unit else ABSENT | {"Id": name}, call), ""
        if call.verb in ("is-active", "status"):
            state = unit.active if unit else "inactive"
            return (0 if state == "active" else 3 if unit else 4), f"{state}\n", ""
        if unit is None:
            return (1 if call.verb in FILE_STATES else 5), "", f"Unit {name} not found.\n"
        if call.verb == "is-enabled":
            return (0 if unit.file_state == "enabled" else 1), f"{unit.file_state}\n", ""
        if call.verb == "kill":
            return (0, "", "") if unit.signal(call.signal) else (1, "", f"No main process in {name}.\n")
        if call.verb == "reset-failed":
            unit.reset_failed()
            return 0, "", ""
        if call.verb in FILE_STATES:
            unit.file_state = FILE_STATES[call.verb]
            if "--now" not in call.flags:
                return 0, "", ""
            return job(unit, "start" if call.verb == "enable" else "stop", call)
        if call.verb == "try-restart":
            return job(unit, "restart", call) if unit.main_pid else (0, "", "")
        if call.verb in ("start", "stop", "restart"):
            return job(unit, call.verb, call)
        return 1, "", f"Unknown command verb {call.verb}.\n"


def format_properties(properties: dict[str, str], call: CommandLine) -> str:
    """Print properties as systemd does: in its own order, and nothing for one that it does not know."""
    wanted = {name: text for name, text in properties.items() if not call.properties or name in call.properties}
    return "".join(f"{text}\n" if "--value" in call.flags else f"{name}={text}\n" for name, text in wanted.items())


def job(unit: Unit, verb: str, call: CommandLine) -> Answer:
    """Queue a job, and wait for it unless the call does not block."""
    if unit.file_state == "masked" and verb != "stop":
        return 1, "", f"Unit {unit.policy.name} is masked.\n"
    queued = unit.submit(verb)
    if not call.blocks:
        return 0, "", ""
    queued.done.wait()
    return (1, "", f"{queued.failure}\n") if queued.failure else (0, "", "")
