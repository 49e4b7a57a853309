"""Put parts together as one MIME multipart: never nested, the same bytes for the same parts."""

import base64
import binascii
import dataclasses
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from ssmwake.cloud_init.parts import Part, PartKind

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
        is_config = part.kind is PartKind.CLOUD_CONFIG or (
            part.kind is PartKind.JINJA and b"\n#cloud-config" in part.body
        )
        chosen = b"merge_how" in part.body or b"merge_type" in part.body
        chosen = chosen or any(name.lower() in ("merge-type", "x-merge-type") for name, _ in part.headers)
        append = is_config and seen and not chosen
        result.append(dataclasses.replace(part, headers=(*part.headers, APPEND)) if append else part)
        seen = seen or is_config
    return tuple(result)


def named(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts, those that are a file of their own with its name: cloud-init's log and folders show it.

    cloud-init runs scripts in the order of their names. Where that is not the order of the parts, each script gets its
    number in front.
    """
    paths = Counter(part.path for part in parts)
    names = [_file_name(part) if paths[part.path] == 1 else "" for part in parts]
    scripts = [name for part, name in zip(parts, names, strict=True) if part.kind is PartKind.SCRIPT]
    in_order = all(scripts) and all(one < other for one, other in pairwise(scripts))
    result: list[Part] = []
    for number, (part, name) in enumerate(zip(parts, names, strict=True), 1):
        if not name or any(header.lower() == "content-disposition" for header, _ in part.headers):
            result.append(part)
            continue
        shown = name if in_order or part.kind is not PartKind.SCRIPT else f"part-{number:03}-{name}"
        header = ("Content-Disposition", f'attachment; filename="{shown}"')
        kind = () if any(name.lower() == "content-type" for name, _ in part.headers) else (("Content-Type", part.type),)
        result.append(dataclasses.replace(part, headers=(*kind, *part.headers, header)))
    return tuple(result)


def _file_name(part: Part) -> str:
    """Return the name that a part has or can have as a file; empty where it has none that is harmless in a header."""
    for header, value in part.headers:
        if header.lower() == "content-disposition":
            found = re.search(r'filename="?([^";]+)', value)
            return found[1] if found else ""
    name = part.path.replace("\\", "/").rpartition("/")[2]
    return name if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name) else ""


def _headers(part: Part) -> list[str]:
    headers = [f"{name}: {value}" for name, value in part.headers]
    if not any(name.lower() == "content-type" for name, _ in part.headers):
        headers.insert(0, f"Content-Type: {part.type}")
    # A folded header keeps its folds; a header cannot hold anything but ASCII.
    return [re.sub(r"\r\n?|\n", "\n", header).encode("ascii", "replace").decode() for header in headers]


def _body(part: Part) -> tuple[list[str], str]:
    # cloud-init parses MIME as text: only ASCII without lone carriage returns comes through as it is.
    if re.fullmatch(rb"[\t\n\x20-\x7e]*", part.body):
        return [], part.body.decode("ascii")
    coded = base64.b64encode(part.body).decode()
    wrapped = "\n".join(coded[start : start + 76] for start in range(0, len(coded), 76))
    # A few letters with accents, or CR LF, leave text that people can still read. nodeadm reads both.
    readable = _quoted_printable(part.body)
    if len(readable) < len(wrapped):
        return ["Content-Transfer-Encoding: quoted-printable"], readable
    return ["Content-Transfer-Encoding: base64"], wrapped


def _quoted_printable(body: bytes) -> str:
    # As text, so that a LF stays one; a CR is not an end of a line here.
    return "\n".join(binascii.b2a_qp(line, istext=False).decode("ascii") for line in body.split(b"\n"))
