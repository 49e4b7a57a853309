"""`ssmwake render`: every artifact to a folder, or whether the folder is current."""

from pathlib import Path

import click

from ssmwake import dist
from ssmwake.cli.inputs import config_option, settings
from ssmwake.cli.output import findings_out
from ssmwake.cloud_init.size import excess
from ssmwake.model import Artifact, Finding, Invalid, Severity
from ssmwake.render import render


@click.command()
@config_option
@click.option("-o", "--output", default="dist", show_default=True, type=click.Path(path_type=Path), help="The folder.")
@click.option("--check", is_flag=True, help="Print what is missing, stale or not ours; write nothing.")
def command(config: str | None, output: Path, check: bool) -> None:
    """Write every artifact to a folder.

    The folder holds exactly the artifacts afterwards: what an earlier render wrote and this one does not is removed. A
    folder that holds anything else is refused.
    """
    artifacts = render(*settings(config))
    if check:
        findings = dist.drift(artifacts, output)
        findings_out(findings)
        raise SystemExit(1 if findings else 0)
    excessive = [finding for artifact in artifacts if (finding := _excess(artifact))]
    if any(finding.severity is Severity.ERROR for finding in excessive):
        raise Invalid(*excessive)
    findings_out(excessive, err=True)
    changed = dist.write(artifacts, output)
    click.echo(f"{output}: {len(artifacts)} files, {len(changed)} changed", err=True)


def _excess(artifact: Artifact) -> Finding | None:
    return excess(artifact.path, artifact.text.encode()) if artifact.room == "user-data" else None
