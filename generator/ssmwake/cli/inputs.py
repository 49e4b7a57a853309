"""What the verbs read: the config, and the user's own user data; `-` is stdin."""

import dataclasses
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ssmwake.cli.output import complete_files, findings_out
from ssmwake.cloud_init.parts import Part
from ssmwake.cloud_init.reader import read
from ssmwake.dist import UNREADABLE
from ssmwake.model import Config, Finding, Ignore, Invalid, Location, Severity, UserDataFormat
from ssmwake.terminal import printable
from ssmwake.text.source import Source

Command = TypeVar("Command", bound=Callable[..., Any])

# A slip such as /dev/zero must not fill the memory; what fits an instance is a thousand times smaller.
LARGEST = 16 * 1024 * 1024

# What every verb reads where no other config is named.
CONFIG = "ssmwake.yaml"
NO_CONFIG = "ssmwake.no-config"


def config_option(command: Command) -> Command:
    """Give a command -c and --no-config; its parameter `config` is the path of the config, or None."""
    command = click.option(
        "--no-config", is_flag=True, expose_value=False, is_eager=True, callback=_ignore, help=f"Ignore ./{CONFIG}."
    )(command)
    return click.option(
        "-c",
        "--config",
        metavar="FILE",
        shell_complete=complete_files,
        callback=_chosen,
        help=f"The config.  [default: ./{CONFIG}]",
    )(command)


def _ignore(ctx: click.Context, _param: click.Parameter, given: bool) -> None:
    ctx.meta[NO_CONFIG] = given


def _chosen(ctx: click.Context, _param: click.Parameter, path: str | None) -> str | None:
    """Return the path that was given, or the config of the current folder, which is announced."""
    if ctx.resilient_parsing:
        return path
    if ctx.meta.get(NO_CONFIG):
        if path is not None:
            raise click.UsageError("--config and --no-config exclude each other; give one of them")
        return None
    if path is None and os.path.lexists(CONFIG):
        click.echo(f"ssmwake: using ./{CONFIG}", err=True)
        return CONFIG
    return path


def settings(config: str | None, includes: Sequence[str] = ()) -> tuple[Config, tuple[Part, ...]]:
    """Return the config and the parts that it and the command line include, in this order."""
    if [config, *includes].count("-") > 1:
        raise click.UsageError("stdin can be read only once; give - only once")
    if config is None:
        return Config(), parts(includes)
    data = contents(config)
    loaded = _loaded(config, data)
    commands: tuple[Source, ...] = ()
    if loaded.on_ready:
        from ssmwake.config import commands_of

        commands = commands_of(config, data)
    folder = Path() if config == "-" else Path(config).parent
    own = (name if name == "-" else os.fspath(folder / name) for name in loaded.user_data.include)
    return loaded, parts([*own, *includes], loaded.lint.ignore, commands)


def read_config(config: str | None) -> Config:
    """Return the config without the user data that it includes, which some verbs do not need."""
    return Config() if config is None else _loaded(config, contents(config))


def _loaded(config: str, data: bytes) -> Config:
    from ssmwake.config import load

    return load(config, data)


def parts(paths: Iterable[str], ignored: Sequence[Ignore] = (), commands: Sequence[Source] = ()) -> tuple[Part, ...]:
    """Return the parts of the files, linted before anything is merged: errors in any of them are raised together.

    So are those in the commands of `on-ready`. Warnings go to stderr; what the config ignores is neither.
    """
    found: list[Part] = []
    errors = _errors_in_commands(commands, ignored)
    for path in paths:
        try:
            data = contents(path)
            faults = _errors(_linted(path, data), ignored)
            errors += faults
            found += () if faults else read(path, data)
        except Invalid as invalid:
            errors += invalid.findings
    if errors:
        raise Invalid(*errors)
    return tuple(found)


def _linted(path: str, data: bytes) -> Sequence[Finding]:
    from ssmwake.lint import lint_part

    return lint_part(path, data)


def _errors_in_commands(commands: Sequence[Source], ignored: Sequence[Ignore]) -> list[Finding]:
    if not commands:
        return []
    from ssmwake.lint import lint_commands

    return _errors(lint_commands(commands), ignored)


def _errors(findings: Iterable[Finding], ignored: Sequence[Ignore]) -> list[Finding]:
    """Return the errors among the findings, and print the warnings."""
    from ssmwake.lint.rules.suppressions import is_ignored_by_config

    found = [one for one in findings if not is_ignored_by_config(one, ignored)]
    findings_out((one for one in found if one.severity is Severity.WARNING), err=True)
    return [one for one in found if one.severity is Severity.ERROR]


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
        raise Invalid(UNREADABLE.at(Location(path), f"cannot be read: {reason}; check the path")) from error
    except ValueError:
        raise Invalid(UNREADABLE.at(Location(repr(path)), "cannot be read: not a path; name a file")) from None
    if len(data) > LARGEST:
        raise Invalid(UNREADABLE.at(Location(path), f"more than {LARGEST:,} bytes; is it the right file?"))
    return data


def adjusted(config: Config, flags: dict[str, Any]) -> Config:
    """Return the config with the options of the command line over it; an option that was not given is None or empty."""
    changes: dict[str, Any] = {}
    for name in ("role", "timeout", "poll", "poll_healthy"):
        if flags.get(name) is not None:
            text = _role_name(flags[name]) if name == "role" else flags[name]
            changes[name] = _checked(name.replace("_", "-"), text)
    if flags.get("restart_after"):
        changes["restart_after"] = tuple(_checked("restart-after", text) for text in flags["restart_after"])
    if flags.get("instance_connect") is not None:
        changes["instance_connect"] = flags["instance_connect"]
    if flags.get("on_ready"):
        added = tuple(_checked("on-ready", text) for text in flags["on_ready"])
        where = Location("--on-ready", 0)
        if errors := _errors_in_commands([Source.at_place(where, text) for text in added], config.lint.ignore):
            raise Invalid(*errors)
        changes["on_ready"] = (*config.on_ready, *added)
    inner = {name: flags[name] for name in ("foreground", "strict") if flags.get(name) is not None}
    if flags.get("format"):
        inner["format"] = _format(flags["format"])
    if inner:
        changes["user_data"] = dataclasses.replace(config.user_data, **inner)
    if flags.get("command_name"):
        name = _checked("command-name", flags["command_name"], "documents")
        changes["documents"] = dataclasses.replace(config.documents, command_name=name)
    return dataclasses.replace(config, **changes) if changes else config


def _role_name(text: str) -> str:
    """Return the name of a role that was given by its ARN, as people copy it."""
    found = re.fullmatch(r"arn:[\w-]+:iam::[0-9]{12}:role/(?:[^/]+/)*([^/]+)", text)
    if not found:
        return text
    click.echo(f"ssmwake: --role takes a name; using {printable(found[1])}", err=True)
    return found[1]


def _checked(name: str, text: str, section: str = "") -> Any:
    from ssmwake.config import option

    try:
        return option(name, text, section)
    except Invalid as invalid:
        raise click.BadParameter(invalid.findings[0].message, param_hint=f"--{name}") from None


def _format(text: str) -> UserDataFormat:
    try:
        return UserDataFormat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r}; known are {', '.join(UserDataFormat)}", param_hint="--format") from None
