"""The programs that tests need and a machine may lack: left out at a desk, in one line, and a failure in CI."""

import functools
import os
import shutil
import subprocess

import pytest

# Administrators' tools too; the PATH of a plain user often leaves their folders out.
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
# What `make setup` installs, and terraform, which Debian does not have.
EXPECTED = {"bash", "busybox", "curl", "dash", "fish", "git", "ksh93", "mksh", "node", "openssl", "ssh", "sshd"}
EXPECTED |= {"strace", "terraform", "yash", "zsh"}


def find(tool: str) -> str | None:
    """Return the path of a program of the machine (not of a version manager's shims), or None."""
    return shutil.which(tool, path=PATH) or shutil.which(tool)


def missing() -> list[str]:
    """List which of the programs that tests expect are missing here."""
    return [tool for tool in sorted(EXPECTED) if not find(tool)]


def require(tool: str) -> str:
    """Return the path of a program; leave the test out where it is missing."""
    path = find(tool)
    if path:
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(f"{tool} is missing, and CI leaves nothing out", pytrace=False)
    # The line at the end of the run names it.
    pytest.skip(f"missing: {tool}")


@functools.cache
def _refusal() -> str:
    done = subprocess.run([*_unshare(), "true"], capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""


def _unshare() -> list[str]:
    return [require("unshare"), "--mount", "--pid", "--fork", "--mount-proc"]


def namespaces(*more: str) -> list[str]:
    """Return what gives the command after it namespaces of its own; leave the test out where this is not allowed."""
    command = [*_unshare(), *more]
    if not _refusal():
        return command
    if os.environ.get("CI") == "true":
        pytest.fail(f"{_refusal()}, and CI leaves nothing out", pytrace=False)
    pytest.skip(f"namespaces of their own need root, and in a container its CAP_SYS_ADMIN too: {_refusal()}")
