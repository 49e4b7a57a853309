"""The traces that an agent leaves: CloudTrail's events, and the known lines of the console."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class AgentCall:
    """A report of the agent in CloudTrail; `code` is empty when it was accepted."""

    at: datetime
    code: str = ""
    message: str = ""
    version: str = ""
    role: str = ""


@dataclass(frozen=True)
class Attachment:
    """A profile `attached`, `replaced` or `detached`, as CloudTrail has it."""

    at: datetime
    what: str


@dataclass(frozen=True)
class Start:
    """A start or a reboot in CloudTrail; for a launch, whether it named an instance profile."""

    at: datetime
    what: str
    with_profile: bool | None = None


@dataclass(frozen=True)
class Trail:
    """The traces of one instance in CloudTrail, the oldest first; and the last change of its role, if that was read."""

    calls: tuple[AgentCall, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    starts: tuple[Start, ...] = ()
    role_changed: datetime | None = None
    has_role_changes: bool = False


@dataclass(frozen=True)
class Console:
    """The lines of the console that the doctor knows; no other line is kept.

    `is_script_refused`: cloud-init was not allowed to execute the script of the user data.
    """

    at: datetime | None = None
    agents: tuple[tuple[datetime, str], ...] = ()
    boot: datetime | None = None
    watcher: tuple[tuple[datetime, str, str], ...] = ()
    host_keys: tuple[str, ...] = ()
    is_dead: str = ""
    is_empty: bool = True
    is_script_refused: bool = False
