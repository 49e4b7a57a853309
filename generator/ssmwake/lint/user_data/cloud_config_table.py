"""A cloud-config checked against the table of keys: unknown and old ones, and values that no version takes."""

import base64
import binascii
import difflib
import re
from collections.abc import Iterator, Mapping

import yaml

from ssmwake.lint.rules import ERROR, WARNING, rule
from ssmwake.lint.user_data.cloud_config_keys import ANY, DEPRECATED, KEYS, Shape
from ssmwake.model import Finding
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import effective, items, text_of

DEPRECATED_KEY = rule(
    "SW204", WARNING, "a deprecated key in cloud-config", reason="from 23.4 the status is degraded; later it is ignored"
)
UNKNOWN_KEY = rule(
    "SW206", WARNING, "an unknown key in cloud-config", reason="it has no effect; from 23.4 on the status is degraded"
)
WRONG_TYPE = rule(
    "SW213", ERROR, "a value of the wrong type", reason="the module fails or warns, and runcmd runs nothing at all"
)

# Modes that files have: programs write them in decimal, as 493 for 0755, and cloud-init takes them so.
MODES = {
    *(0o400, 0o440, 0o444, 0o500, 0o550, 0o555, 0o600, 0o640, 0o644, 0o660, 0o664, 0o666),
    *(0o700, 0o710, 0o711, 0o750, 0o751, 0o755, 0o770, 0o771, 0o775, 0o777, 0o1777),
}

EMPTY_COMMANDS = rule(
    "SW270",
    ERROR,
    "commands that cloud-init cannot run",
    reason="the module fails, and cloud-init reports an error at each boot",
)
INCOMPLETE_ENTRY = rule("SW271", ERROR, "an entry without a required key", reason="its module skips it")
PERMISSIONS = rule(
    "SW272",
    ERROR,
    "invalid file permissions",
    reason="the file gets other permissions, or the default",
    also={WARNING: "where only cloud-init before 22.4 takes it"},
)
FILE_ENCODING = rule(
    "SW273", ERROR, "content that does not match its encoding", reason="the file is not written as meant"
)
UNKNOWN_VALUE = rule("SW274", ERROR, "a value that its module does not know", reason="the module does nothing")

WORDS = {"scalar": "a single value", "list": "a list", "map": "keys and values", "null": "nothing"}
# A word that stands for something that only another program knows, and what has no tag of YAML's own.
UNKNOWN = re.compile(r"x{4,}")
ANCHOR = re.compile(r"(?:^|[\s\[{,])&([\w-]+)")
OCTAL = re.compile(r"(?:0o)?[0-7]{3,5}")
ENCODINGS = {
    "text/plain",
    "b64",
    "base64",
    *(f"{gz}{rest}" for gz in ("gz", "gzip") for rest in ("", "+b64", "+base64")),
}


def check(source: Source, root: yaml.MappingNode) -> Iterator[Finding]:
    """Yield what is wrong with the keys of a cloud-config and the shapes of their values."""
    seen: set[tuple[int, int]] = set()
    for key, (name, node) in effective(root).items():
        if key in KEYS:
            if key in DEPRECATED:
                yield _deprecated(source, name, key, DEPRECATED[key])
            yield from _shape(source, node, KEYS[key], key, seen)
        elif not _unknown(name):
            yield _no_key(source, name, key, KEYS, "", is_used=_is_used(source, node))
    yield from _commands(source, root)
    yield from _files(source, root)
    yield from _modules(source, root)


def _unknown(node: yaml.Node) -> bool:
    """Return whether only another program knows the value."""
    if not node.tag.startswith("tag:yaml.org"):
        return True
    # `{{ name }}` without quotes is a mapping in a mapping.
    if isinstance(node, yaml.MappingNode) and any(isinstance(key, yaml.MappingNode) for key, _ in node.value):
        return True
    return isinstance(node, yaml.ScalarNode) and UNKNOWN.search(node.value) is not None


