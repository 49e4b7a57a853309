"""Whatever a person's user data is: it is refused with a place, or it arrives; nothing else happens."""

import gzip
from email import message_from_string

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ssmwake.cloud_init.parts import is_mime
from ssmwake.cloud_init.reader import read
from ssmwake.model import Config, Invalid
from ssmwake.render.user_data import user_data

OURS = yaml.safe_load(user_data(Config()))

WORDS = """#cloud-config
|#!/bin/sh
|## template: jinja
|#cloud-config-archive
|MIME-Version: 1.0
|Content-Type: multipart/mixed; boundary="b"\n
|--b
|--b--
|X-A: é\n|Content-Type: text/cloud-config\n
|Content-Transfer-Encoding: base64
|runcmd:
|- a
|  - b: {c
|&a |*a|? |[]|!!python/object:x |---
|write_files:
|- content: >\n    x
|\t|\0|\r\n|\x85"""
words = st.sampled_from([*(word.encode() for word in WORDS.split("|")), b"|\n", b"\xff", b"\x1f\x8b"])
anything = st.lists(words | st.binary(max_size=12), max_size=12).map(b"".join)


@settings(max_examples=500, deadline=None)
@given(anything, st.booleans())
def test_any_bytes_are_refused_with_a_place_or_arrive(data: bytes, packed: bool) -> None:
    refused: Invalid | None = None
    try:
        parts = read("x", gzip.compress(data) if packed else data)
        text = user_data(Config(), parts)
    except Invalid as invalid:
        refused = invalid
    if refused:
        assert refused.findings
        assert all(finding.where.path == "x" and finding.where.line >= 1 for finding in refused.findings)
    elif text.startswith("#cloud-config"):
        assert not is_mime(text.encode())
        assert yaml.safe_load(text)["write_files"][0] == OURS["write_files"][0]
    else:
        leaves = [leaf for leaf in message_from_string(text).walk() if not leaf.is_multipart()]
        bodies = [leaf.get_payload(decode=True) for leaf in leaves]
        assert bodies[:-1] == [part.body for part in parts]


scalars = st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=9)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab: #\n", max_size=4), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(["runcmd", "write_files", "bootcmd", "packages", "a b", "on", "é"])


@settings(max_examples=400, deadline=None)
@given(
    st.dictionaries(keys, values, max_size=5), st.sampled_from([False, True, None]), st.integers(1, 6), st.booleans()
)
def test_a_cloud_config_keeps_all_it_holds(
    value: dict[str, object], flow: bool | None, indent: int, start: bool
) -> None:
    body = yaml.safe_dump(value, default_flow_style=flow, indent=indent, explicit_start=start, allow_unicode=True)
    # What PyYAML writes is not always what it was given: a NEL becomes a blank.
    value = yaml.safe_load(body)
    parts = read("x", f"#cloud-config\n{body}".encode())
    text = user_data(Config(), parts)
    if text.startswith("#cloud-config"):
        lists = {key: [*OURS[key], *(value.get(key) or [])] for key in OURS}  # type: ignore[misc]
        assert yaml.safe_load(text) == {**value, **lists}
    else:
        first = next(leaf for leaf in message_from_string(text).walk() if not leaf.is_multipart())
        assert first.get_payload(decode=True) == parts[0].body
