"""CloudFormation templates: user data in each form that people write, and the roles and associations around it."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ssmwake.lint import Kind, lint
from ssmwake.lint.cloudformation import sizes
from ssmwake.text.source import Source
from ssmwake.text.yaml_nodes import composed

SCRIPT = "#!/bin/sh\nx=(1)\n"
CODED = base64.b64encode(SCRIPT.encode()).decode()


def found(text: str) -> list[str]:
    """Return the ids, lines and columns of what is found."""
    all_of_it = lint("t", text.encode(), Kind.CLOUDFORMATION, with_cfn_lint=False)
    return [f"{one.rule}:{one.where.line}:{one.where.column}" for one in all_of_it]


def box(user_data: str, *, head: str = "", more: str = "") -> str:
    """Return a template with an instance whose UserData begins in line 10, the head apart."""
    return f"""{head}Resources:
  One:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0123456789abcdef0
      IamInstanceProfile: web
      # Two lines
      # of comment.
      UserData:
{user_data}{more}"""


# Each form of a script that has an array in sh, where the array stands.
FORMS = {
    "a literal": ("        Fn::Base64: |\n          #!/bin/sh\n          x=(1)\n", "12:13"),
    "a literal in quotes": ('        Fn::Base64: "#!/bin/sh\\nx=(1)\\n"\n', "10:35"),
    "the short form": ("        !Base64 |\n          #!/bin/sh\n          x=(1)\n", "12:13"),
    "Fn::Sub": ("        Fn::Base64: !Sub |\n          #!/bin/sh\n          x=(1)\n", "12:13"),
    "the long form of both": (
        "        Fn::Base64:\n          Fn::Sub: |\n            #!/bin/sh\n            x=(1)\n",
        "13:15",
    ),
    "!Base64 over Fn::Sub": (
        "        !Base64\n          Fn::Sub: |\n            #!/bin/sh\n            x=(1)\n",
        "13:15",
    ),
    "a map of variables": (
        "        Fn::Base64: !Sub\n          - |\n            #!/bin/sh\n            ${a}\n            x=(1)\n"
        "          - a: !GetAtt One.Arn\n",
        "14:15",
    ),
    "a variable that is text": (
        '        Fn::Base64: !Sub\n          - |\n            #!/bin/sh\n            ${a}\n          - a: "x=(1)"\n',
        "14:19",
    ),
    "Fn::Join": (
        "        Fn::Base64: !Join\n          - \"\\n\"\n          - - '#!/bin/sh'\n            - !Ref One\n"
        "            - 'x=(1)'\n",
        "14:18",
    ),
    "Fn::Join in one line": (
        "        Fn::Base64: !Join ['', [\"#!/bin/sh\\n\", 'echo ', !Ref One, \"\\nx=(1)\\n\"]]\n",
        "10:72",
    ),
    "Fn::Sub in Fn::Join": (
        "        Fn::Base64:\n          Fn::Join:\n            - ''\n            - - |\n                #!/bin/sh\n"
        "              - !Sub |\n                x=(1) # ${One}\n",
        "16:19",
    ),
    "Fn::If": (
        "        Fn::Base64: !If\n          - Some\n          - |\n            #!/bin/sh\n            x=(1)\n"
        '          - "#!/bin/sh\\n"\n',
        "14:15",
    ),
    "Fn::If around Fn::Base64": (
        "        Fn::If:\n          - Some\n          - !Ref AWS::NoValue\n"
        "          - Fn::Base64: |\n              #!/bin/sh\n              x=(1)\n",
        "15:17",
    ),
    "base64": (f"        {CODED}\n", "10:9"),
}


@pytest.mark.parametrize(("form", "place"), FORMS.values(), ids=FORMS)
def test_user_data_is_read_in_each_form(form: str, place: str) -> None:
    assert found(box(form)) == [f"SW208:{place}"]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_json_is_read_as_yaml_is(form: tuple[str, str]) -> None:
    assert [one.split(":")[0] for one in found(json.dumps(long_form(composed(box(form[0])))))] == ["SW208"]


def long_form(node: yaml.Node | None) -> Any:
    """Return a template as JSON writes it: without tags."""
    assert node is not None
    if isinstance(node, yaml.SequenceNode):
        plain: Any = [long_form(item) for item in node.value]
    elif isinstance(node, yaml.MappingNode):
        plain = {key.value: long_form(inner) for key, inner in node.value}
    else:
        plain = node.value
    name = node.tag[1:]
    if node.tag.startswith("!"):
        return {name if name == "Ref" else f"Fn::{name}": plain}
    return plain


HOLDERS: dict[str, Callable[[Any], Any]] = {
    "AWS::EC2::LaunchTemplate": lambda data: {"LaunchTemplateData": {"UserData": data}},
    "AWS::AutoScaling::LaunchConfiguration": lambda data: {"UserData": data, "IamInstanceProfile": "x"},
    "AWS::EC2::SpotFleet": lambda data: {
        "SpotFleetRequestConfigData": {
            "LaunchSpecifications": [{"UserData": data, "IamInstanceProfile": {"Arn": {"Fn::ImportValue": "x"}}}]
        }
    },
}


@pytest.mark.parametrize("kind", HOLDERS)
def test_each_resource_with_user_data_is_read(kind: str) -> None:
    resource = {"Type": kind, "Properties": HOLDERS[kind]({"Fn::Base64": {"Fn::Sub": SCRIPT}})}
    assert [one.split(":")[0] for one in found(json.dumps({"Resources": {"A": resource}}))] == ["SW208"]


PARAMETERS = """Parameters:
  Env: {Type: String, AllowedValues: [dev, prod]}
  Count: {Type: Number, Default: 3}
  Data: {Type: String, Default: ''}
  None: {Type: String, Default: none}
  Image: {Type: AWS::SSM::Parameter::Value<String>, Default: /a/b}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsDev: !Not [!Condition IsProd]
