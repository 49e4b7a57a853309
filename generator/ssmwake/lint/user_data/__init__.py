"""User data of any form: what EC2 refuses, and what cloud-init ignores; its parts go to the check of their kind."""

import gzip
import re
from collections.abc import Iterator

from ssmwake.cloud_init.parts import BOM, GZIP, NODEADM, SCRIPTS, UNKNOWN_FIRST_LINE, Message, Part, PartKind, kind_of
from ssmwake.cloud_init.reader import LARGEST, decoded, parts
from ssmwake.cloud_init.size import LIMIT, TOO_LARGE
from ssmwake.cloud_init.unrecognized import fault_of, is_cloud_config_meant
from ssmwake.cloud_init.unrecognized import first_line as header_line
from ssmwake.lint.deferred import Found
from ssmwake.lint.rules import ERROR, INFO, rule
from ssmwake.lint.shell import script, secrets
from ssmwake.lint.shell.parser import read
from ssmwake.lint.shell.units import SEVERAL_IMAGES
from ssmwake.lint.user_data import first_line, jinja_template
from ssmwake.model import Finding, Location, Replacement
from ssmwake.text import placeholders
from ssmwake.text.source import Source

CRLF_OR_BOM = rule(
    "SW207",
    ERROR,
    "CRLF or a byte order mark",
    reason="the mark hides the first line, and a CR becomes part of a word",
    fixable=True,
    also={INFO: "where cloud-init undoes it"},
)

# A header of its own, and a key below it; or a key that holds a list, and the first item.
CONFIG_BELOW = re.compile(
    r"(?m)(?<=\n)(?:#cloud-config[ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\n)*[a-z_]+:(?:[ \t]|\r?$)"
    r"|(?:runcmd|bootcmd|packages|write_files|users|groups|mounts):[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\n)*"
    r"[ \t]*-[ \t])"
)
# What may leave any text behind: statements of Jinja, and an expression that is a line of its own.
STATEMENTS = re.compile(r"\{%|^\s*\{\{[^\n]*\}\}\s*$", re.MULTILINE)


def check_file(path: str, data: bytes, image: str | None = None, *, is_part: bool = False) -> Iterator[Found]:
    """Yield what is wrong with a file of user data, which may be base64 as for the API.

    Where it becomes a part of other user data, which may be compressed, its own size says nothing.
    """
    if data.startswith(BOM):
        mark = Replacement(Location(path, 1, 0), Location(path), "")
        yield CRLF_OR_BOM.at(
            Location(path), "a byte order mark precedes the first line; remove it, as lint --fix does", fix=mark
        )
    found = decoded(path, data)
    if isinstance(found, Finding):
        yield found
    else:
        yield from check(*found, image, least=0 if is_part else None)


def check(
    source: Source, data: bytes, image: str | None = None, *, least: int | None = None, layout_known: bool = True
) -> Iterator[Found]:
    """Yield what is wrong with user data, given as text with its places and as the bytes that EC2 would get.

    The image is a name or a parameter that says which system boots, where that is known; `least` is how many bytes
    EC2 would get at least, where words of the text stand for what only a deployment knows; where whole lines may come
    or go, the layout is not known.
    """
    if (len(data) if least is None else least) > LIMIT:
        yield TOO_LARGE.at(source.at(1), _budget(data, least))
    if len(data) > LARGEST:
        return
    for found in parts(source, data):
        if isinstance(found, Message):
            from ssmwake.lint.user_data.mime import check_message

            yield from check_message(found)
        elif isinstance(found, Part):
            yield from _type_and_first_line(found)
            yield from _part(found, image, layout_known=layout_known)
        else:
            yield found
            if found.rule == UNKNOWN_FIRST_LINE.id and (config := _config_meant(source)):
                yield from _as(PartKind.CLOUD_CONFIG, config, image, layout_known=layout_known)


def _config_meant(source: Source) -> Source | None:
    """Return the cloud-config that a text without its header was meant to be; None for anything else."""
    first = header_line(source.text)
    if not is_cloud_config_meant(first, source.text):
        return None
    # A header without its # is not a comment, so YAML would read it.
    start = 0 if first.startswith("#") or ":" in first else source.text.index(first) + len(first)
    return source.slice(start, len(source.text))


def size(source: Source) -> int:
    """Return how many bytes of EC2's limit the text takes."""
    return len(source.text.encode("utf-8", "surrogateescape"))


def running(source: Source) -> Iterator[Part]:
    """Yield the parts of user data that cloud-init and the kernel can use."""
    for found in parts(source, source.text.encode("utf-8", "surrogateescape")):
        if isinstance(found, Part) and not any(fault.severity is ERROR for fault in _first_line(found)):
            yield found


def _type_and_first_line(part: Part) -> Iterator[Finding]:
    """Yield where a part is not what its type says, and what keeps it from being run."""
    if part.where is not None:
        from ssmwake.lint.user_data.mime import check_part

        yield from check_part(part)
    yield from _first_line(part)


def _first_line(part: Part) -> Iterator[Finding]:
    """Yield what is wrong with the first line of a part; what only other programs object to, for a whole file."""
    if not first_line.begins_too_late(part):
        yield from (one for one in first_line.check(part.source) if part.is_whole or one.severity is ERROR)


def _part(part: Part, image: str | None, *, layout_known: bool) -> Iterator[Found]:
    source, what = part.source, part.type
    if what == PartKind.ARCHIVE:
        return
    yield from secrets.check(source)
    if what == PartKind.CLOUD_CONFIG or what in SCRIPTS:
        yield from jinja_template.not_rendered(source)
    if what == PartKind.JINJA:
        yield from _template(source, image, layout_known=layout_known)
    else:
        yield from _as(what, source, image, layout_known=layout_known)


