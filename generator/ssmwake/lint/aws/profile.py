"""What names the instance profile of an instance, whatever describes it: a profile and no role, a name or an ARN."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.model import Finding, Location
from ssmwake.text.placeholders import is_placeholder

ROLE_FOR_PROFILE = rule(
    "SW260",
    ERROR,
    "a role where a profile belongs",
    reason="EC2 has no profile of this name, and launches nothing",
    also={WARNING: "where a profile may have the name of the role"},
)
WRONG_FORM = rule(
    "SW261", ERROR, "an ARN where a name belongs, or the reverse", reason="EC2 refuses the launch, or the template"
)

ARN = re.compile(r"arn:[^:\s]*:iam:[^:]*:[^:]*:(?P<kind>instance-profile|role)/")


NAME = re.compile(r"[\w+=,.@-]{1,128}")
# What is to be replaced by hand, or by lint's own word for what it does not know.
STAND_IN = re.compile(r"x{4}|(?i:replace|your[-_]?|example|todo|arn)")


class Form(StrEnum):
    """How a profile is named; the value is what that is called."""

    NAME = "the name"
    ARN = "the ARN"


@dataclass(frozen=True)
class ProfileReference:
    """What names a profile: what stands there, and in which form; None for what only the deployment knows.

    It `may_be_named_alike` when a profile of the same name as the role may well be elsewhere.
    """

    where: Location
    is_role: bool = False
    form: Form | None = None
    may_be_named_alike: bool = False


@dataclass(frozen=True)
class ProfileNames:
    """What a profile and its name and ARN are called where the instance is described."""

    profile: str = "an AWS::IAM::InstanceProfile"
    name: str = "Name"
    arn: str = "Arn"


def of_text(text: str, where: Location) -> ProfileReference:
    """Return what a text names, as far as it is not what another tool replaces."""
    match = ARN.search(text)
    if match is None:
        is_name = NAME.fullmatch(text) and not is_placeholder(text) and not STAND_IN.search(text)
        return ProfileReference(where, form=Form.NAME if is_name else None)
    return ProfileReference(where, is_role=match["kind"] == "role", form=Form.ARN)


def check(reference: ProfileReference, takes: Form | None, names: ProfileNames = ProfileNames()) -> Iterator[Finding]:
    """Yield that a reference is to no profile, or in a form that is not taken there; None takes both."""
    if reference.is_role:
        message = f"a role, where an instance profile belongs; put the role in {names.profile}, and refer to that"
        severity = WARNING if reference.may_be_named_alike else None
        yield ROLE_FOR_PROFILE.at(reference.where, message, severity=severity)
    elif takes is Form.NAME and reference.form is Form.ARN:
        message = f"an ARN, where the name of the profile belongs; write its name{_or(names.arn)}"
        yield WRONG_FORM.at(reference.where, message)
    elif takes is Form.ARN and reference.form is Form.NAME:
        yield WRONG_FORM.at(
            reference.where, f"a name, where the ARN of the profile belongs; write its ARN, or use {names.name}"
        )


def wrong_shape(where: Location, *, is_text: bool, instead: str) -> Finding:
    """Return that a text names a profile where an object is taken, or the reverse; `instead` is what is written."""
    what, wanted = ("a text", "an object") if is_text else ("an object", "a text")
    return WRONG_FORM.at(where, f"{what}, where {wanted} names the profile; write {instead}")


def check_role_name(reference: ProfileReference | None, instead: str) -> Iterator[Finding]:
    """Yield that an ARN names a role where IAM takes its name; `instead` says how it is named there."""
    if reference and reference.form is Form.ARN:
        message = f"an ARN, where the name of the role belongs; write {instead}"
        yield WRONG_FORM.at(reference.where, message)


def _or(arn: str) -> str:
    return f", or {arn}" if arn else ""
