"""What user data and the Command document put on an instance, and the cloud-config and shell that do it."""

import base64
import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from ssmwake.model import Config
from ssmwake.render.runtime import NOTICE, carried, packed, wrapped
from ssmwake.render.yaml_text import block, quoted

HEAD = f"#!/bin/sh\n# {NOTICE}\n"
HOME = "/var/lib/ssmwake/ssmwake"
CONF = "/etc/ssmwake.conf"
ON_READY = "/etc/ssmwake.on-ready"
# cloud-init notes that it has run user scripts before it runs them, and so for write_files; what lies here it runs on
# each boot, before those. `ssmwake install` takes it away in the end, so the power can go at any moment before.
RETRY = "/var/lib/cloud/scripts/per-boot/ssmwake"
# Hardened images mount /var with noexec. cloud-init then skips scripts and runcmd without a word, since it keeps them
# there, and calls the boot done; bootcmd it gives to sh. That runs early, before our files are written, so this waits
# in the background. At the next boot nothing is left to do.
WHERE_VAR_RUNS_NOTHING = (
    f"grep -qE ' /var(/lib(/cloud)?)? [^ ]+ [^ ]*noexec' /proc/mounts && timeout 300 sh -c '\n"
    f"until sleep 2; sh {HOME} install && [ ! -e {RETRY} ]; do :; done' >/dev/null 2>&1 &\n"
)
# A script that somebody runs by hand is not where cloud-init keeps its own, and may be gone at the next boot.
KEPT = f'case $0 in "$root"/var/lib/cloud/*) ln -s "$0" "$root{RETRY}" 2>/dev/null ;; esac'
# Files are written whole or not at all.
WHOLE = 'whole() { chmod "$1" "$2.new" && mv -f "$2.new" "$2"; }'
# With `strict`: cloud-init sees the failure at the end, when all that was appended has run.
AT_THE_END = "trap 'exit $ssmwake' EXIT"
# What there is from the end of the first boot on, at the latest.
SCRIPTS_NOTED = "/var/lib/cloud/instance/sem/config_scripts_user"


@dataclass(frozen=True)
class InstanceFile:
    """A file on the instance."""

    path: str
    mode: str
    text: str


def carrier_of(config: Config) -> str:
    """Return the name that user data and the Command document of one config share: by it a document knows its own."""
    return config.documents.command_name


def instance_files(config: Config) -> tuple[InstanceFile, ...]:
    """Return the files of the config, the runtime first."""
    files = [InstanceFile(HOME, "0700", carried()), InstanceFile(CONF, "0644", conf(config, carrier_of(config)))]
    if config.on_ready:
        files.append(InstanceFile(ON_READY, "0700", on_ready(config.on_ready)))
    return tuple(files)


def conf(config: Config, carrier: str) -> str:
    """Return ssmwake.conf: on its first line the carrier that it belongs to, then what differs from the defaults."""
    default = Config()
    lines = {
        "role": (config.role, default.role),
        "timeout": (config.timeout, default.timeout),
        "poll": (config.poll, default.poll),
        "poll_healthy": (config.poll_healthy, default.poll_healthy),
        "restart_after": (" ".join(map(str, config.restart_after)), " ".join(map(str, default.restart_after))),
        "instance_connect": ("yes" if config.instance_connect else "no", "yes"),
    }
    settings = [f"SSMWAKE_{key.upper()}={value}\n" for key, (value, usual) in lines.items() if value != usual]
    return "".join([f"SSMWAKE_CARRIER={carrier}\n", *settings])


def shell_settings(config: Config, carrier: str) -> str:
    """Return the settings as the shell variables of user-data/settings.sh; no value in them holds a quote."""
    commands = base64.b64encode(on_ready(config.on_ready).encode()).decode() if config.on_ready else ""
    return f"conf='{conf(config, carrier).rstrip()}'\non_ready='{commands}'\n"


def on_ready(commands: Iterable[str]) -> str:
    """Return the script of the user's commands; the first that fails ends it, and is retried at the next boot."""
    return "\n".join(["#!/bin/sh", "set -e", *commands, ""])


def commands(config: Config, home: str = HOME) -> tuple[str, ...]:
    """Return what the first boot runs; it never fails the boot, and never waits, unless the config asks for that."""
    verbs = ["install", "run"] if config.user_data.foreground else ["install"]
    status = "exit" if config.user_data.strict else "true"
    return tuple(f"sh {home} {verb} || {status}" for verb in verbs)


