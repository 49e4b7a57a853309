"""The script of the Command document: it carries the runtime, and does the one action that the caller chose."""

import dataclasses
from typing import Any

from ssmwake.model import Config
from ssmwake.render.carriers import carrier_of, conf, on_ready, shell_write
from ssmwake.render.runtime import carried, packed, without_comments
from ssmwake.resources import templates

ACTIONS = ("install", "run", "status", "restart", "uninstall")

# What a caller gives is pasted into the script as text, which is safe because of the values that are allowed.
HEAD = """\
action='{{ Action }}'
settings='{{ Settings }}'
carrier='{{ Carrier }}'
"""

TAIL = """\
[ "$action" != install ] || take_settings
case $action in
restart) set -- run --restart ;;
*) set -- "$action" ;;
esac
sh "$d/ssmwake" "$@"
"""


def script(config: Config) -> str:
    """Return the script; the runtime travels in it, so that an action never runs an older one it finds there."""
    return _script(config, shell_write(carried(), '"$d/ssmwake"'))


def packed_script(config: Config, **changes: Any) -> str:
    """Return the script with the runtime packed, for a template of CloudFormation: 51,200 bytes at the most.

    The changes are settings of the template's own, such as `role` where it creates one.
    """
    return _script(
        dataclasses.replace(config, **changes),
        shell_write(packed(), '"$d/ssmwake"', through="base64 -d | gzip -d"),
    )


def script_of_variables() -> str:
    """Return the script for a carrier that puts lines before it: the shell variables of carriers.shell_settings."""
    files = [
        'printf \'%s\\n\' "$conf" >"$d/ssmwake.conf"',
        '[ -z "$on_ready" ] || printf %s "$on_ready" | base64 -d >"$d/ssmwake.on-ready"',
    ]
    return _joined(shell_write(carried(), '"$d/ssmwake"'), files)


def _script(config: Config, runtime: str) -> str:
    # The first line is the caller's parameter, so that all who ship this document can name themselves in it.
    _, _, settings = conf(config, carrier_of(config)).partition("\n")
    files = [f"{{ printf 'SSMWAKE_CARRIER=%s\\n' \"$carrier\" && cat; }} >\"$d/ssmwake.conf\" <<'END'\n{settings}END"]
    if config.on_ready:
        files.append(shell_write(on_ready(config.on_ready), '"$d/ssmwake.on-ready"'))
    return _joined(runtime, files)


def _joined(runtime: str, files: list[str]) -> str:
    shell = (templates() / "ssm" / "command.sh").read_text(encoding="utf-8")
    return "\n".join([HEAD.rstrip("\n"), without_comments(shell).rstrip("\n"), runtime, *files, TAIL])


def seconds(timeout: int) -> int:
    """Return how long the agent lets the script run: its own deadline and time to report, as SSM allows it."""
    return min(max(timeout + 120, 300), 172_800)