"""


def script(*lines: str, sub: bool = False) -> str:
    """Return user data of these lines, below Fn::Sub or not."""
    head = "        Fn::Base64: !Sub |\n" if sub else "        Fn::Base64: |\n"
    return head + "".join(f"          {line}\n" for line in lines)


CONSTANT = (
    "#!/bin/bash",
    '[ "${Env}" = prod ] && date',
    "case ${Env} in a) date ;; esac",
    'for x in ${Data}; do echo "$x"; done',
    '[ -n "${Data}" ] && echo "${!HOME} ${Image}"',
    "if [ ${Count} -gt 2 ]; then date; fi",
)
BRANCHES = """        Fn::Base64: !Join
          - ''
          - - !If [IsProd, "#!/bin/sh", !Ref AWS::NoValue]
            - !If [IsDev, "#!/bin/sh", !Ref AWS::NoValue]
"""
INCLUDE = "        Fn::Base64:\n          Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://x}}\n"
GOOD = {
    "words in place of parameters": script(*CONSTANT, sub=True),
    "one of two branches in each world": BRANCHES,
    "user data of a parameter": "        !Ref Data\n",
    "a text of which the beginning is unknown": "        Fn::Base64: !Sub '${Env} date'\n",
    "what another stack exports": "        Fn::Base64: !ImportValue script\n",
    "what another stack exports, encoded": "        Fn::ImportValue: script\n",
    "an include": INCLUDE,
    "a mapping": "        Fn::Base64: !FindInMap [a, b, c]\n",
    "base64 with a parameter": "        !Sub 'IyEvYmluL3No${Data}'\n",
    "a default that stands for nothing": "        !Ref None\n",
    "a default that stands for no script": "        Fn::Base64: !Ref None\n",
    "a variable of a file that is read": script("#!/bin/sh", ". /etc/app.conf", 'echo "${Env}"'),
    "a script that writes a template": script("#!/bin/sh", "echo 'a: !Sub \"${AWS::Region}\"' > t"),
    "the shell's own, named like a parameter": script("#!/bin/sh", "Env=1", 'echo "${Env}"'),
}


@pytest.mark.parametrize("form", GOOD.values(), ids=GOOD)
def test_what_only_the_deployment_knows_is_left_alone(form: str) -> None:
    assert found(box(form, head=PARAMETERS)) == []


NOT_BASE64 = {
    "plain text": "        '#!/bin/sh'\n",
    "plain text of Fn::Sub": "        !Sub |\n          #!/bin/sh\n",
    "plain text of Fn::Join": "        !Join ['', ['#!/bin/sh']]\n",
    "Fn::Base64 in a text": '        !Sub "Fn::Base64: ${AWS::Region}"\n',
}


@pytest.mark.parametrize("form", NOT_BASE64.values(), ids=NOT_BASE64)
def test_user_data_that_is_not_base64_is_found(form: str) -> None:
    assert {one.split(":")[0] for one in found(box(form))} == {"SW401"}


TWICE = {
    "base64 of base64": f"        {base64.b64encode(CODED.encode()).decode()}\n",
    "base64 in Fn::Base64": f"        Fn::Base64: {CODED}\n",
    "Fn::Base64 in Fn::Base64": "        Fn::Base64:\n          Fn::Base64: x\n",
}


@pytest.mark.parametrize("form", TWICE.values(), ids=TWICE)
def test_user_data_that_is_base64_twice_is_found(form: str) -> None:
    assert next(one for one in found(box(form)) if not one.startswith("SW208")).startswith("SW217")


def test_the_worst_case_of_parameters_is_reported_apart_from_the_defaults() -> None:
    head = "Parameters:\n  A: {Type: String, MaxLength: 9000}\n"
    head += "  B: {Type: String, AllowedValues: [a, bcd]}\n  C: {Type: String}\n"
    line = ": " + "x" * 100
    lines = script("#!/bin/sh", *[line] * 80, sub=True)
    small = box(lines, head=head)
    assert found(small) == []
    assert found(small + "          : ${A} ${B}\n") == ["SW404:15:11"]
    assert found(small + "          : ${B} ${C}\n") == []
    assert found(box(lines + f"          {line}\n" * 80, head=head)) == ["SW201:15:11"]
    root = composed(small + "          : ${A} ${B}\n")
    assert root is not None
    plain = len("#!/bin/sh\n") + 80 * (len(line) + 1) + len(":  \n")
    assert sizes(Source.of_file("t", small + "          : ${A} ${B}\n"), root) == {"One": (plain, plain + 9003)}


VARIABLES = {
    "a default": ("${x:-y}", "SW405:12:16"),
    "a length": ("${#x}", "SW405:12:16"),
    "a suffix": ("${x%.*}", "SW405:12:16"),
    "an element": ("${x[0]}", "SW405:12:16"),
    "a variable of the shell": ("${HOME}", "SW405:12:16"),
    "an escape": ("${!HOME} ${!x:-y}", None),
    "a pseudo parameter": ("${AWS::Region}", None),
    "a resource": ("${One.PrivateIp}", None),
}


@pytest.mark.parametrize(("variable", "place"), VARIABLES.values(), ids=VARIABLES)
def test_a_variable_that_fn_sub_refuses_is_found(variable: str, place: str | None) -> None:
    form = f"        Fn::Base64: !Sub |\n          #!/bin/bash\n          echo {variable}\n"
    mine = [one for one in found(box(form)) if not one.startswith("SW208")]
    assert mine == ([place] if place else [])


def test_cfn_lint_does_not_say_it_again() -> None:
    template = box("        Fn::Base64: !Sub |\n          #!/bin/sh\n          echo ${HOME} ${x:-y}\n")
    assert [one.rule for one in lint("t", template.encode())] == ["SW405", "SW405"]
    literal = box("        Fn::Base64: |\n          #!/bin/bash\n          echo ${AWS::Region}\n")
    assert [one.rule for one in lint("t", literal.encode())] == ["SW406"]
    for roles in ("Roles: [a, b]", "Path: /"):
        profile = f"Resources:\n  A:\n    Type: AWS::IAM::InstanceProfile\n    Properties:\n      {roles}\n"
        assert [one.rule for one in lint("t", profile.encode())] == ["SW225"]


def test_a_variable_that_nothing_replaces_is_found() -> None:
    form = "        Fn::Base64: |\n          #!/bin/bash\n          echo ${AWS::Region} ${Env}\n"
    assert found(box(form, head=PARAMETERS)) == ["SW406:21:16", "SW406:21:31"]
    assert found(box(form.replace("/bash", "/sh"), head=PARAMETERS)) == ["SW406:21:16", "SW406:21:31"]


ROLE = """Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: 'sts:AssumeRole'}]
      ManagedPolicyArns:
      - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
  Profile:
    Type: AWS::IAM::InstanceProfile
    Properties:
      Roles: [!Ref Role]
  Box:
    Type: AWS::EC2::Instance
    Properties:
      IamInstanceProfile: !Ref Profile
      UserData:
        Fn::Base64: |
          #!/bin/sh
          systemctl --no-block restart amazon-ssm-agent
