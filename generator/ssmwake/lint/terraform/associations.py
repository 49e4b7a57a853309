"""A State Manager association of Terraform, as facts."""

from collections.abc import Iterator, Sequence

import yaml

from ssmwake.lint.aws import association
from ssmwake.lint.aws.association import AssociationNames, DescribedAssociation
from ssmwake.lint.aws.setting import StatedSetting
from ssmwake.lint.deferred import Found
from ssmwake.lint.documents import scripts
from ssmwake.lint.terraform.evaluate import text
from ssmwake.lint.terraform.scope import Coding, Scope, keys
from ssmwake.lint.terraform.tree import Body, Expression, List, Object, Reference, bodies
from ssmwake.text.yaml_nodes import composed, pairs, value

NAMES = AssociationNames(
    "apply_only_at_cron_interval", "schedule_offset", "targets", "automation_target_parameter_name"
)


def check(body: Body, scope: Scope) -> Iterator[Found]:
    """Yield what is wrong with an association."""
    document = _document(body.value("name"), scope)
    targets = next((block for block in body.blocks if block.type == "targets"), None)
    kind = _setting(document, "document_type", scope) if document else None
    described = DescribedAssociation(
        # A mistake in these is in the text, and not in the name of the setting.
        schedule=_setting(body, "schedule_expression", scope, at_value=True),
        only_at_cron=_setting(body, "apply_only_at_cron_interval", scope),
        offset=_setting(body, "schedule_offset", scope),
        wait=_setting(body, "wait_for_success_timeout_seconds", scope),
        document=_setting(body, "name", scope),
        automation=kind.value == "Automation" if kind and kind.value else None,
        parameters=_parameters(document, scope),
        instance=_setting(body, "instance_id", scope),
        targets=StatedSetting(None, targets.name.where) if targets else None,
        target_parameter=_setting(body, "automation_target_parameter_name", scope, at_value=True),
        names=NAMES,
    )
    yield from association.check(described)
    given = body.value("parameters")
    for key, commands in keys(given) if isinstance(given, Object) else ():
        if key == "commands" and described.document:
            yield from _commands([commands], described.document.value, scope)


def check_task(body: Body, scope: Scope) -> Iterator[Found]:
    """Yield what is wrong with the commands that a task of a maintenance window gives to a document of AWS."""
    document = _setting(body, "task_arn", scope)
    for block in bodies(body):
        name, values = _setting(block, "name", scope), block.value("values")
        if document and name and name.value == "commands" and values:
            yield from _commands(values.inside if isinstance(values, List) else [values], document.value, scope)


def _commands(values: Sequence[Expression], document: str | None, scope: Scope) -> Iterator[Found]:
    found = [text(value, scope) for value in values]
    lines = [one.source for one in found if one and one.coding is Coding.PLAIN]
    # The lines of one script have their places in one file.
    if document and len({line.path for line in lines}) == 1:
        complete = len(lines) == len(values) and all(one and one.known for one in found)
        yield from scripts.check_commands(lines, document, complete=complete)


def _setting(body: Body, name: str, scope: Scope, *, at_value: bool = False) -> StatedSetting | None:
    """Return what an attribute says, without a value where only Terraform knows it; None where it is left out."""
    attribute = body.attributes.get(name)
    if attribute is None:
        return None
    found = text(attribute.value, scope)
    where = attribute.value.span.where if at_value else attribute.name.where
    return StatedSetting((found.source.text or None) if found and found.known else None, where)


def _document(name: Expression | None, scope: Scope) -> Body | None:
    """Return the document of the module that an association refers to."""
    if not isinstance(name, Reference) or len(name.path) != 3:
        return None
    block = scope.resources.get((name.path[0], name.path[1]))
    return block.body if block and name.path[0] == "aws_ssm_document" else None


def _parameters(document: Body | None, scope: Scope) -> frozenset[str] | None:
    content = document.value("content") if document else None
    found = text(content, scope) if content else None
    if found is None or found.coding is not Coding.PLAIN or not found.begins:
        return None
    try:
        root = composed(found.source.text)
    except yaml.YAMLError:
        return None
    declared = value(root, "parameters")
    return None if declared is not None and declared.tag.startswith("!") else frozenset(pairs(declared))
