"""What the verbs read: the config, and the person's own user data; `-` is stdin."""

import dataclasses
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from ssmwake.cloud_init.parts import Part
from ssmwake.cloud_init.reader import read
from ssmwake.dist import UNREADABLE
from ssmwake.model import Config, Finding, Invalid, Location, UserDataFormat

# A slip such as /dev/zero must not fill the memory; what fits an instance is a thousand times smaller.
LARGEST = 16 * 1024 * 1024

config_option = click.option("-c", "--config", metavar="FILE", help="The config; without it, all is as by default.")


def settings(config: str | None, includes: Sequence[str] = ()) -> tuple[Config, tuple[Part, ...]]:
    """Return the config and the parts that it and the command line include, in this order."""
    if [config, *includes].count("-") > 1:
        raise click.UsageError("stdin can be read only once; give - only once")
    if config is None:
        return Config(), parts(includes)
    from ssmwake.config import load

    loaded = load(config, contents(config))
    folder = Path() if config == "-" else Path(config).parent
    own = (name if name == "-" else os.fspath(folder / name) for name in loaded.user_data.include)
    return loaded, parts([*own, *includes])


def parts(paths: Iterable[str]) -> tuple[Part, ...]:
    """Return the parts of the files; every file that is no user data is reported, not only the first."""
    found: list[Part] = []
    findings: list[Finding] = []
    for path in paths:
        try:
            found += read(path, contents(path))
        except Invalid as invalid:
            findings += invalid.findings
    if findings:
        raise Invalid(*findings)
    return tuple(found)


def contents(path: str) -> bytes:
    """Return the bytes of a file, or of stdin for `-`."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(LARGEST + 1) if sys.stdin is not None else b""
        else:
            with Path(path).open("rb") as file:
                data = file.read(LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Invalid(UNREADABLE.at(Location(path), f"cannot be read: {reason}; look at the path")) from error
    except ValueError:
        raise Invalid(UNREADABLE.at(Location(repr(path)), "cannot be read: no path; look at it")) from None
    if len(data) > LARGEST:
        raise Invalid(UNREADABLE.at(Location(path), f"more than {LARGEST:,} bytes; is it the right file?"))
    return data


def adjusted(config: Config, flags: dict[str, Any]) -> Config:
    """Return the config with the options of the command line over it; an option that was not given is None or empty."""
    changes: dict[str, Any] = {}
    for name in ("role", "timeout"):
        if flags.get(name) is not None:
            changes[name] = _checked(name, flags[name])
    if flags.get("on_ready"):
        changes["on_ready"] = (*config.on_ready, *(_checked("on-ready", text) for text in flags["on_ready"]))
    inner = {name: flags[name] for name in ("foreground", "strict") if flags.get(name) is not None}
    if flags.get("format"):
        inner["format"] = _format(flags["format"])
    if inner:
        changes["user_data"] = dataclasses.replace(config.user_data, **inner)
    return dataclasses.replace(config, **changes) if changes else config


def _checked(name: str, text: str) -> Any:
    from ssmwake.config import option

    try:
        return option(name, text)
    except Invalid as invalid:
        raise click.BadParameter(invalid.findings[0].message, param_hint=f"--{name}") from None


def _format(text: str) -> UserDataFormat:
    try:
        return UserDataFormat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r}; known are {', '.join(UserDataFormat)}", param_hint="--format") from None
