"""Taking user data apart, and putting it together: every body arrives as the bytes it had."""

import base64
import gzip
import re
import time
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ssmwake.cli.inputs import parts
from ssmwake.cloud_init.multipart import BOUNDARY, multipart
from ssmwake.cloud_init.parts import Part, PartKind, is_mime
from ssmwake.cloud_init.reader import read
from ssmwake.cloud_init.size import LIMIT, budget, excess, zipped
from ssmwake.cloud_init.unrecognized import FOREIGN
from ssmwake.lint import Kind, lint_part
from ssmwake.lint import kind as lint_kind
from ssmwake.model import Config, Finding, Invalid, Location, Severity, UserDataFormat, UserDataSettings
from ssmwake.render.user_data import user_data
from support import corpus

SCRIPT = b"#!/bin/sh\necho hello\n"
CONFIG = b"#cloud-config\npackages: [curl]\n"
IGNORED = "x:1:1: error: cloud-init ignores user data with this first line"


def as_cloud_init(text: str) -> list[tuple[str, bytes]]:
    """Return type and body of each part, parsed as cloud-init does: as text, and every leaf of it."""
    assert is_mime(text.encode())
    leaves = [part for part in message_from_string(text).walk() if not part.is_multipart()]
    bodies = [part.get_payload(decode=True) for part in leaves]
    assert all(isinstance(body, bytes) for body in bodies)
    return [
        (part.get_content_type(), body) for part, body in zip(leaves, bodies, strict=True) if isinstance(body, bytes)
    ]


def leaves_of(text: str) -> list[Message]:
    top, *leaves = message_from_string(text).walk()
    assert top.is_multipart()
    assert not any(leaf.is_multipart() for leaf in leaves)
    return leaves


def refusal(data: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        read("x", data)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (SCRIPT, PartKind.SCRIPT),
        (CONFIG, PartKind.CLOUD_CONFIG),
        (b"\n#Cloud-Config\na: 1\n", PartKind.CLOUD_CONFIG),
        (b"## template: jinja\n#cloud-config\na: {{ v1.region }}\n", PartKind.JINJA),
        (b"#cloud-config-jsonp\n[]\n", PartKind.JSON_PATCH),
        (b"#cloud-boothook\n#!/bin/sh\n", PartKind.BOOTHOOK),
        (b"#include\nhttps://example.com/a\n", PartKind.INCLUDE),
        (b"#include-once\nhttps://example.com/a\n", PartKind.INCLUDE_ONCE),
        (b"#part-handler\ndef list_types(): ...\n", PartKind.PART_HANDLER),
    ],
)
def test_a_kind_is_detected_from_its_header_also_in_gzip_and_base64(data: bytes, kind: PartKind) -> None:
    for form in (
        data,
        gzip.compress(data, mtime=0),
        base64.b64encode(data),
        base64.encodebytes(gzip.compress(data, mtime=0)),
    ):
        (part,) = read("x", form)
        assert (part.kind, part.body) == (kind, data)


def test_a_byte_order_mark_and_line_ends_of_windows_are_undone() -> None:
    assert read("x", b"\xef\xbb\xbf" + CONFIG)[0].body == CONFIG
    assert read("x", SCRIPT.replace(b"\n", b"\r\n"))[0].body == SCRIPT


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "x:1:1: error: empty; leave it out or write user data into it [SW276]"),
        (b" \n", "x:1:1: error: empty; leave it out or write user data into it [SW276]"),
        (b"\x7fELF\0\0", "x:1:1: error: binary; user data is text, MIME or gzip [SW276]"),
        (
            "#!/bin/sh".encode("utf-16"),
            "x:1:1: error: encoded as UTF-16, so cloud-init ignores it; save it as UTF-8 [SW276]",
        ),
        (
            b"packages: [a]\n",
            f"{IGNORED}; put #cloud-config on the first line [SW202]",
        ),
        (
            b"# cloud-config\na: 1\n",
            f"{IGNORED}; the first line must be exactly #cloud-config [SW202]",
        ),
        (
            b"echo hello\n",
            f"{IGNORED}; it looks like a shell script; write #!/bin/bash on the first line [SW202]",
        ),
        (b"#cloud-config\na: \xff\n", "x:2:4: error: a byte that is not valid UTF-8; save the file as UTF-8 [SW203]"),
        (b"\x1f\x8bnonsense", "x:1:1: error: broken gzip data; compress the file again [SW276]"),
        (
            gzip.compress(SCRIPT, mtime=0)[:-9],
            "x:1:1: error: gzip data that ends too soon; compress the file again [SW276]",
        ),
        (
            gzip.compress(b"#!" + bytes(9_000_000), mtime=0),
            "x:1:1: error: unpacks to more than 4,194,304 bytes; no instance takes that [SW276]",
        ),
        (
            b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=a\n\nnothing\n",
            "x:2:1: error: no line is --a, so nothing runs; begin each part with it [SW214]",
        ),
        (
            b"MIME-Version: 1.0\nContent-Type: text/x-shellscript\n\n",
            "x:1:1: error: a MIME message without content; write a part [SW214]",
        ),
    ],
)
def test_what_is_not_user_data_is_refused(data: bytes, expected: str) -> None:
    assert refusal(data) == expected


