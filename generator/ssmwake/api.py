"""The Python API: what the verbs do, as functions with keyword arguments; `import ssmwake` offers them.

Settings are those of ssmwake.yaml, with underscores all the way down. What is wrong is raised as `Invalid`, with every
fault, and with places and advice for those who write Python.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from ssmwake.model import Config, Finding, Invalid, Location, Severity
from ssmwake.text.source import Source
from ssmwake.typed_settings import PlanSettings, Settings, UserData, UserDataKeywords

if TYPE_CHECKING:
    from ssmwake.cloud_init.parts import Part
    from ssmwake.operate import Verdict
    from ssmwake.publish import Plan, PromoteNamed, Publish, Result, RollBack


@overload
def user_data(
    *,
    include: Sequence[UserData] = ...,
    gzip: Literal[False] = ...,
    base64: bool = ...,
    **settings: Unpack[UserDataKeywords],
) -> str: ...


@overload
def user_data(
    *,
    include: Sequence[UserData] = ...,
    gzip: Literal[True],
    base64: Literal[True],
    **settings: Unpack[UserDataKeywords],
) -> str: ...


@overload
def user_data(
    *,
    include: Sequence[UserData] = ...,
    gzip: Literal[True],
    base64: Literal[False] = ...,
    **settings: Unpack[UserDataKeywords],
) -> bytes: ...


@overload
def user_data(
    *,
    include: Sequence[UserData] = ...,
    gzip: bool,
    base64: Literal[True],
    **settings: Unpack[UserDataKeywords],
) -> str: ...


@overload
def user_data(
    *,
    include: Sequence[UserData] = ...,
    gzip: bool,
    base64: bool = ...,
    **settings: Unpack[UserDataKeywords],
) -> str | bytes: ...


def user_data(
    *,
    include: Sequence[UserData] = (),
    gzip: bool = False,
    base64: bool = False,
    **settings: Unpack[UserDataKeywords],
) -> str | bytes:
    """Return user data, such as `run_instances` takes it: `user_data(role="web", on_ready=["touch /ready"])`.

    `include` is user data of your own, which is merged with ours: bytes, text, or the path of a file. A str is text if
    it has several lines or begins as user data does, and a path otherwise. `base64=True` encodes, as launch templates
    want it; `gzip=True` compresses, and the result is bytes unless it is encoded too. Raises Invalid, also for more
    than the 16,384 bytes that EC2 takes.
    """
    from ssmwake.cloud_init.size import LIMIT, base64_text, zipped
    from ssmwake.render.user_data import user_data as rendered

    config, parts = _config(settings), _parts(include)
    text = rendered(config, parts)
    packed = b""
    if gzip or len(text.encode()) > LIMIT:
        packed = zipped(rendered(config, parts, plain=True).encode())
    data = packed if gzip else text.encode()
    if len(data) > LIMIT:
        raise _too_large(data, packed)
    if base64:
        return base64_text(data)
    return data if gzip else text


def document(
    kind: Literal["command", "automation"],
    *,
    format: Literal["yaml", "json"] = "yaml",  # noqa: A002 - as the command line names it
    **settings: Unpack[Settings],
) -> str:
    """Return an SSM document: `json.loads(document("command", format="json", role="web"))`. Raises Invalid."""
    from ssmwake.render import Rendering

    faults = [
        f"{name}: must be {' or '.join(map(repr, known))}, not {given!r}"
        for name, given, known in (("kind", kind, ("command", "automation")), ("format", format, ("yaml", "json")))
        if given not in known
    ]
    findings = _invalid(*faults).findings
    try:
        config = _config(settings)
    except Invalid as invalid:
        findings += invalid.findings
    if findings:
        raise Invalid(*findings)
    return Rendering(config).text(f"ssm/{kind}.{format}")


def lint(source: UserData, *, name: str = "", cfn_lint: bool = True) -> tuple[Finding, ...]:
    """Return what is wrong with user data, an SSM document, a template or launch-template data, sorted by place.

    `source` is the content, or the path of a file, as for `include`; the kind is detected from name and content. `name`
    is what the places of findings name; by default the path, or `<text>`. Without `cfn_lint` a CloudFormation template
    is checked by our own rules alone.
    """
    from ssmwake.lint import lint as findings

    path, data = _content(source, "source")
    return findings(name or path or "<text>", data, with_cfn_lint=cfn_lint)


def plan(
    *,
    purpose: "Publish | PromoteNamed | RollBack | None" = None,
    profile: str = "",
    expected_accounts: Sequence[str] = (),
    share_with_all: bool = False,
    include: Sequence[UserData] = (),
    **settings: Unpack[PlanSettings],
) -> "Plan":
    """Return what publishing would do, without doing it: `plan(role="web", publish={"regions": ["eu-west-1"]})`.

    A purpose is one of ssmwake.publish; none publishes and promotes. With `expected_accounts` (12 digits each) a plan
    for any other account cannot be executed. A place that cannot be read is in the plan, with the reason. Raises
    Invalid, and Refused where neither `publish` nor the AWS configuration names a region.
    """
    from ssmwake import publish
    from ssmwake.render import Rendering

    config = _config(settings)
    if isinstance(expected_accounts, str) or not all(_is_account(one) for one in expected_accounts):
        raise _invalid("expected_accounts: must be a list of account ids, which have 12 digits, each a str")
    desired = publish.desired_by(Rendering(config, _parts(include)), everyone=share_with_all)
    try:
        places = publish.places_of(config, profile)
    except publish.Refused as refused:
        if refused.code != publish.NO_REGION:
            raise
        line = "no region; pass publish={'regions': ['eu-west-1']}, or set AWS_REGION"
        raise publish.Refused(line, refused.code) from None
    return publish.plan(desired, places, purpose or publish.Publish(), expected_accounts=expected_accounts)


def execute(plan: "Plan", *, fail_fast: bool = False) -> "tuple[Result, ...]":
    """Do what a plan says, and return how it went in each place; what was changed in between is left alone.

    With `fail_fast`, no place is begun after a failure.
    """
    from ssmwake import publish

    return publish.execute(plan, fail_fast=fail_fast)


def _config(settings: Mapping[str, Any]) -> Config:
    from ssmwake.config import from_settings

    config = from_settings(settings)
    if config.on_ready:
        from ssmwake.lint import lint_commands

        where = Location("on_ready", 0)
        errors = [
            one
            for one in lint_commands([Source.at_place(where, command) for command in config.on_ready])
            if one.severity is Severity.ERROR
        ]
        if errors:
            raise Invalid(*errors)
    return config


def _parts(include: Sequence[UserData]) -> "tuple[Part, ...]":
    if isinstance(include, str | bytes | os.PathLike):
        raise _invalid("include: must be a list or a tuple of user data, not one; put it in brackets")
    if not isinstance(include, Iterable):
        raise _invalid(f"include: must be a list or a tuple of user data, not {include!r}")
    parts: list[Part] = []
    findings: list[Finding] = []
    for number, one in enumerate(include):
        name = f"include[{number}]"
        try:
            path, data = _content(one, name)
            parts += _linted(path or name, data)
        except Invalid as invalid:
            findings += invalid.findings
    if findings:
        raise Invalid(*findings)
    return tuple(parts)


def _linted(path: str, data: bytes) -> "tuple[Part, ...]":
    """Return the parts of user data; raise Invalid for what is an error of lint in it, before anything is merged."""
    from ssmwake.cloud_init.reader import read
    from ssmwake.lint import lint_part

    errors = [one for one in lint_part(path, data) if one.severity is Severity.ERROR]
    if errors:
        raise Invalid(*errors)
    return read(path, data)


def _content(source: UserData, name: str) -> tuple[str, bytes]:
    """Return the path of what was given, empty for text, and its bytes."""
    if isinstance(source, bytes):
        return "", source
    if isinstance(source, str) and _is_text(source):
        try:
            return "", source.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise _invalid(f"{name}: holds half of a character, which UTF-8 cannot spell; pass bytes") from None
    if not isinstance(source, str | os.PathLike):
        raise _invalid(f"{name}: must be bytes, a str or a path, not {type(source).__name__}")
    path = os.fspath(source)
    try:
        return path, Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        advice = "text needs a first line such as #!/bin/sh, and a line end" if " " in str(path) else "check the path"
        raise _invalid(f"{name}: {path!r} cannot be read: {reason}; {advice}") from None


def doctor(
    *ids: str,
    filters: Mapping[str, str | Sequence[str]] | None = None,
    region: str = "",
    profile: str = "",
    role: str = "",
) -> "tuple[Verdict, ...]":
    """Return why instances are not online in Systems Manager: a verdict for each, with its confidence and what to do.

    Filters are those of EC2, such as `{"tag:Team": "web"}`; without ids and filters, all instances are looked at. Only
    reads. Raises ssmwake.Refused without a region or credentials, and ValueError for ids and filters at once.
    """
    from ssmwake.aws.client import Refused
    from ssmwake.aws.place import Place
    from ssmwake.aws.session import home_region
    from ssmwake.operate.desk import look
    from ssmwake.operate.read_machines import Wanted

    if ids and filters:
        raise ValueError("give ids or filters, not both")
    where = region or home_region(profile)
    if not where:
        raise Refused("no region; pass region, or set AWS_REGION")
    values = {name: (one,) if isinstance(one, str) else tuple(one) for name, one in (filters or {}).items()}
    (report,) = look(Wanted(tuple(dict.fromkeys(ids)), values), [Place(where, role, profile)])
    if report.failure:
        raise Refused(report.failure)
    return report.verdicts


def _is_account(given: object) -> bool:
    return isinstance(given, str) and len(given) == 12 and given.isascii() and given.isdigit()


def _is_text(text: str) -> bool:
    """Return whether a str is content, and not the path of a file."""
    return "\n" in text or not text or text.lstrip().startswith(("#", "{", "Content-Type:", "MIME-Version:"))


def _too_large(data: bytes, packed: bytes) -> Invalid:
    from ssmwake.cloud_init.size import excess

    advice = "gzip=True makes it {}; a launch template takes that with base64=True, and UserData.custom not at all"
    finding = excess(Location("user data", 0), len(data), len(packed), advice)
    return Invalid(replace(finding, severity=Severity.ERROR))


def _invalid(*faults: str) -> Invalid:
    from ssmwake.config.rules import WRONG_SETTING

    places = (fault.partition(": ") for fault in faults)
    return Invalid(*(WRONG_SETTING.at(Location(place, 0), message) for place, _, message in places))
