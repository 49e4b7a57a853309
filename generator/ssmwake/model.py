"""The values that pass between the stages: places, findings, artifacts, and the config."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

# From botocore's data/partitions.json; every other region is in the partition `aws`.
PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}


def partition_of(region: str) -> str:
    """Return the partition of a region, as ARNs name it."""
    return next((name for start, name in PARTITIONS.items() if region.startswith(start)), "aws")


class Severity(StrEnum):
    """How bad a finding is; only errors fail a command unless it is asked to fail on others."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, order=True)
class Location:
    """A place in a file that a person wrote; line and column count from one."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        # Line 0 stands for what has no lines, such as an argument of a function.
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


@dataclass(frozen=True)
class Replacement:
    """The text to write between two places of a file; the byte order mark of a file is its line 1, column 0."""

    start: Location
    end: Location
    text: str


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong at a place, and what to do about it; with the fix where there is one right answer."""

    where: Location
    rule: str
    message: str
    severity: Severity = Severity.ERROR
    fix: tuple[Replacement, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return f"{self.where}: {self.severity}: {self.message} [{self.rule}]"


@dataclass(frozen=True)
class Rule:
    """A rule; its id never changes, `reason` is what happens to those who ignore it, and some findings have a fix.

    `also` holds the other severities that its findings may have, each with the words that say where.
    """

    id: str
    severity: Severity
    title: str
    reason: str
    fixable: bool = False
    also: tuple[tuple[Severity, str], ...] = ()

    @property
    def severities(self) -> str:
        """The severities of the rule in words: `warning, or error where it hangs the boot`."""
        *most, last = (self.severity.value, *(f"{severity} {where}" for severity, where in self.also))
        return f"{', '.join(most)}, or {last}" if most else last

    def at(
        self,
        where: Location,
        message: str,
        *,
        severity: Severity | None = None,
        fix: Replacement | Iterable[Replacement] | None = None,
    ) -> Finding:
        """Return a finding of this rule, in its severity unless another one is given."""
        fixes = (fix,) if isinstance(fix, Replacement) else tuple(fix or ())
        return Finding(where, self.id, message, severity or self.severity, fixes)


def rule(
    name: str,
    severity: Severity,
    title: str,
    *,
    reason: str,
    fixable: bool = False,
    also: Mapping[Severity, str] = MappingProxyType({}),
) -> Rule:
    """Return a rule, to be kept in a constant next to the check that reports it.

    It is `fixable` if its fix may be known. `also` says where a finding has another severity: `{INFO: "where ..."}`.
    """
    return Rule(name, severity, title, reason, fixable, tuple(also.items()))


class Invalid(Exception):  # noqa: N818 - an input is invalid; "InvalidError" says it twice
    """Bad input; carries every finding at once, never only the first."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = findings


@dataclass(frozen=True)
class Artifact:
    """A rendered file before it touches a disk; the path is relative to the output folder, with slashes."""

    path: str
    text: str

    @property
    def room(self) -> str:
        """The top folder, which says what kind of artifact it is; empty for a file at the top."""
        room, slash, _ = self.path.partition("/")
        return room if slash else ""


class UserDataFormat(StrEnum):
    """The forms in which cloud-init takes our user data."""

    CLOUD_CONFIG = "cloud-config"
    SCRIPT = "script"
    MULTIPART = "multipart"


# The pauses, in seconds, after which the runtime restarts an agent that is not online; the last one repeats.
RESTART_AFTER = (10, 20, 40, 80, 160, 300, 600)


@dataclass(frozen=True)
class UserDataSettings:
    """How the user data is built, and what it does at the first boot."""

    format: UserDataFormat = UserDataFormat.CLOUD_CONFIG
    include: tuple[str, ...] = ()
    foreground: bool = False
    strict: bool = False


@dataclass(frozen=True)
class DocumentSettings:
    """How the SSM documents are named, tagged and shared when they are published."""

    command_name: str = "ssmwake"
    automation_name: str = "ssmwake-rescue"
    tags: dict[str, str] = field(default_factory=dict)
    share_with: tuple[str, ...] | None = None
    keep_versions: int = 20


class Base(StrEnum):
    """The version of a launch template that a new one is made from."""

    DEFAULT = "default"
    LATEST = "latest"


class ExistingUserData(StrEnum):
    """What becomes of the user data that a launch template has already."""

    MERGE = "merge"
    REPLACE = "replace"


@dataclass(frozen=True)
class LaunchTemplateSettings:
    """What a new version of a launch template is made from, and whether it becomes the default one."""

    base: Base = Base.DEFAULT
    promote: bool = False
    user_data: ExistingUserData = ExistingUserData.MERGE


@dataclass(frozen=True)
class PublishSettings:
    """Where to publish; launch templates go by their id or name. An account is the ARN of a role in it."""

    regions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    launch_templates: dict[str, LaunchTemplateSettings] = field(default_factory=dict)
    external_id: str = ""
    # By account id, for accounts that ask for another one.
    external_ids: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ignore:
    """A rule of lint that is not reported in the files whose path fits a pattern, and why not."""

    rule: str
    reason: str
    path: str = "*"


@dataclass(frozen=True)
class LintSettings:
    """What lint keeps quiet about."""

    ignore: tuple[Ignore, ...] = ()


@dataclass(frozen=True)
class Config:
    """Everything a person can set; the empty config is valid and renders dist/. Times are in seconds."""

    role: str = ""
    timeout: int = 600
    poll: int = 5
    poll_healthy: int = 20
    restart_after: tuple[int, ...] = RESTART_AFTER
    instance_connect: bool = True
    on_ready: tuple[str, ...] = ()
    user_data: UserDataSettings = field(default_factory=UserDataSettings)
    documents: DocumentSettings = field(default_factory=DocumentSettings)
    publish: PublishSettings = field(default_factory=PublishSettings)
    lint: LintSettings = field(default_factory=LintSettings)
