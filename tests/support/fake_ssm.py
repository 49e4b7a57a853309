"""A stand-in for SSM documents: what moto lacks (versions listed, statuses, limits), in memory, by account and region.

Every answer is checked against botocore's service model. It is as strict as the service, where that is known.
"""

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name

from support import service_model
from support.fake_templates import FakeTemplates
from support.front import Answer, Call, Request, error


@dataclass
class Version:
    """One version of a document."""

    number: int
    name: str
    text: str
    format: str
    looks_until_active: int = 0
    failure: str = ""

    def status(self) -> str:
        """The status, as it is seen the next time."""
        if self.looks_until_active > 0:
            return "Creating" if self.number == 1 else "Updating"
        return "Failed" if self.failure else "Active"


@dataclass
class Document:
    """One document with all its versions."""

    name: str
    type: str
    versions: dict[int, Version] = field(default_factory=dict)
    default: int = 1
    counter: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)


class RefusalError(Exception):
    """An error that the service answers."""


@dataclass
class FakeSsm:
    """The service; settings say how it behaves."""

    looks_until_active: int = 0
    failures: dict[str, str] = field(default_factory=dict)  # a text in the content -> what a Failed version says
    version_limit: int = 1000
    page: int = 3
    tags_when_described: bool = True
    account: str = "123456789012"
    arn: str = "arn:aws:iam::123456789012:user/jo"
    documents: dict[tuple[str, str], dict[str, Document]] = field(default_factory=lambda: defaultdict(dict))
    ec2: FakeTemplates = field(default_factory=FakeTemplates)

    def __call__(self, call: Call, request: Request) -> Answer:
        """Answer one call."""
        if call.service == "sts":
            return self.identity(call)
        if call.service == "ec2":
            return self.ec2(call)
        operation = getattr(self, f"do_{xform_name(call.operation)}")
        try:
            value = operation(self.documents[call.key, call.region], call.parameters)
        except RefusalError as refusal:
            code, message = refusal.args
            shapes = {shape.name for shape in service_model.operation("ssm", call.operation).error_shapes}
            assert code in shapes | {"ValidationException"}, f"{call.operation} does not know {code}"
            return error(call, code, message)
        found = list(service_model.problems(value, service_model.operation("ssm", call.operation).output_shape))
        assert not found, f"{call.operation} would answer what the service model does not know: {found}"
        return Answer.of(value)

    def identity(self, call: Call) -> Answer:
        """Answer whose credentials these are."""
        assert call.operation == "GetCallerIdentity", f"no stand-in answers {call.operation}"
        inner = f"<Arn>{self.arn}</Arn><UserId>AIDAEXAMPLE</UserId><Account>{self.account}</Account>"
        return Answer(
            200,
            f"<GetCallerIdentityResponse><GetCallerIdentityResult>{inner}</GetCallerIdentityResult>"
            "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>".encode(),
        )

    def do_create_document(self, there: dict[str, Document], asked: dict[str, Any]) -> dict[str, Any]:
        if asked["Name"] in there:
            raise RefusalError("DocumentAlreadyExists", f"{asked['Name']} exists")
        document = Document(asked["Name"], asked["DocumentType"])
        document.tags = {tag["Key"]: tag["Value"] for tag in asked.get("Tags", [])}
        there[document.name] = document
        return {"DocumentDescription": self._described(document, self._added(document, asked))}

    def do_update_document(self, there: dict[str, Document], asked: dict[str, Any]) -> dict[str, Any]:
        document = _named(there, asked)
        latest = max(document.versions)
        if asked.get("DocumentVersion", "1") not in ("$LATEST", str(latest)):
            raise RefusalError("InvalidDocumentVersion", "only the latest version can be updated")
        if any(version.text == asked["Content"] for version in document.versions.values()):
            raise RefusalError("DuplicateDocumentContent", "the content is that of another version")
        if any(version.name and version.name == asked.get("VersionName") for version in document.versions.values()):
            raise RefusalError("DuplicateDocumentVersionName", "the version name is in use")
        if len(document.versions) >= self.version_limit:
            raise RefusalError("DocumentVersionLimitExceeded", f"{self.version_limit} versions are the limit")
        return {"DocumentDescription": self._described(document, self._added(document, asked))}

    def do_get_document(self, there: dict[str, Document], asked: dict[str, Any]) -> dict[str, Any]:
        document = _named(there, asked)
        version = _version(document, asked)
        answer = {
            "Name": document.name,
            "DocumentVersion": str(version.number),
            "Status": version.status(),
            "Content": version.text,
            "DocumentType": document.type,
            "DocumentFormat": version.format,
        }
        if version.failure and version.status() == "Failed":
            answer["StatusInformation"] = version.failure
        return answer | ({"VersionName": version.name} if version.name else {})

    def do_describe_document(self, there: dict[str, Document], asked: dict[str, Any]) -> dict[str, Any]:
        document = _named(there, asked)
        version = _version(document, asked)
        version.looks_until_active -= 1
        return {"Document": self._described(document, version)}

    def do_list_document_versions(self, there: dict[str, Document], asked: dict[str, Any]) -> dict[str, Any]:
        document = _named(there, asked)
        start = int(asked.get("NextToken", "0"))
        numbers = sorted(document.versions, reverse=True)
        page = [document.versions[number] for number in numbers[start : start + self.page]]
        answer: dict[str, Any] = {
            "DocumentVersions": [
                {
                    "Name": document.name,
                    "DocumentVersion": str(version.number),
                    "IsDefaultVersion": version.number == document.default,
                    "Status": version.status(),
                    "DocumentFormat": version.format,
                    **({"VersionName": version.name} if version.name else {}),
                }
                for version in page
            ]
        }
        if start + self.page < len(numbers):
            answer["NextToken"] = str(start + self.page)
        return answer

    def do_update_document_default_version(self, there: dict[str, Document], asked: dict[str, Any]) -> dict[str, Any]:
        document = _named(there, asked)
        if not asked["DocumentVersion"].isdigit() or int(asked["DocumentVersion"]) not in document.versions:
            raise RefusalError("InvalidDocumentVersion", f"there is no version {asked['DocumentVersion']}")
        version = document.versions[int(asked["DocumentVersion"])]
        if version.status() != "Active":
            raise RefusalError("InvalidDocumentVersion", f"version {version.number} is not Active")
        document.default = version.number
        return {"Description": {"Name": document.name, "DefaultVersion": asked["DocumentVersion"]}}

    def do_delete_document(self, there: dict[str, Document], asked: dict[str, Any]) -> dict[str, Any]:
        document = _named(there, asked)
        version = _version(document, asked)
        if version.number == document.default:
            raise RefusalError("InvalidDocumentOperation", "the default version cannot be deleted")
        del document.versions[version.number]
        return {}

    def do_add_tags_to_resource(self, there: dict[str, Document], asked: dict[str, Any]) -> dict[str, Any]:
        _resource(there, asked).tags.update({tag["Key"]: tag["Value"] for tag in asked["Tags"]})
        return {}

    def do_remove_tags_from_resource(self, there: dict[str, Document], asked: dict[str, Any]) -> dict[str, Any]:
        for key in asked["TagKeys"]:
            _resource(there, asked).tags.pop(key, None)
        return {}

    def do_list_tags_for_resource(self, there: dict[str, Document], asked: dict[str, Any]) -> dict[str, Any]:
        return {"TagList": _tags(_resource(there, asked))}

    def do_describe_document_permission(self, there: dict[str, Document], asked: dict[str, Any]) -> dict[str, Any]:
        shared = sorted(_named(there, asked).shared)
        start = int(asked.get("NextToken", "0"))
        more = {"NextToken": str(start + self.page)} if start + self.page < len(shared) else {}
        return {"AccountIds": shared[start : start + self.page], **more}

    def do_modify_document_permission(self, there: dict[str, Document], asked: dict[str, Any]) -> dict[str, Any]:
        shared = _named(there, asked).shared
        shared |= set(asked.get("AccountIdsToAdd", []))
        shared -= set(asked.get("AccountIdsToRemove", []))
        return {}

    def _added(self, document: Document, asked: dict[str, Any]) -> Version:
        document.counter += 1
        text = asked["Content"]
        failure = next((words for marker, words in self.failures.items() if marker in text), "")
        version = Version(
            document.counter,
            asked.get("VersionName", ""),
            text,
            asked.get("DocumentFormat", "JSON"),
            self.looks_until_active,
            failure,
        )
        document.versions[version.number] = version
        return version

    def _described(self, document: Document, version: Version) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "Name": document.name,
            "DocumentVersion": str(version.number),
            "Status": version.status(),
            "DocumentType": document.type,
            "DocumentFormat": version.format,
            "LatestVersion": str(max(document.versions)),
            "DefaultVersion": str(document.default),
            "Hash": hashlib.sha256(b"salt" + version.text.encode()).hexdigest(),
            "HashType": "Sha256",
        }
        if version.name:
            answer["VersionName"] = version.name
        if self.tags_when_described:
            answer["Tags"] = _tags(document)
        if version.failure and version.status() == "Failed":
            answer["StatusInformation"] = version.failure
        return answer


def _named(there: dict[str, Document], asked: dict[str, Any]) -> Document:
    if asked["Name"] not in there:
        raise RefusalError("InvalidDocument", f"Document with name {asked['Name']} does not exist.")
    return there[asked["Name"]]


def _resource(there: dict[str, Document], asked: dict[str, Any]) -> Document:
    if asked["ResourceId"] not in there:
        raise RefusalError("InvalidResourceId", f"{asked['ResourceId']} does not exist")
    return there[asked["ResourceId"]]


def _version(document: Document, asked: dict[str, Any]) -> Version:
    wanted = asked.get("DocumentVersion")
    if name := asked.get("VersionName"):
        found = [version for version in document.versions.values() if version.name == name]
    elif wanted == "$LATEST":
        found = [document.versions[max(document.versions)]]
    else:
        number = document.default if wanted in (None, "$DEFAULT") else int(wanted)
        found = [document.versions[number]] if number in document.versions else []
    if not found:
        raise RefusalError("InvalidDocumentVersion", f"there is no version {name or wanted}")
    return found[0]


def _tags(document: Document) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in document.tags.items()]
