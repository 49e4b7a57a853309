"""The current state, read from one account and region into values; reading changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ssmwake.aws.client import Refused, Service
from ssmwake.model import Base, Invalid
from ssmwake.publish import promotions
from ssmwake.publish.desired import Desired, Document, LaunchTemplate, encoded, same

FORMAT = "YAML"


@dataclass(frozen=True)
class Version:
    """One version of a document."""

    number: str
    name: str = ""
    status: str = "Active"
    words: str = ""
    text: str = ""


class Noted:
    """What exists and has a default version, with what is noted in its tags of how that became the default one."""

    tags: dict[str, str]

    @property
    def default_number(self) -> str:
        """The number of the default version."""
        raise NotImplementedError

    @property
    def notes(self) -> str:
        """What is noted of promotions."""
        return self.tags.get(promotions.TAG, "")

    @property
    def last_promotion(self) -> promotions.Promotion | None:
        """The last promotion that is noted, whether or not somebody chose another default version since."""
        return promotions.last(self.notes, self.default_number)

    @property
    def way_back(self) -> promotions.Promotion | None:
        """The last promotion, if it made the default version the default one."""
        return promotions.effective(self.notes, self.default_number)


@dataclass(frozen=True)
class CurrentDocument(Noted):
    """A document that exists: its newest version, its default one, and those that were asked for by name."""

    name: str
    type: str
    latest: Version
    default: Version
    tags: dict[str, str]
    shared_with: frozenset[str] | None = None
    others: tuple[Version, ...] = ()
    history: tuple[Version, ...] = ()

    @property
    def default_number(self) -> str:
        """The number of the default version."""
        return self.default.number

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions whose content is known; the default one first, because keeping it needs no change."""
        return tuple({v.number: v for v in (self.default, self.latest, *self.others)}.values())


@dataclass(frozen=True)
class TemplateVersion:
    """One version of a launch template; `rest` is its data without the user data."""

    number: int
    description: str
    user_data: str
    rest: str


@dataclass(frozen=True)
class CurrentTemplate(Noted):
    """A launch template that exists, by the id or name it was asked for, and its id."""

    template: str
    id: str
    default: int
    latest: int
    tags: dict[str, str]
    versions: tuple[TemplateVersion, ...]

    @property
    def default_number(self) -> str:
        """The number of the default version."""
        return str(self.default)

    def version(self, number: int) -> TemplateVersion | None:
        """Return the version with the number, if it was read."""
        return next((version for version in self.versions if version.number == number), None)


@dataclass(frozen=True)
class Current:
    """Everything that was read in one place; a document that does not exist is not among the documents."""

    documents: tuple[CurrentDocument, ...] = ()
    launch_templates: tuple[CurrentTemplate, ...] = ()

    def document(self, name: str) -> CurrentDocument | None:
        """Return the document with the name, if it exists."""
        return next((document for document in self.documents if document.name == name), None)

    def template(self, template: str) -> CurrentTemplate | None:
        """Return the launch template, if it exists."""
        return next((current for current in self.launch_templates if current.template == template), None)

    @property
    def last_promotion(self) -> str:
        """The id of the newest promotion that is noted here; empty without any."""
        notes = (one.last_promotion for one in (*self.documents, *self.launch_templates))
        return max((note.id for note in notes if note), default="")

    def like(self, other: "Current") -> bool:
        """Whether nothing was changed between two readings; that a version became Active does not count."""
        return _as_after_a_wait(self) == _as_after_a_wait(other)


@dataclass(frozen=True)
class Question:
    """What to read beyond the newest and the default version."""

    names: tuple[str, ...] = ()  # look these version names up, and not our own content
    rollback: bool = False  # look the version up that was the default one before, and not our own content
    history: bool = False  # list every version


def read(services: dict[str, Service], desired: Desired, question: Question) -> Current:
    """Return the current state of everything that is desired."""
    documents = (_document(services["ssm"], document, question) for document in desired.documents)
    templates = (_template(services["ec2"], template, question) for template in desired.launch_templates)
    return Current(tuple(d for d in documents if d), tuple(t for t in templates if t))


def _document(ssm: Service, desired: Document, question: Question) -> CurrentDocument | None:
    try:
        answer = ssm("GetDocument", Name=desired.name, DocumentVersion="$LATEST", DocumentFormat=FORMAT)
    except Refused as refused:
        if refused.code == "InvalidDocument":
            return None
        raise
    described = ssm("DescribeDocument", Name=desired.name)["Document"]
    latest = _version(answer)
    number = described["DefaultVersion"]
    default = latest if number == latest.number else _get(ssm, desired.name, DocumentVersion=number)
    current = CurrentDocument(
        desired.name,
        answer["DocumentType"],
        latest,
        default or Version(number),
        _tags(described["Tags"] if "Tags" in described else _listed_tags(ssm, desired.name)),
        None if desired.share_with is None else frozenset(_shared_with(ssm, desired.name)),
    )
    history = tuple(versions(ssm, desired.name)) if question.history else ()
    others = tuple(_others(ssm, desired, current, question))
    return replace(current, others=others, history=history)


