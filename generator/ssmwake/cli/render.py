"""`ssmwake render`: every artifact to a folder, or whether the folder is current."""

from collections.abc import Sequence
from pathlib import Path

import click

from ssmwake import dist
from ssmwake.cli.inputs import config_option, settings
from ssmwake.cli.output import findings_out
from ssmwake.cloud_init.parts import Part
from ssmwake.cloud_init.size import LIMIT, excess, zipped
from ssmwake.model import Artifact, Config, Finding, Invalid, Location, Severity, rule
from ssmwake.render import render, user_data

# A template that is sent with the request:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
INLINE = 51_200
LONG_TEMPLATE = rule(
    "SW025", Severity.WARNING, "a template over 51,200 bytes", reason="CloudFormation refuses it in a request"
)
ANY_ROLE = rule(
    "SW024", Severity.INFO, "a role that a template does not wait for", reason="its own role has another name"
)

COMPRESSED = "`ssmwake user-data --gzip` makes it {}; the templates and the Terraform module compress it by themselves"


@click.command(epilog="Example: ssmwake render && ssmwake render --check")
@config_option
@click.option(
    "-o",
    "--output",
    default="dist",
    show_default=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="The folder to write.",
)
@click.option("--check", is_flag=True, help="Report drift: files that are missing, outdated or unknown; write nothing.")
def command(config: str | None, output: Path, check: bool) -> None:
    """Write every artifact to a folder.

    The folder holds exactly the artifacts afterwards: what an earlier render wrote and this one does not is removed. A
    folder that holds anything else is refused.
    """
    made, parts = settings(config)
    artifacts = render(made, parts)
    if check:
        findings = dist.drift(artifacts, output)
        findings_out(findings)
        raise SystemExit(1 if findings else 0)
    excessive = _excess(made, parts, artifacts, output)
    if any(finding.severity is Severity.ERROR for finding in excessive):
        raise Invalid(*excessive)
    findings_out([*excessive, *_other_role(made, output)], err=True)
    changed = dist.write(artifacts, output)
    click.echo(f"{output}: {len(artifacts)} files, {len(changed)} changed", err=True)


def _excess(config: Config, parts: Sequence[Part], artifacts: Sequence[Artifact], folder: Path) -> list[Finding]:
    """Return what is too large: user data is an error where it does not fit with gzip either."""
    found = []
    packed = 0
    for artifact in artifacts:
        path, size = artifact.path, len(artifact.text.encode())
        if path.startswith("user-data/") and size > LIMIT:
            packed = packed or len(zipped(user_data(config, parts, plain=True).encode()))
            found.append(excess(Location(str(folder / path), 0), size, packed, COMPRESSED))
        elif path.startswith("cloudformation/") and size > INLINE:
            message = f"{size:,} bytes, and CloudFormation takes {INLINE:,} in a request; deploy it from an S3 bucket"
            found.append(LONG_TEMPLATE.at(Location(str(folder / path), 0), message))
    return found


def _other_role(config: Config, folder: Path) -> list[Finding]:
    """Return a remark on a role that the templates cannot know, which give their role a name of its own."""
    if not config.role:
        return []
    message = (
        "launch-template.yaml and instance.yaml create a role with a generated name, or take one as a parameter, so"
        f" their instances wait for any role, not for {config.role}; so does what the rescue installs"
    )
    return [ANY_ROLE.at(Location(str(folder / "cloudformation"), 0), message)]
