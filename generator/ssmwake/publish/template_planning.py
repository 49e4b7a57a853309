"""What is to be added to a launch template and promoted, from the desired and the existing one; no call is made."""

from collections.abc import Iterator
from dataclasses import dataclass

from ssmwake.model import Base, Invalid
from ssmwake.publish.actions import AddTemplateVersion, Impossible, PromoteTemplate
from ssmwake.publish.current import CurrentTemplate, TemplateVersion
from ssmwake.publish.desired import LaunchTemplate, encoded, user_data_name

# Raw, before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
USER_DATA_LIMIT = 16_384
NOTE = "ssmwake "


@dataclass(frozen=True)
class TemplateChange:
    """What a launch template is, and what it should be: `start` with `user_data`, which `equal` has already."""

    desired: LaunchTemplate
    existing: CurrentTemplate
    start: TemplateVersion
    user_data: bytes
    equal: TemplateVersion | None

    def version(self) -> Iterator[AddTemplateVersion]:
        """Yield the version to add, if none is equal."""
        if self.equal is None:
            name, encoding = user_data_name(self.user_data), encoded(self.user_data)
            existing = self.existing
            yield AddTemplateVersion(existing.template, existing.id, self.start.number, existing.latest, encoding, name)

    def promoted(self) -> Iterator[PromoteTemplate]:
        """Yield the promotion, if it is wanted and the default version is another one."""
        number = self.equal.number if self.equal else 0
        if self.desired.promote and number != self.existing.default:
            yield template_promotion(self.existing, number)


def change(desired: LaunchTemplate, existing: CurrentTemplate) -> TemplateChange:
    """Return what is to be changed in a launch template; raise Impossible."""
    start = _start(desired, existing)
    user_data = _user_data(desired, start)
    return TemplateChange(desired, existing, start, user_data, _equal(desired, existing, start, user_data))


def template_promotion(existing: CurrentTemplate, number: int) -> PromoteTemplate:
    """Return what makes a version the default one; 0 is the version that the plan adds."""
    return PromoteTemplate(existing.template, existing.id, number, existing.default, existing.notes)


def note(version_name: str, base: int) -> str:
    """Return the description of a version that we add to a launch template: its name, and what it was made from."""
    return f"{NOTE}{version_name} from {base}"


def noted_name(version: TemplateVersion) -> str:
    """Return the name that we noted in the description of a version; empty where it is not ours."""
    noted = version.description
    return noted.removeprefix(NOTE).partition(" ")[0] if noted.startswith(NOTE) else ""


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


def _equal(
    template: LaunchTemplate, existing: CurrentTemplate, start: TemplateVersion, user_data: bytes
) -> TemplateVersion | None:
    """Return the version that a new one would equal: the start itself, or the newest one made like it."""
    # Whoever launches from $Latest gets what is latest: an older version that is equal is of no use to them.
    usable = (start, *existing.versions) if template.base is Base.DEFAULT else (start,)
    noted, wanted = note(user_data_name(user_data), start.number), encoded(user_data)
    alike = (v for v in usable if v.rest == start.rest or v.description == noted)
    return next((version for version in alike if version.user_data == wanted), None)
