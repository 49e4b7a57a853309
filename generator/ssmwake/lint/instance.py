"""The instance that user data runs on, whatever describes it: its metadata options and profile against its scripts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from ssmwake.lint import user_data
from ssmwake.lint.nodes import composed, is_string, items, text_of, value
from ssmwake.lint.rules import finding
from ssmwake.lint.source import Source
from ssmwake.model import Finding, Invalid, Location
from ssmwake.userdata.parts import Kind

HEREDOC = re.compile(r"(?<!<)<<(?!<)-?\s*[\"']?([A-Za-z_]\w*)")
BEGIN = r"(?:^|[;|&(`{]|\b(?:if|then|do|else|while|until|sudo|exec|time)\s|!\s)\s*(?:/[\w./-]{0,60}/)?"
AWS = re.compile(BEGIN + r"aws\s+(?!configure\b|help\b|--version\b)[a-z0-9-]")
UNSIGNED = re.compile(r"--no-sign-request|--profile|--endpoint-url|\|\||-with-web-identity|--version|\bhelp\b")
# Where credentials can come from when not from a profile, and signs that the script waits for the profile itself.
OTHER_CREDENTIALS = re.compile(
    r"(?i)AWS_(?:ACCESS_KEY_ID|PROFILE|SHARED_CRED|CONFIG_FILE|WEB_IDENTITY|CONTAINER_CRED|ENDPOINT_URL)"
    r"|credential_process|\.aws/|\baws\s+configure\b|iam/(?:info|security-credentials)|get-caller-identity"
)
SOURCES = re.compile(r"^\s*(?:\.|source)\s+(?!\S*(?:os-release|lsb-release|/profile|bashrc)\b)")
AGENT = re.compile(
    r"\binstall\b.{0,200}\bamazon-ssm-agent\b|\bsystemctl\b.{0,80}\b(?:re)?start\b.{0,80}amazon-ssm-agent\b"
)
CONTAINER = re.compile(BEGIN + r"(?:docker|podman|nerdctl)\s+(?:container\s+)?run\b")
READS_ROLE = re.compile(r"169\.254\.169\.254|[\s/](?:amazon|aws-cli)/aws-cli\b")
# On the host's network nothing hops; with keys of its own a container asks nobody.
NOT_BRIDGED = re.compile(r"--net(?:work)?[= ](?:host|container:)|AWS_ACCESS_KEY_ID|--env-file|\.aws\b")
IPV6_ONLY = re.compile(r"\[fd00:ec2::254\]", re.IGNORECASE)
IPV4 = "169.254.169.254"


@dataclass(frozen=True)
class Setting:
    """What a description says at a place; the value is None where only the deployment knows it."""

    value: str | None
    where: Location


@dataclass(frozen=True)
class Instance:
    """An instance as described; a setting is None where it is not stated, and then `settled` tells the default holds.

    `where` is the place of the whole; `profile` names an instance profile; `image` is an id or a name, if known.
    It is `settled` when nothing else, such as a launch template or a launch of its own, can state what is not here.
    """

    where: Location
    endpoint: Setting | None = None
    tokens: Setting | None = None
    hops: Setting | None = None
    ipv6: Setting | None = None
    profile: Setting | None = None
    image: str | None = None
    settled: bool = False


def check(instance: Instance, scripts: Sequence[Source]) -> Iterator[Finding]:
    """Yield where the options and the profile of an instance do not fit its user data, each text of which is given."""
    if instance.endpoint and instance.endpoint.value == "disabled" and scripts:
        message = "IMDS is off, and cloud-init gets user data from there, so none of it runs; enable HttpEndpoint"
        yield finding("SW220", instance.endpoint.where, message)
    if instance.tokens and instance.tokens.value == "optional":
        message = "any request forged on the instance reads its credentials (IMDSv1); write HttpTokens: required"
        yield finding("SW221", instance.tokens.where, message)
    commands = [line for script in scripts for line in _commands(script)]
    yield from _hops(instance, commands)
    yield from _ipv6(instance, commands)
    yield from _profile(instance, commands)


def _hops(instance: Instance, commands: Sequence[Source]) -> Iterator[Finding]:
    required = instance.tokens is not None and instance.tokens.value == "required"
    if not required or instance.hops is None or instance.hops.value != "1":
        return
    for command in commands:
        if CONTAINER.search(command.text) and READS_ROLE.search(command.text) and not NOT_BRIDGED.search(command.text):
            line = command.at(1).line
            message = f"the container of line {line} is two hops from IMDS; write 2, or run it with --network host"
            yield finding("SW222", instance.hops.where, message)
            return


def _ipv6(instance: Instance, commands: Sequence[Source]) -> Iterator[Finding]:
    off = instance.settled if instance.ipv6 is None else instance.ipv6.value == "disabled"
    if not off or any(IPV4 in command.text for command in commands):
        return
    for command in commands:
        if match := IPV6_ONLY.search(command.text):
            where = command.at_offset(match.start())
            yield finding("SW223", where, "IMDS does not answer on IPv6 here; set HttpProtocolIpv6 to enabled")
            return


def _profile(instance: Instance, commands: Sequence[Source]) -> Iterator[Finding]:
    if instance.profile is not None or not instance.settled:
        return
    agents = [(command, match) for command in commands if (match := AGENT.search(command.text))]
    for command, match in agents[:1]:
        where = command.at_offset(match.start())
        message = "without a profile the agent waits for one, or for Default Host Management; set IamInstanceProfile"
        yield finding("SW228", where, message)
    if any(OTHER_CREDENTIALS.search(command.text) or SOURCES.search(command.text) for command in commands):
        return
    for command in commands:
        match = AWS.search(command.text)
        if match and not UNSIGNED.search(command.text):
            where = command.at_offset(command.text.index("aws", match.start()))
            yield finding("SW224", where, "no profile, so aws finds no credentials; set IamInstanceProfile")
            return


def _commands(source: Source) -> Iterator[Source]:
    """Yield each line of shell that user data runs at boot, continued ones whole; not what it writes to files."""
    try:
        parts = list(user_data.parts(source, source.text.encode("utf-8", "surrogateescape")))
    except (Invalid, UnicodeEncodeError):
        return
    for inner, part in parts:
        if part.kind in (Kind.SCRIPT, Kind.BOOTHOOK):
            yield from _lines(inner)
        elif part.kind is Kind.CLOUD_CONFIG:
            yield from _of_cloud_config(inner)


def _of_cloud_config(source: Source) -> Iterator[Source]:
    try:
        root = composed(source.text)
    except (yaml.YAMLError, RecursionError):
        return
    for key in ("bootcmd", "runcmd"):
        for item in items(value(root, key)):
            if isinstance(item, yaml.ScalarNode) and is_string(item):
                yield from _lines(source.inner(item))
            elif words := [text_of(word) for word in items(item)]:
                # A word that is shell itself, as after `sh -c`, may have lines.
                yield Source.at_place(source.of(item), " ".join(words))


def _lines(source: Source) -> Iterator[Source]:
    offset, end = 0, len(source.text)
    heredoc = ""
    while offset < end:
        start = offset
        while True:
            stop = source.text.find("\n", offset)
            stop = end if stop < 0 else stop
            offset = stop + 1
            if offset > end or source.text[stop - 1 : stop] != "\\" or heredoc:
                break
        line = source.text[start:stop]
        if heredoc:
            heredoc = "" if line.strip() == heredoc else heredoc
        elif not line.lstrip().startswith("#"):
            yield source.slice(start, stop)
            match = HEREDOC.search(line)
            heredoc = match[1] if match else ""
