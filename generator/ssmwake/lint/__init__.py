"""Lint: what fails at deploy time, or at the first boot, is found at the desk. Bytes in, findings out."""

import json
from collections.abc import Iterator
from enum import StrEnum

import yaml

from ssmwake.lint import cloudformation, document, user_data
from ssmwake.lint.rules import finding
from ssmwake.lint.source import Source, pairs, text_of, value
from ssmwake.model import Finding, Invalid, Location, Severity
from ssmwake.userdata.parts import Kind as PartKind
from ssmwake.userdata.parts import is_mime, kind_of, read

# Nothing that EC2, SSM or CloudFormation takes is nearly as large.
LIMIT = 10 * 1024 * 1024
BOM = b"\xef\xbb\xbf"


class Kind(StrEnum):
    """What a file can be."""

    USER_DATA = "user-data"
    SSM = "ssm"
    CLOUDFORMATION = "cloudformation"
    LAUNCH_TEMPLATE = "launch-template"


def kind(data: bytes) -> Kind | None:
    """Return what the bytes are, from what they hold; None for what lint knows nothing of."""
    text = data[:LIMIT].removeprefix(BOM).decode("utf-8", "surrogateescape")
    if data.startswith(b"\x1f\x8b") or is_mime(data) or kind_of(text):
        return Kind.USER_DATA
    try:
        root = _composed(text)
    except (yaml.YAMLError, RecursionError, UnicodeEncodeError):
        return None
    keys = set(pairs(root))
    if any(text_of(value(node, "Type")).startswith("AWS::") for _, node in pairs(value(root, "Resources")).values()):
        return Kind.CLOUDFORMATION
    if "schemaVersion" in keys and keys & {"mainSteps", "runtimeConfig"}:
        return Kind.SSM
    if "LaunchTemplateData" in keys or ("UserData" in keys and "Resources" not in keys):
        return Kind.LAUNCH_TEMPLATE
    return None


def lint(path: str, data: bytes, what: Kind | None = None, *, with_cfn_lint: bool = True) -> tuple[Finding, ...]:
    """Return the findings of a file, sorted by place; what lint does not know is taken for user data."""
    if len(data) > LIMIT:
        return (finding("SW200", Location(path), f"{len(data):,} bytes; over {LIMIT:,} nothing is linted"),)
    try:
        found = set(_findings(path, data, what or kind(data) or Kind.USER_DATA, with_cfn_lint))
    except RecursionError:
        return (finding("SW200", Location(path), "nested too deeply; nothing that deep is linted"),)
    except UnicodeEncodeError:
        return (finding("SW200", Location(path), "a byte that is no UTF-8; save it as UTF-8"),)
    except Invalid as invalid:
        return invalid.findings
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    return tuple(sorted(one for one in found if not _ignored(one, lines)))


def _findings(path: str, data: bytes, what: Kind, with_cfn_lint: bool) -> Iterator[Finding]:
    if what is Kind.USER_DATA:
        yield from _user_data(path, data)
        return
    source = Source.of_file(path, data.removeprefix(BOM).decode("utf-8", "surrogateescape"))
    try:
        root = _composed(source.text)
    except yaml.YAMLError as error:
        yield user_data.broken(source, error)
        return
    if not isinstance(root, yaml.MappingNode):
        yield finding("SW300", source.at(1), "not a mapping; it has keys and values")
    elif what is Kind.SSM:
        yield from document.check(source, root)
    elif what is Kind.LAUNCH_TEMPLATE:
        yield from _launch_template(source, root)
    else:
        yield from cloudformation.check(source, root)
        for inner in cloudformation.user_data_of(source, root):
            yield from (inner,) if isinstance(inner, Finding) else _parts(*inner)
        if with_cfn_lint:
            yield from cloudformation.cfn_lint(source)


def _user_data(path: str, data: bytes) -> Iterator[Finding]:
    if data.startswith(BOM):
        yield finding("SW207", Location(path), "a byte order mark before the first line; save it without")
    elif b"\r\n" in data[:4096] and not is_mime(data):
        yield finding("SW207", Location(path), "lines end in CR LF; save it with LF")
        data = data.replace(b"\r\n", b"\n")
    yield from _parts(Source.of_file(path, data.removeprefix(BOM).decode("utf-8", "surrogateescape")), data)


def _parts(source: Source, data: bytes) -> Iterator[Finding]:
    if len(data) > user_data.LIMIT:
        yield finding("SW201", source.at(1), f"{len(data):,} bytes, EC2 takes 16,384; compress it, or fetch a part")
    try:
        parts = read(source.path, data)
    except Invalid as invalid:
        yield from (
            Finding(source.at(one.where.line, one.where.column), one.rule, one.message) for one in invalid.findings
        )
        return
    for part in parts:
        text = part.text
        # A part that stands in the file as it is keeps its places; one that was encoded has one place.
        first = source.text.find(text) if text.strip() else -1
        row = source.text.count("\n", 0, first) if first >= 0 else 0
        starts = source.starts[row : row + text.count("\n") + 1] if first >= 0 else ()
        inner = Source(source.path, text, starts or (source.starts[0],))
        if part.kind is not PartKind.JINJA:
            yield from user_data.check(inner, part.kind.value)


def _launch_template(source: Source, root: yaml.Node) -> Iterator[Finding]:
    data = value(root, "LaunchTemplateData", "UserData") or value(root, "UserData")
    if not isinstance(data, yaml.ScalarNode):
        return
    decoded = cloudformation.decode(data.value)
    if decoded is None:
        yield finding("SW401", source.of(data), "plain text, where the API wants base64; encode it")
    else:
        yield from _parts(Source.at_place(source.of(data), decoded.decode("utf-8", "surrogateescape")), decoded)


def _composed(text: str) -> yaml.Node | None:
    if text.lstrip()[:1] in ("{", "["):
        try:
            json.loads(text)
        except (json.JSONDecodeError, RecursionError):
            return None
        # JSON may be indented by tabs, which YAML refuses; a space each keeps the columns.
        text = text.replace("\t", " ")
    node: yaml.Node | None = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return node


def _ignored(one: Finding, lines: list[str]) -> bool:
    """Return whether the line, or the one above, says `ssmwake: ignore ID` and why."""
    for number in (one.where.line - 1, one.where.line - 2):
        if 0 <= number < len(lines):
            _, mark, rest = lines[number].partition("ssmwake: ignore ")
            words = rest.split()
            if mark and len(words) > 1 and words[0] == one.rule:
                return True
    return False


__all__ = ["Kind", "Severity", "kind", "lint"]