def kind(node: yaml.Node) -> str:
    """Return the name of a node's shape."""
    if isinstance(node, yaml.MappingNode):
        return "map"
    if isinstance(node, yaml.SequenceNode):
        return "list"
    return "null" if node.tag.endswith(":null") else "scalar"


def _shape(source: Source, node: yaml.Node, shape: Shape, path: str, seen: set[tuple[int, int]]) -> Iterator[Finding]:
    if _unknown(node) or (id(node), id(shape)) in seen:
        return
    seen.add((id(node), id(shape)))
    is_a = kind(node)
    choices = shape if isinstance(shape, tuple) else (shape,)
    fitting = next((one for one in choices if _name(one) in (is_a, "any")), None)
    if fitting is None:
        # Nothing is what a key holds whose items are all commented out; cloud-init passes over most of them.
        if is_a != "null":
            wanted = " or ".join(dict.fromkeys(WORDS[_name(one)] for one in choices))
            yield WRONG_TYPE.at(source.of(node), f"{path} is {WORDS[is_a]}; it takes {wanted}")
    elif isinstance(fitting, Mapping):
        top = path.partition(".")[0]
        place = "users" if top == "user" else top
        for key, (name, inner) in effective(node).items():
            if ANY in fitting:
                yield from _shape(source, inner, fitting[ANY], f"{path}.{key}", seen)
            elif f"{place}.{key}" in DEPRECATED:
                yield _deprecated(source, name, key, DEPRECATED[f"{place}.{key}"])
            elif key in fitting:
                yield from _shape(source, inner, fitting[key], f"{path}.{key}", seen)
            elif not _unknown(name):
                yield _no_key(source, name, key, fitting, f" in {path}")
    elif isinstance(fitting, list):
        for inner in items(node):
            yield from _shape(source, inner, fitting[0], path, seen)


def _name(shape: Shape) -> str:
    if isinstance(shape, str):
        return shape
    return "map" if isinstance(shape, Mapping) else "list"


def _is_used(source: Source, node: yaml.Node) -> bool:
    """Return whether an alias below refers to an anchor in a value."""
    start, end = node.start_mark.index, node.end_mark.index
    # The mark of a node begins behind its own anchor.
    line = source.text.rfind("\n", 0, start) + 1
    anchors = ANCHOR.findall(source.text, line, end)
    return any(re.compile(rf"\*{re.escape(name)}(?![\w-])").search(source.text, end) for name in anchors)


def _no_key(
    source: Source, node: yaml.Node, key: str, known: Mapping[str, Shape], where: str, *, is_used: bool = False
) -> Finding:
    near = difflib.get_close_matches(key[:60].lower(), known, 1)
    hint = f"; did you mean '{near[0]}'?" if near else "; remove it"
    if is_used:
        hint = "; move its anchor to where that is used first, and remove the key"
    return UNKNOWN_KEY.at(source.of(node), f"cloud-init has no key '{key[:60]}'{where}{hint}")


def _deprecated(source: Source, node: yaml.Node, key: str, instead: tuple[str, str]) -> Finding:
    new, since = instead
    message = f"'{key}' is deprecated; write {new}, which cloud-init knows since {since}"
    return DEPRECATED_KEY.at(source.of(node), message)


def _commands(source: Source, root: yaml.MappingNode) -> Iterator[Finding]:
    for key in ("runcmd", "bootcmd"):
        name_and_node = effective(root).get(key)
        if name_and_node is None:
            continue
        node = name_and_node[1]
        if kind(node) == "null":
            yield EMPTY_COMMANDS.at(
                source.of(name_and_node[0]), f"{key} holds nothing, and its module fails; remove it"
            )
        for item in items(node):
            if _unknown(item):
                continue
            if isinstance(item, yaml.MappingNode):
                message = "': ' makes YAML read this command as keys and values"
            elif isinstance(item, yaml.ScalarNode) and not item.tag.endswith((":str", ":null")):
                read = "true or false" if item.tag.endswith(":bool") else "a number or a date"
                message = f"YAML reads this command as {read}"
            else:
                continue
            said = f"{message}, and cloud-init then runs none of {key}; put the command in quotes"
            yield WRONG_TYPE.at(source.of(item), said)


