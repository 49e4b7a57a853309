"""Units that user data starts: what waits for the end of the boot that it holds up, and what is not there."""

import re
from collections.abc import Iterator, Sequence

from ssmwake.lint.rules import ERROR, INFO, WARNING, rule
from ssmwake.lint.shell.command import Command, Word
from ssmwake.model import Finding
from ssmwake.text.source import Source

WAITS_FOR_UNIT = rule(
    "SW212",
    WARNING,
    "a blocking restart in user data",
    reason="it hangs the boot if the unit waits for it",
    also={
        ERROR: "where the unit is known to wait for the boot",
        INFO: "where it is the SSM agent, late in the boot",
    },
)
ABSENT_UNIT = rule("SW219", WARNING, "a unit that is not there", reason="the restart fails, and the agent sleeps on")

AGENT = "amazon-ssm-agent"
SNAP = "snap.amazon-ssm-agent.amazon-ssm-agent"
RESTARTS = {"restart", "try-restart", "reload-or-restart", "try-reload-or-restart"}
STARTS = {"start", *RESTARTS}
# The unit of the ECS agent is After=cloud-final.service; AWS documents the deadlock:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bootstrap_container_instance.html
AFTER_CLOUD_INIT = {"ecs"}
STAGE = "this stage of the boot, which waits for this command"
# Units of systemd's own run before the rest of the boot, and do not wait for it.
OWN = re.compile(r"systemd-|dbus|.*\.(?:mount|swap|device|path|timer)$")
# Stands for the image of a text that is made for several systems.
SEVERAL_IMAGES = "several images"
# The public parameters that name the images of Amazon Linux 2023 and of Ubuntu.
AL2023 = re.compile(r"al2023-ami|amazon-linux-2023")
UBUNTU = re.compile(r"/aws/service/canonical/ubuntu/")


def waiting(source: Source, commands: Sequence[Command], *, early: bool) -> Iterator[Finding]:
    """Yield each start of a unit that waits; early on, before the boot is done, every start of a unit does."""
    for command in commands:
        if command.background:
            continue
        verb, units = started(command)
        where = source.at_offset(command.argv[0].start) if command.argv else source.at(1)
        if any(unit.text.removesuffix(".service") in AFTER_CLOUD_INIT for unit in units) and (
            verb in STARTS or verb == "enable --now"
        ):
            message = f"deadlock: {units[0].text} starts after cloud-init, which waits for this command; add --no-block"
            yield WAITS_FOR_UNIT.at(where, message, severity=ERROR)
        elif early and units and (verb in STARTS or verb == "enable --now"):
            names = [unit.text for unit in units if not OWN.match(unit.text)]
            agent = next(filter(_is_agent, names), None)
            if agent:
                message = f"deadlock: {agent} starts after {STAGE}; add --no-block, or use runcmd"
                yield WAITS_FOR_UNIT.at(where, message, severity=ERROR)
            elif names:
                # Elsewhere it depends on what the unit itself waits for.
                message = f"deadlock on Debian and Ubuntu: {names[0]} starts after {STAGE}; add --no-block"
                yield WAITS_FOR_UNIT.at(where, message)
        elif verb in RESTARTS and any(_is_agent(unit.text) for unit in units):
            how = "add --no-block" if command.name == "systemctl" else f"use systemctl --no-block restart {AGENT}"
            message = f"waits until the agent is up, which hangs the boot if its unit is not AWS's own; in doubt {how}"
            yield WAITS_FOR_UNIT.at(where, message, severity=INFO)


def started(command: Command) -> tuple[str, list[Word]]:
    """Return what a command does to units, and to which; nothing for one that does not wait for them."""
    words = command.argv[1:]
    if command.name == "systemctl":
        options = [word.text for word in words if word.text.startswith("-")]
        rest = [word for word in words if not word.text.startswith("-")]
        if not rest or "--no-block" in options or "--user" in options:
            return "", []
        verb = rest[0].text
        return f"{verb} --now" if verb == "enable" and "--now" in options else verb, rest[1:]
    if command.name == "service" and len(words) == 2:
        return words[1].text, words[:1]
    return "", []


def absent(source: Source, commands: Sequence[Command], image: str | None) -> Iterator[Finding]:
    """Yield each restart of a unit that the image, or what the script installs, does not have for sure."""
    if image == SEVERAL_IMAGES:
        return
    snap = any(_installs_snap(command) for command in commands)
    other = any(_installs_package(command) for command in commands)
    ubuntu = image is not None and UBUNTU.search(image) is not None
    for command in commands:
        verb, units = _named(command)
        if verb not in STARTS or command.after == "||" or command.before == "||" or _conditional(command):
            continue
        for unit in units:
            name = unit.text.removesuffix(".service")
            where = source.at_offset(unit.start)
            if name == AGENT and (snap or ubuntu) and not other:
                yield ABSENT_UNIT.at(where, f"the agent is a snap here, and its unit has another name; write {SNAP}")
            elif image and AL2023.search(image) and (name.startswith("ec2-instance-connect") or name == SNAP):
                advice = "leave it out" if name != SNAP else f"write {AGENT}"
                yield ABSENT_UNIT.at(where, f"Amazon Linux 2023 has no unit {name}; {advice}")


def _named(command: Command) -> tuple[str, list[Word]]:
    """Return what a command does to units, and to which, whether it waits or not."""
    if command.name != "systemctl":
        return started(command)
    rest = [word for word in command.argv[1:] if not word.text.startswith("-")]
    return (rest[0].text, rest[1:]) if rest else ("", [])


def _conditional(command: Command) -> bool:
    """Return whether the command is a question, or stands behind one."""
    return command.before in ("&&", "(") or command.words[0].text in ("if", "elif", "then", "else", "while", "until")


def _is_agent(unit: str) -> bool:
    return unit.removesuffix(".service") in (AGENT, SNAP)


def _installs_snap(command: Command) -> bool:
    return command.name == "snap" and command.arguments[:1] == ["install"] and AGENT in command.arguments


def _installs_package(command: Command) -> bool:
    if command.name in ("dpkg", "apt", "apt-get", "yum", "dnf", "rpm", "zypper"):
        return any(AGENT in word for word in command.arguments)
    return False
