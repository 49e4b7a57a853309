"""A stand-in for EC2's launch templates and their tags, in memory, by account and region.

Every answer is checked against botocore's service model. moto answers with the tags that a template was created with,
however they were changed since.
"""

import base64
import binascii
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name

from support import service_model
from support.front import Answer, Call, error
from support.wire import xml

MADE = 1_767_225_600  # when everything here was made, in seconds


@dataclass
class Template:
    """One launch template: the data of each version, by number, and its description."""

    id: str
    name: str
    versions: dict[int, dict[str, Any]] = field(default_factory=dict)
    descriptions: dict[int, str] = field(default_factory=dict)
    default: int = 1
    counter: int = 0
    tokens: dict[str, int] = field(default_factory=dict)


class RefusalError(Exception):
    """An error that the service answers."""


@dataclass
class FakeTemplates:
    """The service; `page` is the size of a page where the caller gives none."""

    page: int = 3
    templates: dict[tuple[str, str], dict[str, Template]] = field(default_factory=lambda: defaultdict(dict))
    tags: dict[tuple[str, str], dict[str, dict[str, str]]] = field(default_factory=lambda: defaultdict(dict))

    def __call__(self, call: Call) -> Answer:
        """Answer one call."""
        operation = getattr(self, f"do_{xform_name(call.operation)}", None)
        assert operation, f"no stand-in answers {call.operation}"
        try:
            value = operation((call.key, call.region), call.parameters)
        except RefusalError as refusal:
            return error(call, *refusal.args)
        found = list(service_model.problems(value, service_model.operation("ec2", call.operation).output_shape))
        assert not found, f"{call.operation} would answer what the service model does not know: {found}"
        return Answer(200, xml("ec2", call.operation, value))

    def add(self, place: tuple[str, str], name: str, user_data: str = "", **data: Any) -> Template:
        """Create a template as somebody else would; `user_data` is encoded already."""
        made = {**data, **({"UserData": user_data} if user_data else {})}
        self.do_create_launch_template(place, {"LaunchTemplateName": name, "LaunchTemplateData": made})
        return next(one for one in self.templates[place].values() if one.name == name)

    def do_create_launch_template(self, place: tuple[str, str], asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["LaunchTemplateName"]
        if any(one.name == name for one in self.templates[place].values()):
            raise RefusalError("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name in use.")
        template = Template(f"lt-{len(self.templates[place]) + 1:017x}", name)
        self.templates[place][template.id] = template
        for wanted in asked.get("TagSpecifications", []):
            self._set(place, template.id, wanted["Tags"])
        _add(template, asked["LaunchTemplateData"], asked.get("VersionDescription", ""))
        return {"LaunchTemplate": self._described(place, template)}

    def do_create_launch_template_version(self, place: tuple[str, str], asked: dict[str, Any]) -> dict[str, Any]:
        template = self._find(place, asked)
        token = asked.get("ClientToken", "")
        number = template.tokens.get(token, 0)
        if not number:
            source = asked.get("SourceVersion")
            data = dict(template.versions[_number(template, source)]) if source else {}
            number = _add(template, data | asked["LaunchTemplateData"], asked.get("VersionDescription", ""))
            if token:
                template.tokens[token] = number
        return {"LaunchTemplateVersion": _version(template, number)}

    def do_describe_launch_templates(self, place: tuple[str, str], asked: dict[str, Any]) -> dict[str, Any]:
        named = [{"LaunchTemplateId": one} for one in asked.get("LaunchTemplateIds", [])]
        named += [{"LaunchTemplateName": one} for one in asked.get("LaunchTemplateNames", [])]
        found = [self._find(place, one) for one in named] or list(self.templates[place].values())
        return self._paged("LaunchTemplates", [self._described(place, one) for one in found], asked)

    def do_describe_launch_template_versions(self, place: tuple[str, str], asked: dict[str, Any]) -> dict[str, Any]:
        template = self._find(place, asked)
        wanted = asked.get("Versions")
        # Versions that are asked for and do not exist are left out; one that is asked for twice comes once.
        numbers = {_number(template, one, strict=False) for one in wanted} if wanted else set(template.versions)
        newest_first = sorted(numbers & set(template.versions), reverse=True)
        found = [_version(template, number) for number in newest_first]
        return self._paged("LaunchTemplateVersions", found, {} if wanted else asked, whole=bool(wanted))

    def do_modify_launch_template(self, place: tuple[str, str], asked: dict[str, Any]) -> dict[str, Any]:
        template = self._find(place, asked)
        template.default = _number(template, asked["DefaultVersion"])
        return {"LaunchTemplate": self._described(place, template)}

    def do_delete_launch_template_versions(self, place: tuple[str, str], asked: dict[str, Any]) -> dict[str, Any]:
        template = self._find(place, asked)
        about = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name}
        gone: list[dict[str, Any]] = []
        kept: list[dict[str, Any]] = []
        for number in map(int, asked["Versions"]):
            if number not in template.versions or number == template.default:
                fault = {"Code": "unexpectedError", "Message": "it is the default version, or does not exist"}
                kept.append({**about, "VersionNumber": number, "ResponseError": fault})
                continue
            del template.versions[number]
            gone.append({**about, "VersionNumber": number})
        return {
            "SuccessfullyDeletedLaunchTemplateVersions": gone,
            "UnsuccessfullyDeletedLaunchTemplateVersions": kept,
        }

    def do_create_tags(self, place: tuple[str, str], asked: dict[str, Any]) -> dict[str, Any]:
        for resource in asked["Resources"]:
            self._find(place, {"LaunchTemplateId": resource})
            self._set(place, resource, asked["Tags"])
        return {}

    def do_delete_tags(self, place: tuple[str, str], asked: dict[str, Any]) -> dict[str, Any]:
        for resource in asked["Resources"]:
            self._find(place, {"LaunchTemplateId": resource})
            tags = self.tags[place].get(resource, {})
            for tag in asked.get("Tags", [{"Key": key} for key in tags]):
                # With a value, only the tag with that value is deleted.
                if tag.get("Value", tags.get(tag["Key"])) == tags.get(tag["Key"]):
                    tags.pop(tag["Key"], None)
        return {}

    def do_describe_tags(self, place: tuple[str, str], asked: dict[str, Any]) -> dict[str, Any]:
        found = [
            {"ResourceId": resource, "ResourceType": "launch-template", "Key": key, "Value": value}
            for resource, tags in self.tags[place].items()
            for key, value in sorted(tags.items())
        ]
        names = {"resource-id": "ResourceId", "resource-type": "ResourceType", "key": "Key", "value": "Value"}
        for wanted in asked.get("Filters", []):
            assert wanted["Name"] in names, f"the stand-in does not know the filter {wanted['Name']}"
            found = [one for one in found if one[names[wanted["Name"]]] in wanted["Values"]]
        return self._paged("Tags", found, asked)

    def _find(self, place: tuple[str, str], asked: dict[str, Any]) -> Template:
        templates = self.templates[place]
        if "LaunchTemplateId" in asked:
            if asked["LaunchTemplateId"] in templates:
                return templates[asked["LaunchTemplateId"]]
            raise RefusalError("InvalidLaunchTemplateId.NotFound", "The launch template id does not exist.")
        found = [one for one in templates.values() if one.name == asked["LaunchTemplateName"]]
        if not found:
            raise RefusalError("InvalidLaunchTemplateName.NotFoundException", "The launch template does not exist.")
        return found[0]

    def _set(self, place: tuple[str, str], resource: str, tags: list[dict[str, str]]) -> None:
        there = self.tags[place].setdefault(resource, {})
        changed = there | {tag["Key"]: tag["Value"] for tag in tags}
        # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html
        if len(changed) > 50:
            raise RefusalError("TagLimitExceeded", "More than 50 tags.")
        if any(len(key) > 128 or len(value) > 256 for key, value in changed.items()):
            raise RefusalError("InvalidParameterValue", "Tag keys have at most 128 characters, values 256.")
        there.update(changed)

    def _described(self, place: tuple[str, str], template: Template) -> dict[str, Any]:
        tags = self.tags[place].get(template.id, {})
        return {
            "LaunchTemplateId": template.id,
            "LaunchTemplateName": template.name,
            "CreateTime": MADE,
            "CreatedBy": "arn:aws:iam::123456789012:user/jo",
            "DefaultVersionNumber": template.default,
            "LatestVersionNumber": max(template.versions),
            **({"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]} if tags else {}),
        }

    def _paged(self, name: str, found: list[Any], asked: dict[str, Any], *, whole: bool = False) -> dict[str, Any]:
        start = int(asked.get("NextToken", "0"))
        size = len(found) if whole else asked.get("MaxResults", self.page)
        more = {"NextToken": str(start + size)} if start + size < len(found) else {}
        return {name: found[start : start + size], **more}


def _add(template: Template, data: dict[str, Any], description: str) -> int:
    try:
        base64.b64decode(data.get("UserData", ""), validate=True)
    except binascii.Error:
        raise RefusalError("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.") from None
    template.counter += 1
    template.versions[template.counter] = data
    if description:
        template.descriptions[template.counter] = description
    return template.counter


def _number(template: Template, version: str, *, strict: bool = True) -> int:
    if version == "$Latest":
        return max(template.versions)
    number = template.default if version == "$Default" else int(version)
    if strict and number not in template.versions:
        raise RefusalError("InvalidLaunchTemplateId.VersionNotFound", f"Could not find version {version}.")
    return number


def _version(template: Template, number: int) -> dict[str, Any]:
    description = template.descriptions.get(number, "")
    return {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "VersionNumber": number,
        "CreateTime": MADE,
        "CreatedBy": "arn:aws:iam::123456789012:user/jo",
        "DefaultVersion": number == template.default,
        "LaunchTemplateData": template.versions[number],
        **({"VersionDescription": description} if description else {}),
    }
