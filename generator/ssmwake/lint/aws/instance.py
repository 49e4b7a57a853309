"""The instance that user data runs on, whatever describes it: its metadata options and profile against its scripts."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import yaml

from ssmwake.cloud_init.parts import SCRIPTS, Part, PartKind
from ssmwake.lint.aws.setting import StatedSetting
from ssmwake.lint.deferred import Found
from ssmwake.lint.rules import ERROR, INFO, WARNING, rule
from ssmwake.lint.shell.argument import script_argument
from ssmwake.lint.shell.command import Command, Word
from ssmwake.lint.shell.imds import CLIENTS, IMDSV1
from ssmwake.lint.shell.parser import commands
from ssmwake.lint.user_data import running
from ssmwake.model import Finding, Location
from ssmwake.text.placeholders import WORD
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import composed, is_string, items, text_of, value

IMDS_DISABLED = rule(
    "SW220", ERROR, "user data without IMDS", reason="cloud-init gets user data from IMDS: none of it runs"
)
TOKENS_OPTIONAL = rule(
    "SW221", WARNING, "HttpTokens: optional", reason="one forged request gives the role's credentials away"
)
HOP_LIMIT = rule(
    "SW222", WARNING, "a hop limit too small for a container", reason="IMDS's answer never reaches the container"
)
IMDS_OVER_IPV6 = rule(
    "SW223", WARNING, "IMDS over IPv6 that is not enabled", reason="the request runs into its time limit"
)
CALL_WITHOUT_PROFILE = rule(
    "SW224", WARNING, "an AWS call without an instance profile", reason="there are no credentials, and the call fails"
)
AGENT_WITHOUT_PROFILE = rule(
    "SW228", INFO, "the SSM agent without a profile", reason="it registers only once a role is attached, or with DHMC"
)

TAGS_DISABLED = rule(
    "SW258",
    ERROR,
    "tags that IMDS does not serve",
    reason="the answer is 404, and the script goes on without the tag",
    also={WARNING: "where nothing sets InstanceMetadataTags"},
)
HOP_LIMIT_RANGE = rule("SW259", ERROR, "a hop limit out of range", reason="EC2 takes 1 to 64, and refuses any other")
OTHER_ROLE = rule(
    "SW262", ERROR, "a role that the instance does not get", reason="it waits for another role than it has, for ever"
)

# Where credentials can come from when not from a profile, and signs that the script waits for the profile itself.
OTHER_CREDENTIALS = re.compile(
    r"(?i)AWS_(?:ACCESS_KEY_ID|PROFILE|SHARED_CRED|CONFIG_FILE|WEB_IDENTITY|CONTAINER_CRED|ENDPOINT_URL)"
    r"|credential_process|\.aws/|\baws\s+configure\b|iam/(?:info|security-credentials)|get-caller-identity"
)
# Files that a shell reads, and in which nobody looks for credentials.
HARMLESS = re.compile(r"(?:/os-release|/lsb-release|/etc/profile|bashrc)$")
NO_CREDENTIALS = ("--no-sign-request", "--profile", "--endpoint-url", "--version", "--generate-cli-skeleton")
LOCAL = {"configure", "help"}
INSTALLERS = {"yum", "dnf", "microdnf", "zypper", "apt", "apt-get", "rpm", "dpkg", "snap"}
AGENT = "amazon-ssm-agent"
ABOUT_AGENT = re.compile(rf"{AGENT}|\bssmwake\b")
CONTAINERS = {"docker", "podman", "nerdctl"}
# An image that needs the role at once, and the address of IMDS as something to ask.
READS_ROLE = re.compile(r"(?:^|/)(?:amazon|aws-cli)/aws-cli(?:[:@]|$)|//169\.254\.169\.254")
# On the host's network nothing hops; with keys of its own a container asks nobody; a variable can say either.
NOT_BRIDGED = re.compile(r"^(?:host|container:.*|--net(?:work)?=(?:host|container:).*|--env-file.*|\$.*)$")
HOPS = range(1, 65)
TAGS = re.compile(r"(?:meta-data/|^/?)tags/instance\b")
# How a script names the role whose credentials it asks for, and how ssmwake.conf names the one to wait for.
AWAITED = re.compile(
    r"^(?![ \t]*#)[^\n]*?(?:iam/security-credentials/|(?<![\w$])SSMWAKE_ROLE=[\"']?)"
    r"(?P<role>[\w+=,.@-]+)(?=[\s\"'`)?;|&<>]|$)",
    re.MULTILINE,
)
IPV4, IPV6 = "169.254.169.254", "//[fd00:ec2::254]"


@dataclass(frozen=True)
class InstanceNames:
    """What the settings are called where the instance is described."""

    endpoint: str = "HttpEndpoint"
    tokens_required: str = "HttpTokens: required"
    ipv6: str = "HttpProtocolIpv6"
    profile: str = "IamInstanceProfile"
    tags: str = "InstanceMetadataTags: enabled"


@dataclass(frozen=True)
class DescribedInstance:
    """An instance as described; a setting is None where it is not stated, and its default holds if it `is_complete`.

    `where` is the place of the whole; `profile` names an instance profile; `image` is an id or a name, if known.
    It is complete when nothing else, such as a launch template or a launch of its own, can state what is not here.
    """

    where: Location
    endpoint: StatedSetting | None = None
    tokens: StatedSetting | None = None
    hops: StatedSetting | None = None
    ipv6: StatedSetting | None = None
    tags: StatedSetting | None = None
    profile: StatedSetting | None = None
    # The name of the role in the profile; empty where it is made up at the deployment, None where it is not known.
    role: str | None = None
    # The role that a module, whose user data is not known here, is set to wait for.
    awaited: StatedSetting | None = None
    image: str | None = None
    is_complete: bool = False
    names: InstanceNames = InstanceNames()


@dataclass(frozen=True)
class _Run:
    """A command that runs at boot for sure, or under a condition, or not for good."""

    source: Source
    command: Command
    surely: bool

    @property
    def where(self) -> Location:
        return self.source.at_offset(self.command.argv[0].start if self.command.argv else 0)


def in_user_data(found: Iterable[Found], tokens: StatedSetting | None) -> Iterator[Found]:
    """Yield what is found in the user data of an instance; where it serves IMDSv1 explicitly, that works, and warns."""
    for one in found:
        if tokens and tokens.value == "optional" and isinstance(one, Finding) and one.rule == IMDSV1.id:
            yield replace(one, severity=WARNING)
        else:
            yield one


def check(instance: DescribedInstance, scripts: Sequence[Source]) -> Iterator[Finding]:
    """Yield where the options and the profile of an instance do not fit its user data, each text of which is given."""
    if instance.endpoint and instance.endpoint.value == "disabled" and scripts:
        message = "IMDS is off, and cloud-init gets user data from there, so none of it runs; enable "
        yield IMDS_DISABLED.at(instance.endpoint.where, message + instance.names.endpoint)
    if instance.tokens and instance.tokens.value == "optional":
        message = "any request forged on the instance reads its credentials (IMDSv1); write "
        yield TOKENS_OPTIONAL.at(instance.tokens.where, message + instance.names.tokens_required)
    parts = [part for script in scripts for part in _parts(script)]
    runs = [run for part in parts for run in _runs(part)]
    yield from _hops(instance, runs)
    yield from _tags(instance, runs)
    yield from _role(instance, parts, runs)
    if not any(IPV4 in part.text for part in parts):
        yield from _ipv6(instance, runs)
    if instance.profile is None and instance.is_complete:
        yield from _agent(instance, runs)
        if not any(OTHER_CREDENTIALS.search(part.text) for part in parts):
            yield from _profile(instance, runs)


def is_about_agent(scripts: Sequence[Source]) -> bool:
    """Return whether user data is about the SSM agent, or holds ssmwake, which is."""
    return any(ABOUT_AGENT.search(part.text) for script in scripts for part in _parts(script))


def commands_of(scripts: Sequence[Source]) -> Iterator[tuple[Source, Command]]:
    """Yield each command that user data runs, with the text that holds it."""
    for script in scripts:
        for part in _parts(script):
            for run in _runs(part):
                yield run.source, run.command


def _tags(instance: DescribedInstance, runs: Sequence[_Run]) -> Iterator[Finding]:
    off = instance.is_complete if instance.tags is None else instance.tags.value == "disabled"
    for run in runs if off else ():
        asked = next((word for word in run.command.words if TAGS.search(word.text)), None)
        if asked is None or run.command.name in ("echo", "printf"):
            continue
        message = f"IMDS does not serve tags here; set {instance.names.tags}"
        if instance.tags:
            yield TAGS_DISABLED.at(instance.tags.where, message)
        else:
            # An account can have another default.
            yield TAGS_DISABLED.at(run.source.at_offset(asked.start), message, severity=WARNING)
        return


def _role(instance: DescribedInstance, parts: Sequence[Part], runs: Sequence[_Run]) -> Iterator[Finding]:
    """Yield each role that user data names as its own, where the profile gives another."""
    if instance.role is None:
        return
    named = [
        (part.source.at_offset(match.start("role")), match["role"])
        for part in parts
        for match in AWAITED.finditer(part.text)
    ]
    if instance.awaited and instance.awaited.value:
        named.append((instance.awaited.where, instance.awaited.value))
    for run in runs:
        words = run.command.argv
        for before, word in pairwise(words):
            if run.command.name in ("ssmwake", "ssmwake.sh") and before.text == "--role":
                named.append((run.source.at_offset(word.start), word.text))
    for where, name in dict.fromkeys(named):
        if name == instance.role or WORD.search(name) or not re.fullmatch(r"[\w+=,.@-]+", name):
            continue
        gets = f"the instance gets {instance.role}" if instance.role else "the instance's role gets a generated name"
        yield OTHER_ROLE.at(
            where, f"waits for the role {name[:64]}, but {gets}; name no role here, so that any will do"
        )


def _hops(instance: DescribedInstance, runs: Sequence[_Run]) -> Iterator[Finding]:
    said = instance.hops.value if instance.hops else None
    if instance.hops and said is not None and re.fullmatch(r"-?\d{1,6}", said) and int(said) not in HOPS:
        yield HOP_LIMIT_RANGE.at(instance.hops.where, f"a hop limit is 1 to 64, and this is {said}; write 1, or 2")
    required = instance.tokens is not None and instance.tokens.value == "required"
    if not required or instance.hops is None or instance.hops.value != "1":
        return
    for run in runs:
        words = run.command.arguments
        starts = words[:1] == ["run"] or words[:2] == ["container", "run"]
        if run.command.name not in CONTAINERS or not starts:
            continue
        own = any("AWS_ACCESS_KEY_ID" in word or "/.aws" in word or word in NO_CREDENTIALS for word in words)
        if any(READS_ROLE.search(word) for word in words) and not own and not any(map(NOT_BRIDGED.match, words)):
            message = f"the container of line {run.where.line} is two hops from IMDS; write 2, or use --network host"
            yield HOP_LIMIT.at(instance.hops.where, message)
            return


def _ipv6(instance: DescribedInstance, runs: Sequence[_Run]) -> Iterator[Finding]:
    off = instance.is_complete if instance.ipv6 is None else instance.ipv6.value == "disabled"
    for run in runs if off else ():
        asked = [word for word in run.command.words if IPV6 in word.text.lower()]
        if asked and run.surely and (run.command.name in CLIENTS or asked == run.command.assignments):
            message = f"IMDS does not answer on IPv6 here; set {instance.names.ipv6} to enabled"
            yield IMDS_OVER_IPV6.at(run.source.at_offset(asked[0].start), message)
            return


def _agent(instance: DescribedInstance, runs: Sequence[_Run]) -> Iterator[Finding]:
    for run in runs:
        words = run.command.arguments
        installs = run.command.name in INSTALLERS and {"install", "-i", "-U", "-Uvh", "-ivh"} & set(words)
        starts = run.command.name in ("systemctl", "service") and {"start", "restart", "enable"} & set(words)
        if (installs or starts) and any(AGENT in word for word in words):
            message = "without a profile the agent waits for one, or for Default Host Management; set "
            yield AGENT_WITHOUT_PROFILE.at(run.where, message + instance.names.profile)
            return


def _profile(instance: DescribedInstance, runs: Sequence[_Run]) -> Iterator[Finding]:
    for run in runs:
        name, words = run.command.name, run.command.arguments
        if name in (".", "source") and not (words and HARMLESS.search(words[0])):
            return
        calls = name == "aws" and words and not LOCAL & set(words)
        if calls and run.surely and not any(word.startswith(NO_CREDENTIALS) for word in words):
            yield CALL_WITHOUT_PROFILE.at(
                run.where, f"no profile, so aws finds no credentials; set {instance.names.profile}"
            )
            return


def _parts(source: Source) -> list[Part]:
    """Return the parts of user data that run at boot."""
    try:
        return list(running(source))
    except UnicodeEncodeError:
        return []


def _runs(part: Part) -> Iterator[_Run]:
    """Yield each command that a part of user data runs, and not what it writes to files."""
    source = part.source
    if part.type in SCRIPTS or part.kind is PartKind.BOOTHOOK:
        yield from _of_shell(source)
    elif part.kind is PartKind.CLOUD_CONFIG:
        try:
            root = composed(source.text)
        except (yaml.YAMLError, RecursionError):
            return
        for item in [*items(value(root, "bootcmd")), *items(value(root, "runcmd"))]:
            if isinstance(item, yaml.ScalarNode) and is_string(item):
                yield from _of_shell(source.inner(item))
            elif words := [text_of(word) for word in items(item)]:
                yield from _of_words(Source.at_place(source.of(item), " ".join(words)), words)


def _of_words(source: Source, words: Sequence[str]) -> Iterator[_Run]:
    if len(words) == 3 and words[0].endswith("sh") and words[1] == "-c":
        yield from _of_shell(Source.at_place(source.at(1), words[2]))
    else:
        yield _Run(source, Command([Word(word, 0) for word in words]), surely=True)


def _of_shell(source: Source) -> Iterator[_Run]:
    depth = 0
    for command in commands(source.text):
        first = command.words[0].text if command.words else ""
        depth = max(depth - (first in ("fi", "esac")), 0)
        tried = first in ("if", "elif", "until", "while", "!") or "||" in (command.before, command.after)
        surely = not (depth or tried or command.looped or command.background)
        yield _Run(source, command, surely)
        if inner := script_argument(source, command):
            for run in _of_shell(inner[1]):
                yield replace(run, surely=run.surely and surely and command.name != "trap")
        depth += first in ("if", "case")
