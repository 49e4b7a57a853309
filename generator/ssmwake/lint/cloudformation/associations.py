"""The State Manager associations of a template, as facts."""

from collections.abc import Iterator

import yaml

from ssmwake.lint.aws import association
from ssmwake.lint.aws.association import DescribedAssociation
from ssmwake.lint.aws.setting import StatedSetting
from ssmwake.lint.cloudformation.evaluate import text
from ssmwake.lint.cloudformation.template import Resource, Template, call, plain
from ssmwake.lint.deferred import Found
from ssmwake.lint.documents import scripts
from ssmwake.model import Finding
from ssmwake.text.yaml_nodes import items, pairs, value


def check(template: Template) -> Iterator[Finding]:
    """Yield what is wrong with the associations of a template."""

    def setting(node: yaml.Node | None) -> StatedSetting | None:
        return None if node is None else StatedSetting(plain(node), template.source.of(node))

    for one in template.of_kind("AWS::SSM::Association"):
        described = DescribedAssociation(
            schedule=setting(one.get("ScheduleExpression")),
            only_at_cron=setting(one.get("ApplyOnlyAtCronInterval")),
            offset=setting(one.get("ScheduleOffset")),
            wait=setting(one.get("WaitForSuccessTimeoutSeconds")),
            document=setting(one.get("Name")),
            automation=_is_automation(template, one),
            parameters=_parameters(template, one),
            instance=setting(one.get("InstanceId")),
            targets=setting(one.get("Targets")),
            target_parameter=setting(one.get("AutomationTargetParameterName")),
        )
        yield from association.check(described)


def check_commands(template: Template) -> Iterator[Found]:
    """Yield what is wrong with the commands that associations and maintenance windows give to documents of AWS."""
    given = [(one.get("Name"), one.get("Parameters", "commands")) for one in template.of_kind("AWS::SSM::Association")]
    inside = ("TaskInvocationParameters", "MaintenanceWindowRunCommandParameters", "Parameters", "commands")
    given += [(one.get("TaskArn"), one.get(*inside)) for one in template.of_kind("AWS::SSM::MaintenanceWindowTask")]
    for name, commands in given:
        if commands is None:
            continue
        found = [text(template, node, {}) for node in items(commands) or [commands]]
        lines = [one.source for one in found if one.pieces]
        complete = call(commands) is None and all(one.known for one in found)
        yield from scripts.check_commands(lines, plain(name) or "", complete=complete)


def _is_automation(template: Template, one: Resource) -> bool | None:
    """Return whether the document that an association names is a runbook of the same template; None if not known."""
    documents = template.referred(one.get("Name"), "AWS::SSM::Document")
    return plain(documents[0].get("DocumentType")) == "Automation" if len(documents) == 1 else None


def _parameters(template: Template, one: Resource) -> frozenset[str] | None:
    documents = template.referred(one.get("Name"), "AWS::SSM::Document")
    content = documents[0].get("Content") if len(documents) == 1 else None
    if not isinstance(content, yaml.MappingNode) or call(content) or call(value(content, "parameters")):
        return None
    return frozenset(pairs(value(content, "parameters")))
