"""From the desired and the current state to the actions that lead from one to the other; no call is made here.

The order of the actions is the safety: nothing is promoted before every new version of the place exists and is Active.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ssmwake.publish.actions import (
    Action,
    AddVersion,
    Await,
    Create,
    DeleteVersion,
    Impossible,
    Promote,
    Share,
    Tag,
)
from ssmwake.publish.current import Current, CurrentDocument, CurrentTemplate, Question, Version
from ssmwake.publish.desired import MARKS, VERSION_NAME, Desired, Document, LaunchTemplate, mark, same
from ssmwake.publish.promotions import time_of
from ssmwake.publish.template_planning import TemplateChange, change, noted_name, template_promotion


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


def question(purpose: Purpose) -> Question:
    """Return what must be read for the purpose."""
    match purpose:
        case Publish(prune=prune):
            return Question(history=prune is not None)
        case PromoteNamed(names):
            return Question(names=names)
        case RollBack():
            return Question(rollback=True)


@dataclass(frozen=True)
class Steps:
    """What to do in one place, in order, and a line for each launch template that cannot be brought in line."""

    actions: tuple[Action, ...] = ()
    unplanned: tuple[str, ...] = ()


def steps(desired: Desired, current: Current, purpose: Purpose, elsewhere: Collection[str] = ()) -> Steps:
    """Return what to do in one place; no actions when all is as it should be. Raises Impossible.

    The documents of a place belong together, and are published all or none; each launch template stands for itself.
    `elsewhere` are the ids of launch templates that other places of the run have: an id exists in one place only.
    """
    pairs = [(document, current.document(document.name)) for document in desired.documents]
    existing = [(template, current.template(template.template)) for template in desired.launch_templates]
    templates = [(template, found) for template, found in existing if found]
    missing = tuple(_missing(t) for t, found in existing if not found and not (t.by_id and t.template in elsewhere))
    match purpose:
        case Publish():
            changes, impossible = _changes(templates)
            return Steps(tuple(_publishing(pairs, changes, purpose)), (*missing, *impossible))
        case PromoteNamed(names):
            chosen = _promoting([d for _, d in pairs if d], [t for _, t in templates], names)
            return Steps(tuple(chosen), missing)
        case RollBack(promotion):
            last = promotion or current.last_promotion
            chosen = _rolling_back(last, [d for _, d in pairs if d], [t for _, t in templates])
            return Steps(tuple(chosen), missing)


def _missing(template: LaunchTemplate) -> str:
    if template.by_id:
        return (
            f"launch template {template.template} does not exist here, and an id exists in one region only; "
            "correct the id in the config, or give the name"
        )
    return f"launch template {template.template} does not exist here; create it, or correct its name in the config"


def _changes(templates: list[tuple[LaunchTemplate, CurrentTemplate]]) -> tuple[list[TemplateChange], list[str]]:
    """Return the changes of the launch templates, and a line for each that cannot be changed."""
    changes, impossible = [], []
    for desired, existing in templates:
        try:
            changes.append(change(desired, existing))
        except Impossible as one:
            impossible.append(str(one))
    return changes, impossible


def _publishing(
    pairs: list[tuple[Document, CurrentDocument | None]], changes: list[TemplateChange], purpose: Publish
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
    for one in changes:
        yield from one.version()
    yield from promotions
    for one in changes:
        if purpose.promote:
            yield from one.promoted()


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
    current = {v.name for d in documents for v in d.versions} | {noted_name(v) for t in templates for v in t.versions}
    unknown = [name for name in names if name not in current]
    if unknown:
        advice = "publish it with --no-promote first"
        if not all(map(VERSION_NAME.fullmatch, unknown)):
            advice = "names are like v-0123456789ab, as the plan that added the version shows them"
        raise Impossible(f"no document has a version named {' or '.join(unknown)}; {advice}")
    chosen = [(d, v) for d in documents for v in d.versions if v.name and v.name in names]
    yield from _defaults(chosen)
    for template in templates:
        newest = next((v for v in template.versions if noted_name(v) in names), None)
        if newest and newest.number != template.default:
            yield template_promotion(template, newest.number)


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
        yield template_promotion(template, number)


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
