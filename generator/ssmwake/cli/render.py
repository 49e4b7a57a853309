"""`ssmwake render`: every artifact to a folder, or whether the folder is current."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import click

from ssmwake import dist
from ssmwake.cli.inputs import config_option, settings
from ssmwake.cli.output import findings_out
from ssmwake.cloud_init.parts import Part
from ssmwake.cloud_init.size import LIMIT, TOO_LARGE, excess
from ssmwake.model import Artifact, Config, Finding, Invalid, Location, Severity, rule
from ssmwake.render import cloudformation, render

# A template that is sent with the request:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
INLINE = 51_200
ANY_ROLE = rule(
    "SW024", Severity.INFO, "a role that a template does not wait for", reason="its own role has another name"
)


@click.command()
@config_option
@click.option("-o", "--output", default="dist", show_default=True, type=click.Path(path_type=Path), help="The folder.")
@click.option("--check", is_flag=True, help="Print what is missing, stale or not ours; write nothing.")
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
    excessive = _excess(made, parts, artifacts)
    if any(finding.severity is Severity.ERROR for finding in excessive):
        raise Invalid(*excessive)
    findings_out([*excessive, *_other_role(made)], err=True)
    changed = dist.write(artifacts, output)
    click.echo(f"{output}: {len(artifacts)} files, {len(changed)} changed", err=True)


def _excess(config: Config, parts: Sequence[Part], artifacts: Sequence[Artifact]) -> list[Finding]:
    """Return what is too large: user data that EC2 refuses is an error in the form that the config asks for."""
    texts = {artifact.path: artifact.text for artifact in artifacts}
    chosen = cloudformation.user_data_path(config)
    if chosen not in texts:
        # With parts of the user's own, it has become a multipart.
        chosen = "user-data/multipart.txt"
    found = []
    for path, text in texts.items():
        size = len(text.encode())
        if path.startswith("user-data/") and (finding := excess(path, text.encode())):
            severity = Severity.ERROR if path == chosen else Severity.WARNING
            found.append(dataclasses.replace(finding, severity=severity))
        elif path.startswith("cloudformation/") and size > INLINE:
            message = f"{size:,} bytes, CloudFormation takes {INLINE:,} with a request; deploy it from a bucket of S3"
            found.append(TOO_LARGE.at(Location(path), message, severity=Severity.WARNING))
    for name in cloudformation.USER_DATA:
        size = cloudformation.user_data_pieces(config, name, parts).size
        if size > LIMIT:
            message = (
                f"user data of up to {size:,} bytes, EC2 takes {LIMIT:,}; put what is large into an image, or fetch it"
            )
            found.append(TOO_LARGE.at(Location(f"cloudformation/{name}.yaml"), message, severity=Severity.WARNING))
    return found


def _other_role(config: Config) -> list[Finding]:
    """Return a remark on a role that the templates cannot know, which give their role a name of its own."""
    if not config.role:
        return []
    message = (
        "launch-template.yaml and instance.yaml create a role with a generated name, or take one as a parameter, so"
        f" their instances wait for any role, not for {config.role}; so does what the rescue installs"
    )
    return [ANY_ROLE.at(Location("cloudformation"), message)]
