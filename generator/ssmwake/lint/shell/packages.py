"""Package managers at a boot, where nobody answers a question and another one may hold the lock."""

import difflib
import re
from collections.abc import Iterator, Sequence

from ssmwake.lint.rules import ERROR, INFO, WARNING, rule
from ssmwake.lint.shell.command import Command, Word
from ssmwake.lint.shell.units import AL2023
from ssmwake.model import Finding
from ssmwake.text.source import Source

ASKS = rule(
    "SW240",
    ERROR,
    "an installation that asks",
    reason="nobody answers, so nothing is installed or removed",
    also={WARNING: "where apt asks only if the image lacks what the package needs"},
)
FRONTEND = rule(
    "SW241", WARNING, "DEBIAN_FRONTEND without effect", reason="a package that has a question may wait for an answer"
)
LOCK = rule(
    "SW244",
    INFO,
    "apt without a wait for its lock",
    reason="unattended-upgrades may hold it, and the script ends there",
)
NO_EXTRAS = rule(
    "SW252",
    ERROR,
    "amazon-linux-extras on Amazon Linux 2023",
    reason="the command is not there, and nothing is installed",
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_RED_HAT = _words(
    """
    install update upgrade remove erase autoremove reinstall downgrade localinstall groupinstall groupupdate groupremove
    group swap distro-sync distribution-synchronization update-to upgrade-minimal update-minimal module copr
    """
)
_DEBIAN = _words(
    "install reinstall upgrade dist-upgrade full-upgrade dselect-upgrade remove purge autoremove build-dep"
)
# The verbs that ask, by the manager.
ASKING: dict[str, frozenset[str]] = {
    "yum": _RED_HAT,
    "dnf": _RED_HAT,
    "dnf5": _RED_HAT,
    "microdnf": _words("install update upgrade remove reinstall downgrade module"),
    "apt-get": _DEBIAN,
    "apt": _DEBIAN,
    "zypper": _words("install in update up patch remove rm dist-upgrade dup"),
    "amazon-linux-extras": _words("install"),
}
# Verbs that ask nothing.
QUIET = _words(
    """
    update check-update makecache clean list info search provides repolist repoquery repoinfo history deplist check
    autoclean download source policy show enable disable help refresh ref addrepo ar se lr config-manager
    needs-restarting updateinfo versionlock changelog satisfy
    """
)
# Of these, only some do something, by the word that follows.
OF_TWO_WORDS = {"group", "module", "copr"}
DOES = {"install", "update", "enable", "reset", "remove", "upgrade"}
YES = re.compile(
    r"-[a-zA-Z]*y[a-zA-Z]*|--(?:assume-?yes|yes|force-yes|assume-?no|no-?confirm|non-interactive|trivial-only)"
)
# With these, nothing is changed.
DRY = re.compile(r"-[sdh]|--(?:dry-run|simulate|just-print|recon|no-act|print-uris|download-?only|help|version)")
VERY_QUIET = re.compile(r"-[a-zA-Z]*q[a-zA-Z]*q[a-zA-Z]*|-q=[2-9]|--quiet=[2-9]")
CONFIGURED = re.compile(
    r"assumeyes\s*=\s*(?:1|true|yes)\b|Assume-Yes[\"']?\s*[\s=]\s*[\"']?(?:1|true|yes)", re.IGNORECASE
)
OPTIONS = re.compile(r"\$\{?\w*(?:opt|flag|arg|yes|param)\w*|\$\{?[@*]|\$\(\)", re.IGNORECASE)
ANSWERS = {"yes", "echo", "printf", "true"}
# https://manpages.debian.org/debconf.7
FRONTENDS = ("noninteractive", "readline", "dialog", "teletype", "passthrough", "editor", "gnome", "kde", "text", "web")
# Packages of Debian and Ubuntu that need nothing which their images do not have: apt asks only if it is to install more
# than what it was told.
ALONE = _words("unzip zip tree rsync wget curl net-tools dos2unix pv lsof psmisc less nano bc time file")
# Packages of Debian and Ubuntu whose installation asks something.
WITH_QUESTION = _words(
    """
    tzdata postfix iptables-persistent netfilter-persistent krb5-user krb5-config keyboard-configuration console-setup
    wireshark wireshark-common tshark slapd libpam-ldap libnss-ldap ldap-auth-config grub-pc exim4-config
    ttf-mscorefonts-installer jackd2 davfs2 phpmyadmin
    """
)
WAITS = re.compile(
    r"Lock::Timeout|\bfuser\b|\blsof\b|\bflock\b|lock-frontend|dpkg/lock|apt-daily|unattended-upgr|"
    r"cloud-init\s+status|apt\.systemd|pgrep|systemd-run"
)
SAYS_2023 = re.compile(r"(?i)^#[^\n]*(?:amazon[ _-]?linux[ _-]?2023|\bal2023)\b", re.MULTILINE)
APT = {"apt-get", "apt"}
# Options of sudo, or a word of its own, by which the variable gets through.
KEEPS = re.compile(r"DEBIAN_FRONTEND=|--preserve-env|-[a-zA-Z]*E[a-zA-Z]*$")


def check(source: Source, commands: Sequence[Command], *, image: str | None, at_boot: bool) -> Iterator[Finding]:
    """Yield each command that asks, and at a boot the first that does not wait for the lock."""
    own = {command.function for command in commands}
    asks = not CONFIGURED.search(source.text)
    is_2023 = _is_2023(source, commands, image)
    for number, command in enumerate(commands):
        if command.name not in ASKING or command.name in own:
            continue
        where = source.at_offset(command.argv[0].start)
        if command.name == "amazon-linux-extras" and is_2023 and command.before not in ("&&", "||"):
            message = "Amazon Linux 2023 has no amazon-linux-extras; use dnf install -y"
            yield NO_EXTRAS.at(where, message)
        elif asks and _asks(command, commands) and not _answered(source, commands, number):
            option = "--non-interactive" if command.name == "zypper" else "-y"
            verb = next(word for word in command.arguments if word in ASKING[command.name])
            if command.name in APT and verb == "install" and _installs_alone(command):
                message = f"{command.name} install asks if other packages are needed, and nobody answers; add -y"
                yield ASKS.at(where, message, severity=WARNING)
            else:
                message = f"{command.name} {verb} asks for confirmation, and nobody answers; add {option}"
                yield ASKS.at(where, message)
    yield from _frontend(source, commands)
    if at_boot:
        yield from _lock(source, commands)


def _installs_alone(command: Command) -> bool:
    """Return whether apt is to install a package that hardly needs another one."""
    packages = [word for word in command.arguments if not word.startswith("-") and word != "install"]
    return bool(packages) and set(packages) <= ALONE


def _is_2023(source: Source, commands: Sequence[Command], image: str | None) -> bool:
    """Return whether a script runs on Amazon Linux 2023: its image is that, or it says so and asks for no other."""
    if image:
        return AL2023.search(image) is not None
    asks = any(command.words and command.words[0].text in ("if", "elif", "case") for command in commands)
    # Amazon Linux 2 has no dnf.
    names = {command.name for command in commands if "||" not in (command.before, command.after)}
    uses_dnf = "dnf" in names and not names & {*APT, "zypper"}
    return not asks and (uses_dnf or SAYS_2023.search(source.text) is not None)


def _asks(command: Command, commands: Sequence[Command]) -> bool:
    words = command.arguments
    verb = next((word for word in words if word in ASKING[command.name] or word in QUIET), "")
    if verb not in ASKING[command.name]:
        return False
    if verb in ("group", "module", "copr") and not {"install", "update", "enable", "reset", "remove", "upgrade"} & set(
        words
    ):
        return False
    if any(YES.fullmatch(word) or DRY.fullmatch(word) or "ssume" in word or OPTIONS.match(word) for word in words):
        return False
    if command.name in APT and any(VERY_QUIET.fullmatch(word) for word in words):
        return False
    if command.name == "zypper" and {"-n", "-ny"} & set(words):
        return False
    # Options may come from a variable, whatever its name is.
    named = {match[1] for word in words if (match := re.match(r"\$\{?(\w+)", word))}
    return not any(re.search(r"(?:^|[\s=\"'])-\w*y", text) for name, text in _assigned(commands) if name in named)


def _assigned(commands: Sequence[Command]) -> Iterator[tuple[str, str]]:
    for command in commands:
        for word in command.assignments:
            name, _, text = word.text.partition("=")
            yield name, text


def _answered(source: Source, commands: Sequence[Command], number: int) -> bool:
    """Return whether something is given to the command to read."""
    command = commands[number]
    if command.heres or any(source.text[: word.start].rstrip(" \t'\"").endswith("<") for word in command.writes):
        return True
    return command.before in ("|", "|&") and number > 0 and commands[number - 1].name in ANSWERS


def _frontend(source: Source, commands: Sequence[Command]) -> Iterator[Finding]:
    uses = [command for command in commands if command.name in APT and set(command.arguments) & ASKING["apt-get"]]
    if "DEBIAN_FRONTEND" not in source.text:
        yield from _questions(source, uses)
        return
    exported = _is_exported(source)
    for command in commands:
        for word in command.words:
            name, _, value = word.text.partition("=")
            if name != "DEBIAN_FRONTEND" or not value or re.search(r"[$]|x{4}", value):
                continue
            # Before a command, or after env and the like, the variable is for that command.
            alone = len(command.words) == len(command.assignments)
            if value not in FRONTENDS:
                near = difflib.get_close_matches(value.lower().replace("-", ""), FRONTENDS, 1)
                hint = f"did you mean {near[0]}?" if near else "write noninteractive"
                yield FRONTEND.at(source.at_offset(word.start), f"{value[:40]} is not a frontend of debconf; {hint}")
            elif alone and not exported and uses:
                message = "DEBIAN_FRONTEND is not exported, so apt does not see it; write export DEBIAN_FRONTEND=..."
                yield FRONTEND.at(source.at_offset(word.start), message)
    alone = any(
        "DEBIAN_FRONTEND" in word.text for one in commands if one.assignments == one.words for word in one.words
    )
    if not exported and not alone and "debconf" not in source.text:
        # Of what has it for itself alone, nothing else gets it.
        given = re.compile(r"DEBIAN_FRONTEND=|-\w*E\w*$|--preserve-env")
        yield from _questions(source, [one for one in uses if not any(given.match(word.text) for word in one.words)])
    for command in uses:
        if lost := _lost_to_sudo(command, exported=exported):
            message = "sudo does not pass DEBIAN_FRONTEND on; write sudo DEBIAN_FRONTEND=noninteractive apt-get"
            yield FRONTEND.at(source.at_offset(lost.start), message)


def _questions(source: Source, uses: Sequence[Command]) -> Iterator[Finding]:
    for command in uses:
        for word in command.argv[1:]:
            if word.text.partition("=")[0] in WITH_QUESTION and "install" in command.arguments:
                message = f"installing {word.text[:60]} asks a question; set DEBIAN_FRONTEND=noninteractive"
                yield FRONTEND.at(source.at_offset(word.start), message)


def _is_exported(source: Source) -> bool:
    return re.search(r"export\s+(?:\w+\s+)*DEBIAN_FRONTEND|\bset\s+-\w*a|allexport", source.text) is not None


def _lost_to_sudo(command: Command, *, exported: bool) -> Word | None:
    """Return the sudo that keeps a variable from apt, which is set before it."""
    for number, word in enumerate(command.words):
        if word.text.rpartition("/")[2] != "sudo":
            continue
        after = [each.text for each in command.words[number + 1 :]]
        before = [each.text for each in command.words[:number]]
        kept = any(
            text.startswith(("DEBIAN_FRONTEND=", "--preserve-env")) or re.fullmatch(r"-\w*E\w*", text) for text in after
        )
        given = exported or any(text.startswith("DEBIAN_FRONTEND=") for text in before)
        return word if given and not kept else None
    return None


def _lock(source: Source, commands: Sequence[Command]) -> Iterator[Finding]:
    if not ends_at_errors(source, commands) or WAITS.search(source.text):
        return
    for command in commands:
        if command.name in APT and set(command.arguments) & (ASKING["apt-get"] | {"update"}):
            if not (command.looped or command.function or "||" in (command.before, command.after)):
                message = "another apt may hold the lock at the first boot; add -o DPkg::Lock::Timeout=300"
                yield LOCK.at(source.at_offset(command.argv[0].start), message)
            return


def ends_at_errors(source: Source, commands: Sequence[Command]) -> bool:
    """Return whether the script ends at the first command that fails."""
    if re.match(r"#!\s*\S+(?:[ \t]+-\w*e)", source.text):
        return True
    return any(
        command.name == "set"
        and any(re.fullmatch(r"-\w*e\w*", word) or word == "errexit" for word in command.arguments)
        for command in commands
    )
