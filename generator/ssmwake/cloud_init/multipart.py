"""Put parts together as one MIME multipart: never nested, the same bytes for the same parts."""

import base64
import dataclasses
import re
from collections.abc import Sequence

from ssmwake.cloud_init.parts import Kind, Part

BOUNDARY = "==ssmwake=="
# How a later cloud-config joins the ones before it; by default its lists would replace theirs.
APPEND = ("Merge-Type", "list(append)+dict(no_replace,recurse_list)+str()")


def multipart(parts: Sequence[Part], notice: str) -> str:
    """Return the parts as a multipart message, in their order; every body arrives as the bytes it has."""
    bodies = [_body(part) for part in parts]
    boundary = BOUNDARY
    while any(boundary in body for _, body in bodies):
        boundary += "="
    lines = [
        f'Content-Type: multipart/mixed; boundary="{boundary}"',
        "MIME-Version: 1.0",
        "",
        f"# {notice}",
    ]
    for part, (encoding, body) in zip(parts, bodies, strict=True):
        lines += [f"--{boundary}", *_headers(part), *encoding, "", body]
    return "\n".join([*lines, f"--{boundary}--", ""])


def appended(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts with a merge type on each cloud-config that would replace lists of an earlier one."""
    result: list[Part] = []
    seen = False
    for part in parts:
        is_config = part.kind is Kind.CLOUD_CONFIG or (part.kind is Kind.JINJA and b"\n#cloud-config" in part.body)
        chosen = b"merge_how" in part.body or b"merge_type" in part.body
        chosen = chosen or any(name.lower() in ("merge-type", "x-merge-type") for name, _ in part.headers)
        append = is_config and seen and not chosen
        result.append(dataclasses.replace(part, headers=(*part.headers, APPEND)) if append else part)
        seen = seen or is_config
    return tuple(result)


def _headers(part: Part) -> list[str]:
    headers = [f"{name}: {value}" for name, value in part.headers]
    if not any(name.lower() == "content-type" for name, _ in part.headers):
        headers.insert(0, f"Content-Type: {part.kind}")
    # A folded header keeps its folds; what is no ASCII has no place in a header.
    return [re.sub(r"\r\n?|\n", "\n", header).encode("ascii", "replace").decode() for header in headers]


def _body(part: Part) -> tuple[list[str], str]:
    # cloud-init parses MIME as text: only ASCII without lone carriage returns comes through as it is.
    if re.fullmatch(rb"[\t\n\x20-\x7e]*", part.body):
        return [], part.body.decode("ascii")
    coded = base64.b64encode(part.body).decode()
    return ["Content-Transfer-Encoding: base64"], "\n".join(
        coded[start : start + 76] for start in range(0, len(coded), 76)
    )
