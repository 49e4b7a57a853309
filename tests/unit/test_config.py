"""The config: what it means, and each fault of it at its place."""

import dataclasses
import json
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssmwake.config import duration, example, from_settings, load, seconds
from ssmwake.model import Base, Config, Ignore, Invalid, LaunchTemplateSettings, PublishSettings, UserDataFormat
from ssmwake.resources import schema

SCHEMA: dict[str, Any] = json.loads(schema("config"))


def faults(text: str | bytes) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(Invalid) as caught:
        load("c.yaml", data)
    return [str(finding) for finding in caught.value.findings]


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "{}", "user-data:\ndocuments:\n", "\ufeff"])
def test_nothing_is_the_empty_config(text: str) -> None:
    assert load("c.yaml", text.encode()) == Config()


def test_the_example_is_the_empty_config() -> None:
    assert load("c.yaml", example().encode()) == Config()


def uncommented(text: str) -> str:
    """Return the example with the first # of each setting removed; a sentence stays a comment."""
    lines = [line.removeprefix("# ") for line in text.splitlines() if not re.match(r"# +[A-Z]|# as it is", line)]
    return "\n".join(lines)


def test_what_is_a_default_in_the_example_changes_nothing_without_its_comment_sign() -> None:
    config = load("c.yaml", uncommented(example()).encode())
    assert config.role == "web"
    assert dataclasses.replace(config, role="", on_ready=()) == Config()


def test_the_examples_in_the_example_are_valid_without_their_comment_signs() -> None:
    text = re.sub(r"^  # (?![A-Z])", "  ", uncommented(example()), flags=re.MULTILINE)
    config = load("c.yaml", text.encode())
    assert config.user_data.include == ("app.yaml", "setup.sh")
    assert config.documents.share_with == ("123456789012",)
    assert config.documents.tags == {"team": "platform"}
    assert config.publish.external_ids == {"210987654321": "example-41d7"}
    assert [rule.rule for rule in config.lint.ignore] == ["SW210"]


def test_each_setting_in_the_example_says_whether_it_is_the_default() -> None:
    assert example().count("Default:\n") + example().count("For example:\n") == 22


def test_every_setting_is_read() -> None:
    text = """
role: web-1
timeout: 1h30m
poll: 2
poll-healthy: 1d
restart-after: [5, 1m]
instance-connect: no
on-ready: [a, "b\\n"]
user-data: {format: script, include: [x, "-"], foreground: true, strict: true}
documents: {command-name: a-b, automation-name: c.d, tags: {team: "", "a b": c}, share-with: [], keep-versions: 3}
publish: {regions: [eu-west-1], launch-templates: {web:, lt-0: {base: latest, promote: yes}}}
lint: {ignore: [{rule: SW210, reason: old}, {rule: E3012, reason: b, path: "a/*"}]}
"""
    config = load("c.yaml", text.encode())
    assert (config.role, config.timeout, config.poll, config.poll_healthy) == ("web-1", 5400, 2, 86_400)
    assert (config.restart_after, config.instance_connect, config.on_ready) == ((5, 60), False, ("a", "b\n"))
    assert config.user_data.format is UserDataFormat.SCRIPT
    assert (config.user_data.include, config.user_data.foreground, config.user_data.strict) == (("x", "-"), True, True)
    assert config.documents.tags == {"team": "", "a b": "c"}
    assert (config.documents.command_name, config.documents.automation_name) == ("a-b", "c.d")
    assert (config.documents.share_with, config.documents.keep_versions) == ((), 3)
    templates = {"web": LaunchTemplateSettings(), "lt-0": LaunchTemplateSettings(Base.LATEST, promote=True)}
    assert config.publish == PublishSettings(("eu-west-1",), (), templates)
    assert config.lint.ignore == (Ignore("SW210", "old"), Ignore("E3012", "b", "a/*"))