def _template(source: Source, image: str | None, *, layout_known: bool) -> Iterator[Found]:
    """Yield what is wrong with a Jinja template, and with what machines get of it."""
    from ssmwake.lint.user_data.jinja_rendering import renderings

    _, _, rest = source.text.partition("\n")
    source = source.slice(len(source.text) - len(rest), len(source.text))
    yield from jinja_template.check(source)
    # The branches of a template are for one system each.
    templated = STATEMENTS.search(rest) is not None
    image = SEVERAL_IMAGES if templated else image
    rendered = renderings(source)
    for text in rendered:
        if kind := kind_of(text.text):
            yield from _as(kind.value, text, image, layout_known=layout_known)
        elif text.text.strip() and (fault := fault_of(text)):
            yield fault
    # What no machine of ours gets is judged with words for its values, and without its statements.
    lines = {mark.line for text in rendered for mark in text.marks}
    unrendered = placeholders.jinja(source)
    kind = kind_of(unrendered.text)
    found = _as(kind.value if kind else "", unrendered, image, templated=templated, layout_known=layout_known)
    for one in found:
        if not rendered or (isinstance(one, Finding) and one.where.line not in lines):
            yield one


def _as(
    what: str, source: Source, image: str | None, *, templated: bool = False, layout_known: bool = True
) -> Iterator[Found]:
    """Yield what is wrong with a text that cloud-init handles as a type."""
    # A script waits for none of what is imported here.
    if what == PartKind.CLOUD_CONFIG:
        from ssmwake.lint.user_data import cloud_config

        yield from cloud_config.check(source, templated=templated, layout_known=layout_known, image=image)
        return
    if what == NODEADM:
        from ssmwake.lint.user_data import node_config

        yield from node_config.check(source)
    if what not in SCRIPTS and what != PartKind.BOOTHOOK:
        return
    yield from _line_ends(source)
    source = source.with_lf()
    blanks = len(source.text) - len(source.text.lstrip())
    if what == PartKind.BOOTHOOK:
        hook = _without_header(source)
        yield from _boothook(hook)
        yield from script.check(hook, script.Run.EARLY, image)
    elif not first_line.swallowed(source.text[blanks:].partition("\n")[0]):
        end = _end_of_script(source)
        if end < len(source.text):
            # A script waits for no reader of YAML.
            from ssmwake.cloud_init.cloud_config import SCRIPT_BELOW_CONFIG

            message = "a cloud-config cannot follow a script; write both as MIME parts, or do it in the script"
            yield SCRIPT_BELOW_CONFIG.at(source.at_offset(end), message)
        yield from script.check(source.slice(blanks, end), script.Run.LATE, image)


def _end_of_script(source: Source) -> int:
    """Return where a cloud-config begins below a script, which the shell takes for commands; else the end."""
    found = [match.start() for match in CONFIG_BELOW.finditer(source.text)]
    commands = read(source.text).commands if found else []
    # Here-documents, and quoted words over several lines, are what the script writes.
    heres = [(here.start, here.end) for command in commands for here in command.heres]
    quoted = [(word.start + 1, word.end) for command in commands for word in command.words]
    below = (start for start in found if not any(first <= start < end for first, end in (*heres, *quoted)))
    return next(below, len(source.text))


def _boothook(source: Source) -> Iterator[Finding]:
    """Yield what keeps the kernel from running a boothook, given without its header."""
    if source.text.startswith("#!"):
        yield from (fault for fault in first_line.check(source) if fault.severity is ERROR)
    elif source.text.strip():
        message = "a boothook is executed, and this is not an interpreter; write #!/bin/sh on the line after the header"
        yield UNKNOWN_FIRST_LINE.at(source.at(1), message)


def _line_ends(source: Source) -> Iterator[Finding]:
    """Yield CR LF, which cloud-init undoes for the whole script if the first line ends in it."""
    first = source.text.find("\r\n")
    if first < 0:
        return
    if first < source.text.find("\n"):
        message = "lines end in CR LF, which cloud-init undoes, but hardly anything else does; save it with LF"
        yield CRLF_OR_BOM.at(source.at(1), message, severity=INFO, fix=_without_cr(source))
    else:
        message = "ends in CR LF unlike the first line, so the shell gets a CR at the end of words; save it with LF"
        where = source.at_offset(source.text.rfind("\n", 0, first) + 1)
        yield CRLF_OR_BOM.at(where, message, fix=_without_cr(source))


def _without_cr(source: Source) -> list[Replacement]:
    """Return the fix that takes away the CR of each line; nothing where one of them is not in the file as it is."""
    found = [source.replacement(match.start(), match.start() + 1, "") for match in re.finditer("\r\n", source.text)]
    return [each for each in found if each] if all(found) else []


def _without_header(source: Source) -> Source:
    """Return the script of a boothook, which begins after the first line."""
    start = len(source.text) - len(source.text.lstrip())
    _, _, rest = source.text[start:].partition("\n")
    if not source.text.startswith("#c", start):
        return source
    return source.slice(len(source.text) - len(rest.lstrip()), len(source.text))


def _budget(data: bytes, least: int | None = None) -> str:
    packed = data if data.startswith(GZIP) or len(data) > LARGEST else gzip.compress(data, mtime=0)
    if len(packed) <= LIMIT:
        advice = f"compress them with gzip, which makes {len(packed):,}"
    elif packed is data:
        advice = "fetch a part of it from S3"
    else:
        advice = f"gzip leaves {len(packed):,}, so fetch a part from S3"
    return f"{len(data) if least is None else least:,} bytes, EC2 takes {LIMIT:,}; {advice}"
