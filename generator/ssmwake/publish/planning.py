"""From the desired and the current state to the actions that lead from one to the other; no call is made here.

The order of the actions is the safety: nothing is promoted before every new version of the place exists and is Active.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ssmwake.model import Base, Invalid
from ssmwake.publish.actions import (
    Action,
    AddTemplateVersion,
    AddVersion,
    Await,
    Create,
    DeleteVersion,
    Promote,
    PromoteTemplate,
    Share,
    Tag,
)
from ssmwake.publish.current import Current, CurrentDocument, CurrentTemplate, Question, TemplateVersion, Version
from ssmwake.publish.desired import (
    MARKS,
    VERSION_NAME,
    Desired,
    Document,
    LaunchTemplate,
    encoded,
    mark,
    same,
    user_data_name,
)
from ssmwake.publish.promotions import time_of

# Raw, before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
USER_DATA_LIMIT = 16_384
NOTE = "ssmwake "


@dataclass(frozen=True)
class Publish:
    """Bring everything in line; `prune` keeps this many of the newest versions of a document, None keeps all."""

    promote: bool = True
    prune: int | None = None


@dataclass(frozen=True)
class PromoteNamed:
    """Make the versions with these names the default ones, and change nothing else."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class RollBack:
    """Make those versions the default ones that were it before one promotion, and change nothing else.

    `promotion` is its id; empty stands for the last one of the place.
    """

    promotion: str = ""


Purpose = Publish | PromoteNamed | RollBack


class Impossible(Exception):  # noqa: N818 - "ImpossibleError" says it twice
    """The desired state cannot be reached from the current one; carries a line for the user."""


def question(purpose: Purpose) -> Question:
    """Return what must be read for the purpose."""
    match purpose:
        case Publish(prune=prune):
            return Question(history=prune is not None)
        case PromoteNamed(names):
            return Question(names=names)
        case RollBack():
            return Question(rollback=True)


def actions(desired: Desired, current: Current, purpose: Purpose) -> tuple[Action, ...]:
    """Return what to do in one place, in order; nothing when all is as it should be."""
    pairs = [(document, current.document(document.name)) for document in desired.documents]
    templates = [(template, _existing(template, current)) for template in desired.launch_templates]
    match purpose:
        case Publish():
            return tuple(_publishing(pairs, templates, purpose))
        case PromoteNamed(names):
            return tuple(_promoting([d for _, d in pairs if d], [t for _, t in templates], names))
        case RollBack(promotion):
            last = promotion or current.last_promotion
            return tuple(_rolling_back(last, [d for _, d in pairs if d], [t for _, t in templates]))


def _publishing(
    pairs: list[tuple[Document, CurrentDocument | None]],
    templates: list[tuple[LaunchTemplate, CurrentTemplate]],
    purpose: Publish,
) -> Iterator[Action]:
    for document, existing in pairs:
        if existing and purpose.prune is not None:
            yield from _pruned(document, existing, purpose.prune)
    for document, existing in pairs:
        yield from _version(document, existing)
    promotions = [p for d, existing in pairs if existing and purpose.promote for p in _promoted(d, existing)]
    for document, existing in pairs:
        if existing:
            yield from _tagged(document, existing)
            yield from _shared(document, existing)
        elif document.share_with:
            yield Share(document.name, tuple(sorted(document.share_with)), ())
    for template, base in templates:
        yield from _template_version(template, base)
    yield from promotions
    for template, base in templates:
        if template.promote and purpose.promote:
            yield from _promoted_template(template, base)


def _version(document: Document, existing: CurrentDocument | None) -> Iterator[Action]:
    if existing is None:
        yield Create(document)
        return
    if existing.type != document.type:
        raise Impossible(
            f"{document.name} exists as a document of type {existing.type}, which cannot change; choose another name"
        )
    if existing.latest.status == "Deleting":
        raise Impossible(f"{document.name} is being deleted; publish again when it is gone")
    if equal := _equal(document, existing):
        if equal.status != "Active":
            yield Await(document.name, equal.number)
        return
    failed = next((version for version in existing.versions if same(version.text, document.text)), None)
    if failed:
        raise Impossible(
            f"version {failed.number} of {document.name} with this content is {failed.status}: "
            f"{failed.words or 'no reason given'}; fix the document, or delete that version"
        )
    taken = next((version for version in existing.versions if version.name == document.version_name), None)
    if taken:
        raise Impossible(
            f"version {taken.number} of {document.name} is named {taken.name} and holds something else; delete it"
        )
    yield AddVersion(document, existing.latest.number)


