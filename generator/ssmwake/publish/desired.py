"""The desired state: documents and launch templates; and when two documents are equal."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from ssmwake.model import Base

EVERYONE = "all"

# What the documents run on; the console then offers instances as targets.
TARGET_TYPE = "/AWS::EC2::Instance"

# Our own tags; a user's tag of the same key goes first.
MANAGED_BY = {"managed-by": "ssmwake"}
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
        """Our tags and the user's, and the marks by which the user's are recognised later."""
        marks = {MARKS: " ".join(sorted(map(mark, self.tags)))} if self.tags else {}
        return {**MANAGED_BY, **self.tags, **marks}


@dataclass(frozen=True)
class LaunchTemplate:
    """One launch template of the user's, by id or name, and the user data that it should have."""

    template: str
    user_data: bytes
    base: Base = Base.DEFAULT
    promote: bool = False
    # From the user data that a version has to the one that its successor should have; without it, `user_data`.
    merge: Callable[[bytes], bytes] | None = field(default=None, compare=False)

    @property
    def by_id(self) -> bool:
        """Whether `template` is an id; a name of this form would be taken for one."""
        return self.template.startswith("lt-")

    def user_data_on(self, encoded: str) -> bytes:
        """Return the user data for a version made from one with the encoded user data; raise Invalid."""
        return self.merge(_decoded(encoded)) if self.merge else self.user_data


def encoded(user_data: bytes) -> str:
    """Return user data as launch-template data takes it."""
    return base64.b64encode(user_data).decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return text.encode()


def user_data_name(user_data: bytes) -> str:
    """Return the name of a launch-template version with this user data; it is part of the version's description."""
    return f"v-{hashlib.sha256(user_data).hexdigest()[:12]}"


@dataclass(frozen=True)
class Desired:
    """Everything that a place should hold."""

    documents: tuple[Document, ...] = ()
    launch_templates: tuple[LaunchTemplate, ...] = ()


# What `version_name` makes; only a version that is named so was made by ssmwake.
VERSION_NAME = re.compile(r"v-[0-9a-f]{12}")


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