def cloud_config(config: Config, *, plain: bool = False) -> str:
    """Return our cloud-config: block lists at the left margin, which a merge relies on.

    The runtime is packed, or plain where the whole is going to be: what is packed twice is larger.
    """
    runtime, *settings = instance_files(config)
    install, *rest = commands(config)
    lines = ["#cloud-config", f"# {NOTICE}", "write_files:"]
    for file in (InstanceFile(RETRY, "0700", f"#!/bin/sh\n{install}\n"), *settings):
        lines += [f"- path: {file.path}", f"  permissions: '{file.mode}'", f"  content: {block(file.text, 4)}"]
    # Last, since it tells the commands that all of write_files is there: cloud-init sets the mode of a whole file.
    lines += [f"- path: {runtime.path}", f"  permissions: '{runtime.mode}'"]
    lines += [] if plain else ["  encoding: gz+b64"]
    lines.append(f"  content: {block(runtime.text if plain else packed(), 4)}")
    again = f"test -x {HOME} || cloud-init single --name write_files --frequency always"
    lines += ["bootcmd:", f"- {block(WHERE_VAR_RUNS_NOTHING, 2)}"]
    lines += ["runcmd:", *(f"- {quoted(line)}" for line in (again, f"test ! -e {RETRY} || {install}", *rest)), ""]
    return "\n".join(lines)


def script(config: Config, before: str = "", *, plain: bool = False, settings: bool = True) -> str:
    """Return our user data as a POSIX shell script; SSMWAKE_ROOT moves all that it writes.

    `before` is shell of a carrier that runs when the files are there, and ssmwake is not installed yet; `plain` as for
    a cloud-config; without `settings` the carrier writes those itself.

    All of it is in a subshell: what others append to user data (the CDK, Terraform, people) runs after it, whatever it
    ended with, and with its own umask. At a later boot only ours is run again.
    """
    runtime, *files = instance_files(config)
    text, through = (runtime.text, "cat") if plain else (packed(), "base64 -d | gzip -d")
    work = [
        WHOLE,
        'mkdir -p "$root/etc" "$root/var/lib/ssmwake"',
        _whole(dataclasses.replace(runtime, text=text), through),
    ]
    work += [_whole(file) for file in files if settings]
    work += [*before.splitlines(), *commands(config, f'"$root{HOME}"')]
    lines = ["(", "umask 077", "root=${SSMWAKE_ROOT-}", KEPT, *work]
    lines.append(f") || {{ ssmwake=$?; {AT_THE_END}; }}" if config.user_data.strict else ") || true")
    return HEAD + "\n".join([*lines, f"case $0 in {RETRY}) exit ;; esac", ""])


def _whole(file: InstanceFile, through: str = "cat") -> str:
    then = f'&& whole {file.mode} "$root{file.path}"'
    return shell_write(file.text, f'"$root{file.path}.new"', through=through, then=then)


def image_script(config: Config) -> str:
    """Return a script that installs ssmwake in an image: nothing is started, and a failure ends the build.

    The files are root's alone until `install` sets the mode of the settings.
    """
    _, *files = instance_files(config)
    lines = ["set -u", "umask 077", "root=${SSMWAKE_ROOT-}", "d=$(mktemp -d) || exit 73", "trap 'rm -rf \"$d\"' EXIT"]
    lines.append('mkdir -p "$root/etc" || exit 73')
    lines.append(shell_write(packed(), '"$d/ssmwake"', through="base64 -d | gzip -d"))
    lines += [shell_write(file.text, f'"$root{file.path}"') for file in files]
    return HEAD + "\n".join([*lines, 'sh "$d/ssmwake" install --no-start', ""])


def boothook(ours: str) -> str:
    """Return our script for cloud-init to run early in each boot, of which it keeps no note.

    Nothing may wait that early: in the first boot it puts itself where it runs late, and in all others it ends.
    """
    later = f'[ -e {SCRIPTS_NOTED} ] || ln -sf "$0" {RETRY}'
    return ours.replace(KEPT, f"case $0 in */boothooks/*) {later}; exit 0 ;; esac", 1)


def shell_write(text: str, target: str, *, through: str = "cat", then: str = "|| exit 73") -> str:
    """Return shell that writes the text, through some commands, to the target, which comes quoted for the shell."""
    # dash 0.5.12 loses a byte above 127 where a line begins as the mark does; SSM takes {{ for a parameter.
    if through == "cat" and (not text.isascii() or "{{" in text or "$$" in text):
        through, text = "base64 -d", wrapped(text.encode())
    mark = "END"
    while mark in text:
        mark += "_"
    first, *rest = through.split(" | ")
    pipe = "".join(f" | {step}" for step in rest)
    return f"{first} <<'{mark}'{pipe} >{target} {then}\n{text}{mark}"
