"""The one package that only a tunnel needs: whether it is there, and the line that installs it where ssmwake is.

ssmwake may be installed with pip, pipx or uv, from an index, a folder or a repository; the line adds the package to
that very environment, so it works for each of them.
"""

import importlib.metadata
import importlib.util
import json
import os
import re
import shlex
import sys
import urllib.parse
from pathlib import Path

EXTRA = "wake"


def is_installed() -> bool:
    """Return whether the package that a tunnel needs is there."""
    return importlib.util.find_spec("websockets") is not None


def install_line() -> str:
    """Return the command that adds the package to the environment that this program runs in."""
    wanted = requirement()
    prefix = Path(sys.prefix)
    if (prefix / "pipx_metadata.json").is_file():
        return shlex.join(["pipx", "inject", prefix.name, wanted])
    if (prefix / "uv-receipt.toml").is_file():
        return shlex.join(["uv", "tool", "install", "--with", wanted, source()])
    if _is_of_uvx(prefix):
        name = source()
        start = ["uvx", "--with", wanted, *(["--from", name] if name != "ssmwake" else []), "ssmwake"]
        return f"{shlex.join(start)} wake ..."
    if importlib.util.find_spec("pip") is None:
        return shlex.join(["uv", "pip", "install", "--python", sys.executable, wanted])
    return shlex.join([sys.executable, "-m", "pip", "install", wanted])


def requirement() -> str:
    """Return what the extra asks for, as the metadata of the installed package has it."""
    try:
        listed = importlib.metadata.requires("ssmwake") or []
    except importlib.metadata.PackageNotFoundError:
        listed = []
    marker = re.compile(rf"extra\s*==\s*['\"]{EXTRA}['\"]")
    return next((one.partition(";")[0].strip() for one in listed if marker.search(one)), "websockets")


def source() -> str:
    """Return where ssmwake itself was installed from: a folder, a repository, or its name in an index."""
    try:
        text = importlib.metadata.distribution("ssmwake").read_text("direct_url.json") or "{}"
        found = json.loads(text)
    except (importlib.metadata.PackageNotFoundError, OSError, ValueError):
        found = {}
    url = str(found.get("url") or "")
    if url.startswith("file://"):
        return urllib.parse.unquote(url.removeprefix("file://"))
    if "vcs_info" in found:
        return f"{found['vcs_info'].get('vcs', 'git')}+{url}"
    return url or "ssmwake"


def _is_of_uvx(prefix: Path) -> bool:
    """Return whether the environment is one that uvx made, and may throw away."""
    cache = os.environ.get("UV_CACHE_DIR") or ""
    is_cached = bool({"archive-v0", "environments-v2"} & set(prefix.parts)) or (
        bool(cache) and prefix.is_relative_to(Path(cache))
    )
    try:
        return is_cached and "uv = " in (prefix / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return False