def _equal(document: Document, existing: CurrentDocument) -> Version | None:
    """Return the version that can be used as it is."""
    usable = (version for version in existing.versions if version.status not in ("Failed", "Deleting"))
    return next((version for version in usable if same(version.text, document.text)), None)


def _promoted(document: Document, existing: CurrentDocument) -> Iterator[Promote]:
    equal = _equal(document, existing)
    number = equal.number if equal else ""
    if number != existing.default.number:
        name = equal.name if equal else document.version_name
        yield Promote(document.name, name, number, existing.default.number, existing.notes)


def _tagged(document: Document, existing: CurrentDocument) -> Iterator[Tag]:
    """Yield the tags to set, and the user's tags to remove that are no longer desired; others stay untouched."""
    desired = document.all_tags
    marks = existing.tags.get(MARKS, "").split()
    gone = tuple(sorted(key for key in existing.tags if key not in desired and key != MARKS and mark(key) in marks))
    if marks and MARKS not in desired:
        gone = (*gone, MARKS)
    missing = tuple(sorted((key, value) for key, value in desired.items() if existing.tags.get(key) != value))
    if missing or gone:
        yield Tag(document.name, missing, gone)


def _shared(document: Document, existing: CurrentDocument) -> Iterator[Share]:
    if document.share_with is None or existing.shared_with is None:
        return
    desired = frozenset(document.share_with)
    add, remove = tuple(sorted(desired - existing.shared_with)), tuple(sorted(existing.shared_with - desired))
    if add or remove:
        yield Share(document.name, add, remove)


def _pruned(document: Document, existing: CurrentDocument, keep: int) -> Iterator[DeleteVersion]:
    """Yield the old versions that ssmwake made, but never the default one, a way back, or the one to be used."""
    equal = _equal(document, existing)
    last = existing.way_back
    kept = {existing.default.number, last.before if last else None, equal.number if equal else None}
    for version in reversed(existing.history[max(keep, 1) :]):
        if version.number not in kept and VERSION_NAME.fullmatch(version.name):
            yield DeleteVersion(document.name, version.number)


def _promoting(
    documents: list[CurrentDocument], templates: list[CurrentTemplate], names: tuple[str, ...]
) -> Iterator[Action]:
    current = {v.name for d in documents for v in d.versions} | {_named(v) for t in templates for v in t.versions}
    unknown = [name for name in names if name not in current]
    if unknown:
        raise Impossible(f"no document has a version named {' or '.join(unknown)}; publish it with --no-promote first")
    chosen = [(d, v) for d in documents for v in d.versions if v.name and v.name in names]
    yield from _defaults(chosen)
    for template in templates:
        newest = next((v for v in template.versions if _named(v) in names), None)
        if newest and newest.number != template.default:
            yield _promotion(template, newest.number)


def _rolling_back(
    promotion: str, documents: list[CurrentDocument], templates: list[CurrentTemplate]
) -> Iterator[Action]:
    if not promotion:
        raise Impossible("nothing was promoted here before; name a version with --promote")
    chosen = [(d, _before(d, last.before)) for d in documents if (last := d.way_back) and last.id == promotion]
    earlier = [(t, int(last.before)) for t in templates if (last := t.way_back) and last.id == promotion]
    others = _superseded(promotion, [*documents, *templates])
    if others and not chosen and not earlier:
        raise Impossible(f"{others[0]}; name a version with --promote")
    for template, number in earlier:
        if template.version(number) is None:
            raise Impossible(
                f"version {number} of launch template {template.template}, the default one before, no longer exists"
            )
    yield from _defaults(chosen)
    for template, number in earlier:
        yield _promotion(template, number)


def left_alone(promotion: str, current: Current) -> tuple[str, ...]:
    """Return a line for each thing that a rollback of the promotion does not touch, because it was changed since."""
    return _superseded(promotion, [*current.documents, *current.launch_templates])


