"""Take a cloud-config-archive apart: it is a list of parts in YAML, and each can be merged as a part of its own."""

from typing import Any

from ssmwake.cloud_init.parts import Part, PartKind, kind_of
from ssmwake.model import Invalid, Location
from ssmwake.text.unreadable import BROKEN_USER_DATA

# What an entry says about itself; any other key of it is a MIME header of its part.
OWN = {"content", "type", "filename", "launch-index", "content-disposition", "content-type", "mime-version"}


def entries(archive: Part) -> tuple[Part, ...]:
    """Return the parts in the archive; raise Invalid where it holds anything that cloud-init would pass over."""
    # Only an archive needs YAML, whose import takes as long as rendering user data.
    import yaml

    try:
        values = yaml.safe_load(archive.text)
        node = yaml.compose(archive.text, yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line, mark.column + 1) if mark else (0, 1)
        raise _refusal(archive, line, f"broken YAML: {getattr(error, 'problem', error)}", column) from None
    if values is None:
        return ()
    if not isinstance(values, list) or not isinstance(node, yaml.SequenceNode):
        raise _refusal(archive, 0, "a cloud-config-archive is a list of parts")
    lines = [item.start_mark.line for item in node.value]
    return tuple(_entry(archive, value, line) for value, line in zip(values, lines, strict=True))


def _entry(archive: Part, value: Any, line: int) -> Part:
    entry = {"content": value} if isinstance(value, str) else value
    if not isinstance(entry, dict) or not isinstance(entry.get("content"), str):
        raise _refusal(
            archive, line, "no part; write its text, or a mapping with content, and type where it has no header"
        )
    content = entry["content"]
    if entry.get("type"):
        kind = next((kind for kind in PartKind if kind.value == entry["type"]), PartKind.OTHER)
    else:
        kind = kind_of(content) or PartKind.CLOUD_CONFIG
    headers = [("Content-Type", str(entry["type"]))] if kind is PartKind.OTHER else []
    if "filename" in entry:
        headers += [("Content-Type", kind.value)] if kind is not PartKind.OTHER else []
        headers.append(("Content-Disposition", f'attachment; filename="{entry["filename"]}"'))
    if "launch-index" in entry:
        headers.append(("Launch-Index", str(entry["launch-index"])))
    headers += [(str(name), str(text)) for name, text in entry.items() if str(name).lower() not in OWN]
    flat = tuple((" ".join(name.split()), " ".join(text.split())) for name, text in headers)
    return Part(kind, content.encode("utf-8", "surrogateescape"), archive.path, archive.line + line, flat)


def _refusal(archive: Part, line: int, message: str, column: int = 1) -> Invalid:
    return Invalid(BROKEN_USER_DATA.at(Location(archive.path, archive.line + line, column), message))
