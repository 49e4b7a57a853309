"""From a config, and the texts that were rendered from it, to the desired state and its places."""

from collections.abc import Mapping

from ssmwake.aws.client import Refused
from ssmwake.aws.place import Place
from ssmwake.aws.session import home_region
from ssmwake.model import Config, Invalid, Location, Severity, rule
from ssmwake.publish.desired import EVERYONE, Desired, Document, DocumentType, LaunchTemplate

PUBLIC = rule("SW390", Severity.ERROR, "documents shared with everyone", reason="every AWS account could run them")
SAME_NAME = rule("SW391", Severity.ERROR, "two documents with one name", reason="each would replace the other")

# Where a render has the documents.
PATHS = {DocumentType.COMMAND: "ssm/command.yaml", DocumentType.AUTOMATION: "ssm/automation.yaml"}


def desired_by(config: Config, texts: Mapping[str, str], user_data: str, *, everyone: bool = False) -> Desired:
    """Return what the config wants published of the texts, by their PATHS; raise Invalid where it may not be.

    Sharing with everyone must be said twice: in the config, and by `everyone`.
    """
    settings = config.documents
    if EVERYONE in (settings.share_with or ()) and not everyone:
        message = "`all` shares the documents with everyone; publish with --share-with-all if you mean it"
        raise Invalid(PUBLIC.at(Location("documents.share-with"), message))
    names = {DocumentType.COMMAND: settings.command_name, DocumentType.AUTOMATION: settings.automation_name}
    if len(set(names.values())) < len(names):
        message = f"both documents are named {settings.command_name}; give each a name of its own"
        raise Invalid(SAME_NAME.at(Location("documents"), message))
    documents = tuple(
        Document(names[type_], type_, texts[path], settings.tags, settings.share_with)
        for type_, path in PATHS.items()
        if path in texts
    )
    templates = config.publish.launch_templates.items()
    return Desired(
        documents, tuple(LaunchTemplate(name, user_data.encode(), how.base, how.promote) for name, how in templates)
    )


def places_of(config: Config, profile: str = "") -> tuple[Place, ...]:
    """Return every region of every account of the config; without any, those of the AWS configuration."""
    regions = config.publish.regions or (home_region(profile),)
    if not all(regions):
        raise Refused("no region; give --region, or set AWS_REGION")
    accounts = config.publish.accounts or ("",)
    # Two threads in one place would be in each other's way.
    return tuple(dict.fromkeys(Place(region, role, profile) for role in accounts for region in regions))
