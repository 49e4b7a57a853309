"""What IAM says: the instance profile, its role, and what the role may."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class ProfileRole:
    """The role in an instance profile, with its trust policy; None where that is not JSON."""

    name: str
    arn: str = ""
    created: datetime | None = None
    trust: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Profile:
    """What IAM says of an instance profile."""

    name: str
    id: str = ""
    created: datetime | None = None
    roles: tuple[ProfileRole, ...] = ()


@dataclass(frozen=True)
class Gone:
    """A name that IAM does not know."""

    name: str


@dataclass(frozen=True)
class Right:
    """Whether a role may do something: `allowed`, `denied` or `unknown`; and by what, and how that was found out.

    `by` is identity, boundary, scp or endpoint when denied, and the condition keys or unread actions when unknown.
    """

    decision: str
    by: str = ""
    how: str = "simulated"
    detail: str = ""


@dataclass(frozen=True)
class Rights:
    """What the role may: report to Systems Manager, and open the channel for sessions."""

    report: Right
    channel: Right