def _others(ssm: Service, desired: Document, current: CurrentDocument, question: Question) -> Iterator[Version]:
    """Yield further versions with their content: by the names asked for, or equal to what is desired."""
    if question.names or question.rollback:
        last = current.way_back if question.rollback else None
        which = [{"VersionName": name} for name in question.names]
        which += [{"DocumentVersion": last.before}] if last else []
        yield from filter(None, (_get(ssm, desired.name, **one) for one in which))
        return
    if any(same(version.text, desired.text) for version in current.versions):
        return
    if version := _get(ssm, desired.name, VersionName=desired.version_name):
        yield version
        return
    ours = current.tags.get("managed-by") == desired.all_tags["managed-by"]
    # The versions of somebody else's document do not say by their names what they hold.
    if not ours and (version := equal_version(ssm, desired)):
        yield version


def equal_version(ssm: Service, desired: Document) -> Version | None:
    """Return the newest version that says the same as what is desired, by reading them all."""
    for listed in versions(ssm, desired.name):
        version = _get(ssm, desired.name, DocumentVersion=listed.number)
        if version and version.status != "Failed" and same(version.text, desired.text):
            return version
    return None


def versions(ssm: Service, name: str) -> list[Version]:
    """Return every version of a document, the newest first, without its content."""
    current = [
        Version(
            v["DocumentVersion"], v.get("VersionName", ""), v.get("Status", "Active"), v.get("StatusInformation", "")
        )
        for page in ssm.pages("ListDocumentVersions", Name=name)
        for v in page["DocumentVersions"]
    ]
    if not all(version.number.isdigit() for version in current):
        raise ssm.nonsense("ListDocumentVersions", "has a DocumentVersion that is not a number")
    return sorted(current, key=lambda version: int(version.number), reverse=True)


def _as_after_a_wait(current: Current) -> Current:
    def after_wait(version: Version) -> Version:
        return replace(version, status="Active") if version.status in ("Creating", "Updating") else version

    documents = (
        replace(
            document,
            latest=after_wait(document.latest),
            default=after_wait(document.default),
            others=tuple(map(after_wait, document.others)),
            history=tuple(map(after_wait, document.history)),
        )
        for document in current.documents
    )
    return replace(current, documents=tuple(documents))


def _get(ssm: Service, name: str, **which: str) -> Version | None:
    try:
        return _version(ssm("GetDocument", Name=name, DocumentFormat=FORMAT, **which))
    except Refused as refused:
        # The service says one or the other for a version that is not there.
        if refused.code in ("InvalidDocument", "InvalidDocumentVersion"):
            return None
        raise


def _version(answer: dict[str, Any]) -> Version:
    return Version(
        answer["DocumentVersion"],
        answer.get("VersionName") or "",
        answer.get("Status", "Active"),
        answer.get("StatusInformation") or "",
        answer["Content"],
    )


def _listed_tags(ssm: Service, name: str) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = ssm("ListTagsForResource", ResourceType="Document", ResourceId=name)["TagList"]
    return listed


def _tags(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _shared_with(ssm: Service, name: str) -> Iterator[str]:
    for page in ssm.pages("DescribeDocumentPermission", Name=name, PermissionType="Share"):
        yield from page.get("AccountIds", [])


def _template(ec2: Service, desired: LaunchTemplate, question: Question) -> CurrentTemplate | None:
    which = {"LaunchTemplateIds" if desired.by_id else "LaunchTemplateNames": [desired.template]}
    try:
        answer = ec2("DescribeLaunchTemplates", **which)["LaunchTemplates"]
    except Refused as refused:
        if refused.code.startswith("InvalidLaunchTemplate"):
            return None
        raise
    # The service refuses what it does not have; some stand-ins for it answer with an empty list.
    if not answer:
        return None
    if len(answer) != 1:
        raise ec2.nonsense("DescribeLaunchTemplates", f"has {len(answer)} launch templates instead of one")
    (described,) = answer
    template = described["LaunchTemplateId"]
    default, latest = described["DefaultVersionNumber"], described["LatestVersionNumber"]
    ends = {"LaunchTemplateId": template, "Versions": ["$Default", "$Latest"]}
    known = [
        _template_version(version)
        for version in ec2("DescribeLaunchTemplateVersions", **ends)["LaunchTemplateVersions"]
    ]
    start = default if desired.base is Base.DEFAULT else latest
    if question.names or question.rollback or not any(_is_current(v, desired) for v in known if v.number == start):
        known = [
            _template_version(version)
            for page in ec2.pages("DescribeLaunchTemplateVersions", LaunchTemplateId=template)
            for version in page["LaunchTemplateVersions"]
        ]
    newest_first = sorted({v.number: v for v in known}.values(), key=lambda version: -version.number)
    tags = _template_tags(ec2, template)
    return CurrentTemplate(desired.template, template, default, latest, tags, tuple(newest_first))


def _template_tags(ec2: Service, template: str) -> dict[str, str]:
    """Return the tags of a launch template; what stands in for AWS may describe it with those of its creation."""
    filters = [{"Name": "resource-id", "Values": [template]}]
    return {tag["Key"]: tag["Value"] for page in ec2.pages("DescribeTags", Filters=filters) for tag in page["Tags"]}


def _is_current(version: TemplateVersion, desired: LaunchTemplate) -> bool:
    try:
        return version.user_data == encoded(desired.user_data_on(version.user_data))
    except Invalid:
        # The plan says why.
        return False


def _template_version(version: dict[str, Any]) -> TemplateVersion:
    data = dict(version.get("LaunchTemplateData", {}))
    user_data = "".join(data.pop("UserData", "").split())
    return TemplateVersion(
        version["VersionNumber"], version.get("VersionDescription", ""), user_data, repr(sorted(data.items()))
    )
