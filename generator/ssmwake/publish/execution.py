"""Do the actions of a plan in one place, one call after the other; what is done once is not done twice."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from typing import Any, assert_never

from ssmwake.aws.client import Refused, Service
from ssmwake.publish import promotions
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
from ssmwake.publish.current import FORMAT, equal_version
from ssmwake.publish.desired import TARGET_TYPE, Document
from ssmwake.publish.template_planning import note

# ModifyDocumentPermission takes this many account ids in one call.
SHARED_AT_ONCE = 20


class Execution:
    """The execution of one place's plan; `promotion` is the id of the run, for the notes of what it promotes."""

    def __init__(self, services: dict[str, Service], promotion: str) -> None:
        self.services = services
        self.promotion = promotion
        self.added: dict[str, str] = {}
        self.active: set[tuple[str, str]] = set()

    def run(self, actions: Sequence[Action]) -> Iterator[Action]:
        """Do one action after the other, and yield each when it is done."""
        for action in actions:
            self._do(action)
            yield action

    def _do(self, action: Action) -> None:
        match action:
            case Create(document):
                self._create(document)
            case AddVersion(document, onto):
                self._add_version(document, onto)
            case Await(name, number):
                self._wait(name, number)
            case DeleteVersion(name, number):
                self._ssm("DeleteDocument", Name=name, DocumentVersion=number)
            case Tag():
                self._tag(action)
            case Share():
                self._share(action)
            case Promote():
                self._promote(action)
            case AddTemplateVersion():
                self._add_template_version(action)
            case PromoteTemplate():
                self._promote_template(action)
            case _:
                assert_never(action)

    def _ssm(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self.services["ssm"](operation, **parameters)

    def _create(self, document: Document) -> None:
        answer = self._ssm(
            "CreateDocument",
            Name=document.name,
            Content=document.text,
            DocumentType=document.type.value,
            DocumentFormat=FORMAT,
            VersionName=document.version_name,
            TargetType=TARGET_TYPE,
            Tags=_tags(document.all_tags.items()),
        )
        self._settle(document.name, answer["DocumentDescription"])

    def _add_version(self, document: Document, onto: str) -> None:
        """Add a version on the newest one that the plan has seen: the service refuses when it is no longer that."""
        try:
            answer = self._ssm(
                "UpdateDocument",
                Name=document.name,
                Content=document.text,
                DocumentFormat=FORMAT,
                VersionName=document.version_name,
                TargetType=TARGET_TYPE,
                DocumentVersion=onto,
            )
        except Refused as refused:
            if refused.code != "DuplicateDocumentContent":
                raise
            equal = equal_version(self.services["ssm"], document)
            if equal is None:
                raise
            self.added[document.name] = equal.number
            self._wait(document.name, equal.number)
            return
        self._settle(document.name, answer["DocumentDescription"])

    def _settle(self, name: str, description: dict[str, Any]) -> None:
        number = description["DocumentVersion"]
        self.added[name] = number
        if description.get("Status") == "Active":
            self.active.add((name, number))
        self._wait(name, number)

    def _wait(self, name: str, number: str) -> None:
        """Return when the version is Active; what a Failed one says is passed on."""
        patience = self.services["ssm"].patience
        until = time.monotonic() + patience.active
        pause = patience.poll
        while (name, number) not in self.active:
            described = self._ssm("DescribeDocument", Name=name, DocumentVersion=number)["Document"]
            status = described.get("Status", "")
            if status == "Active":
                self.active.add((name, number))
            elif status in ("Failed", "Deleting"):
                words = described.get("StatusInformation") or "no reason given"
                raise Refused(f"version {number} of {name} is {status}: {words}; fix the document and publish again")
            elif time.monotonic() > until:
                raise Refused(
                    f"version {number} of {name} is still {status} after {patience.active:.0f} s; publish again later"
                )
            else:
                time.sleep(pause)
                pause = min(pause * 1.5, patience.longest_pause)

    def _tag(self, action: Tag) -> None:
        where = {"ResourceType": "Document", "ResourceId": action.name}
        if action.set:
            self._ssm("AddTagsToResource", **where, Tags=_tags(action.set))
        if action.remove:
            self._ssm("RemoveTagsFromResource", **where, TagKeys=list(action.remove))

    def _share(self, action: Share) -> None:
        where = {"Name": action.name, "PermissionType": "Share"}
        # Taken away first: whoever should not have it must not keep it when a later call fails.
        for part in _parts(action.remove):
            self._ssm("ModifyDocumentPermission", **where, AccountIdsToRemove=part)
        for part in _parts(action.add):
            self._ssm("ModifyDocumentPermission", **where, AccountIdsToAdd=part)

    def _promote(self, action: Promote) -> None:
        number = action.number or self.added[action.name]
        if number == action.previous:
            return
        self._wait(action.name, number)
        tags = self._note(action.notes, action.previous, number)
        self._ssm("AddTagsToResource", ResourceType="Document", ResourceId=action.name, Tags=tags)
        self._ssm("UpdateDocumentDefaultVersion", Name=action.name, DocumentVersion=number)

    def _add_template_version(self, action: AddTemplateVersion) -> None:
        # The same token for the same change: a call that is sent again makes no second version.
        said = f"{action.id} {action.base} {action.latest} {action.user_data}"
        answer = self.services["ec2"](
            "CreateLaunchTemplateVersion",
            ClientToken=hashlib.sha256(said.encode()).hexdigest()[:32],
            LaunchTemplateId=action.id,
            SourceVersion=str(action.base),
            VersionDescription=note(action.version_name, action.base),
            LaunchTemplateData={"UserData": action.user_data},
        )
        self.added[action.id] = str(answer["LaunchTemplateVersion"]["VersionNumber"])

    def _promote_template(self, action: PromoteTemplate) -> None:
        number = str(action.number or self.added[action.id])
        ec2 = self.services["ec2"]
        ec2("CreateTags", Resources=[action.id], Tags=self._note(action.notes, str(action.previous), number))
        ec2("ModifyLaunchTemplate", LaunchTemplateId=action.id, DefaultVersion=number)

    def _note(self, notes: str, before: str, after: str) -> list[dict[str, str]]:
        promotion = promotions.Promotion(self.promotion, before, after)
        return _tags([(promotions.TAG, promotions.with_note(notes, promotion))])


def _tags(pairs: Any) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(pairs)]


def _parts(ids: tuple[str, ...]) -> list[list[str]]:
    return [list(ids[start : start + SHARED_AT_ONCE]) for start in range(0, len(ids), SHARED_AT_ONCE)]
