"""Root file systems of Debian suites, made by mmdebstrap once and kept: a suite in, the path of a root out."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

SUITES = ("bullseye", "bookworm", "trixie", "forky")
# What the cloud images of these suites have, as far as it matters here; without locales, cloud-init ends in an error.
PACKAGES = (
    *("systemd-sysv", "dbus", "cloud-init", "python3", "curl", "iproute2", "locales", "procps"),
    *("mount", "openssh-client", "passwd"),  # not everywhere by itself, and cloud-init or the harness calls them
)
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
OPTIONS = (
    # A mirror may be a snapshot of some weeks ago, and the lists of a testing suite expire after one.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=Acquire::Retries "3"',
    '--aptopt=APT::Install-Recommends "false"',
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
)
BUILD_TIMEOUT = 600


@dataclass(frozen=True)
class Recipe:
    """What a root is made of; two recipes that differ never share a root."""

    suite: str
    packages: tuple[str, ...] = PACKAGES

    @property
    def name(self) -> str:
        digest = hashlib.sha256(repr((self, OPTIONS)).encode()).hexdigest()
        return f"{self.suite}-{digest[:12]}"


def cache() -> Path:
    """Return the folder that keeps roots between runs; it lies outside of any checkout."""
    given = os.environ.get("SSMWAKE_BOOT_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(given) if given else home / "ssmwake" / "boot"


def mirror() -> str:
    """Return the Debian mirror that this machine's own apt is configured with."""
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(LABEL)|$(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    for line in listing.splitlines():
        label, _, address = line.partition("|")
        if label == "Debian":
            return address
    raise RuntimeError("apt has no Debian mirror; run apt-get update, or configure one")


def root(recipe: Recipe) -> Path:
    """Return the root of a recipe; build it first if nobody has, and wait if somebody is at it."""
    home = cache()
    home.mkdir(parents=True, exist_ok=True)
    place = home / recipe.name
    with locked(home / f"{recipe.name}.lock"):
        if not place.is_dir():
            build(recipe, place)
    return place


def roots(recipes: Iterable[Recipe]) -> dict[str, Path]:
    """Return the roots of several recipes by suite, built side by side where they are not there yet."""
    wanted = list(recipes)
    with ThreadPoolExecutor(max_workers=len(wanted)) as pool:
        return dict(zip([recipe.suite for recipe in wanted], pool.map(root, wanted), strict=True))


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock among all processes that use this cache."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(recipe: Recipe, place: Path) -> None:
    """Make a root next to its place and move it there when it is whole: a half-made one never has the name."""
    draft = place.with_name(f"{place.name}.draft")
    log = place.with_name(f"{place.name}.log")
    # A draft that is there was left by a build that was killed: we hold the lock.
    shutil.rmtree(draft, ignore_errors=True)
    command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=apt", "--format=directory", f"--keyring={KEYRING}"]
    command += [*OPTIONS, f"--include={','.join(recipe.packages)}", recipe.suite, str(draft), mirror()]
    started = time.monotonic()
    with log.open("w") as output:
        status = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=BUILD_TIMEOUT, check=False
        ).returncode
        output.write(f"built in {time.monotonic() - started:.0f} s with status {status}\n")
    if status:
        tail = "\n".join(log.read_text().splitlines()[-8:])
        raise RuntimeError(f"mmdebstrap {recipe.suite} failed with status {status}:\n{tail}")
    draft.rename(place)
