"""The table of all rules: every id that a finding can have, gathered from the modules that report them."""

from collections.abc import Iterable, Iterator
from importlib import import_module

from ssmwake.model import Rule

# A rule is a constant of its module. A new module with rules is added here, and nowhere else.
LINT_MODULES = (
    "cloud_init.cloud_config",
    "cloud_init.mime",
    "cloud_init.parts",
    "cloud_init.reader",
    "cloud_init.size",
    "lint.aws.association",
    "lint.aws.document",
    "lint.aws.instance",
    "lint.aws.launch_data",
    "lint.aws.policy",
    "lint.aws.profile",
    "lint.cloudformation.documents",
    "lint.cloudformation.signals",
    "lint.cloudformation.sub",
    "lint.cloudformation.user_data",
    "lint.documents.attachments",
    "lint.documents.automation",
    "lint.documents.command",
    "lint.documents.destructive",
    "lint.documents.fields",
    "lint.documents.graph",
    "lint.documents.inputs",
    "lint.documents.parameters",
    "lint.documents.references",
    "lint.documents.script_step",
    "lint.documents.scripts",
    "lint.documents.session",
    "lint.documents.steps",
    "lint.rules.suppressions",
    "lint.shell.agent_restart",
    "lint.shell.comments",
    "lint.shell.environment",
    "lint.shell.exit_status",
    "lint.shell.imds",
    "lint.shell.imds_request",
    "lint.shell.indirect_expansions",
    "lint.shell.joined_lines",
    "lint.shell.other_user",
    "lint.shell.packages",
    "lint.shell.secrets",
    "lint.shell.shellcheck",
    "lint.shell.sleeps",
    "lint.shell.unfilled",
    "lint.shell.units",
    "lint.terraform.documents",
    "lint.terraform.escapes",
    "lint.terraform.module",
    "lint.terraform.user_data",
    "lint.user_data",
    "lint.user_data.cloud_config_schema",
    "lint.user_data.cloud_config_table",
    "lint.user_data.command_lists",
    "lint.user_data.file_owners",
    "lint.user_data.first_line",
    "lint.user_data.jinja_template",
    "lint.user_data.list_items",
    "lint.user_data.mime",
    "lint.user_data.node_config",
    "text.json_syntax",
    "text.unreadable",
    "text.yaml_syntax",
)
# What reading the config, rendering and publishing report: no file is linted for it.
OTHER_MODULES = (
    "cli.external_data",
    "cli.init",
    "cli.render",
    "config.rules",
    "dist",
    "publish.rules",
    "render.templates",
    "render.user_data",
)


def _gathered(modules: Iterable[str]) -> Iterator[Rule]:
    for name in modules:
        for each in vars(import_module(f"ssmwake.{name}")).values():
            # cfn-lint's own ids are passed on, and are not in the table.
            if isinstance(each, Rule) and each.id.startswith("SW"):
                yield each


def _table(modules: Iterable[str]) -> dict[str, Rule]:
    """Return the rules of modules by id, sorted; two that share an id are a mistake."""
    found: dict[str, Rule] = {}
    for each in _gathered(modules):
        if found.setdefault(each.id, each) is not each:
            raise ValueError(f"{each.id} is the id of two rules: {found[each.id].title!r} and {each.title!r}")
    return dict(sorted(found.items()))


LINT_RULES = _table(LINT_MODULES)
RULES = _table((*LINT_MODULES, *OTHER_MODULES))