def test_a_script_may_carry_bytes_that_are_not_text() -> None:
    data = b"#!/bin/sh\nexit\n\xff\0\r"
    text = user_data(Config(), read("x", data))
    assert as_cloud_init(text)[0] == ("text/x-shellscript", data)


bodies = st.binary(max_size=200) | st.sampled_from(
    [f"--{BOUNDARY}\n".encode(), f"{BOUNDARY}=".encode(), b"From me\n", b"\n\n", b"a" * 2000, "é\n".encode(), b"\r\n"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(bodies, min_size=1, max_size=4))
def test_bodies_survive_a_multipart(contents: list[bytes]) -> None:
    parts = [Part.of_bytes(PartKind.SCRIPT, body) for body in contents]
    assert [body for _, body in as_cloud_init(multipart(parts, "x"))] == contents
    if any(body.strip() for body in contents):
        # A part without a character to print holds nothing, and is left out.
        kept = [body for body in contents if not re.fullmatch(rb"[\t\n ]*", body)]
        assert [part.body for part in read("x", multipart(parts, "x").encode())] == kept


def test_a_multipart_is_extended_not_nested_and_keeps_its_headers() -> None:
    theirs = (
        'Content-Type: multipart/mixed; boundary="b"\nMIME-Version: 1.0\n\n--b\n'
        'Content-Type: text/cloud-config; charset="us-ascii"\nMerge-Type: list(append)\nX-Other: 1\n\n'
        "#cloud-config\nruncmd: [a]\n\n--b\nContent-Type: text/x-shellscript\n"
        'Content-Disposition: attachment; filename="z.sh"\nContent-Transfer-Encoding: base64\n\n'
        f"{base64.b64encode(SCRIPT).decode()}\n--b--\n"
    )
    parts = read("theirs", theirs.encode())
    assert [(part.kind, part.source.at(1).line) for part in parts] == [
        (PartKind.CLOUD_CONFIG, 9),
        (PartKind.SCRIPT, 17),
    ]
    text = user_data(Config(), parts)
    leaves = leaves_of(text)
    assert [leaf.get_filename() for leaf in leaves] == [None, "z.sh", "ssmwake"]
    assert (leaves[0]["Merge-Type"], leaves[0]["X-Other"]) == ("list(append)", "1")
    assert as_cloud_init(text)[:2] == [
        ("text/cloud-config", b"#cloud-config\nruncmd: [a]\n"),
        ("text/x-shellscript", SCRIPT),
    ]


@pytest.mark.parametrize("form", UserDataFormat)
def test_what_an_earlier_run_added_is_not_added_twice(form: UserDataFormat) -> None:
    config = Config(role="a", user_data=UserDataSettings(format=form))
    text = user_data(config, read("x", SCRIPT))
    assert user_data(config, read("x", text.encode())) == text
    assert user_data(Config(role="b"), read("x", text.encode())) != text
    with pytest.raises(Invalid, match="holds ssmwake already; include the cloud-config that it was made from"):
        user_data(config, read("x", user_data(Config(), read("x", CONFIG)).encode()))


def test_what_an_earlier_version_added_as_a_script_is_not_added_twice() -> None:
    config = Config(user_data=UserDataSettings(format=UserDataFormat.MULTIPART))
    text = user_data(config)
    assert user_data(config, read("x", text.replace("text/cloud-boothook", "text/x-shellscript").encode())) == text


def test_a_second_cloud_config_does_not_replace_the_lists_of_the_first() -> None:
    text = user_data(Config(), (*read("a", CONFIG), *read("b", CONFIG), *read("c", b"#cloud-config\nmerge_how: x\n")))
    leaves = leaves_of(text)
    assert [leaf["Merge-Type"] for leaf in leaves] == [
        None,
        "list(append)+dict(no_replace,recurse_list)+str()",
        None,
        None,
    ]


def test_each_other_kind_stays_a_part_of_its_own() -> None:
    for data in (
        SCRIPT,
        b"## template: jinja\n#cloud-config\na: {{ x }}\n",
        b"#cloud-boothook\nx\n",
        b"#include\nhttp://x\n",
    ):
        for form in UserDataFormat:
            text = user_data(Config(user_data=UserDataSettings(format=form)), read("x", data))
            (theirs, ours) = as_cloud_init(text)
            assert theirs == (str(read("x", data)[0].kind), data)
            assert ours[0] == "text/cloud-boothook"


MERGES = {
    "without our keys": "#cloud-config\n# A note.\npackages: [curl] # why\n",
    "with block lists": "#cloud-config\nruncmd:\n  - [a]\n  - c\nwrite_files:\n- path: /x\n  content: |\n   a\n\n   b",
    "with a list that is indented deeply": "#cloud-config\nruncmd:\n        - a\nbootcmd:\n- b\n",
    "with a document start": "#cloud-config\n---\nbootcmd:\n- b\nruncmd:\n- a\n...\n",
    "without a last line end": "#cloud-config\nruncmd:\n- a",
    "with a comment in the list": "#cloud-config\nruncmd:\n# First.\n- a # one\n\n# Second.\n- b\n",
    "with quoted keys": "#cloud-config\n\"runcmd\":\n- a\n'write_files':\n- path: /x\n",
    "empty": "#cloud-config\n",
    "only comments": "#cloud-config\n# nothing\n",
}


@pytest.mark.parametrize("text", MERGES.values(), ids=MERGES)
def test_a_cloud_config_is_merged_as_text_with_our_commands_first(text: str) -> None:
    merged = user_data(Config(role="web"), read("x", text.encode()))
    ours, theirs = yaml.safe_load(user_data(Config(role="web"))), yaml.safe_load(text) or {}
    expected = {**theirs, **{key: [*ours[key], *theirs.get(key, [])] for key in ours}}
    assert yaml.safe_load(merged) == expected
    assert merged.startswith("#cloud-config\n# Rendered by ssmwake")
    for line in text.splitlines()[1:]:
        assert line in merged.splitlines()


def test_an_archive_is_taken_apart() -> None:
    archive = (
        b"#cloud-config-archive\n- |\n  #!/bin/sh\n  echo a\n- type: text/cloud-config\n  content: |\n    runcmd: [b]\n"
        b"- content: 'c: 1'\n  filename: c.yaml\n  Merge-Type: list()\n  launch-index: 1\n"
        b"- type: text/x-mine\n  content: d\n"
    )
    parts = read("x", archive)
    assert [(part.kind, part.text, part.source.at(1).line) for part in parts] == [
        (PartKind.SCRIPT, "#!/bin/sh\necho a\n", 3),
        (PartKind.CLOUD_CONFIG, "runcmd: [b]\n", 7),
        (PartKind.CLOUD_CONFIG, "c: 1", 8),
        (PartKind.OTHER, "d", 13),
    ]
    leaves = leaves_of(user_data(Config(), parts))
    assert [leaf.get_content_type() for leaf in leaves[:4]] == [str(part.kind) for part in parts[:3]] + ["text/x-mine"]
    assert (leaves[2].get_filename(), leaves[2]["Merge-Type"], leaves[2]["Launch-Index"]) == ("c.yaml", "list()", "1")
    assert read("x", b"#cloud-config-archive\n") == ()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a: 1\n", "x:2:1: error: a cloud-config-archive is a list of parts; write - before each"),
        (b"- [\n", "x:3:1: error: broken YAML: did not find expected node content"),
        (b"- a\n- 3\n", "x:3:3: error: not a part; write its text, or a mapping with content"),
        (b"- type: text/x-shellscript\n", "x:2:3: error: not a part, as it has no content; write content: |"),
    ],
)
def test_an_archive_with_something_else_in_it_is_refused(data: bytes, expected: str) -> None:
    assert refusal(b"#cloud-config-archive\n" + data).startswith(expected)


