"""The changes that a plan is made of; each is a value that says in words what it will do."""

from dataclasses import dataclass

from ssmwake.publish.desired import EVERYONE, MARKS, Document


class Impossible(Exception):  # noqa: N818 - "ImpossibleError" says it twice
    """No actions lead from the current state to the desired one; carries a line for the user."""


@dataclass(frozen=True)
class Create:
    """Create a document; its first version is its default at once."""

    document: Document

    def __str__(self) -> str:
        return f"create {self.document.name} ({self.document.type} document) with version {self.document.version_name}"


@dataclass(frozen=True)
class AddVersion:
    """Add a version to a document, on top of the newest one that was seen."""

    document: Document
    onto: str

    def __str__(self) -> str:
        return f"update {self.document.name}: new version {self.document.version_name} after version {self.onto}"


@dataclass(frozen=True)
class Await:
    """Wait until a version that another run left behind is Active."""

    name: str
    number: str

    def __str__(self) -> str:
        return f"wait for version {self.number} of {self.name} to be Active"


@dataclass(frozen=True)
class DeleteVersion:
    """Delete one old version of a document."""

    name: str
    number: str

    def __str__(self) -> str:
        return f"prune {self.name}: delete version {self.number}"


@dataclass(frozen=True)
class Tag:
    """Set and remove tags of a document."""

    name: str
    set: tuple[tuple[str, str], ...]
    remove: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = [*(f"{key}={value}" for key, value in self.set), *(f"no {key}" for key in self.remove)]
        theirs = [word for word in said if MARKS not in word]
        return f"tag {self.name}: {', '.join(theirs or said)}"


@dataclass(frozen=True)
class Share:
    """Share a document with accounts, and no longer with others."""

    name: str
    add: tuple[str, ...]
    remove: tuple[str, ...]

    def __str__(self) -> str:
        said = [
            f"{word} {', '.join(ids)}" for word, ids in (("with", self.add), ("no longer with", self.remove)) if ids
        ]
        public = " (everyone)" if EVERYONE in self.add else ""
        return f"share {self.name} {' and '.join(said)}{public}"


@dataclass(frozen=True)
class Promote:
    """Make a version the default one; an empty number is the version of this name that the plan adds.

    The default version that is left is noted first, in a tag whose present value is `notes`.
    """

    name: str
    version_name: str
    number: str
    previous: str
    notes: str = ""

    def __str__(self) -> str:
        which = self.number or "the new one"
        said = f"{which} ({self.version_name})" if self.version_name else which
        return f"promote {self.name}: default version {self.previous} -> {said}"


# How gzip begins in base64. Some services that read a template's user data themselves refuse it.
GZIP = "H4sI"


@dataclass(frozen=True)
class AddTemplateVersion:
    """Add a version to a launch template: an existing one with other user data."""

    template: str
    id: str
    base: int
    latest: int
    user_data: str
    version_name: str

    def __str__(self) -> str:
        gzip = ", compressed with gzip" if self.user_data.startswith(GZIP) else ""
        which = f"from version {self.base} with user data {self.version_name}{gzip}"
        return f"update launch template {self.template}: new version {which}"


@dataclass(frozen=True)
class PromoteTemplate:
    """Make a version of a launch template the default one, noting like `Promote`; 0 is the version the plan adds."""

    template: str
    id: str
    number: int
    previous: int
    notes: str = ""

    def __str__(self) -> str:
        which = f"{self.previous} -> {self.number or 'the new one'}"
        return f"promote launch template {self.template}: default version {which}"


Action = Create | AddVersion | Await | DeleteVersion | Tag | Share | Promote | AddTemplateVersion | PromoteTemplate
