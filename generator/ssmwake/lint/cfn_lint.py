"""What cfn-lint has to say about a template, once, and without its false alarm on documents that are strings."""

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import yaml

from ssmwake.lint.aws.document import DOCUMENT_NAME
from ssmwake.lint.aws.instance import HOP_LIMIT_RANGE
from ssmwake.lint.aws.policy import PROFILE_ROLES
from ssmwake.lint.cloudformation.sub import REFUSED_BY_SUB
from ssmwake.lint.cloudformation.user_data import NOT_REPLACED
from ssmwake.lint.deferred import CfnTemplate
from ssmwake.lint.rules import rule
from ssmwake.model import Finding, Location, Severity
from ssmwake.text.time_limit import TooSlow, time_limit

# Of cfn-lint's own: what it calls an error of its configuration, and one while it looks at a template.
CANNOT_RUN = rule("E0003", Severity.ERROR, "cfn-lint cannot run", reason="the template is not checked by cfn-lint")
GIVES_UP = rule("E0002", Severity.ERROR, "cfn-lint gives up", reason="the template is not checked by cfn-lint")
SEVERITIES = {"E": Severity.ERROR, "W": Severity.WARNING, "I": Severity.INFO}
# What cfn-lint dies of where a template has a list or nothing where it looks for a mapping, and the like.
CRASHES = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

# Seconds, and what is checked in one more at least; a large template with all its conditions takes five.
PATIENCE, CHARACTERS = 60, 4000
# Settings of .cfnlintrc that name programs to run or files to read, anywhere: the folder may be somebody else's.
EXECUTED_OR_READ = (
    "append_rules",
    "custom_rules",
    "override_spec",
    "registry_schemas",
    "parameter_files",
    "deployment_files",
)

# What both find, by the id of cfn-lint: variables by their names, and what is missing or too much by its place.
SAME_NAME = {"E1019": REFUSED_BY_SUB, "E1021": REFUSED_BY_SUB, "E1029": NOT_REPLACED}
# What our own rules judge in each case, and cfn-lint takes wrongly where a function makes the text, or where a document
# is of another type than it knows: the content of SSM documents.
JUDGED_HERE = frozenset({"E3051"})
# What rain puts in before CloudFormation sees the template: https://github.com/aws-cloudformation/rain
FILLED_IN = re.compile(r"\bFn::Rain::\w")
SAME_PLACE = {"E3003": PROFILE_ROLES, "E3032": PROFILE_ROLES, "E3034": HOP_LIMIT_RANGE}
PATTERN = re.compile(r"'([^']*)' does not match")
NAMED = re.compile(r"'([^']*)' (?:is not one of|does not match)|\"\$\{([^\"]*)\}\" outside")


def check(known: CfnTemplate, *, append_rules: bool = False) -> Iterator[Finding]:
    """Yield what cfn-lint finds, as .cfnlintrc and the template configure it, but for what is found already.

    With `append_rules` also the rules are run that a .cfnlintrc appends.
    """
    source = known.source
    with _no_garbage():
        from cfnlint.decode import decode_str  # type: ignore[import-untyped]
        from cfnlint.exceptions import CfnLintExitException  # type: ignore[import-untyped]

    try:
        # An AllowedPattern may be one that takes forever.
        runner = _runner(append_rules)
        with time_limit(PATIENCE + len(source.text) / CHARACTERS):
            # Its loader alone makes what it checks, and has no way in for nodes that are read already: it looks for
            # keys that are there twice and aliases that multiply. That takes 2 % of its time (19 ms of 1.1 s).
            template, broken = decode_str(source.text)
            matches: list[Any] = broken or list(runner.validate_template(template))
    except TooSlow:
        message = "cfn-lint does not finish with this template; simplify its AllowedPatterns"
        yield GIVES_UP.at(Location(source.path), message)
        return
    except (CfnLintExitException, yaml.YAMLError, OSError) as error:
        reason = " ".join(str(error).split())
        yield CANNOT_RUN.at(Location(source.path), f"cfn-lint cannot run: {reason}; fix its configuration")
        return
    except CRASHES as error:
        yield GIVES_UP.at(Location(source.path), f"cfn-lint gives up on this template ({error}); simplify it")
        return
    for match in matches:
        if match.rule.id in JUDGED_HERE or FILLED_IN.search(match.message):
            continue
        # With the plugin, cfn-lint reports our rules as well.
        if type(match.rule).__module__ == "ssmwake.cfn_rules":
            continue
        if any(_repeats(match, one) for one in known.findings):
            continue
        where = Location(source.path, match.linenumber, match.columnnumber)
        severity = SEVERITIES.get(match.rule.id[0], Severity.WARNING)
        yield rule(match.rule.id, severity, match.rule.shortdesc, reason=match.rule.description).at(
            where, match.message
        )


def _repeats(match: Any, one: Finding) -> bool:
    """Return whether one of our findings says the same about the same place."""
    same_name, same_place = SAME_NAME.get(match.rule.id), SAME_PLACE.get(match.rule.id)
    if same_name is not None and same_name.id == one.rule:
        named = NAMED.search(match.message)
        return named is not None and f"${{{named[1] or named[2]}}}" in one.message
    if match.rule.id == "E3031" and one.rule == DOCUMENT_NAME.id:
        said = PATTERN.match(match.message)
        return said is not None and one.where.line == match.linenumber and f"'{said[1]}'" in one.message
    # It points to the key, and we to what stands there.
    return same_place is not None and same_place.id == one.rule and abs(match.linenumber - one.where.line) <= 1


@cache
def _runner(append_rules: bool) -> Any:
    """Return cfn-lint with its rules, which take longer to make than a template to check."""
    from cfnlint.config import ConfigMixIn  # type: ignore[import-untyped]
    from cfnlint.runner import Runner  # type: ignore[import-untyped]

    # Which templates there are is our own concern, whatever .cfnlintrc lists.
    with _no_garbage():
        settings = ConfigMixIn([], templates=[])
        if not append_rules:
            for name in EXECUTED_OR_READ:
                settings.file_args.pop(name, None)
        return Runner(settings)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Make what is kept to the end without a search for garbage in it, which takes a fifth of cfn-lint's time."""
    searches = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if searches:
            gc.enable()
