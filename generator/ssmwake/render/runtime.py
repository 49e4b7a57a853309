"""Make of the parts of the runtime the one file that runs on an instance; its bytes do not depend on any config."""

import base64
import gzip
import re
from functools import cache

from ssmwake.render.shorten import shortened
from ssmwake.resources import templates

NOTICE = "Rendered by ssmwake from templates/; do not edit."

# Each part holds functions and defaults only, and the last line calls `main`. In this order, after the settings, gzip
# makes the least of them.
PARTS = (
    "settings.sh",
    "http.sh",
    "imds.sh",
    "status.sh",
    "log.sh",
    "agent.sh",
    "watch.sh",
    "clock.sh",
    "wake.sh",
    "main.sh",
    "clients.sh",
    "ready.sh",
    "install.sh",
)


def source() -> str:
    """Return the parts as one script, for people: with its comments and its long names."""
    folder = templates() / "runtime"
    parts = "\n".join((folder / part).read_text(encoding="utf-8") for part in PARTS)
    return f'#!/bin/sh\n{parts}\nmain "$@"\n'


@cache
def runtime() -> str:
    """Return the runtime, byte for byte as each carrier holds it: the source, made short."""
    return f"#!/bin/sh\n# {NOTICE.replace('templates/', 'templates/runtime/')}\n{shortened(to_shorten(), names())}"


def to_shorten() -> str:
    """Return the source with the program in it that is for bash made short already."""
    return re.sub("(?<=^bash_client=')[^']+", lambda found: shortened(found[0]).strip(), source(), flags=re.MULTILINE)


def names() -> dict[tuple[str, str], str]:
    """Return the short names that gzip makes least of, by kind and name; `make names` looks for them."""
    text = (templates() / "runtime" / "names.txt").read_text(encoding="utf-8")
    return {(kind, name): short for kind, name, short in map(str.split, text.splitlines())}


@cache
def packed() -> str:
    """Return the runtime for carriers that hold 16 KiB at the most: gzip, in base64.

    The bytes come from a file, as what gzip makes differs between builds of zlib, and a render must not. While the
    parts are being edited that file is behind, and the runtime is packed here; `make pack` brings it up to date.
    """
    text = (templates() / "runtime" / "packed.txt").read_text(encoding="utf-8")
    if gzip.decompress(base64.b64decode(text)) == runtime().encode():
        return text
    return wrapped(gzip.compress(runtime().encode(), 9, mtime=0))


def wrapped(blob: bytes) -> str:
    """Return the bytes in base64, in lines that an editor can still show."""
    text = base64.b64encode(blob).decode()
    return "".join(f"{text[start : start + 160]}\n" for start in range(0, len(text), 160))
