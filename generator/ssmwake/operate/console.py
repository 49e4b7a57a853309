"""The lines of a console that the doctor knows: text in, typed values out; every other line is dropped here.

A console can hold secrets, so what is kept is what the patterns below took apart, and nothing else is ever printed.
"""

import re
from datetime import UTC, datetime, timedelta

from ssmwake.operate.facts import Console

# `2026/11/26 10:00:31Z: Amazon SSM Agent v3.3.987.0 is running`, written by the agent's worker.
AGENT = re.compile(r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)Z: Amazon SSM Agent v([0-9.]{1,30}) is running")

# `Cloud-init v. 22.2.2 finished at Thu, 26 Nov 2026 10:00:41 +0000. Datasource DataSourceEc2.  Up 27.41 seconds`
CLOUD_INIT = re.compile(
    r"Cloud-init v\. \S{1,60} finished at (\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4})\.?.{0,200}?"
    r"Up ([0-9.]{1,20}) seconds"
)

# `ssmwake: TIME WORD: sentence`, with whatever journald or the kernel puts in front of it.
WATCHER = re.compile(
    r"(?:^|\s)ssmwake(?:\[\d{1,7}\])?: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) ([a-z][a-z-]{0,39}): ([ -~]{1,200})"
)
# journald's prefix names the program once more.
TWICE = re.compile(r"ssmwake\[\d{1,7}\]: (?=ssmwake: )")

KEY = re.compile(
    r"(?:^|\s)((?:ssh-(?:rsa|ed25519)|ecdsa-sha2-nistp\d{3}) [A-Za-z0-9+/]{16,4000}={0,3})(?: \S{0,255})?$"
)
KEYS_BEGIN, KEYS_END = "-----BEGIN SSH HOST KEY KEYS-----", "-----END SSH HOST KEY KEYS-----"

DEAD = {
    "Kernel panic - not syncing": "a kernel panic",
    "You are in emergency mode": "emergency mode",
    "Entering emergency mode": "emergency mode",
    "Welcome to emergency mode": "emergency mode",
}
LONGEST_LINE = 5000

# What a boot loader or a service paints with, and a line of the kernel that came between others.
ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")
KERNEL = re.compile(r"\[ *\d{1,9}\.\d{6}\]")
# The first line of a kernel: what was said before is of an earlier boot.
NEW_BOOT = re.compile(r"^\[ *0\.000000\] (?:Linux version|Booting Linux) ")

# cloud-init may not execute the script of the user data, for example where /var is mounted noexec.
NOT_RUN = re.compile(
    r"/var/lib/cloud/instance/scripts/[\w.-]{1,100}\W.{0,100}?(?:Permission denied|not executable|noexec)"
)


def read_console(text: str, at: datetime | None = None) -> Console:
    """Return what is known of a console's text; `at` is when EC2 took it."""
    agents: list[tuple[datetime, str]] = []
    watcher: list[tuple[datetime, str, str]] = []
    keys: list[str] = []
    boot: datetime | None = None
    dead, in_keys, is_run = "", False, True
    # A line that is longer than every known one cannot be one of them.
    for line in (ESCAPE.sub("", one[:LONGEST_LINE]).rstrip() for one in text.splitlines()):
        if NEW_BOOT.search(line):
            dead, is_run = "", True
        if line.endswith((KEYS_BEGIN, KEYS_END)):
            keys = [] if line.endswith(KEYS_BEGIN) else keys
            in_keys = line.endswith(KEYS_BEGIN)
        elif in_keys and (key := KEY.search(line)):
            keys.append(key[1])
        elif found := AGENT.search(line):
            agents += [(when, found[2])] if (when := _time(found[1], "%Y/%m/%d %H:%M:%S")) else []
            dead = ""
        elif found := CLOUD_INIT.search(line):
            boot, dead = _boot(found[1], found[2]) or boot, ""
        elif found := WATCHER.search(TWICE.sub("", line)):
            when = _time(found[1], "%Y-%m-%dT%H:%M:%SZ")
            # What the kernel wrote into the middle of a line is not the watcher's.
            sentence = KERNEL.split(found[3])[0].rstrip()
            watcher += [(when, found[2], sentence)] if when else []
        elif NOT_RUN.search(line):
            is_run = False
        else:
            dead = next((what for words, what in DEAD.items() if words in line), dead)
    return Console(
        at,
        tuple(agents),
        boot,
        tuple(watcher),
        tuple(keys),
        dead,
        is_empty=not text.strip(),
        is_script_refused=not is_run,
    )


def _boot(finished: str, up: str) -> datetime | None:
    try:
        when = datetime.strptime(finished, "%a, %d %b %Y %H:%M:%S %z")
        return (when - timedelta(seconds=float(up))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _time(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None
