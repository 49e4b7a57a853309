"""User data: ours and the user's own parts as one, in the form that was asked for or, where that cannot be, MIME."""

from collections.abc import Sequence

from ssmwake.cloud_init.multipart import appended, named
from ssmwake.cloud_init.multipart import multipart as joined
from ssmwake.cloud_init.parts import Part, PartKind, is_mime
from ssmwake.model import Config, Finding, Invalid, Severity, UserDataFormat, rule
from ssmwake.render.carriers import HEAD, HOME, boothook, cloud_config, script
from ssmwake.render.runtime import NOTICE, without_comments
from ssmwake.resources import templates

# The name of the file that cloud-init makes of our part.
NAME = "ssmwake"

# What a part is, in messages.
KINDS = {
    PartKind.CLOUD_CONFIG: "a cloud-config",
    PartKind.SCRIPT: "a script",
    PartKind.JINJA: "a Jinja template",
    PartKind.BOOTHOOK: "a boothook",
    PartKind.ARCHIVE: "an archive of cloud-configs",
    PartKind.INCLUDE: "a list of addresses",
    PartKind.INCLUDE_ONCE: "a list of addresses",
    PartKind.PART_HANDLER: "a part handler",
    PartKind.JSON_PATCH: "a JSON patch",
}

INCLUDES_ITSELF = rule(
    "SW021", Severity.ERROR, "included user data that holds ssmwake already", reason="the runtime would be there twice"
)


def user_data(config: Config, parts: Sequence[Part] = (), *, plain: bool = False) -> str:
    """Return the user data of the config; it never nests, and never overwrites what the parts hold.

    With `plain` the runtime is not packed in it: that is what gzip makes the least of.
    """
    output_format = config.user_data.format
    parts = _checked(parts)
    if parts and output_format is UserDataFormat.CLOUD_CONFIG and (merged := _merged(config, parts, plain)):
        return merged
    if output_format is UserDataFormat.MULTIPART or parts:
        return _with_parts(boothook(script(config, plain=plain)), parts)
    return (script if output_format is UserDataFormat.SCRIPT else cloud_config)(config, plain=plain)


def why_multipart(config: Config, parts: Sequence[Part]) -> str:
    """Return why user data with these parts is a multipart, whatever form was asked for; empty where that is plain."""
    if config.user_data.format is UserDataFormat.MULTIPART or any(part.message for part in parts):
        return ""
    if len(parts) != 1:
        return f"there are {len(parts)} parts of yours" if parts else ""
    (part,) = parts
    name = "stdin" if part.path == "-" else part.path
    if part.kind is PartKind.CLOUD_CONFIG and config.user_data.format is UserDataFormat.CLOUD_CONFIG:
        return f"{name} cannot be merged as text; a list in brackets, an anchor or a placeholder is in the way"
    return f"{name} is {KINDS.get(part.kind, 'a part of another type')}, which stays a part of its own"


def split_for_parameters(
    config: Config, parts: Sequence[Part] = (), *, multipart: bool = False, plain: bool = False
) -> tuple[str, str]:
    """Return user data in two, for a carrier that puts lines with its parameters between: at the top of our script.

    The lines are those of carriers.shell_settings, as the carrier knows them; `plain` as for `user_data`.
    """
    parts = _checked(parts)
    settings = (templates() / "user-data" / "settings.sh").read_text(encoding="utf-8")
    ours = script(config, without_comments(f"\n{settings}").removeprefix("\n"), settings=False, plain=plain)
    if parts or multipart:
        ours = boothook(ours)
    text = _with_parts(ours, parts) if parts or multipart else ours
    place = text.rindex(ours) + ours.index("(\n") + len("(\n")
    return text[:place], text[place:]


def _with_parts(ours: str, parts: Sequence[Part]) -> str:
    # In shell, since no cloud-config of the user can replace its lists.
    headers = (("Content-Type", PartKind.BOOTHOOK.value), ("Content-Disposition", f'attachment; filename="{NAME}"'))
    return joined([*named(appended(parts)), Part.of_bytes(PartKind.BOOTHOOK, ours.encode(), headers)], NOTICE)


def _checked(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts without those that an earlier run of ssmwake had put there."""
    findings: list[Finding] = []
    kept = tuple(part for part in parts if not _is_ours(part))
    for part in kept:
        if part.kind is PartKind.CLOUD_CONFIG:
            from ssmwake.cloud_init.cloud_config import read_cloud_config

            findings += read_cloud_config(part.source).faults
            if HOME in part.text and NOTICE in part.text:
                message = "holds ssmwake already; include the cloud-config that it was made from"
                findings.append(INCLUDES_ITSELF.at(part.source.at(1), message))
    if findings:
        raise Invalid(*findings)
    return kept


def _is_ours(part: Part) -> bool:
    # It was a script once.
    return part.kind in (PartKind.BOOTHOOK, PartKind.SCRIPT) and part.body.startswith(HEAD.encode())


def _merged(config: Config, parts: Sequence[Part], plain: bool) -> str | None:
    if len(parts) != 1 or parts[0].kind is not PartKind.CLOUD_CONFIG or parts[0].headers:
        return None
    from ssmwake.cloud_init.merge import merged

    text = merged(cloud_config(config, plain=plain), parts[0])
    # cloud-init looks for MIME before it looks for anything else.
    return None if text is None or is_mime(text.encode()) else text