def test_a_config_with_crlf_is_the_same() -> None:
    assert load("c.yaml", b"role: web\r\npoll: 3\r\n") == Config(role="web", poll=3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tmeout: 3", "c.yaml:1:1: error: unknown key 'tmeout'; did you mean 'timeout'? [SW011]"),
        (
            "documents:\n  share-with: [all, '123456789012']",
            "c.yaml:2:15: error: 'all' is every account already, and AWS refuses it together with account ids; "
            "write 'all', or the ids [SW012]",
        ),
        (
            "documents:\n  tags: {ssmwake:previous-default: '1'}",
            "c.yaml:2:10: error: a key of tags is 'ssmwake:previous-default': not a tag key; 1 to 128 letters, digits, "
            "blanks and _.:/=+@- are allowed, and neither aws: nor ssmwake: in front [SW012]",
        ),
        (
            "documents:\n  tags: {" + ", ".join(f"k{number}: v" for number in range(48)) + "}",
            "c.yaml:2:9: error: tags holds 48; 47 are allowed (AWS takes 50, and ssmwake adds 3 of its own) [SW012]",
        ),
        (
            "documents: {command-name: web, automation-name: web}",
            "c.yaml:1:32: error: both documents are named web; give each a name of its own [SW391]",
        ),
        (
            "documents: {command-name: ssmwake-rescue}",
            "c.yaml:1:13: error: both documents are named ssmwake-rescue; give each a name of its own [SW391]",
        ),
        (
            "publish: {accounts: [123456789012]}",
            "c.yaml:1:22: error: an item of accounts is '123456789012': not the ARN of a role; write one such as "
            "arn:aws:iam::123456789012:role/publisher [SW012]",
        ),
        (
            "publish: {regions: [eu-west]}",
            "c.yaml:1:21: error: an item of regions is 'eu-west': not a region; write one such as eu-west-1 [SW012]",
        ),
        ("poll_healthy: 3", "c.yaml:1:1: error: unknown key 'poll_healthy'; did you mean 'poll-healthy'? [SW011]"),
        ("poll: 3\npoll: 4", "c.yaml:2:1: error: 'poll' is there twice; remove one [SW013]"),
        ("timeout: 0", "c.yaml:1:10: error: timeout is '0'; 1s to 1d are allowed [SW012]"),
        ("timeout: 365d", "c.yaml:1:10: error: timeout is '365d'; 1s to 1d are allowed [SW012]"),
        ("timeout: -5", "c.yaml:1:10: error: timeout is '-5'; 1s to 1d are allowed [SW012]"),
        (
            "timeout: a while",
            "c.yaml:1:10: error: timeout is 'a while': not a duration; write seconds, or 30s, 10m, 1h30m [SW012]",
        ),
        ("poll: 1.5", "c.yaml:1:7: error: poll must be a whole number or text, not '1.5' [SW012]"),
        ("poll: true", "c.yaml:1:7: error: poll must be a whole number or text, not 'true' [SW012]"),
        (
            "documents: {keep-versions: 0}",
            "c.yaml:1:28: error: keep-versions is 0; 1 to 1,000 are allowed [SW012]",
        ),
        ("restart-after: []", "c.yaml:1:16: error: restart-after holds 0 items; 1 to 20 are allowed [SW012]"),
        (
            "role: a b",
            "c.yaml:1:7: error: role is 'a b': not the name of an IAM role; "
            "1 to 64 letters, digits and _+=,.@- are allowed [SW012]",
        ),
        ("role: 12", "c.yaml:1:7: error: role must be text, not '12'; put it in quotes [SW012]"),
        ("role: 2024-99-99", "c.yaml:1:7: error: role must be text, not '2024-99-99'; put it in quotes [SW012]"),
        ("role:", "c.yaml:1:6: error: role has no value; give it one or remove the key [SW012]"),
        ("role: [a]", "c.yaml:1:7: error: role must be text, not a list [SW012]"),
        ("role: !x a", "c.yaml:1:7: error: role must be text, not 'a'; put it in quotes [SW012]"),
        (
            'instance-connect: "no"',
            "c.yaml:1:19: error: instance-connect must be true or false, not 'no'; remove the quotes [SW012]",
        ),
        ("on-ready: a", "c.yaml:1:11: error: on-ready must be a list, not 'a'; put '- ' before each item [SW012]"),
        (
            "on-ready:\n- ' '",
            "c.yaml:2:3: error: an item of on-ready is ' ': an empty command; write one or remove the line [SW012]",
        ),
        (
            'on-ready:\n- "a\\0"',
            "c.yaml:2:3: error: an item of on-ready holds a NUL or what UTF-8 cannot spell; remove it [SW012]",
        ),
        (
            'on-ready:\n- "\\ud800"',
            "c.yaml:2:3: error: an item of on-ready holds a NUL or what UTF-8 cannot spell; remove it [SW012]",
        ),
        (
            "user-data:\n  format: clod-config",
            "c.yaml:2:11: error: format is 'clod-config'; did you mean 'cloud-config'? [SW012]",
        ),
        ("user-data: x", "c.yaml:1:12: error: user-data must be a mapping of keys, not 'x' [SW012]"),
        ("documents:\n  tags: {a: 1}", "c.yaml:2:13: error: tags.a must be text, not '1'; put it in quotes [SW012]"),
        ("lint: {ignore: [{rule: SW210}]}", "c.yaml:1:17: error: an item of ignore has no reason; write one [SW012]"),
        ("- a", "c.yaml:1:1: error: the config must be a mapping of keys, not a list [SW012]"),
        ("? [a]\n: b", "c.yaml:1:3: error: a key must be text, not a list [SW011]"),
        ("role: [", "c.yaml:1:8: error: broken YAML: expected the node content, but found '<stream end>' [SW010]"),
        ("role: *a", "c.yaml:1:7: error: broken YAML: found undefined alias 'a' [SW010]"),
        ("a: 1\n---\nb: 2", "c.yaml:2:1: error: broken YAML: but found another document [SW010]"),
        ("a: b\0", "c.yaml:1:5: error: character #x0000 is not allowed in YAML; remove it [SW010]"),
        (b"a: \xff", "c.yaml:1:4: error: a byte that is not valid UTF-8; save the file as UTF-8 [SW010]"),
        ("role: web".encode("utf-16"), "c.yaml:1:1: error: encoded as UTF-16; save it as UTF-8 [SW010]"),
        ("[" * 100_000, "c.yaml:1:1: error: nested too deeply; no setting is [SW010]"),
    ],
)
def test_a_fault_is_reported_at_its_place(text: str | bytes, expected: str) -> None:
    assert faults(text) == [expected]