"""
OTHER = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def inline(statement: str) -> str:
    """Return the template with a policy in its role."""
    policy = f"Policies: [{{PolicyName: a, PolicyDocument: {{Statement: {statement}}}}}]"
    return ROLE.replace("      ManagedPolicyArns:\n", f"      {policy}\n      ManagedPolicyArns:\n")


def test_a_role_that_the_agent_cannot_use_is_found() -> None:
    assert found(ROLE) == ["SW226:7:7"]
    assert found(ROLE.replace("restart amazon-ssm-agent", "restart nginx")) == []
    assert found(ROLE.replace(OTHER, "!Sub arn:${AWS::Partition}:iam::aws:policy/AmazonSSMManagedInstanceCore")) == []
    assert found(ROLE.replace(OTHER, "arn:aws:iam::aws:policy/NewerThanThisList")) == []
    assert found(ROLE.replace(OTHER, "arn:aws:iam::123456789012:policy/ours")) == []
    assert found(ROLE.replace(OTHER, "!Ref Policy")) == []
    assert found(ROLE.replace(OTHER, "arn:aws:iam::aws:policy/service-role/AmazonEC2RoleforSSM")) == ["SW229:8:9"]
    assert found(inline("{Effect: Allow, Action: 'ssm:Update*', Resource: '*'}")) == []
    assert found(inline("{Effect: Allow, NotAction: 'iam:*', Resource: '*'}")) == []
    assert found(inline("[{Effect: Deny, Action: '*', Resource: '*'}]")) == ["SW226:8:7"]


def test_a_role_that_ec2_may_not_assume_is_found() -> None:
    quiet = ROLE.replace("restart amazon-ssm-agent", "restart nginx")
    assert found(quiet.replace("ec2.amazonaws.com", "ssm.amazonaws.com")) == ["SW227:6:48"]
    assert found(quiet.replace("ec2.amazonaws.com", "!Sub 'ec2.${AWS::URLSuffix}'")) == []
    assert found(quiet.replace("ec2.amazonaws.com", "[ecs-tasks.amazonaws.com, ec2.amazonaws.com]")) == []
    assert found(quiet.replace("ec2.amazonaws.com", "!Ref Service")) == []


def test_a_profile_has_one_role() -> None:
    quiet = ROLE.replace("restart amazon-ssm-agent", "restart nginx")
    assert found(quiet.replace("[!Ref Role]", "[]")) == ["SW225:12:14"]
    assert found(quiet.replace("[!Ref Role]", "[!Ref Role, other]")) == ["SW225:12:14"]
    assert found(quiet.replace("[!Ref Role]", "[!If [A, !Ref Role, !Ref AWS::NoValue], other]")) == []
    assert found(quiet.replace("[!Ref Role]", "!Ref Roles")) == []


POLICY = """  Late:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: a
      Roles: [!Ref Role]
      PolicyDocument: {Statement: [{Effect: Allow, Action: ssm:*, Resource: '*'}]}
