"""From a config, and the texts that were rendered from it, to the desired state and its places."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from ssmwake.aws.client import Refused
from ssmwake.aws.place import Place
from ssmwake.aws.session import home_region
from ssmwake.model import Artifact, Config, ExistingUserData, Invalid, Location, partition_of
from ssmwake.publish.desired import EVERYONE, Desired, Document, DocumentType, LaunchTemplate
from ssmwake.publish.rules import PUBLIC

NO_REGION = "NoRegion"
TWO_PARTITIONS = "TwoPartitions"

# Where a render has the documents.
PATHS = {DocumentType.COMMAND: "ssm/command.yaml", DocumentType.AUTOMATION: "ssm/automation.yaml"}


class Rendered(Protocol):
    """What is rendered from a config, as `ssmwake.render.Rendering` has it."""

    config: Config

    def documents(self) -> tuple[Artifact, ...]:
        """Return the SSM documents."""

    def user_data(self) -> str:
        """Return the user data."""

    def launch_template_user_data(self, existing: bytes, name: str, *, replaces: bool = False) -> bytes:
        """Return the user data, joined with what a launch template has, or in its place; raise Invalid."""


def desired_by(rendered: Rendered, *, everyone: bool = False) -> Desired:
    """Return what a config publishes; raise Invalid where it may not be.

    Sharing with everyone must be said twice: in the config, and by `everyone`.
    """
    config = rendered.config
    settings = config.documents
    if EVERYONE in (settings.share_with or ()) and not everyone:
        message = "`all` shares the documents with everyone, which the config alone cannot do; see docs/publish.md"
        raise Invalid(PUBLIC.at(Location("documents.share-with", 0), message))
    names = {DocumentType.COMMAND: settings.command_name, DocumentType.AUTOMATION: settings.automation_name}
    texts = {artifact.path: artifact.text for artifact in rendered.documents()}
    templates = config.publish.launch_templates
    user_data = rendered.user_data().encode() if templates else b""
    return Desired(
        tuple(
            Document(names[type_], type_, texts[path], settings.tags, settings.share_with)
            for type_, path in PATHS.items()
        ),
        tuple(
            LaunchTemplate(name, user_data, how.base, how.promote, _merge(rendered, name, how.user_data))
            for name, how in templates.items()
        ),
    )


def _merge(rendered: Rendered, name: str, how: ExistingUserData) -> Callable[[bytes], bytes]:
    def merge(existing: bytes) -> bytes:
        return rendered.launch_template_user_data(existing, name, replaces=how is ExistingUserData.REPLACE)

    return merge


def places_of(config: Config, profile: str = "") -> tuple[Place, ...]:
    """Return every region of every account of the config; without any, those of the AWS configuration."""
    regions = config.publish.regions or (home_region(profile),)
    if not all(regions):
        raise Refused("no region; give --region, or set AWS_REGION", NO_REGION)
    accounts = config.publish.accounts or ("",)
    _refuse_two_partitions(regions, config.publish.accounts)
    found = (Place(region, role, profile) for role in accounts for region in regions)
    ids, usual = config.publish.external_ids, config.publish.external_id
    # Two threads in one place would be in each other's way.
    return tuple(dict.fromkeys(replace(one, external_id=ids.get(one.account, usual)) for one in found))


def _refuse_two_partitions(regions: Sequence[str], roles: Sequence[str]) -> None:
    """Refuse regions and roles of which no credentials are valid in all."""
    first = regions[0]
    partition = partition_of(first)
    for region in regions:
        if partition_of(region) != partition:
            raise Refused(
                f"{first} is in the partition {partition} and {region} in {partition_of(region)}, and no credentials "
                "are valid in both; write a config for each",
                TWO_PARTITIONS,
            )
    for role in roles:
        if role.split(":")[1] != partition:
            raise Refused(
                f"the role {role} is not in the partition {partition} of {first}; name a role of that partition",
                TWO_PARTITIONS,
            )
