"""Lint of SSM documents: what is silent where nothing can be known, and never crashes, whatever stands where."""

import json
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssmwake.lint import Kind, cloudformation, documents, kind, lint
from ssmwake.lint.documents import patterns, vocabulary
from ssmwake.model import Finding, Severity
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import composed

CORPUS = Path(__file__).parents[1] / "corpus"
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def found(text: str, what: Kind = Kind.SSM) -> list[Finding]:
    """Return what lint says about a document, or a template, without its shell."""
    root = composed(text)
    if not isinstance(root, yaml.MappingNode):
        return []
    check = documents.check if what is Kind.SSM else cloudformation.check
    return [one for one in check(Source.of_file("d", text), root) if isinstance(one, Finding)]


def rules(text: str, what: Kind = Kind.SSM) -> set[str]:
    """Return the ids of what is worse than information."""
    return {one.rule for one in found(text, what) if one.severity is not Severity.INFO}


def command(script: str, parameter: str = "{type: String}", inputs: str = "") -> str:
    """Return a Command document that runs a line with a parameter named Text."""
    return (
        f'schemaVersion: "2.2"\nparameters:\n  Text: {parameter}\nmainSteps:\n'
        f"- action: aws:runShellScript\n  name: run\n  inputs:\n{inputs}    runCommand:\n    - {script}\n"
    )


def automation(*steps: str, parameters: str = "{Id: {type: 'AWS::EC2::Instance::Id'}}") -> str:
    """Return an Automation of steps in flow style."""
    return f'schemaVersion: "0.3"\nparameters: {parameters}\nmainSteps:\n' + "".join(f"- {step}\n" for step in steps)


ANCHORED = ["^a$", "^(?:a|b)$", "^a$|^b$", "(^$)|^x$", r"\Aa\z", "(?i)^a$", "^https://.*", "^[$|]$", r"^a\|b$"]
LOOSE = ["a", "^a", "a$", "^a|b$", r"^a\$", "^(a)|(b)$", "(?:^a|b)$"]


@pytest.mark.parametrize("pattern", ANCHORED)
def test_a_pattern_that_has_to_match_all_of_a_value_is_anchored(pattern: str) -> None:
    assert patterns.anchored(pattern)


@pytest.mark.parametrize("pattern", LOOSE)
def test_a_pattern_that_is_found_inside_a_value_is_not_anchored(pattern: str) -> None:
    assert not patterns.anchored(pattern)


TAME = [
    "^[a-z0-9-]{1,64}$",
    "^(yes|no)$",
    r"^\d+$",
    r"^[\w.,:/@+=-]*$",
    "^[A-Za-z0-9 _.-]+$",
    "^[a-zA-Z0-9-_/]+(.log)$",
]
WILD = [
    "^.*$",
    r"^\S+$",
    "^[^a]$",
    "^[A-z]+$",
    "^[!-~]+$",
    r"^a\s+$",
    "^[a-z;]+$",
    "^(a|.+)$",
    "[a-z]+",
    r"^[\W]$",
    "^a'$",
]


@pytest.mark.parametrize("pattern", TAME)
def test_a_pattern_without_signs_of_the_shell_is_tame(pattern: str) -> None:
    assert patterns.is_shell_safe(pattern)
    assert rules(command("echo '{{ Text }}'", f"{{type: String, allowedPattern: {json.dumps(pattern)}}}")) == set()


@pytest.mark.parametrize("pattern", WILD)
def test_a_pattern_that_admits_signs_of_the_shell_is_not_tame(pattern: str) -> None:
    assert not patterns.is_shell_safe(pattern)
    text = command("echo '{{ Text }}'", f"{{type: String, allowedPattern: {json.dumps(pattern)}}}")
    assert "SW307" in rules(text)


@pytest.mark.parametrize("pattern", [r"^\p{L}+$", "^[[:alpha:]]+$", r"^\Qa.b\E$", "^(?s).+$", "^(?U)a+$"])
def test_what_only_re2_reads_is_left_to_it(pattern: str) -> None:
    assert patterns.compile_error(pattern) == ""
    assert patterns.fits(pattern, "anything")


@pytest.mark.parametrize(
    "pattern", ["(?=a)", "(?<!a)b", r"(a)\1", "(?>a)", "a++", "[a", "a{1001}", "(a", "*a", "(?P=a)"]
)
def test_what_re2_refuses_is_reported_before_the_first_run(pattern: str) -> None:
    assert patterns.compile_error(pattern)


def test_a_pattern_of_an_automation_is_read_by_java_which_looks_around() -> None:
    step = "{name: Pause, action: 'aws:sleep', inputs: {Duration: '{{ Time }}'}}"
    parameters = "{Time: {type: String, default: PT1M, allowedPattern: '(?!PT0)PT[0-9]+M'}}"
    assert rules(automation(step, parameters=parameters)) == set()


