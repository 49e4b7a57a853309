"""User data: what EC2 refuses, what cloud-init ignores, and shell that fails at the first boot."""

import difflib
import re
from collections.abc import Iterator

import yaml

from ssmwake.lint import shell
from ssmwake.lint.rules import finding
from ssmwake.lint.source import Source, is_string, items, pairs, value
from ssmwake.lint.words import CLOUD_CONFIG as KEYS
from ssmwake.model import Finding, Location

LIMIT = 16_384  # raw, before base64
METADATA = r"(?:169\.254\.169\.254|\[fd00:ec2::254\])"
ASKS = re.compile(rf"\b(?:curl|wget)\b[^|;&]*{METADATA}[^\s\"';|&]*")
PATH = re.compile(rf"{METADATA}(?::80)?/(?:meta-data|user-data|dynamic)\b")
RESTARTS = re.compile(r"\bsystemctl\s+(?!.*--no-block)(?:\S+\s+)*?(?:try-)?restart\s+\S*amazon-ssm-agent")
SECRETS = (
    (re.compile(r"\b(?:AKIA|ASIA)(?![A-Z0-9]*EXAMPLE)[A-Z0-9]{16}\b"), "an access key id"),
    (re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"), "a private key"),
    (re.compile(r"(?i)aws_secret_access_key\s*[=:]\s*[\"']?(?!\S*EXAMPLE)[A-Za-z0-9/+]{40}\b"), "a secret access key"),
)


def check(source: Source, kind: str) -> Iterator[Finding]:
    """Yield the findings of one part: cloud-config, a script, or any other kind by its MIME type."""
    yield from everywhere(source)
    if kind == "text/cloud-config":
        yield from cloud_config(source)
    elif kind in ("text/x-shellscript", "text/cloud-boothook"):
        yield from script(source)


def everywhere(source: Source) -> Iterator[Finding]:
    """Yield what is wrong in a line whatever the language."""
    for number, line in enumerate(source.text.split("\n"), 1):
        for pattern, what in SECRETS:
            if match := pattern.search(line):
                where = source.at(number, match.start() + 1)
                yield finding("SW209", where, f"{what} in user data; let the instance get it by its role")


def script(source: Source) -> Iterator[Finding]:
    """Yield what is wrong with a script that is run at the first boot."""
    yield from commands(source)
    if name := shell.dialect(source.text):
        yield from shell.check([(name, source)])


def commands(source: Source) -> Iterator[Finding]:
    """Yield what is wrong with shell beyond what shellcheck knows."""
    lines = source.text.split("\n")
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("#"):
            continue
        whole, more = line, number
        while whole.endswith("\\") and more < len(lines):
            whole, more = whole[:-1] + lines[more], more + 1
        if match := PATH.search(line):
            where = source.at(number, match.start() + 1)
            yield finding("SW211", where, "IMDS has nothing at this path; begin it with /latest")
        match = ASKS.search(whole)
        # Options that stand in a variable may well hold the token.
        named = re.search(r"\s(?:-[a-zA-Z]*[HXK]|--header|--request|--config|--method)", whole)
        if match and not named and not re.search(r"\s\"?\$", match[0]):
            where = source.at(number, min(match.start(), len(line)) + 1)
            yield finding("SW210", where, "asks IMDS without a session token; get one by PUT /latest/api/token first")
        if match := RESTARTS.search(line):
            where = source.at(number, match.start() + 1)
            yield finding("SW212", where, "waits for a restart that may wait for the end of cloud-init; add --no-block")


def cloud_config(source: Source) -> Iterator[Finding]:
    """Yield what is wrong with a cloud-config: its keys, and the shell in it."""
    try:
        root = yaml.compose(source.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        yield broken(source, error)
        return
    if not isinstance(root, yaml.MappingNode):
        yield finding("SW203", source.at(1), "not a mapping; cloud-config is keys and values")
        return
    yield from duplicates(source, root, set())
    for key, (node, _) in pairs(root).items():
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, 1)
            hint = f"; did you mean '{near[0]}'?" if near else "; remove it"
            yield finding("SW206", source.of(node), f"cloud-init knows no key '{key}'{hint}")
    scripts = []
    for key in ("runcmd", "bootcmd"):
        for item in items(value(root, key)):
            if isinstance(item, yaml.ScalarNode) and is_string(item):
                inner = source.inner(item)
                yield from commands(inner)
                scripts.append(("sh", inner))
    for file in items(value(root, "write_files")):
        content = value(file, "content")
        if isinstance(content, yaml.ScalarNode) and value(file, "encoding") is None:
            inner = source.inner(content)
            if name := shell.dialect(inner.text):
                yield from commands(inner)
                scripts.append((name, inner))
    yield from shell.check(scripts)


def broken(source: Source, error: yaml.YAMLError) -> Finding:
    """Return the finding of YAML that cannot be read, at the place where it stops making sense."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    where = source.at(mark.line + 1, mark.column + 1) if mark else source.at(1)
    return finding("SW203", where, f"broken YAML: {getattr(error, 'problem', None) or error}; correct it")


def duplicates(source: Source, node: yaml.Node, seen: set[int]) -> Iterator[Finding]:
    """Yield each key that stands twice in one mapping, at any depth, aliases once."""
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from duplicates(source, item, seen)
        return
    keys: dict[str, Location] = {}
    for key, inner in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in keys and key.value != "<<":
                first = keys[key.value].line
                yield finding("SW205", source.of(key), f"'{key.value}' stands in line {first} already; keep one")
            keys.setdefault(key.value, source.of(key))
        yield from duplicates(source, inner, seen)