def _files(source: Source, root: yaml.MappingNode) -> Iterator[Finding]:
    for item in items(effective(root).get("write_files", (root, root))[1]):
        found = effective(item)
        if isinstance(item, yaml.MappingNode) and "path" not in found:
            yield INCOMPLETE_ENTRY.at(source.of(item), "a file without a path, which is passed over; write path")
        mode = found["permissions"][1] if "permissions" in found else None
        if isinstance(mode, yaml.ScalarNode) and not _unknown(mode):
            yield from _permissions(source, mode)
        said = found["encoding"][1] if "encoding" in found else None
        if not isinstance(said, yaml.ScalarNode) or _unknown(said):
            continue
        encoding = said.value.lower().strip()
        if encoding not in ENCODINGS:
            near = difflib.get_close_matches(encoding, ENCODINGS, 1)
            hint = f"did you mean {near[0]}?" if near else "write b64, gz+b64 or none"
            yield FILE_ENCODING.at(source.of(said), f"cloud-init has no encoding {encoding}; {hint}")
        content = found["content"][1] if "content" in found else None
        if isinstance(content, yaml.ScalarNode) and not _unknown(content) and decoded(content, encoding) is None:
            message = f"the content is not {encoding}, so the file is not written; encode it, or leave out encoding"
            yield FILE_ENCODING.at(source.of(content), message)


def _permissions(source: Source, node: yaml.ScalarNode) -> Iterator[Finding]:
    if node.tag.endswith(":int"):
        if re.match(r"0[0-7]", node.value):
            message = f"a number, and cloud-init wants a string from 22.4 on; write '{node.value}'"
            yield PERMISSIONS.at(source.of(node), message, severity=WARNING)
        elif node.value.isdigit() and (mode := int(node.value)) not in MODES:
            written = f"'0{node.value}'" if OCTAL.fullmatch(node.value) else "it in octal and in quotes, such as '0644'"
            message = f"{node.value} is read as decimal, which is mode {mode:o}; write {written}"
            yield PERMISSIONS.at(source.of(node), message)
    elif node.tag.endswith(":str") and not OCTAL.fullmatch(node.value):
        message = "permissions that are not an octal number, so the default is taken; write them as in '0644'"
        yield PERMISSIONS.at(source.of(node), message)


def decoded(node: yaml.ScalarNode, encoding: str) -> bytes | None:
    """Return the bytes of a file from its content, still compressed if they are; None where it is not base64."""
    if not encoding.endswith(("b64", "base64")):
        return str(node.value).encode("utf-8", "surrogateescape")
    try:
        return base64.b64decode(b"".join(node.value.encode("ascii", "replace").split()))
    except binascii.Error:
        return None


def _modules(source: Source, root: yaml.MappingNode) -> Iterator[Finding]:
    found = effective(root)
    for item in items(found.get("users", (root, root))[1]):
        user = effective(item)
        if isinstance(item, yaml.MappingNode) and not {"name", "snapuser"} & set(user):
            yield INCOMPLETE_ENTRY.at(source.of(item), "a user without a name, who is not created; write name")
    if "power_state" in found and isinstance(found["power_state"][1], yaml.MappingNode):
        name, node = found["power_state"]
        mode = effective(node).get("mode")
        if mode is None:
            yield INCOMPLETE_ENTRY.at(source.of(name), "power_state without a mode does nothing; write mode: reboot")
        elif not _unknown(mode[1]) and text_of(mode[1]) not in ("poweroff", "reboot", "halt"):
            message = "not a mode of power_state; write poweroff, reboot or halt"
            yield UNKNOWN_VALUE.at(source.of(mode[1]), message)
    phone = found.get("phone_home")
    if phone and isinstance(phone[1], yaml.MappingNode) and "url" not in effective(phone[1]):
        yield INCOMPLETE_ENTRY.at(source.of(phone[0]), "phone_home without a url calls nobody; write url")
