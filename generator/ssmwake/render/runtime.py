"""Join the parts of the runtime into the one script that runs on an instance; its bytes do not depend on any config.

`dist/runtime/ssmwake.sh` is the source with its comments. Every carrier holds the same script without the lines that
are only a comment or blank, and nothing else is changed, so that anybody can compare what runs with what was reviewed.
"""

import base64
import gzip
import re
from functools import cache

from ssmwake.resources import templates

NOTICE = "Rendered by ssmwake from templates/; do not edit."

# Each part holds functions and defaults only; the last line of the script calls `main`. gzip looks back 32 KiB, so
# parts that use the same words are neighbours: this order saves 1 % of what every carrier holds.
PARTS = (
    "settings.sh",
    # The agent.
    "processes.sh",
    "agent.sh",
    "words.sh",
    "refusal.sh",
    "retries.sh",
    "clock.sh",
    # IMDS.
    "imds.sh",
    "http.sh",
    "clients.sh",
    # The command line.
    "help.sh",
    "install.sh",
    "main.sh",
    "log.sh",
    # What to do.
    "wake.sh",
    "watch.sh",
    "status.sh",
    "ready.sh",
)
COMMENT_OR_BLANK = re.compile(r"[ \t]*(#.*)?\n")


@cache
def runtime() -> str:
    """Return the runtime as people read it: the parts, joined, with their comments."""
    folder = templates() / "runtime"
    parts = "\n".join((folder / part).read_text(encoding="utf-8") for part in PARTS)
    return f'#!/bin/sh\n# {NOTICE.replace("templates/", "templates/runtime/")}\n\n{parts}\nmain "$@"\n'


def without_comments(script: str) -> str:
    """Return the script without the lines that are only a comment or blank; its first line stays."""
    first, *lines = script.splitlines(keepends=True)
    return first + "".join(line for line in lines if not COMMENT_OR_BLANK.fullmatch(line))


@cache
def carried() -> str:
    """Return the runtime as every carrier holds it, without the lines that are only a comment or blank."""
    return gzip.decompress(base64.b64decode(packed())).decode("utf-8")


@cache
def packed() -> str:
    """Return the runtime for carriers that hold 16 KiB at the most: gzip, in base64.

    `tools/pack.py` packs it once, since packing takes longer than everything else that a command does, and the bytes
    that gzip makes differ between builds of zlib.
    """
    return (templates() / "runtime" / "packed.txt").read_text(encoding="utf-8")


def wrapped(blob: bytes) -> str:
    """Return the bytes in base64, in lines that an editor can still show; each costs some bytes of user data."""
    text = base64.b64encode(blob).decode()
    return "".join(f"{text[start : start + 4000]}\n" for start in range(0, len(text), 4000))
