"""User data for a launch template that has some already: theirs is kept, ours is added or renewed, gzip if it must be.

The two stay apart, as parts of a multipart: what an earlier run added is found again, and no run adds it twice.
"""

from collections.abc import Sequence
from dataclasses import replace

from ssmwake.cloud_init.parts import Part, PartKind
from ssmwake.cloud_init.reader import read
from ssmwake.cloud_init.size import LIMIT, TOO_LARGE, zipped
from ssmwake.cloud_init.unrecognized import WINDOWS
from ssmwake.model import Config, Invalid, Location, UserDataFormat
from ssmwake.render.carriers import HOME
from ssmwake.render.user_data import INCLUDES_ITSELF, user_data

# A line of everything that ssmwake renders, whatever its version.
RENDERED = "# Rendered by ssmwake"
# On the parts that a config includes: the next run puts the present files in their place. cloud-init ignores it.
INCLUDED = ("X-Ssmwake", "included")


def launch_template_user_data(
    config: Config, parts: Sequence[Part] = (), existing: bytes = b"", name: str = "", *, replaces: bool = False
) -> bytes:
    """Return the user data of a version made from one with `existing` user data; `parts` are those of the config.

    With `replaces`, nothing of the existing one is kept. Raises Invalid where the two cannot be separated, are too
    much for EC2, or where the existing one is for Windows.
    """
    # To take away what sets up a Windows instance would only do harm, so that is read, and refused, even then.
    if replaces and not WINDOWS.match(existing[:1000].decode(errors="replace")):
        existing = b""
    theirs = _theirs(existing, f"user data of {name}")
    bodies = {part.body for part in parts}
    kept = [part for part in theirs if part.body not in bodies and INCLUDED not in part.headers]
    if not kept:
        return _fitting(config, parts, name)
    multipart = replace(config, user_data=replace(config.user_data, format=UserDataFormat.MULTIPART))
    return _fitting(multipart, [*kept, *map(_marked, parts)], name)


def _theirs(existing: bytes, path: str) -> list[Part]:
    """Return the parts that ssmwake has not written."""
    if not existing.strip():
        return []
    return [part for part in read(path, existing) if not _is_ours(part)]


def _is_ours(part: Part) -> bool:
    lines = part.text.splitlines()[:2]
    if len(lines) < 2 or not lines[1].startswith(RENDERED):
        return False
    if part.kind is not PartKind.CLOUD_CONFIG:
        return lines[0] == "#!/bin/sh"
    if HOME in part.text and _is_ours_alone(part.text):
        return True
    message = (
        "holds ssmwake and a cloud-config of your own, merged into one; set user-data: replace for this template, "
        "and include your cloud-config"
    )
    raise Invalid(INCLUDES_ITSELF.at(part.source.at(1), message))


def _is_ours_alone(text: str) -> bool:
    """Return whether a cloud-config of ssmwake holds nothing else."""
    import yaml

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        return False
    if not isinstance(content, dict) or not set(content) <= {"write_files", "bootcmd", "runcmd"}:
        return False
    return all("ssmwake" in str(entry) for entries in content.values() for entry in entries or ())


def _marked(part: Part) -> Part:
    type_ = () if any(name.lower() == "content-type" for name, _ in part.headers) else (("Content-Type", part.type),)
    return replace(part, headers=(*type_, *part.headers, INCLUDED))


def _fitting(config: Config, parts: Sequence[Part], name: str) -> bytes:
    """Return the user data as text, or as gzip where only that fits."""
    data = user_data(config, parts).encode()
    if len(data) <= LIMIT:
        return data
    packed = zipped(user_data(config, parts, plain=True).encode())
    if len(packed) <= LIMIT:
        return packed
    message = (
        f"{len(packed):,} bytes with gzip, and EC2 takes {LIMIT:,}; fetch the larger files from S3 when the role is "
        "there, or put them in the image"
    )
    raise Invalid(TOO_LARGE.at(Location(f"user data of {name}"), message))