@pytest.mark.parametrize(
    "kind_of_value", ["{type: String, allowedValues: [a, b]}", "{type: String, interpolationType: ENV_VAR}"]
)
def test_a_value_that_is_chosen_or_comes_as_a_variable_is_not_code(kind_of_value: str) -> None:
    line = '"echo \\"$SSM_Text\\""' if "ENV_VAR" in kind_of_value else "echo {{ Text }}"
    assert rules(command(line, kind_of_value)) == set()


@pytest.mark.parametrize("line", ['"{{ Text }}"', "'  {{Text}}'"])
def test_a_document_that_runs_what_it_is_given_is_not_a_mistake(line: str) -> None:
    assert rules(command(line, "{type: StringList}")) == set()


@pytest.mark.parametrize(
    "line",
    [
        "systemd-run --on-active=5 systemctl restart amazon-ssm-agent",
        "nohup sh -c 'sleep 10; systemctl restart amazon-ssm-agent' >/dev/null 2>&1 &",
        "echo 'systemctl restart amazon-ssm-agent' | at now + 1 minute",
        "systemctl --no-block restart amazon-ssm-agent",
        "(sleep 10; systemctl restart amazon-ssm-agent) &",
        "systemctl status amazon-ssm-agent",
        "systemctl restart nginx",
        "echo systemctl restart amazon-ssm-agent",
        "'# systemctl restart amazon-ssm-agent'",
        'printf "%s" "; systemctl restart amazon-ssm-agent"',
        "|\n      cat >/usr/local/bin/again <<'END'\n      systemctl restart amazon-ssm-agent\n      END",
        "|\n      (\n      sleep 5\n      systemctl restart amazon-ssm-agent\n      ) &",
    ],
)
def test_a_restart_of_the_agent_that_comes_later_is_right(line: str) -> None:
    assert "SW315" not in rules(command(json.dumps(line) if line[0] not in "'|" else line))


@pytest.mark.parametrize(
    "line",
    [
        "systemctl restart amazon-ssm-agent",
        "sudo -n systemctl try-restart amazon-ssm-agent.service",
        "/usr/bin/systemctl --quiet restart amazon-ssm-agent",
        "date; snap restart amazon-ssm-agent",
        "restart amazon-ssm-agent",
        "/etc/init.d/amazon-ssm-agent restart",
        "true && service amazon-ssm-agent stop",
    ],
)
def test_a_restart_of_the_agent_by_itself_is_found(line: str) -> None:
    assert "SW315" in rules(command(json.dumps(line)))


def test_a_branch_on_a_parameter_is_consent_to_what_is_destroyed() -> None:
    choice = "{NextStep: Go, Variable: '{{ Sure }}', StringEquals: y}"
    asked = f"{{name: May, action: 'aws:branch', inputs: {{Choices: [{choice}], Default: No}}}}"
    end = "{name: No, action: 'aws:sleep', isEnd: true, inputs: {Duration: PT1S}}"
    go = "{name: Go, action: 'aws:changeInstanceState', inputs: {InstanceIds: ['{{ Id }}'], DesiredState: terminated}}"
    parameters = "{Id: {type: 'AWS::EC2::Instance::Id'}, Sure: {type: String, allowedValues: [y, n]}}"
    assert rules(automation(asked, end, go, parameters=parameters)) == set()
    assert rules(automation(go)) == {"SW334"}


def test_what_a_runbook_made_itself_it_may_destroy() -> None:
    make = "{name: Make, action: 'aws:runInstances', inputs: {ImageId: '{{ Image }}'}}"
    inputs = "{InstanceIds: '{{ Make.InstanceIds }}', DesiredState: terminated}"
    go = f"{{name: Go, action: 'aws:changeInstanceState', inputs: {inputs}}}"
    assert rules(automation(make, go, parameters="{Image: {type: 'AWS::EC2::Image::Id'}}")) == set()


@pytest.mark.parametrize(
    ("script", "reported"),
    [
        ('logger "$SSM_Text"', True),
        ('logger "${SSM_Text}"', True),
        ("SSM_Text='{{ Text }}'; logger \"$SSM_Text\"", False),
        ('logger "$SSM_INSTANCE $AWS_SSM_REGION_NAME"', False),
    ],
)
def test_an_unset_variable_is_reported(script: str, reported: bool) -> None:
    assert ("SW328" in rules(command(json.dumps(script), "{type: String, allowedValues: [a, b]}"))) is reported


