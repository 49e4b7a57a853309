"""A network of two for each boot: the guest's namespace, and one where IMDS answers at its real link-local address.

Nothing leads out of it. A server is started in the namespace by the thread that `inside` gives: a socket stays in the
namespace where it was made, so the server itself runs in this process and a test can look at it and change it.
"""

import contextlib
import ctypes
import itertools
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
IMDS_V4 = "169.254.169.254"
IMDS_V6 = "fd00:ec2::254"
GUEST, HOST = "10.0.0.10", "10.0.0.1"
# Session Manager's channel has an address of its own, as it has wherever there is no proxy.
MESSAGES = "10.0.0.2"
# The way there is the default route, and packets to it vanish.
NOWHERE = "192.0.2.1"
GUEST_V6, HOST_V6 = "fd00:55::10", "fd00:55::1"
MAC = "02:00:00:00:00:10"
PREFIX = "ssmwake-boot"
NAMESPACES = Path("/run/netns")
CLONE_NEWNET = 0x40000000

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Network:
    """The names of the guest's namespace and of the one where IMDS answers."""

    guest: str
    host: str

    def inside(self, act: Callable[[], T]) -> T:
        """Call a function in the namespace of IMDS; sockets that it makes stay there."""
        return call_in(NAMESPACES / self.host, act)

    def unplug(self) -> None:
        """Take IMDS away: packets to it vanish, as before a network is up."""
        ip("-n", self.host, "link", "set", "eth0", "down")

    def plug(self) -> None:
        """Bring IMDS back."""
        ip("-n", self.host, "link", "set", "eth0", "up")
        # Taking the link down took the address of IPv6 with it.
        ip("-n", self.host, "-6", "address", "replace", f"{HOST_V6}/64", "dev", "eth0", "nodad")


def ip(*arguments: str) -> None:
    """Run ip; its words are part of the error if it fails."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, timeout=20, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """Make the two namespaces and the cable between them, and remove them at the end."""
    stem = f"{PREFIX}-{os.getpid()}-{next(_numbers)}"
    net = Network(f"{stem}-g", f"{stem}-h")
    with contextlib.ExitStack() as undo:
        for name in (net.guest, net.host):
            ip("netns", "add", name)
            undo.callback(ip, "netns", "delete", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", net.host, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", net.guest)
        ip("-n", net.guest, "link", "set", "eth0", "address", MAC)
        for name, v4, v6 in ((net.guest, GUEST, GUEST_V6), (net.host, HOST, HOST_V6)):
            ip("-n", name, "address", "add", f"{v4}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "address", "add", f"{v6}/64", "dev", "eth0", "nodad")
        ip("-n", net.host, "address", "add", f"{MESSAGES}/32", "dev", "eth0")
        ip("-n", net.host, "address", "add", f"{IMDS_V4}/32", "dev", "lo")
        ip("-n", net.host, "address", "add", f"{IMDS_V6}/128", "dev", "lo", "nodad")
        ip("-n", net.host, "route", "add", "blackhole", f"{NOWHERE}/32")
        ip("-n", net.guest, "route", "add", "default", "via", HOST)
        ip("-n", net.guest, "-6", "route", "add", f"{IMDS_V6}/128", "via", HOST_V6)
        yield net


def call_in(namespace: Path, act: Callable[[], T]) -> T:
    """Call a function on a thread of its own that has moved to a network namespace."""
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            with namespace.open() as handle:
                if libc.setns(handle.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), f"setns {namespace}")
            results.append(act())
        except BaseException as error:  # noqa: BLE001 - raised again below, on the caller's thread
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def sweep() -> None:
    """Remove the namespaces of test runs that were killed: their process is no more."""
    for name in NAMESPACES.glob(f"{PREFIX}-*") if NAMESPACES.is_dir() else ():
        process = name.name.removeprefix(f"{PREFIX}-").partition("-")[0]
        if process.isdigit() and not Path("/proc", process).exists():
            with contextlib.suppress(RuntimeError):  # somebody else may sweep at the same time
                ip("netns", "delete", name.name)
