"""`ssmwake publish`: read the accounts, plan, show, ask, execute; or only promote, roll back, or print the policy."""

import dataclasses
import re
import sys
from collections.abc import Sequence
from typing import Any

import click

from ssmwake.aws.session import known_regions, unknown_region
from ssmwake.cli import plan_output
from ssmwake.cli.completion import complete_profiles, complete_regions
from ssmwake.cli.inputs import config_option, contents, settings
from ssmwake.cli.output import findings_out, progress
from ssmwake.cli.plan_json import Report
from ssmwake.config import option, place_of
from ssmwake.config.rules import WRONG_SETTING
from ssmwake.model import Artifact, Config, Finding, Invalid, Severity
from ssmwake.publish import PromoteNamed, Publish, Refused, RollBack, desired_by, execute, places_of, plan, sign_in
from ssmwake.publish.planning import Purpose
from ssmwake.render import Rendering, publisher_policy

INTERRUPTED = 130


class Publishing(click.Command):
    """A command that answers `--json` with JSON even where its options are wrong."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = set(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as refused:
            if "--json" in given:
                report = Report(bool(given & {"--check", "--dry-run"}), code="Usage", message=refused.format_message())
                click.echo(report.text(2))
            raise


@click.command(
    cls=Publishing,
    epilog="\b\nExamples:\n  ssmwake publish --check --region eu-west-1\n"
    "  ssmwake publish --yes --expect-account 123456789012",
)
@config_option
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="REGION",
    shell_complete=complete_regions,
    help="Publish there instead of in the config's regions; repeatable.",
)
@click.option(
    "--account",
    "--assume-role",
    "accounts",
    multiple=True,
    metavar="ARN",
    help="The role to assume in an account; repeatable.",
)
@click.option(
    "--external-id",
    "external_ids",
    multiple=True,
    metavar="[ACCOUNT=]ID",
    help="The external ID that these roles require, or that of one account; repeatable.",
)
@click.option(
    "--profile",
    default="",
    metavar="NAME",
    shell_complete=complete_profiles,
    help="The profile of your AWS configuration.",
)
@click.option("--expect-account", multiple=True, metavar="ID", help="Refuse any other account; repeatable.")
@click.option(
    "--check", "--dry-run", is_flag=True, help="Only plan; exit 1 if something would change, 2 if it cannot tell."
)
@click.option("--diff", "whole", is_flag=True, help="Show every diff in full, new documents too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--no-promote", is_flag=True, help="Leave the default versions where they are.")
@click.option(
    "--promote", multiple=True, metavar="VERSION", help="Only make the version with this name the default; repeatable."
)
@click.option("--rollback", is_flag=True, help="Only revert what the last promotion changed.")
@click.option("--prune", is_flag=True, help="Delete old versions that ssmwake made; see documents.keep-versions.")
@click.option("--share-with-all", is_flag=True, help="Allow sharing with all, which is everyone.")
@click.option("--no-lint", is_flag=True, help="Publish without linting first.")
@click.option("--fail-fast", is_flag=True, help="After a failure, start no other account or region.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, however the run ends.")
@click.option(
    "--print-policy",
    is_flag=False,
    flag_value="publisher",
    type=click.Choice(["publisher", "caller"]),
    help="Print the IAM policy this needs: the publisher's, or that of the caller who assumes its roles.",
)
def command(config: str | None, as_json: bool, print_policy: str | None, **flags: Any) -> None:
    """Plan and publish the SSM documents, and versions of launch templates, in every region and account.

    The plan is shown first, and nothing is changed before you confirm it. Credentials are found as the AWS CLI finds
    them. Exit status: 0 fine, 1 a place failed or the answer was no, 2 usage; with --check, 1 something would change.
    """
    if print_policy:
        made = _replaced(settings(config)[0], flags)
        caller = print_policy == "caller"
        policy = publisher_policy.caller_policy(made) if caller else publisher_policy.policy(made, prune=flags["prune"])
        click.echo(publisher_policy.text(policy))
        return
    report = Report(flags["check"])
    status = 2
    try:
        status = _run(report, config, flags, as_json)
    except click.UsageError as refused:
        report.code, report.message = "Usage", refused.format_message()
        raise
    except (KeyboardInterrupt, click.Abort):
        # Whatever was done has its result by now: `execute` comes back after Ctrl-C.
        status, report.code, report.message = INTERRUPTED, "Interrupted", "interrupted; nothing was changed"
        click.echo(f"ssmwake: {report.message}", err=True)
    finally:
        if as_json:
            click.echo(report.text(status))
    sys.exit(status)


def _run(report: Report, config: str | None, flags: dict[str, Any], as_json: bool) -> int:
    """Publish, and return the exit status; what is known at each moment is in the report."""
    fault = 2 if flags["check"] else 1
    try:
        made, parts = settings(config)
        made = _replaced(made, flags)
        if unknown := _unknown_regions(config, made):
            fault = 2
            raise Invalid(*unknown)
        purpose = _purpose(made, flags)
        asks = not (flags["yes"] or flags["check"])
        if asks and not sys.stdin.isatty():
            raise click.UsageError(
                "publish asks on a terminal, and stdin is not one; "
                "see the plan with --check, and docs/publish.md for pipelines"
            )
        rendering = Rendering(made, parts)
        what = desired_by(rendering, everyone=flags["share_with_all"])
        if isinstance(purpose, Publish) and not _lint(report, rendering, flags["no_lint"]):
            return fault
        where = places_of(made, flags["profile"])
    except Invalid as invalid:
        report.findings += invalid.findings
        report.code, report.message = "Invalid", "; ".join(finding.message for finding in invalid.findings)
        findings_out(invalid.findings, err=True)
        return fault
    except Refused as refused:
        report.code, report.message = refused.code, refused.line
        click.echo(f"ssmwake: error: {refused.line}", err=True)
        return fault
    sessions = sign_in(what, where)
    with progress("planning", len(where)) as on_progress:
        report.plan = plan(
            what,
            where,
            purpose,
            expected_accounts=flags["expect_account"],
            partial=bool(flags["regions"] or flags["accounts"]),
            sessions=sessions,
            on_progress=on_progress,
        )
    return _carried_out(report, asks, flags, as_json)


def _carried_out(report: Report, asks: bool, flags: dict[str, Any], as_json: bool) -> int:
    """Show the plan of the report, ask, execute it, and return the exit status."""
    planned = report.plan
    assert planned is not None
    if planned.interrupted:
        raise KeyboardInterrupt
    if not (flags["check"] and as_json):
        plan_output.plan_out(planned, whole=flags["whole"], err=not flags["check"])
        click.echo(plan_output.summary(planned), err=True)
    if flags["check"]:
        return 2 if planned.incomplete else 1 if planned.changes else 0
    if planned.unexpected:
        report.code, report.message = (
            "UnexpectedAccount",
            "an account is not known to be an expected one; nothing was changed",
        )
        click.echo(f"ssmwake: error: {report.message}", err=True)
        return 1
    changed = [one for one in planned.places if one.actions]
    if asks and changed and not click.confirm(f"Publish to {plan_output.where(changed)}?", err=True):
        report.code, report.message = "Declined", "nothing was changed"
        click.echo(report.message, err=True)
        return 1
    with progress("publishing", len(planned.places)) as on_progress:
        results = execute(planned, fail_fast=flags["fail_fast"], on_progress=on_progress)
    report.results = results
    # Where nothing was planned, the plan has said all there is to say.
    if not as_json and len(planned.failures) < len(planned.places):
        plan_output.results_out(results, planned)
    if any(result.code == "Interrupted" for result in results):
        click.echo("ssmwake: interrupted; the table shows what was done", err=True)
        return INTERRUPTED
    return 0 if all(result.outcome in plan_output.GOOD for result in results) else 1


def _replaced(config: Config, flags: dict[str, Any]) -> Config:
    """Return the config with the places of the command line instead of its own."""
    for name in flags["expect_account"]:
        if not re.fullmatch("[0-9]{12}", name):
            raise click.BadParameter(
                f"{name!r} is not an account id, which has 12 digits", param_hint="--expect-account"
            )
    given: dict[str, Any] = {}
    for name, hint in (("regions", "--region"), ("accounts", "--account")):
        if flags[name]:
            given[name] = tuple(_checked(name, hint, text) for text in flags[name])
    for text in flags["external_ids"]:
        account, equals, single = text.partition("=")
        # An external id may hold `=` itself, but digits alone in front of it are meant to be an account.
        if equals and account.isdecimal():
            _known_account(account, given.get("accounts", config.publish.accounts))
            ids = given.setdefault("external_ids", dict(config.publish.external_ids))
            ids[account] = _checked("external-id", "--external-id", single)
        else:
            given["external_id"] = _checked("external-id", "--external-id", text)
    for region in given.get("regions", ()):
        if region not in known_regions():
            raise click.BadParameter(unknown_region(region), param_hint="--region")
    return dataclasses.replace(config, publish=dataclasses.replace(config.publish, **given))


def _known_account(account: str, roles: Sequence[str]) -> None:
    if not any(role.split(":")[4:5] == [account] for role in roles):
        raise click.BadParameter(
            f"{account} is not the account of a role in --account or publish.accounts", param_hint="--external-id"
        )


def _unknown_regions(path: str | None, config: Config) -> list[Finding]:
    """Return a finding for each region of the config file that this boto3 does not know."""
    unknown = [(number, name) for number, name in enumerate(config.publish.regions) if name not in known_regions()]
    # stdin cannot be read twice.
    data = contents(path) if path and path != "-" and unknown else b""
    path = path or ""
    return [
        WRONG_SETTING.at(place_of(path, data, "publish", "regions", number), unknown_region(name))
        for number, name in unknown
    ]


def _checked(name: str, hint: str, text: str) -> Any:
    try:
        return option(name, text, "publish")
    except Invalid as invalid:
        raise click.BadParameter(invalid.findings[0].message.removeprefix(f"{name} is "), param_hint=hint) from None


def _purpose(config: Config, flags: dict[str, Any]) -> Purpose:
    if bool(flags["promote"]) + flags["rollback"] + (flags["no_promote"] or flags["prune"]) > 1:
        raise click.UsageError("--promote, --rollback and publishing go one at a time; give one of them")
    if flags["promote"]:
        return PromoteNamed(flags["promote"])
    if flags["rollback"]:
        return RollBack()
    return Publish(not flags["no_promote"], config.documents.keep_versions if flags["prune"] else None)


def _lint(report: Report, rendering: Rendering, skipped: bool) -> bool:
    """Return whether what is about to be published has no errors; print what there is."""
    if skipped:
        click.echo("not linted, because of --no-lint", err=True)
        return True
    findings = lint_before_publishing(_artifacts(rendering))
    report.findings += findings
    findings_out(findings, err=True)
    if any(finding.severity is Severity.ERROR for finding in findings):
        report.code, report.message = "Lint", "nothing was published; fix the errors first"
        click.echo(report.message, err=True)
        return False
    return True


def _artifacts(rendering: Rendering) -> list[Artifact]:
    """Return what is published: the documents, and the user data if there are launch templates."""
    documents = list(rendering.documents())
    if not rendering.config.publish.launch_templates:
        return documents
    form = rendering.config.user_data.format
    return [*documents, Artifact(f"user-data/{form}", rendering.user_data())]


def lint_before_publishing(artifacts: list[Artifact]) -> list[Finding]:
    """Return what lint finds in the artifacts."""
    from ssmwake.lint import lint

    return [one for artifact in artifacts for one in lint(artifact.path, artifact.text.encode(), with_cfn_lint=False)]