"""
GROUP = """  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData: {IamInstanceProfile: {Arn: !GetAtt Profile.Arn}}
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties: {MinSize: '1', MaxSize: '1', LaunchTemplate: {LaunchTemplateId: !Ref Template, Version: '1'}}
"""


def test_a_policy_that_comes_late_is_found() -> None:
    assert found(ROLE + POLICY) == ["SW403:14:11"]
    managed = POLICY.replace("IAM::Policy", "IAM::ManagedPolicy")
    assert found(ROLE + managed) == ["SW403:14:11"]
    attached = POLICY.replace("IAM::Policy", "IAM::RolePolicy").replace("Roles: [!Ref Role]", "RoleName: !Ref Role")
    assert found(ROLE + attached) == ["SW403:14:11"]
    waits = ROLE.replace("  Box:\n", "  Box:\n    DependsOn: Late\n")
    assert found(waits + POLICY) == []
    middle = "  Middle:\n    Type: A::B::C\n    DependsOn: Late\n"
    assert found(ROLE.replace("  Box:\n", "  Box:\n    DependsOn: [Middle]\n") + POLICY + middle) == []
    circular = POLICY.replace("Resource: '*'", "Resource: !Sub 'arn:aws:ec2:*:*:instance/${Box}'")
    assert found(ROLE + circular) == []
    assert "SW403:26:11" not in found(ROLE + GROUP)
    assert "SW403:26:11" in found(ROLE + GROUP + POLICY)
    assert "SW403:26:11" not in found(ROLE + GROUP.replace("MinSize: '1'", "MinSize: '0'") + POLICY)


def association(more: str) -> list[str]:
    """Return what is found in an association with these lines."""
    head = "Resources:\n  A:\n    Type: AWS::SSM::Association\n    Properties:\n      Name: AWS-RunPatchBaseline\n"
    return found(head + "".join(f"      {line}\n" for line in more.split("; ")))


TAKEN = ["rate(30 minutes)", "rate(1 day)", "rate(12 hours)", "rate(30 days)", "at(2030-01-31T02:00:00)"]
TAKEN += ["cron(0 2 ? * SUN *)", "cron(0/30 * * * ? *)", "cron(0 0 2 ? * SUN *)", "cron(0 2 ? * TUE#3 *)"]


@pytest.mark.parametrize("schedule", TAKEN)
def test_a_schedule_that_state_manager_takes_is_left_alone(schedule: str) -> None:
    assert association(f"ScheduleExpression: {schedule}") == []


REFUSED = ["rate(5 minutes)", "rate(31 days)", "rate(1 days)", "rate(2 hour)", "rate(2 weeks)", "rate()", "at(noon)"]
REFUSED += [
    "cron(bogus)",
    "cron(0 2 * * *)",
    "cron(61 2 ? * SUN *)",
    "cron(0 24 ? * SUN *)",
    "every day",
    "0 2 ? * SUN *",
]


@pytest.mark.parametrize("schedule", REFUSED)
def test_a_schedule_that_state_manager_refuses_is_found(schedule: str) -> None:
    assert association(f"ScheduleExpression: {schedule}") == ["SW408:6:27"]


def test_options_go_with_their_schedules() -> None:
    assert association("ScheduleExpression: rate(1 day); ApplyOnlyAtCronInterval: true") == ["SW409:7:32"]
    assert association("ScheduleExpression: rate(1 day); ApplyOnlyAtCronInterval: false") == []
    assert association("ScheduleExpression: cron(0 2 ? * SUN *); ScheduleOffset: 2") == ["SW409:7:23"]
    assert (
        association("ScheduleExpression: cron(0 2 ? * SUN *); ScheduleOffset: 2; ApplyOnlyAtCronInterval: true") == []
    )
    assert association("ScheduleExpression: !Ref S; ScheduleOffset: 2; ApplyOnlyAtCronInterval: true") == []
    assert association("WaitForSuccessTimeoutSeconds: 600") == ["SW410:6:37"]
    assert association("WaitForSuccessTimeoutSeconds: 2400") == []


DOCUMENT = """Resources:
  Doc:
    Type: AWS::SSM::Document
    Properties:
      UpdateMethod: NewVersion
      DocumentType: Command
