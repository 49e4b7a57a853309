"""The desired state: documents and launch templates; and when two documents are equal."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from ssmwake.model import Base

EVERYONE = "all"

# Tags of ours; a person's own tag of the same key goes first.
MANAGED_BY = {"managed-by": "ssmwake"}
PREVIOUS = "ssmwake:previous-default"
MARKS = "ssmwake:tags"


class DocumentType(StrEnum):
    """The two types of document that we publish."""

    COMMAND = "Command"
    AUTOMATION = "Automation"


@dataclass(frozen=True)
class Document:
    """One SSM document, in YAML; `share_with` of None leaves the sharing to others."""

    name: str
    type: DocumentType
    text: str
    tags: dict[str, str] = field(default_factory=dict)
    share_with: tuple[str, ...] | None = None

    @property
    def version_name(self) -> str:
        """The name of the version that holds this content."""
        return version_name(parsed(self.text))

    @property
    def all_tags(self) -> dict[str, str]:
        """The tags of ours and the person's, and the marks by which we know theirs again."""
        marks = {MARKS: " ".join(sorted(map(mark, self.tags)))} if self.tags else {}
        return {**MANAGED_BY, **self.tags, **marks}


@dataclass(frozen=True)
class LaunchTemplate:
    """One launch template of the person's, by id or name, and the user data that it should have."""

    template: str
    user_data: bytes
    base: Base = Base.DEFAULT
    promote: bool = False

    @property
    def by_id(self) -> bool:
        """Whether `template` is an id; a name of this form would be taken for one."""
        return self.template.startswith("lt-")

    @property
    def encoded(self) -> str:
        """The user data as launch-template data takes it."""
        return base64.b64encode(self.user_data).decode()

    @property
    def version_name(self) -> str:
        """The name of a version with this user data; it is written into the version's description."""
        return f"v-{hashlib.sha256(self.user_data).hexdigest()[:12]}"


@dataclass(frozen=True)
class Desired:
    """Everything that a place should hold."""

    documents: tuple[Document, ...] = ()
    launch_templates: tuple[LaunchTemplate, ...] = ()


@lru_cache(maxsize=64)
def parsed(text: str) -> Any:
    """Return what a document says, in YAML or JSON, for nobody to change; None where it is neither."""
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return None


def same(one: str, other: str) -> bool:
    """Whether two documents say the same; spaces, comments and the order of keys say nothing."""
    return one == other or (parsed(one) is not None and parsed(one) == parsed(other))


def version_name(content: Any) -> str:
    """Return the name of a version by its content, so that the same content has the same name everywhere."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return f"v-{hashlib.sha256(canonical.encode()).hexdigest()[:12]}"


def mark(key: str) -> str:
    """Return the short mark of a tag's key: 50 of them, and blanks, fit into a tag's 256 characters."""
    return hashlib.sha256(key.encode()).hexdigest()[:4]
