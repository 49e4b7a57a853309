"""The script of the Command document: it carries the runtime, and does the one action that the caller chose."""

from ssmwake.model import Config
from ssmwake.render.carriers import instance_files, shell_write
from ssmwake.render.runtime import packed

ACTIONS = ("install", "run", "status", "restart", "uninstall")

RUNTIME = '"$d/ssmwake"'

# What a caller picks is pasted into the script as text, which is safe because only the ACTIONS are allowed.
HEAD = """\
action='{{ Action }}'
umask 077
d=$(mktemp -d) || exit 73
trap 'rm -rf "$d"' EXIT
trap 'exit 143' TERM
"""

TAIL = """\
case $action in
restart) set -- run --restart ;;
*) set -- "$action" ;;
esac
sh "$d/ssmwake" "$@"
"""


def script(config: Config) -> str:
    """Return the script; the runtime travels in it, so that an action never runs an older one it finds there."""
    return _script(config, shell_write(instance_files(config)[0].text, RUNTIME, "0700", otherwise="exit 73"))


def packed_script(config: Config) -> str:
    """Return the script with the runtime packed, for a template of CloudFormation: 51,200 bytes at the most."""
    line = shell_write(packed(), RUNTIME, "0700", through="base64 -d | gzip -d", otherwise="exit 73")
    return _script(config, line)


def _script(config: Config, runtime: str) -> str:
    _, *settings = instance_files(config)
    text = f"{HEAD}{runtime}\n"
    if settings:
        files = [
            shell_write(file.text, f'"${{SSMWAKE_ROOT:-}}{file.path}"', file.mode, otherwise="exit 73")
            for file in settings
        ]
        lines = ['if [ "$action" = install ]; then', 'mkdir -p "${SSMWAKE_ROOT:-}/etc"', *files, "fi", ""]
        text += "\n".join(lines)
    return text + TAIL


def seconds(config: Config) -> int:
    """Return how long the agent lets the script run: its own deadline and time to say so, as SSM allows it."""
    return min(max(config.timeout + 120, 300), 172_800)