"""
STEPS = """schemaVersion: '2.2'
mainSteps:
- name: a
  action: aws:runShellScript
  inputs:
    runCommand:
    - x=(1)
"""


def indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in text.splitlines())


def test_a_document_is_read_in_each_form() -> None:
    assert found(DOCUMENT + "      Content:\n" + indented(STEPS, 8)) == ["SW208:14:17"]
    assert found(DOCUMENT + "      DocumentFormat: YAML\n      Content: |\n" + indented(STEPS, 8)) == ["SW208:15:17"]
    assert found(DOCUMENT + "      DocumentFormat: YAML\n      Content: !Sub |\n" + indented(STEPS, 8)) == [
        "SW208:15:17"
    ]
    for text in (
        "!Sub x=(1) # ${Doc} ${!a}",
        "{Fn::Sub: 'x=(1) # ${Doc} ${!a}'}",
        "\n      Fn::Sub: |\n        x=(1) # ${Doc}\n",
    ):
        steps = STEPS.replace("x=(1)", text)
        assert [one.split(":")[0] for one in found(DOCUMENT + "      Content:\n" + indented(steps, 8))] == ["SW208"], (
            text
        )
    as_json = json.dumps(long_form(composed(DOCUMENT + "      Content:\n" + indented(STEPS, 8))), indent=1)
    assert [one.split(":")[0] for one in found(as_json.replace('"x=(1)"', '{"Fn::Sub": "x=(1) # ${!a}"}'))] == ["SW208"]


@pytest.mark.parametrize("version", ["2.2", "0.3"])
def test_a_version_that_is_a_number_is_found_in_a_template(version: str) -> None:
    steps = STEPS.replace("'2.2'", version)
    assert "SW301:8:24" in found(DOCUMENT + "      Content:\n" + indented(steps, 8))


def test_the_format_of_a_document_is_that_of_its_content() -> None:
    assert "SW411:8:9" in found(DOCUMENT + "      Content: |\n" + indented(STEPS, 8))
    assert "SW411:7:23" in found(DOCUMENT + "      DocumentFormat: JSON\n      Content: |\n" + indented(STEPS, 8))
    assert "SW411:9:9" in found(DOCUMENT + "      DocumentFormat: TEXT\n      Content:\n" + indented(STEPS, 8))


SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "AWS::NoValue", "Role", "${x}"])
KEYS = st.sampled_from(["Ref", "Fn::Sub", "Fn::If", "Fn::Join", "Fn::Base64", "Type", "Roles", "a"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=6,
)
DOC = (DOCUMENT + "      Content:\n" + indented(STEPS, 8)).removeprefix("Resources:\n")
WHOLE = json.dumps(
    long_form(composed(ROLE + POLICY + GROUP + DOC + box(FORMS["Fn::Join"][0]).removeprefix("Resources:\n")))
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_values_of_any_type_anywhere_do_not_make_it_crash(data: st.DataObject) -> None:
    template = json.loads(WHOLE)
    for _ in range(data.draw(st.integers(1, 3))):
        node: Any = template
        while True:
            key = data.draw(st.sampled_from(list(node) if isinstance(node, dict) else list(range(len(node)))))
            if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
                break
            node = node[key]
        node[key] = data.draw(VALUES)
    lint("t", json.dumps(template).encode(), Kind.CLOUDFORMATION, with_cfn_lint=False)


def test_loops_and_transforms_are_left_alone() -> None:
    loop = "Transform: AWS::LanguageExtensions\nResources:\n"
    loop += "  Fn::ForEach::Boxes:\n  - Name\n  - [a, b]\n  - 'Box${Name}':\n"
    loop += "      Type: AWS::EC2::Instance\n      Properties: {UserData: {Fn::Base64: !Sub 'a ${Name}'}}\n"
    assert found(loop) == []
    assert (
        found("Transform: [AWS::Serverless-2016-10-31, a]\n" + box("        Fn::Base64: !Sub '${FunctionRole}'\n"))
        == []
    )
    module = "  Web:\n    Type: Our::Web::Server::MODULE\n"
    assert found(box(script("#!/bin/sh", "echo ${WebBucket}", sub=True), more=module)) == []
    inner = "Transform: AWS::LanguageExtensions\n"
    more = "  Topic:\n    Type: AWS::SNS::Topic\n    Properties:\n"
    more += "      Tags: {'Fn::ForEach::a': [N, [b], {x: !Sub '${N}'}]}\n"
    assert found(inner + box("        Fn::Base64: '#!/bin/sh'\n", more=more)) == []
    cycle = "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\n"
    assert (
        found(cycle + box("        !If [A, !Ref AWS::NoValue, !If [B, !Ref AWS::NoValue, !Ref AWS::NoValue]]\n")) == []
    )
    assert found("Resources:\n  A: &a\n    Type: AWS::EC2::Instance\n    Properties: *a\n    UserData: *a\n") == []


def test_bombs_and_cycles_in_functions_end_soon() -> None:
    cycle = "        Fn::Base64: &z\n          Fn::Join: ['', [a, *z, *z, *z]]\n"
    assert found(box(cycle)) == []
    names = "".join(f"  C{n}: !And [{', '.join(['!Condition C' + str(n - 1)] * 9)}]\n" for n in range(1, 14))
    head = f"Conditions:\n  C0: !Equals [!Ref A, b]\n{names}"
    assert found(box("        !If [C13, !Ref AWS::NoValue, Fn::Base64: '#!/bin/sh']\n", head=head)) == []
