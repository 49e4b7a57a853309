"""`ssmwake publish`: read the accounts, plan, show, ask, execute; or only promote, roll back, or print the policy."""

import dataclasses
import sys
from typing import Any

import click

from ssmwake.cli import plan_output
from ssmwake.cli.inputs import config_option, settings
from ssmwake.cli.output import findings_out, progress
from ssmwake.model import Artifact, Config, Finding, Severity
from ssmwake.publish import Desired, PromoteNamed, Publish, Refused, RollBack, desired_by, execute, places_of, plan
from ssmwake.publish.from_config import PATHS
from ssmwake.render import Rendering, publisher_policy
from ssmwake.render import user_data as rendered_user_data


@click.command()
@config_option
@click.option("--region", "regions", multiple=True, metavar="REGION", help="May be given again; replaces the config's.")
@click.option(
    "--account",
    "--assume-role",
    "accounts",
    multiple=True,
    metavar="ARN",
    help="Of a role to assume; may be given again.",
)
@click.option("--profile", default="", metavar="NAME", help="The profile of your AWS configuration.")
@click.option("--check", is_flag=True, help="Only plan; exit 1 when anything would change.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--no-promote", is_flag=True, help="Leave the default versions where they are.")
@click.option("--promote", multiple=True, metavar="VERSION", help="Only make this version name the default one.")
@click.option("--rollback", is_flag=True, help="Only go back to the default versions before the last promotion.")
@click.option("--prune", is_flag=True, help="Delete old versions; see documents.keep-versions.")
@click.option("--share-with-all", is_flag=True, help="Allow `share-with: [all]`, which is everyone.")
@click.option("--no-lint", is_flag=True, help="Publish without looking for mistakes first.")
@click.option("--fail-fast", is_flag=True, help="Begin no further place after a failure.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--print-policy",
    is_flag=False,
    flag_value="publisher",
    type=click.Choice(["publisher", "caller"]),
    help="Print the IAM policy this needs: the publisher's, or of who assumes its roles.",
)
def command(config: str | None, profile: str, **flags: Any) -> None:
    """Plan and publish the SSM documents, and versions of launch templates, in every region and account.

    Credentials are found as every AWS tool finds them.
    """
    made, parts = settings(config)
    made = _replaced(made, flags)
    if flags["print_policy"]:
        caller = flags["print_policy"] == "caller"
        policy = publisher_policy.caller_policy(made) if caller else publisher_policy.policy(made, prune=flags["prune"])
        click.echo(publisher_policy.text(policy))
        return
    purpose = _purpose(made, flags)
    asks = not (flags["yes"] or flags["check"])
    if asks and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on; give --yes or --check")
    rendering = Rendering(made, parts)
    what = _desired(made, rendering, flags["share_with_all"])
    if isinstance(purpose, Publish):
        _lint(_artifacts(rendering, what), flags["no_lint"])
    try:
        where = places_of(made, profile)
    except Refused as refused:
        click.echo(f"ssmwake: error: {refused.line}", err=True)
        sys.exit(1)

    with progress("planning", len(where)) as on_progress:
        planned = plan(what, where, purpose, on_progress=on_progress)
    if flags["check"]:
        click.echo(plan_output.plan_json(planned)) if flags["as_json"] else plan_output.plan_out(planned)
        sys.exit(1 if planned.changes or planned.failures else 0)
    plan_output.plan_out(planned, err=True)
    if asks and planned.changes and not click.confirm("Do this?", err=True):
        click.echo("nothing was changed", err=True)
        sys.exit(1)
    with progress("publishing", len(where)) as on_progress:
        results = execute(planned, fail_fast=flags["fail_fast"], on_progress=on_progress)
    if flags["as_json"]:
        click.echo(plan_output.results_json(results))
    else:
        plan_output.results_out(results)
    sys.exit(0 if all(result.outcome in plan_output.GOOD for result in results) else 1)


def _replaced(config: Config, flags: dict[str, Any]) -> Config:
    given = {name: flags[name] for name in ("regions", "accounts") if flags[name]}
    return dataclasses.replace(config, publish=dataclasses.replace(config.publish, **given))


def _purpose(config: Config, flags: dict[str, Any]) -> Publish | PromoteNamed | RollBack:
    if bool(flags["promote"]) + flags["rollback"] + (flags["no_promote"] or flags["prune"]) > 1:
        raise click.UsageError("--promote, --rollback and publishing go one at a time; give one of them")
    if flags["promote"]:
        return PromoteNamed(flags["promote"])
    if flags["rollback"]:
        return RollBack()
    return Publish(not flags["no_promote"], config.documents.keep_versions if flags["prune"] else None)


def _desired(config: Config, rendering: Rendering, everyone: bool) -> Desired:
    user_data = rendered_user_data(config, rendering.parts) if config.publish.launch_templates else ""
    texts = {path: rendering.text(path) for path in _published(rendering)}
    return desired_by(config, texts, user_data, everyone=everyone)


def _published(rendering: Rendering) -> list[str]:
    return [path for path in PATHS.values() if path in rendering.paths()]


def _artifacts(rendering: Rendering, what: Desired) -> list[Artifact]:
    documents = [Artifact(path, rendering.text(path)) for path in _published(rendering)]
    user_data = [template.user_data.decode() for template in what.launch_templates[:1]]
    return [*documents, *(Artifact(f"user-data/{rendering.config.user_data.format}", text) for text in user_data)]


def _lint(artifacts: list[Artifact], skipped: bool) -> None:
    """Stop at an error in what is about to be published."""
    if skipped:
        click.echo("not linted, because of --no-lint", err=True)
        return
    findings = lint_before_publishing(artifacts)
    findings_out(findings, err=True)
    if any(finding.severity is Severity.ERROR for finding in findings):
        click.echo("nothing was published; correct the errors, or give --no-lint", err=True)
        sys.exit(1)


def lint_before_publishing(artifacts: list[Artifact]) -> list[Finding]:
    """Return what lint finds in the artifacts."""
    from ssmwake.lint import lint

    return [one for artifact in artifacts for one in lint(artifact.path, artifact.text.encode(), with_cfn_lint=False)]