UNMERGEABLE = {
    "a flow list": "#cloud-config\nruncmd: [a]\n",
    "a flow mapping": "#cloud-config\n{runcmd: [a], b: 1}\n",
    "an anchor": "#cloud-config\nx: &a [b]\nruncmd: *a\n",
    "no value": "#cloud-config\nruncmd:\nx: 1\n",
    "the wrong type": "#cloud-config\nruncmd: a\n",
    "keys twice": "#cloud-config\nruncmd:\n- a\nruncmd:\n- b\n",
    "an indented mapping": "#cloud-config\n  a: 1\n  b: 2\n",
    "a word that cloud-init takes for MIME": "#cloud-config\n# mime-version: 1.0 was here\na: b\n",
}


@pytest.mark.parametrize("text", UNMERGEABLE.values(), ids=UNMERGEABLE)
def test_what_cannot_be_merged_as_text_becomes_a_part_untouched(text: str) -> None:
    merged = user_data(Config(), (Part.of_bytes(PartKind.CLOUD_CONFIG, text.encode()),))
    parts = as_cloud_init(merged)
    assert parts[0] == ("text/cloud-config", text.encode())
    assert len(parts) == 2


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"#cloud-config\na: [\n", "x:3:1: error: broken YAML: did not find expected node content"),
        (b"#cloud-config\n- a\n", "x:2:1: error: not a mapping; cloud-config is keys and values [SW203]"),
        (b"#cloud-config\na: !x b\n", "x:2:4: error: cloud-init does not know the tag !x"),
        (b"#cloud-config\na: 2024-99-99\n", "x:2:4: error: broken YAML: month must be in 1..12"),
        (
            b"#cloud-config\na: \x01\n",
            "x:2:4: error: broken YAML: control characters are not allowed; remove the character [SW203]",
        ),
        (b"#cloud-config\n" + b"[" * 99_999, "x:2:1001: error: broken YAML: exceeded maximum nesting depth"),
    ],
)
def test_a_broken_cloud_config_is_reported_at_its_place(data: bytes, expected: str) -> None:
    with pytest.raises(Invalid) as caught:
        user_data(Config(), read("x", data))
    assert str(caught.value).startswith(expected)