def test_all_faults_are_reported_at_once_in_the_order_of_the_file() -> None:
    text = "timeout: 0\nuser-data:\n  nope: 1\nrole: a b\npoll: x\n"
    assert [fault.split(": ")[0] for fault in faults(text)] == ["c.yaml:1:10", "c.yaml:3:3", "c.yaml:4:7", "c.yaml:5:7"]


def test_a_value_that_refers_to_itself_is_refused() -> None:
    assert faults("on-ready: &a [*a]") == ["c.yaml:1:11: error: an item of on-ready must be text, not a list [SW012]"]


def test_a_name_of_a_document_that_aws_reserves_is_refused() -> None:
    for name in ("aws-x", "AWSConfigX", "amazonia", "Amzn.x", "ab", "a" * 129):
        assert len(faults(f"documents: {{command-name: {name}}}")) == 1


@given(st.integers(1, 10**9))
def test_a_duration_reads_back_as_what_it_was_written_from(number: int) -> None:
    assert seconds(duration(number)) == number


def test_the_schema_is_valid_and_knows_each_field_with_its_default() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def compare(value: Any, rules: dict[str, Any]) -> None:
        fields = {field.name.replace("_", "-"): getattr(value, field.name) for field in dataclasses.fields(value)}
        assert fields.keys() == rules["properties"].keys()
        for key, usual in fields.items():
            if dataclasses.is_dataclass(usual):
                compare(usual, rules["properties"][key])
            elif "default" not in rules["properties"][key]:
                assert not usual
            else:
                said = rules["properties"][key]["default"]
                said = tuple(map(seconds, said)) if key == "restart-after" else said
                said = seconds(said) if isinstance(usual, int) and isinstance(said, str) else said
                assert (tuple(said) if isinstance(said, list) else said) == usual

    compare(Config(), SCHEMA)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**6)
    | st.sampled_from(["", "a b", "web", "10m", "script"])
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
texts = st.dictionaries(st.sampled_from(sorted(SCHEMA["properties"])), anything, max_size=4)


@settings(max_examples=150, deadline=None)
@given(texts)
def test_what_the_schema_refuses_is_refused(value: dict[str, Any]) -> None:
    text = json.dumps(value)
    # A key without a value stands for its default here; an editor underlines it.
    if not jsonschema.Draft202012Validator(SCHEMA).is_valid(value) and "null" not in text:
        assert not accepted(text)


def accepted(text: str) -> bool:
    try:
        load("c.yaml", text.encode())
    except Invalid:
        return False
    return True


def test_settings_of_python_are_checked_like_a_file() -> None:
    assert from_settings({"role": "web", "on_ready": ("echo \U0001f600",), "foreground": True}).on_ready == (
        "echo \U0001f600",
    )
    with pytest.raises(Invalid):
        from_settings({"rolle": "web"})
    with pytest.raises(Invalid):
        from_settings({"role": object()})
