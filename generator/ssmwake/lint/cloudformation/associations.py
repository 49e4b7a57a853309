"""The State Manager associations of a template, as facts."""

from collections.abc import Iterator

import yaml

from ssmwake.lint.aws import association
from ssmwake.lint.aws.association import Association
from ssmwake.lint.aws.setting import Setting
from ssmwake.lint.cloudformation.template import Template, plain
from ssmwake.model import Finding


def check(template: Template) -> Iterator[Finding]:
    """Yield what is wrong with the associations of a template."""

    def setting(node: yaml.Node | None) -> Setting | None:
        return None if node is None else Setting(plain(node), template.source.of(node))

    for one in template.of_kind("AWS::SSM::Association"):
        described = Association(
            schedule=setting(one.get("ScheduleExpression")),
            only_at_cron=setting(one.get("ApplyOnlyAtCronInterval")),
            offset=setting(one.get("ScheduleOffset")),
            wait=setting(one.get("WaitForSuccessTimeoutSeconds")),
        )
        yield from association.check(described)