def test_the_size_is_reported_and_what_would_help() -> None:
    assert budget(20_000) == "user data: 20,000 of 16,384 bytes"
    assert budget(1_234, gzip=True) == "user data: 1,234 of 16,384 bytes with gzip"
    where = Location("x")
    assert str(excess(where, 20_000, LIMIT, "--gzip makes it {}")) == (
        "x:1:1: warning: 20,000 bytes, EC2 takes 16,384; --gzip makes it 16,384 [SW201]"
    )
    assert str(excess(where, 20_000, LIMIT + 1, "--gzip makes it {}")) == (
        "x:1:1: error: 16,385 bytes with gzip, EC2 takes 16,384; fetch your larger files from S3, "
        "or put them in the image [SW201]"
    )


def test_gzip_gives_the_same_bytes_at_any_time() -> None:
    assert zipped(b"a")[4:8] == bytes(4)
    assert gzip.decompress(zipped(SCRIPT)) == SCRIPT


def nested(depth: int) -> bytes:
    message = b"Content-Type: text/x-shellscript\n\n#!/bin/sh\ndate\n"
    for number in range(depth):
        head = b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (number, number)
        message = head + message + b"\n--b%d--\n" % number
    return b"MIME-Version: 1.0\n" + message


ONE, TWO = gzip.compress(b"#!/bin/sh\necho one\n", mtime=0), gzip.compress(b"echo two\n", mtime=0)


@pytest.mark.parametrize("data", [ONE + TWO, ONE + TWO + b"\0" * 512])
def test_all_members_of_gzip_data_are_read_as_cloud_init_reads_them(data: bytes) -> None:
    (part,) = read("x", data)
    assert part.body == b"#!/bin/sh\necho one\necho two\n" == gzip.decompress(data)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (ONE + b"junk", "4 bytes after the gzip data, so cloud-init unpacks none of it"),
        (ONE + TWO[:-6], "ends too soon"),
        (ONE * 101, "more than 100 members"),
        (ONE + gzip.compress(b"\0" * 5_000_000, mtime=0), "unpacks to more than 4,194,304 bytes"),
        (nested(3_000), "over 20 multiparts"),
    ],
)
def test_what_cloud_init_would_not_read_is_refused_and_costs_nothing(data: bytes, sentence: str) -> None:
    begun = time.process_time()
    with pytest.raises(Invalid, match=re.escape(sentence)):
        read("x", data)
    assert time.process_time() - begun < 5