def _superseded(promotion: str, existing: Sequence[CurrentDocument | CurrentTemplate]) -> tuple[str, ...]:
    return tuple(
        f"version {one.default_number} of {_name(one)} was made the default one by somebody else, after the last "
        f"promotion, which was that of version {last.after} at {time_of(promotion)}"
        for one in existing
        if (last := one.last_promotion) and last.id == promotion and not one.way_back
    )


def _name(existing: CurrentDocument | CurrentTemplate) -> str:
    return existing.name if isinstance(existing, CurrentDocument) else f"launch template {existing.template}"


def _promotion(template: CurrentTemplate, number: int) -> PromoteTemplate:
    return PromoteTemplate(template.template, template.id, number, template.default, template.notes)


def _defaults(chosen: list[tuple[CurrentDocument, Version]]) -> Iterator[Action]:
    """Yield what makes the chosen versions the default ones."""
    for document, version in chosen:
        if version.status in ("Failed", "Deleting"):
            raise Impossible(f"version {version.number} of {document.name} is {version.status}: {version.words}")
        if version.number != document.default.number:
            yield Promote(document.name, version.name, version.number, document.default.number, document.notes)


def _before(document: CurrentDocument, number: str) -> Version:
    """Return the version that was the default one before."""
    version = next((version for version in document.versions if version.number == number), None)
    if version is None:
        raise Impossible(
            f"version {number} of {document.name}, the default one before, no longer exists; "
            "name another one with --promote"
        )
    return version


def _existing(template: LaunchTemplate, current: Current) -> CurrentTemplate:
    existing = current.template(template.template)
    if existing is None:
        raise Impossible(
            f"launch template {template.template} does not exist; create it first, or fix its name in the config"
        )
    return existing


def _start(template: LaunchTemplate, existing: CurrentTemplate) -> TemplateVersion:
    number = existing.default if template.base is Base.DEFAULT else existing.latest
    version = existing.version(number)
    if version is None:
        raise Impossible(f"version {number} of launch template {template.template} cannot be read")
    return version


def _user_data(template: LaunchTemplate, start: TemplateVersion) -> bytes:
    """Return the user data that a version made from `start` should have."""
    try:
        user_data = template.user_data_on(start.user_data)
    except Invalid as invalid:
        raise Impossible("; ".join(f"{finding.where}: {finding.message}" for finding in invalid.findings)) from None
    if len(user_data) > USER_DATA_LIMIT:
        raise Impossible(
            f"{len(user_data):,} bytes of user data for launch template {template.template}, "
            f"EC2 takes {USER_DATA_LIMIT:,}; move what is large to S3 or into the image"
        )
    return user_data


def _equal_template(template: LaunchTemplate, existing: CurrentTemplate) -> TemplateVersion | None:
    """Return the version that a new one would equal: the start itself, or the newest one made like it."""
    start = _start(template, existing)
    # Whoever launches from $Latest gets what is latest: an older version that is equal is of no use to them.
    usable = (start, *existing.versions) if template.base is Base.DEFAULT else (start,)
    user_data = _user_data(template, start)
    noted, wanted = note(user_data_name(user_data), start.number), encoded(user_data)
    alike = (v for v in usable if v.rest == start.rest or v.description == noted)
    return next((version for version in alike if version.user_data == wanted), None)


def _template_version(template: LaunchTemplate, existing: CurrentTemplate) -> Iterator[AddTemplateVersion]:
    if _equal_template(template, existing) is None:
        start = _start(template, existing)
        user_data = _user_data(template, start)
        yield AddTemplateVersion(
            template.template, existing.id, start.number, existing.latest, encoded(user_data), user_data_name(user_data)
        )


def _promoted_template(template: LaunchTemplate, existing: CurrentTemplate) -> Iterator[PromoteTemplate]:
    equal = _equal_template(template, existing)
    number = equal.number if equal else 0
    if number != existing.default:
        yield _promotion(existing, number)


def note(version_name: str, base: int) -> str:
    """Return the description of a version that we add to a launch template: its name, and what it was made from."""
    return f"{NOTE}{version_name} from {base}"


def _named(version: TemplateVersion) -> str:
    noted = version.description
    return noted.removeprefix(NOTE).partition(" ")[0] if noted.startswith(NOTE) else ""