def test_a_template_of_another_program_is_not_a_misspelt_parameter() -> None:
    assert rules(command("render '{{ Test }} {{ text_of }} {{ .Text }} {{ name }}'", "{type: String}")) == set()
    assert rules(command("render '{{ Texts }}'", "{type: String}")) == {"SW326"}


def test_every_endless_loop_is_reported_once() -> None:
    rounds = [
        "{name: A, action: 'aws:sleep', inputs: {Duration: PT1S}, onFailure: 'step:C'}",
        "{name: B, action: 'aws:sleep', inputs: {Duration: PT1S}, nextStep: A}",
        "{name: C, action: 'aws:sleep', inputs: {Duration: PT1S}}",
        "{name: D, action: 'aws:sleep', inputs: {Duration: PT1S}, nextStep: C}",
    ]
    lines = [one.where.line for one in found(automation(*rounds)) if one.rule == "SW331"]
    assert len(lines) == len(set(lines)) >= 1


def test_a_type_that_is_not_known_here_does_not_quarrel_with_a_schema() -> None:
    content = {
        "schemaVersion": "0.3",
        "mainSteps": [{"name": "P", "action": "aws:sleep", "inputs": {"Duration": "PT1S"}}],
    }
    for document_type in ({"Ref": "Type"}, "Automation", "Automation.ChangeTemplate"):
        properties = {"DocumentType": document_type, "UpdateMethod": "NewVersion", "Content": content}
        template = {"Resources": {"Doc": {"Type": "AWS::SSM::Document", "Properties": properties}}}
        assert rules(json.dumps(template), Kind.CLOUDFORMATION) == set()


def test_the_size_of_a_template_is_not_that_of_a_document_in_it() -> None:
    step = {"action": "aws:runShellScript", "name": "r", "inputs": {"runCommand": ["date"]}}
    content = {"schemaVersion": "2.2", "mainSteps": [step]}
    document = {"Type": "AWS::SSM::Document", "Properties": {"UpdateMethod": "NewVersion", "Content": content}}
    other = {"Type": "AWS::SNS::Topic", "Metadata": {"Text": "x" * 70_000}}
    assert rules(json.dumps({"Resources": {"Doc": document, "Topic": other}}), Kind.CLOUDFORMATION) == set()


def test_each_action_needs_only_inputs_that_it_knows() -> None:
    for wanted in (*vocabulary.COMMAND_ACTIONS.values(), *vocabulary.AUTOMATION_ACTIONS.values()):
        assert wanted.needed | wanted.either <= wanted.known


VALID = sorted(path for path in (CORPUS / "good" / "ssm").iterdir() if path.suffix in (".json", ".yaml"))
TREES: list[Json] = [
    (json.loads if path.suffix == ".json" else yaml.safe_load)(path.read_text(encoding="utf-8")) for path in VALID
]
SCALARS = [None, True, -1, 10**30, 1.5, "", "x", "{{ x }}", "{{", "step:", "${X}", "\r\n$$", "aws:loop", "(?=", "0.3"]
STRANGE: list[Json] = [
    *SCALARS,
    [],
    {},
    [[]],
    [{"name": None}],
    {"x": None},
    {"Ref": "X"},
    {"Fn::If": ["A", "b", "c"]},
    {"<<": {}},
]