def exponential(depth: int) -> bytes:
    lines = ["#cloud-config", "a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{number + 1}: &a{number + 1} [{', '.join([f'*a{number}'] * 9)}]" for number in range(depth)]
    return "\n".join([*lines, "runcmd:", "- id", ""]).encode()


@pytest.mark.parametrize("data", [exponential(9), b"#cloud-config\na: &a [*a]\nb: &b {c: *b}\nruncmd:\n- id\n"])
def test_aliases_that_nest_exponentially_or_contain_themselves_are_merged_and_cost_nothing(data: bytes) -> None:
    begun = time.process_time()
    text = user_data(Config(), read("x", data))
    assert "\n- id\n" in text
    assert time.process_time() - begun < 5


def user_data_files() -> list[Path]:
    """Return the files of the corpus, good and bad, that lint takes for user data."""
    bad = [path for folder in sorted(corpus.BAD.iterdir()) for path in corpus.files(folder.name)]
    good = sorted(path for path in (corpus.BAD.parent / "good").rglob("*") if path.is_file())
    return [path for path in bad + good if lint_kind(path.read_bytes(), path.name) in (None, Kind.USER_DATA)]


def errors(path: Path) -> list[Finding]:
    """Return the errors of lint in a file that becomes a part."""
    return [one for one in lint_part(path.name, path.read_bytes()) if one.severity is Severity.ERROR]


def test_what_lint_calls_an_error_is_not_included() -> None:
    paths = [path for path in user_data_files() if errors(path)]
    assert len(paths) > 100
    for path in paths:
        with pytest.raises(Invalid, match=path.name):
            parts([str(path)])


def test_rendering_and_lint_agree_about_every_file_of_the_corpus() -> None:
    alone = set()
    for path in user_data_files():
        try:
            refused: tuple[Finding, ...] = ()
            user_data(Config(), read(path.name, path.read_bytes()))
        except Invalid as invalid:
            refused = invalid.findings
        if refused and FOREIGN.match(path.read_text(errors="replace")):
            # Fine for another system than cloud-init, which cannot have ours besides.
            assert [one.rule for one in refused] == ["SW202"]
            alone.add(path.name)
            continue
        assert set(refused) <= set(errors(path)), path
    assert {"bottlerocket.toml", "flatcar-ignition.json", "windows-powershell.txt"} <= alone


READABLE = "#!/bin/sh\n# Grüße aus Köln, 5 % = ein Zwanzigstel \n\techo 'á'\t\n.\n" + "x" * 200 + "\n"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"#!/bin/sh\necho plain\n", None),
        (READABLE.encode(), "quoted-printable"),
        (READABLE.encode().replace(b"\n", b"\r\n"), "quoted-printable"),
        (b"#!/bin/sh\necho one\r\necho two\n", "quoted-printable"),
        ("#!/bin/sh\n# é".encode(), "quoted-printable"),
        (("#!/bin/sh\n# " + "喚醒" * 200 + "\n").encode(), "base64"),
        (b"#!/bin/sh\n" + bytes(range(256)) * 4, "base64"),
    ],
    ids=["ascii", "accents", "crlf", "one cr", "no line end", "all non-ascii", "bytes"],
)
def test_a_part_is_as_readable_as_its_bytes_allow(body: bytes, encoding: str | None) -> None:
    part = Part.of_bytes(PartKind.SCRIPT, body)
    (leaf,) = [leaf for leaf in message_from_string(multipart([part], "")).walk() if not leaf.is_multipart()]
    assert leaf["Content-Transfer-Encoding"] == encoding
    assert leaf.get_payload(decode=True) == body


def test_a_node_config_with_an_accent_stays_readable() -> None:
    text = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    text += "--b\nContent-Type: application/node.eks.aws\n\n"
    text += "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {}  # für die Knoten\n--b--\n"
    said = user_data(Config(), read("x", text.encode()))
    assert "\nkind: NodeConfig\nspec: {}  # f=C3=BCr die Knoten\n" in said
