"""User data of any form: what EC2 refuses, and what cloud-init ignores; its parts go to the check of their kind."""

from collections.abc import Iterator

from ssmwake.lint import cloud_config, placeholders, script, secrets
from ssmwake.lint.rules import finding
from ssmwake.lint.shell import Found
from ssmwake.lint.source import Source
from ssmwake.model import Finding, Invalid, Location
from ssmwake.userdata.parts import Kind, Part, is_mime, read

LIMIT = 16_384  # raw, before base64; EC2's own limit
BOM = b"\xef\xbb\xbf"


def check_file(path: str, data: bytes) -> Iterator[Found]:
    """Yield what is wrong with a file of user data."""
    if data.startswith(BOM):
        yield finding("SW207", Location(path), "a byte order mark before the first line; save it without")
    elif b"\r\n" in data[:4096] and not is_mime(data):
        yield finding("SW207", Location(path), "lines end in CR LF; save it with LF")
        data = data.replace(b"\r\n", b"\n")
    yield from check(Source.of_file(path, data.removeprefix(BOM).decode("utf-8", "surrogateescape")), data)


def check(source: Source, data: bytes) -> Iterator[Found]:
    """Yield what is wrong with user data, given as text with its places and as the bytes that EC2 would get."""
    if len(data) > LIMIT:
        yield finding("SW201", source.at(1), f"{len(data):,} bytes, EC2 takes 16,384; compress it, or fetch a part")
    try:
        for inner, part in parts(source, data):
            yield from _part(inner, part)
    except Invalid as invalid:
        for one in invalid.findings:
            yield Finding(source.at(one.where.line, one.where.column), one.rule, one.message)


def parts(source: Source, data: bytes) -> Iterator[tuple[Source, Part]]:
    """Yield each part of user data with its places; raise Invalid for what cloud-init would ignore."""
    searched = 0
    for part in read(source.path, data):
        # A part that stands in the file as it is keeps its places; one that was encoded has one place.
        first = source.text.find(part.text, searched) if part.text.strip() else -1
        if first >= 0:
            searched = first + len(part.text)
            yield source.slice(first, searched), part
        else:
            yield Source.at_place(source.at(part.line), part.text), part


def _part(source: Source, part: Part) -> Iterator[Found]:
    yield from secrets.check(source)
    kind = part.kind
    if kind is Kind.JINJA:
        _, _, rest = source.text.partition("\n")
        source = placeholders.jinja(source.slice(len(source.text) - len(rest), len(source.text)))
        kind = Kind.SCRIPT if rest.lstrip().startswith("#!") else Kind.CLOUD_CONFIG
    if kind is Kind.CLOUD_CONFIG:
        yield from cloud_config.check(source)
    elif kind is Kind.SCRIPT:
        yield from script.check(source)
    elif kind is Kind.BOOTHOOK:
        yield from script.check(_without_header(source), script.Run.EARLY)


def _without_header(source: Source) -> Source:
    """Return the script of a boothook, which begins after the first line."""
    first, _, rest = source.text.partition("\n")
    return source.slice(len(source.text) - len(rest.lstrip()), len(source.text)) if first.startswith("#c") else source