def places(tree: Json, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the paths of every node of a tree."""
    inner: list[tuple[str | int, Json]] = []
    if isinstance(tree, dict):
        inner = list(tree.items())
    elif isinstance(tree, list):
        inner = list(enumerate(tree))
    return [path, *(deep for key, node in inner for deep in places(node, (*path, key)))]


def replaced(tree: Json, path: tuple[str | int, ...], strange: Json) -> Json:
    """Return the tree with another node at a path."""
    if not path:
        return strange
    if isinstance(tree, dict):
        return {key: replaced(node, path[1:], strange) if key == path[0] else node for key, node in tree.items()}
    assert isinstance(tree, list)
    return [replaced(node, path[1:], strange) if at == path[0] else node for at, node in enumerate(tree)]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_node_of_any_type_anywhere_is_too_strange(data: st.DataObject) -> None:
    tree = data.draw(st.sampled_from(TREES))
    for _ in range(data.draw(st.integers(1, 3))):
        tree = replaced(tree, data.draw(st.sampled_from(places(tree))), data.draw(st.sampled_from(STRANGE)))
    text = json.dumps(tree) if data.draw(st.booleans()) else yaml.safe_dump(tree)
    properties = {"Name": tree, "DocumentType": {"Ref": "T"}, "Content": tree}
    template = json.dumps({"Resources": {"Doc": {"Type": "AWS::SSM::Document", "Properties": properties}}})
    for each, what in ((text, Kind.SSM), (template, Kind.CLOUDFORMATION)):
        assert all(one.where.line >= 1 and one.where.column >= 1 for one in found(each, what))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(TREES), st.data())
def test_nothing_is_reported_about_what_cloudformation_decides(tree: Json, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([each for each in places(tree) if each]))
    mutated = replaced(tree, path, {"Fn::ImportValue": "something"})
    properties = {"DocumentType": {"Ref": "Type"}, "UpdateMethod": "NewVersion", "Content": mutated}
    template = {"Resources": {"Doc": {"Type": "AWS::SSM::Document", "Properties": properties}}}
    reported = found(json.dumps(template), Kind.CLOUDFORMATION)
    assert [str(one) for one in reported if one.severity is not Severity.INFO] == []


CYCLES = [
    'schemaVersion: "0.3"\nmainSteps: &a\n- {name: A, action: "aws:loop", inputs: {Steps: *a}}\n- *a\n',
    'schemaVersion: "2.2"\nparameters: &p\n  A: *p\nmainSteps: &m\n- &s {name: a, inputs: *s}\n- *m\n',
    'schemaVersion: "0.3"\nmainSteps:\n- name: A\n  action: aws:branch\n'
    "  inputs: &i {Choices: [*i], Default: *i, And: *i, Or: [*i, *i], Not: *i}\n",
    'schemaVersion: "1.2"\nruntimeConfig: &r {"aws:runShellScript": {properties: [*r, *r]}}\n',
    'schemaVersion: "1.0"\nsessionType: Port\nproperties: &p {linux: *p, windows: {commands: *p}}\n',
]


@pytest.mark.parametrize("text", CYCLES)
def test_an_alias_that_holds_itself_ends(text: str) -> None:
    assert all(one.where.line >= 1 for one in found(text))


HOSTILE = {
    "names": automation(*(f"{{name: A{n}, action: 'aws:sleep', nextStep: B{n}, inputs: {{}}}}" for n in range(1500))),
    "a round of many": automation(
        *(
            f"{{name: A{n}, action: 'aws:sleep', inputs: {{Duration: PT1S}}, onFailure: 'step:A0'}}"
            for n in range(1500)
        ),
        "{name: Z, action: 'aws:sleep', nextStep: A0, inputs: {Duration: PT1S}}",
    ),
    "fields": 'schemaVersion: "2.2"\nmainSteps: []\n' + "".join(f"field{n}: x\n" for n in range(3000)),
    "braces": command(json.dumps("{{ " * 50_000)),
    "backtracking": command("echo", "{type: String, default: " + "a" * 60 + "b, allowedPattern: '^(a+)+$'}"),
    "more backtracking": command("echo", "{type: String, default: " + "a" * 4000 + "b, allowedPattern: '^a*a*a*a*c$'}"),
    "a long class": command("echo {{ Text }}", "{type: String, allowedPattern: '^[" + "a" * 200_000 + "]$'}"),
    "brackets": command("echo", "{type: String, allowedPattern: '" + "(" * 2000 + ")" * 2000 + "'}"),
    "a long line": command("'" + "systemctl ; " * 20_000 + " amazon-ssm-agent ) &'"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_takes_no_longer_than_a_person_waits(name: str) -> None:
    began = time.process_time()
    assert isinstance(found(HOSTILE[name]), list)
    assert time.process_time() - began < 10


def test_a_document_is_known_by_its_fields() -> None:
    assert kind(b'{"schemaVersion": "1.0", "sessionType": "Port"}') is Kind.SSM
    assert kind(b'{"schemaVersion": "1.2", "runtimeConfig": {}}') is Kind.SSM
    assert kind(b'{"schemaVersion": "2.0", "files": {}, "packages": {}}') is None


def test_a_document_that_cannot_be_read_is_one_all_the_same() -> None:
    text = command("date").encode()
    for broken, line, column in (
        (text.replace(b"date", b"caf\xe9"), 9, 10),
        (text.replace(b"- action", b"\t- action"), 5, 1),
    ):
        assert kind(broken) is Kind.SSM
        assert [(one.where.line, one.where.column) for one in lint("d", broken)] == [(line, column)]
    assert kind(text.replace(b"date", b"[{% if x %}")) is None


@pytest.mark.parametrize("pattern", ["^(a|a)*$", "^(a|aa)+$"])
def test_a_pattern_that_never_ends_is_taken_to_fit(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "PATIENCE", 0.1)
    assert patterns.fits(pattern, "a" * 60 + "!")


@pytest.mark.parametrize("pattern", ["^[a-z]+$", "^(a+)+$", "^(.*)*$x"])
def test_a_pattern_that_ends_is_tried(pattern: str) -> None:
    assert not patterns.fits(pattern, "a" * 60 + "!")
