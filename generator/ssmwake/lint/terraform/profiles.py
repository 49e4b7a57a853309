"""The instance profiles that a module gives to instances, as facts."""

from collections.abc import Iterator

from ssmwake.lint.aws import profile
from ssmwake.lint.aws.profile import Form, ProfileNames, ProfileReference
from ssmwake.lint.terraform.evaluate import text
from ssmwake.lint.terraform.scope import Scope
from ssmwake.lint.terraform.tree import Block, Body, Expression, Reference, chosen, inner_blocks, unwrapped
from ssmwake.model import Finding

PROFILE, ROLE = "aws_iam_instance_profile", "aws_iam_role"
NAMES = ProfileNames("an aws_iam_instance_profile", "name", "")
IN_TEMPLATE = ProfileNames("an aws_iam_instance_profile", "name", "arn")


def check(block: Block, scope: Scope) -> Iterator[Finding]:
    """Yield each reference that is not to an instance profile, or not in the form that EC2 takes there."""
    # A launch configuration takes both.
    takes = None if block.labels[0] == "aws_launch_configuration" else Form.NAME
    template = block.labels[0] == "aws_launch_template"
    value = block.body.value("iam_instance_profile")
    if value and template:
        block_ = "a block: iam_instance_profile { name = ... }"
        yield profile.wrong_shape(value.span.where, is_text=True, instead=block_)
    elif value:
        yield from _check(value, scope, takes, NAMES)
    for inner_block in block.body.blocks if not template else ():
        if inner_block.type == "iam_instance_profile":
            written = "iam_instance_profile = and the name"
            yield profile.wrong_shape(inner_block.name.where, is_text=False, instead=written)
    for kind, inner in inner_blocks(block.body):
        for key, form in (("name", Form.NAME), ("arn", Form.ARN)) if kind == "iam_instance_profile" else ():
            if value := inner.value(key):
                yield from _check(value, scope, form, IN_TEMPLATE)


def _check(value: Expression, scope: Scope, takes: Form | None, names: ProfileNames) -> Iterator[Finding]:
    for one in chosen(value):
        if found := _reference(one, scope):
            yield from profile.check(found, takes, names)


def check_role_names(block: Block, scope: Scope) -> Iterator[Finding]:
    """Yield each ARN of a role where a profile or a policy takes the names of roles."""
    for name in ("role", "roles"):
        value = block.body.value(name)
        for one in chosen(value) if value else ():
            inner = unwrapped(one)
            referred = isinstance(inner, Reference) and inner.path[-1] == "arn"
            instead = inner.span.text.removesuffix("arn") + "name" if referred else "its name"
            yield from profile.check_role_name(_reference(one, scope), instead)


def _reference(value: Expression, scope: Scope) -> ProfileReference | None:
    """Return what an expression refers to; None for what only Terraform knows."""
    where = value.span.where
    value = unwrapped(value)
    if isinstance(value, Reference):
        path = value.path[1:] if value.path[0] == "data" else value.path
        if len(path) == 3 and path[0] in (PROFILE, ROLE) and path[2] in ("arn", "name", "id"):
            form = Form.ARN if path[2] == "arn" else Form.NAME
            if path[0] == PROFILE:
                return ProfileReference(where, form=form)
            alike = form is Form.NAME and _named_by(path[1], scope)
            elsewhere = form is Form.NAME and (ROLE, path[1]) not in scope.resources
            return None if alike else ProfileReference(where, is_role=True, form=form, may_be_named_alike=elsewhere)
    found = text(value, scope)
    if found is None or not found.source.text:
        return None
    made = profile.of_text(found.source.text, where)
    return made if found.known or made.form is Form.ARN else None


def _named_by(role: str, scope: Scope) -> bool:
    """Return whether a profile of the file has the name of a role."""
    own = scope.resources.get((ROLE, role))
    said = _text(own.body, "name", scope) if own else None
    for (kind, _), block in scope.resources.items():
        named = block.body.value("name") if kind == PROFILE else None
        if isinstance(named, Reference) and named.path[:2] == (ROLE, role):
            return True
        if named and said is not None and _text(block.body, "name", scope) == said:
            return True
    return False


def role_name(body: Body, scope: Scope) -> str | None:
    """Return the name of the role that an instance gets; empty where Terraform makes one up, None if not known."""
    values = [body.value("iam_instance_profile")]
    values += [
        one.body.value(key) for one in body.blocks if one.type == "iam_instance_profile" for key in ("name", "arn")
    ]
    paths = [value.path for value in values if isinstance(value, Reference)]
    if len(paths) != 1 or paths[0][0] != PROFILE or len(paths[0]) != 3:
        return None
    given = scope.resources.get((PROFILE, paths[0][1]))
    role = given.body.value("role") if given else None
    if isinstance(role, Reference) and len(role.path) == 3 and role.path[0] == ROLE:
        block = scope.resources.get((ROLE, role.path[1]))
        if block is None or "count" in block.body.attributes or "for_each" in block.body.attributes:
            return None
        return _text(block.body, "name", scope) if block.body.value("name") else ""
    return _text(given.body, "role", scope) if given else None


def _text(body: Body, name: str, scope: Scope) -> str | None:
    value = body.value(name)
    found = text(value, scope) if value else None
    return found.source.text if found and found.known else None
