"""Terraform: what its language holds for instances and for SSM, linted at the places where a person wrote it."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ssmwake.lint import File, Kind, kind, lint, lint_all
from ssmwake.lint.terraform.cursor import BrokenText
from ssmwake.lint.terraform.evaluate import text, texts
from ssmwake.lint.terraform.parser import parse, parse_template
from ssmwake.lint.terraform.referenced_files import Files
from ssmwake.lint.terraform.scope import Scope
from ssmwake.lint.terraform.tree import Body, Broken, expressions, walk
from ssmwake.text.source import Source

ROOT = Path(__file__).parents[2]
IMDS = "curl http://169.254.169.254/latest/meta-data/"


def found(content: str, files: dict[str, str] | None = None, path: str = "main.tf") -> list[str]:
    """Return the rules and the places of all that lint finds."""
    held = {name: text.encode() for name, text in (files or {}).items()}
    linted = lint(path, content.encode(), with_cfn_lint=False, read=held.get)
    return sorted(f"{one.rule} {str(one.where).removeprefix(f'{path}:')}" for one in linted)


def value(expression: str, **files: str) -> str | None:
    """Return the text that an expression comes to."""
    body = parse(Source.of_file("main.tf", f"x = {expression}\n"))
    held = {name.replace("_", "."): content.encode() for name, content in files.items()}
    known = text(body.attributes["x"].value, Scope("", Files(held.get)))
    return known.source.text if known else None


def instance(user_data: str) -> str:
    """Return an instance with this user data."""
    return f'resource "aws_instance" "web" {{\n  user_data = {user_data}\n}}\n'


GOOD = [
    'a = "x%{ if a ~}b%{~ else ~}c%{ endif ~}"',
    'a = <<EOF\n%{ for k, x in y ~}\n${x}\n%{ endfor ~}\nEOF',
    'a = "$${x} %%{y} $x %d $ % $$ %% 100% $"',
    'a = <<-EOF\n  $${x} %%{y} $x $(x) "q" \\n 100%\n$\n  EOF',
    'a = x.0.y\nb = x.*.y\nc = x[*].y[0]["k"]\nd = x[-1]',
    'a = provider::aws::arn_parse("x")',
    "a = f(<<EOF\nx\nEOF\n, 1, y...)",
    "a = {for k, v in x : k => v... if v != null}\nb = [for x in y : x if x]",
    'a = {\n  b = 1, "c" = 2, (d) = 3, e : 4\n  # f\n  "${g}" = 5 // h\n  /* i */ j = 6,\n}',
    'resource "a" "b" { x = 1 }\nresource a b {}',
    "a = 1e5\nb = 1.5E-3\nc = -1\nd = !x\ne = a ? b : c\nf = (a\n  ? b\n  : c)",
    "a = 1 + 2 * 3 % 4 / 5 == 5 && !b || c >= 2 && d <= 3 && e != f",
    'a = "${f("${g("x")}")} ${jsonencode({ a = { b = "}" } })} \\u00e4 \\" \\\\"',
    "a = <<EOF\n${f(<<IN\nx\nIN\n)}\n EOFX\nEOF x\n  EOF\nb = 1",
    "a = [\n  1, # x\n  2, // y\n]\nb = []\nc = {}\nd = f()",
    "/* a\n b */ a = 1 /* c */\nmy-name = local.my-x\nä = 1",
    "\ufeffa = 1\r\nb = <<EOF\r\n y\r\nEOF\r\n",
    'a = <<EOF\n%{ if x }a%{ else }%{ if y }b%{ endif }%{ endif }\nEOF',
    'dynamic "x" {\n  for_each = y\n  content {\n    a = x.value\n  }\n}',
    "", "# x", "a = 1", "a = ((1))",
]  # fmt: skip


@pytest.mark.parametrize("content", GOOD)
def test_what_terraform_reads_is_read(content: str) -> None:
    body = parse(Source.of_file("main.tf", content))
    assert not [one for each in expressions(body) for one in walk(each) if isinstance(one, Broken)]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('resource "a" "b" {\n  x = 1\n', "1:18"),
        ("a = 1\n}\n", "2:1"),
        ('a = "b\nc = 1\n', "1:5"),
        ('a {\n  x 1\n}\n', "2:5"),
        ("a = <<EOF\nfoo\n", "1:5"),
        ("a = [1, 2\nb = 3\n", "2:1"),
        ("a = f(1 2)\n", "1:9"),
        ("a = 'x'\n", "1:5"),
        ("a: 1\n", "1:2"),
        ("a = 1 b = 2\n", "1:7"),
        ('a = "\\q"\n', "1:6"),
        ("a = 1;\n", "1:6"),
        ('resource "a" "b"\n{\n}\n', "1:17"),
        ("a = { b = 1 c = 2 }\n", "1:13"),
        ('a = "ä" + \n', "1:11"),
    ],
)  # fmt: skip
def test_what_is_broken_is_found_where_it_stops_making_sense(content: str, place: str) -> None:
    with pytest.raises(BrokenText) as caught:
        parse(Source.of_file("main.tf", content))
    assert str(caught.value.where) == f"main.tf:{place}"
    assert found(content, path="main.tf") == [f"SW418 {place}"]


@pytest.mark.parametrize(
    ("expression", "comes_to"),
    [
        ('"a\\tb\\n\\"$${c}%%{d}\\u00e4\\U0001F600"', 'a\tb\n"${c}%{d}ä😀'),
        ("<<EOF\n  a\\n\n  $${b}\nEOF", "  a\\n\n  ${b}\n"),
        ("<<-EOF\n    a\n\n      b\n    EOF", "a\n\n  b\n"),
        ("<<-EOF\n    a\n  ${b}\n    EOF", "  a\n\n"),
        ("<<-EOF\n    a\n${b}c\n    EOF", "    a\nxxxxc\n"),
        ("<<EOF\na\n%{ if b ~}\nc\n%{ endif ~}\nd\nEOF", "a\nc\nd\n"),
        ("<<EOF\na\n%{~ if b }c%{ endif }\nEOF", "ac\n"),
        ("<<EOF\n%{ if b }c%{ else }d%{ endif }\nEOF", "c\n"),
        ('"a${1}b"', "a1b"),
        ('"${"a"}"', "a"),
        ('join("\\n", ["a", "b"])', "a\nb"),
        ('join("\\n", concat(["a"], compact(["b", var.c])))', "a\nb\nxxxxx"),
        ('join("\\n", flatten([["a"], "b"]))', "a\nb"),
        ('join("\\n", concat(["a"], var.c))', None),
        ('a ? "b" : "c"', "b"),
        ('jsonencode({ a = "b\\n\\"", "c" = [1, true, null] })', '{"a": "b\\n\\"", "c": [1, true, null]}'),
        ('jsonencode({ a = var.b })', '{"a": !unknown ""}'),
        ("var.a", None),
        ("null", None),
        ('file("a.sh")', "#!/bin/sh\n"),
        ('file("${path.module}/a.sh")', "#!/bin/sh\n"),
        ('templatefile("b.sh", { x = 1, y = var.y })', "1 xxxx $\n"),
        ('file("../a.sh")', None),
        ('file("/a.sh")', None),
        ('file("missing")', None),
        ('format("%s-%03d%%", 1, var.a)', "1-xxxx%"),
        ('format("%[2]s", 1, 2)', "xxxx"),
        ('replace("a NAME", "NAME", "b")', "a b"),
        ('replace("a NAME", "NAME", var.b)', "a xxxx"),
        ('replace("a NAME", "/N.*/", "b")', "a NAME"),
        ('indent(2, "a\\nb\\n")', "a\n  b\n  "),
        ('indent(var.n, "a\\nb")', None),
        ('"${try(var.x, "a")}"', "a"),
        ('jsonencode(yamldecode(file("c.yaml")))', None),
        ("chomp(<<EOF\na\nEOF\n)", "a\n"),
    ],
)  # fmt: skip
def test_an_expression_comes_to_what_terraform_makes_of_it(expression: str, comes_to: str | None) -> None:
    assert value(expression, a_sh="#!/bin/sh\n", b_sh="${x} ${y} $\n") == comes_to


def test_names_that_stand_for_each_other_are_not_known_and_names_that_grow_stay_small() -> None:
    circle = 'locals {\n  a = "#!/bin/sh ${local.b}"\n  b = local.a\n}\n' + instance("local.a")
    assert found(circle) == []
    bomb = 'locals {\n  a0 = "#!/bin/sh\\n"\n'
    bomb += "".join(f'  a{n} = "{f"${{local.a{n - 1}}}" * 20}"\n' for n in range(1, 40))
    bomb += "".join(f"  b{n} = [{f'local.b{n - 1},' * 20}]\n" for n in range(1, 40)) + "  b0 = [1]\n}\n"
    assert found(bomb + instance("local.a39") + instance("jsonencode(local.b39)")) == ["SW202 80:9"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (instance(f'"#!/bin/sh\\n{IMDS}\\n"'), ["SW210 2:27"]),
        (instance(f"<<EOF\n#!/bin/sh\n{IMDS}\nEOF"), ["SW210 4:1"]),
        (instance(f"<<-EOF\n    #!/bin/sh\n    {IMDS}\n    EOF"), ["SW210 4:5"]),
        (instance(f'base64encode("#!/bin/sh\\n{IMDS}\\n")'), ["SW210 2:40", "SW413 2:15"]),
        (instance(f'var.x ? var.y : "#!/bin/sh\\n{IMDS}\\n"'), ["SW210 2:43"]),
        (instance(f'join("\\n", ["#!/bin/sh", "{IMDS}"])'), ["SW210 2:41"]),
        (instance("local.x") + f'locals {{\n  x = "#!/bin/sh\\n{IMDS}\\n"\n}}\n', ["SW210 5:19"]),
        (instance("data.template_file.x.rendered")
         + f'data "template_file" "x" {{\n  template = "#!/bin/sh\\n{IMDS}\\n"\n}}\n', ["SW210 5:26"]),
        ('data "cloudinit_config" "x" {\n  part {\n    content_type = "text/cloud-config"\n'
         f'    content = yamlencode({{ runcmd = ["{IMDS}"] }})\n  }}\n}}\n', ["SW210 4:39"]),
        (f'module "x" {{\n  user_data = "#!/bin/sh\\n{IMDS}\\n"\n}}\n', ["SW210 2:27"]),
        ('resource "aws_spot_fleet_request" "x" {\n  launch_specification {\n'
         f'    user_data = "#!/bin/sh\\n{IMDS}\\n"\n  }}\n}}\n', ["SW210 3:29"]),
        (instance('""'), []),
        (instance('"${var.head}\\nplain"'), []),
        (instance("var.user_data"), []),
        (instance('"plain text"'), ["SW202 2:16"]),
        ('resource "aws_launch_template" "x" {\n  user_data = "IyEvYmluL3NoCmxzCg=="\n}\n', []),
        ('resource "aws_launch_template" "x" {\n  user_data = "plain"\n}\n', ["SW202 2:16", "SW412 2:15"]),
        ('resource "aws_launch_template" "x" {\n  user_data = "${var.a}${var.b}"\n}\n', []),
        ('resource "aws_launch_template" "x" {\n  user_data = base64gzip(file("${path.module}/x"))\n}\n', []),
    ],
)  # fmt: skip
def test_user_data_is_found_wherever_it_comes_from(content: str, expected: list[str]) -> None:
    assert found(content) == expected


def test_a_file_is_linted_once_whoever_reads_it_and_at_its_own_places() -> None:
    script = f"#!/bin/sh\n{IMDS}\n".encode()
    terraform = (instance('file("a.sh")') + instance('file("${path.module}/a.sh")')).encode()
    files = [File("m/a.sh", script), File("m/main.tf", terraform)]
    read = {"m/a.sh": script}.get
    assert [str(one.where) for one in lint_all(files, read=read)] == ["m/a.sh:2:1"]
    assert [str(one.where) for one in lint_all(files[1:], read=read)] == ["m/a.sh:2:1"]


def test_a_script_that_a_module_renders_is_a_template_and_no_script() -> None:
    script = b"#!/bin/sh\n%{ if a }\necho ${a} $${b:-c}\n%{ endif }\n"
    terraform = instance('templatefile("a.sh", { a = true })').encode()
    assert lint_all([File("a.sh", script), File("main.tf", terraform)], read={"a.sh": script}.get) == ()


def test_a_template_knows_the_names_that_it_is_given_and_no_others() -> None:
    template = "#!/bin/sh\necho ${a} ${b}\n%{ for c in d ~}\necho ${c}\n%{ endfor ~}\n"
    rendered = 'templatefile("t", { a = 1, d = [] })'
    assert found(instance(rendered), {"t": template}) == ["SW423 2:33"]
    assert found(instance(rendered), {"t": f"{template}b=1\n"}) == ["SW414 t:2:11"]
    assert found(instance('templatefile("t", merge(local.x, { a = 1 }))'), {"t": template}) == []
    assert found(instance('templatefile("t", { for k, v in x : k => v })'), {"t": template}) == []


def test_both_branches_are_linted_each_by_itself() -> None:
    both = "<<EOF\n#cloud-config\n%{ if a }\nruncmd: [ls]\n%{ else }\nruncmd: [ls]\npackage: []\n%{ endif }\nEOF"
    assert found(instance(both)) == ["SW206 8:1"]


def test_a_word_for_what_only_terraform_knows_is_not_a_finding() -> None:
    script = """<<EOF
#!/bin/bash
[ "${var.a}" = "true" ] && echo yes
[ ${var.b} -gt 1 ] || exit ${var.c}
for one in ${var.list}; do echo "$one"; done
case "${var.d}" in a) ls ;; esac
${var.more}
EOF"""
    assert found(instance(script)) == []
    config = "<<EOF\n#cloud-config\n${var.key}: 1\npackages:\n${var.packages}\nruncmd:\n  - [ls, ${var.x}]\nEOF"
    assert found(instance(config)) == []


DOCUMENT = """resource "aws_ssm_document" "x" {
  document_type = "Command"
  content = jsonencode({
    schemaVersion = "2.2"
    mainSteps = [{
      action = "aws:runShellScrip"
      name   = "a"
      inputs = { runCommand = ["cd /x", <<-EOT
        rm $(cat list
        EOT
      ] }
    }]
  })
}
"""


def test_a_document_of_an_object_has_places_in_its_strings() -> None:
    assert "SW305 6:16" in found(DOCUMENT)
    good = DOCUMENT.replace("Scrip", "Script").replace("$(cat list", "list").replace("cd /x", "cd /x || exit")
    assert found(good) == []
    assert "SW208 8:33" in found(good.replace(" || exit", ""))


def test_unknown_parts_of_a_document_are_not_judged() -> None:
    content = DOCUMENT.replace('"aws:runShellScrip"', "var.action").replace("$(cat list", "list")
    content = content.replace('"cd /x", ', "").replace('"2.2"', "local.version")
    assert [one for one in found(content) if one.startswith("SW305")] == []


@pytest.mark.parametrize("value", ['"a-${var.x}"', "var.x", '"${var.x}"'])
@pytest.mark.parametrize("known", ['"2.2"', '"aws:runShellScrip"', '"Linux"', '"run"'])
def test_no_message_names_what_only_terraform_knows(known: str, value: str) -> None:
    content = PLATFORMS.replace(known, value)
    assert content != PLATFORMS
    data = content.encode()
    assert [one.message for one in lint("main.tf", data, with_cfn_lint=False) if "xxxx" in one.message] == []


PLATFORMS = """resource "aws_ssm_document" "d" {
  name          = "on-linux"
  document_type = "Command"
  content = jsonencode({
    schemaVersion = "2.2"
    mainSteps = [{
      action       = "aws:runShellScrip"
      name         = "run"
      precondition = { StringEquals = ["platformType", "Linux"] }
      inputs       = { runCommand = ["date"] }
    }]
  })
}
"""


INSTANCE = """resource "aws_instance" "web" {
  iam_instance_profile = PROFILE
  user_data            = "#!/bin/sh\\naws s3 ls\\ndocker run amazon/aws-cli s3 ls\\n"

  metadata_options {
    http_tokens                 = "TOKENS"
    http_endpoint               = "enabled"
    http_put_response_hop_limit = HOPS
  }
}
"""


def described(profile: str = "var.p", tokens: str = "required", hops: str = "2") -> str:
    """Return an instance with these options."""
    return INSTANCE.replace("PROFILE", profile).replace("TOKENS", tokens).replace("HOPS", hops)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (described(), []),
        (described(tokens="optional"), ["SW221 6:5"]),
        (described(tokens="${var.tokens}"), []),
        (described(hops="1"), ["SW222 8:5"]),
        (described(hops='"1"'), ["SW222 8:5"]),
        (described(hops="var.hops"), []),
        (described().replace("enabled", "disabled"), ["SW220 7:5"]),
        (described().replace("  iam_instance_profile = var.p\n", ""), ["SW224 2:38"]),
        (described("null"), []),
        (described().replace("  iam_instance_profile = var.p\n", "  launch_template {\n    id = var.l\n  }\n"), []),
        (described().replace("aws_instance", "aws_launch_template").replace('"#', 'base64encode("#')
         .replace('ls\\n"', 'ls\\n")').replace("  iam_instance_profile = var.p\n", ""), []),
        ('resource "aws_iam_instance_profile" "x" {\n  name = "x"\n}\n', ["SW225 1:1"]),
        ('resource "aws_iam_instance_profile" "x" {\n  role = var.role\n}\n', []),
    ],
)  # fmt: skip
def test_an_instance_is_checked_against_its_user_data(content: str, expected: list[str]) -> None:
    assert found(content) == expected


def test_a_message_has_the_names_of_terraform() -> None:
    linted = lint("main.tf", described(tokens="optional").encode())
    assert ["http_tokens" in one.message and "HttpTokens" not in one.message for one in linted] == [True]


RACE = """resource "aws_iam_role" "r" {}
resource "aws_iam_role_policy_attachment" "ssm" {
  role       = aws_iam_role.r.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}
resource "aws_iam_instance_profile" "p" {
  role = aws_iam_role.r.name
}
resource "aws_instance" "web" {
  iam_instance_profile = aws_iam_instance_profile.p.name
}
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", ["SW403 9:1"]),
        ("aws_iam_instance_profile.p.name", "local.p", ["SW403 9:1"]),
        ("p.name", "p.name\n  depends_on = [aws_iam_role_policy_attachment.ssm]", []),
        ("p.name", "p.name\n  tags = { policy = aws_iam_role_policy_attachment.ssm.id }", []),
        ("r.name\n}", "r.name\n  depends_on = [aws_iam_role_policy_attachment.ssm]\n}", []),
        ("AmazonSSMManagedInstanceCore", "AmazonS3ReadOnlyAccess", []),
        ("aws_iam_instance_profile.p.name", '"p"', []),
        ("p.name", "p.name\n  depends_on = [local.ready]", []),
    ],
)  # fmt: skip
def test_an_instance_waits_for_the_policy_that_its_agent_needs(old: str, new: str, expected: list[str]) -> None:
    names = "locals {\n  p     = aws_iam_instance_profile.p.name\n  ready = aws_iam_role_policy_attachment.ssm\n}\n"
    assert found(RACE.replace(old, new) + names if old else RACE) == expected


TRUST = 'jsonencode({Statement = [{Effect = "Allow", Action = "sts:AssumeRole", Principal = {Service = "NAME"}}]})'
TRUST_DOCUMENT = """data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["NAME"]
    }
  }
}
"""


@pytest.mark.parametrize("name", ["ec2.amazonaws.com", "ssm.amazonaws.com", "ec2.amazonaws.com.cn", "${var.service}"])
@pytest.mark.parametrize("form", ["jsonencode", "document", "heredoc"])
def test_a_role_of_a_profile_is_for_ec2_however_its_policy_is_written(form: str, name: str) -> None:
    policy, more = TRUST.replace("NAME", name), ""
    if form == "document":
        policy, more = "data.aws_iam_policy_document.trust.json", TRUST_DOCUMENT.replace("NAME", name)
    elif form == "heredoc":
        statement = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": [name]}}
        policy = f"<<EOT\n{json.dumps({'Statement': statement})}\nEOT"
    role = f'resource "aws_iam_role" "r" {{\n  assume_role_policy = {policy}\n}}\n'
    profile = 'resource "aws_iam_instance_profile" "p" {\n  role = aws_iam_role.r.name\n}\n'
    assert found(role + profile + more) == (["SW227 2:3"] if name == "ssm.amazonaws.com" else [])
    assert found(role + more) == []


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ('policy_arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"', ["SW226 1:1"]),
        ('policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"', []),
        ('policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonEC2RoleforSSM"', ["SW229 4:16"]),
        ("policy_arn = var.arn", []),
        ("policy_arn = aws_iam_policy.own.arn", ["SW226 1:1"]),
    ],
)
def test_the_agent_of_an_instance_can_register_by_its_role(policy: str, expected: list[str]) -> None:
    attached = RACE[: RACE.index("  policy_arn")] + f"  {policy}\n" + RACE[RACE.index('Core"\n') + len('Core"\n') :]
    script = 'name\n  user_data = "#!/bin/sh\\nsystemctl --no-block restart amazon-ssm-agent\\n"'
    statement = 'jsonencode({Statement = [{Effect = "Allow", Action = "s3:*"}]})'
    own = f'resource "aws_iam_policy" "own" {{\n  policy = {statement}\n}}\n'
    waits = "\n  depends_on = [aws_iam_role_policy_attachment.ssm]"
    content = attached.replace("p.name", f"p.{script}{waits}") + own
    assert found(content) == expected
    assert found(content.replace('"s3:*"', '"ssm:*"')) == [one for one in expected if "own" not in policy]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('schedule_expression = "rate(5 minutes)"', ["SW408 2:25"]),
        ('schedule_expression = "rate(30 minutes)"', []),
        ('schedule_expression = "rate(${var.minutes} minutes)"', []),
        ('schedule_expression = "rate(1 day)"\n  apply_only_at_cron_interval = true', ["SW409 3:3"]),
        ("wait_for_success_timeout_seconds = 300", ["SW410 2:3"]),
    ],
)  # fmt: skip
def test_an_association_has_a_schedule_that_state_manager_takes(said: str, expected: list[str]) -> None:
    assert found(f'resource "aws_ssm_association" "x" {{\n  {said}\n}}\n') == expected


def test_json_is_read_as_the_other_form_is() -> None:
    body = {"aws_instance": {"web": {"user_data": "#!/bin/sh\necho ${var.x} ${HOME} %{http_code}\n"}}}
    assert found(json.dumps({"resource": body}, indent=1), path="main.tf.json") == ["SW414 5:44", "SW415 5:52"]
    line = json.dumps({"resource": [body]})
    places = [f"SW414 1:{line.index('${HOME}') + 1}", f"SW415 1:{line.index('%{http') + 1}"]
    assert found(line, path="x.tf.json") == places


@pytest.mark.parametrize(
    ("content", "path", "what"),
    [
        ('resource "aws_x" "y" {\n}\n', "", Kind.TERRAFORM),
        ("# comment\n\n/* more */ locals {\n", "", Kind.TERRAFORM),
        ("", "a/versions.tf", Kind.TERRAFORM),
        ('{"resource": {"aws_instance": {"web": {"ami": "x"}}}}', "", Kind.TERRAFORM),
        ('{"resource": "x"}', "", None),
        ('{"data": {"a": {"b": 1}}}', "", None),
        ("import { a } from 'b'\n", "", None),
        ('variable "x" {}\n', "a.pkr.hcl", None),
        ("#!/bin/sh\necho ${x:-y}\n", "", Kind.USER_DATA),
        ("#!/bin/sh\necho ${x:-y}\n", "a.tftpl", Kind.TEMPLATEFILE),
        ("#!/bin/sh\n%{ if x }\nls\n%{ endif }\n", "", Kind.TEMPLATEFILE),
        ("#!/bin/sh\necho $${x}\n", "", Kind.TEMPLATEFILE),
        ("#!/bin/sh\ncat <<'E'\n$${x}\nE\necho ${x:-y}\n", "", Kind.USER_DATA),
    ],
)  # fmt: skip
def test_what_a_file_holds_says_that_it_is_terraform(content: str, path: str, what: Kind | None) -> None:
    assert kind(content.encode(), path) is what


def test_our_own_modules_are_fine() -> None:
    paths = [path for path in (ROOT / "dist" / "terraform").rglob("*") if path.name.endswith((".tf", ".tftpl"))]
    files = [File(str(path), path.read_bytes()) for path in paths]
    assert len(files) > 5
    assert [str(one) for one in lint_all(files, read=lambda path: Path(path).read_bytes())] == []


WORDS = st.sampled_from(
    ["${", "%{", "$${", "}", '"', "\\", "\n", "<<EOF\n", "<<-E\n", "\nEOF\n", "[", "]", "{", "(", ")", "a", "=", " = ",
     ",", ".", "for x in", " if ", "~", "#", "/*", "*/", "?", ":", "user_data", 'resource "aws_instance" "x" {\n',
     "local.a", "locals {\n", "jsonencode(", "base64encode(", "file(", "join(", "1", "\r\n", "\x00", "ä", "\ud800"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=60).map("".join))
def test_no_text_is_a_crash(content: str) -> None:
    source = Source.of_file("main.tf", content)
    try:
        body = parse(source)
    except BrokenText:
        body = Body()
    for each in [*expressions(body), parse_template(source)]:
        for one in texts(each, Scope("", Files())):
            assert one.source.at(1).path == "main.tf"
    data = content.encode("utf-8", "surrogatepass")
    for what in (Kind.TERRAFORM, Kind.TEMPLATEFILE):
        for finding in lint("main.tf", data, what):
            assert finding.where.column >= 1


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("$%{}"), max_size=40))
@example("${")
@example("%{a")
@example("$${x} %%{y}")
def test_a_quoted_string_keeps_each_character_and_its_place(plain: str) -> None:
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${").replace("%{", "%%{")
    source = Source.of_file("main.tf", f'x = "{escaped}"\n')
    known = text(parse(source).attributes["x"].value, Scope("", Files()))
    assert known is not None
    assert known.source.text == plain
    line = source.text.split("\n")[0]
    for offset, character in enumerate(plain):
        # What was escaped with a backslash stands at it.
        if character not in '\\"':
            assert line[known.source.at_offset(offset).column - 1] == character


DEEP = ["a = " + "[" * 50_000, "a = " + '"${' * 20_000, "a {" * 50_000, "a = <<E\n" + '${"' * 20_000 + "\nE\n",
        "a = x" + ".y" * 50_000, "a = " + "-" * 50_000, "a = <<E\n" + "${<<F\n" * 10_000 + "\nE\n",
        "a = <<E\n" + "${x:-y} %{z}" * 10_000 + "\nE\n", "a = [" + "/* */" * 50_000, "/*" * 100_000]  # fmt: skip


@pytest.mark.parametrize("content", DEEP, ids=range(len(DEEP)))
@pytest.mark.parametrize("what", [Kind.TERRAFORM, Kind.TEMPLATEFILE])
def test_what_is_nested_deeply_or_broken_often_is_a_few_findings(content: str, what: Kind) -> None:
    assert len(lint("main.tf", content.encode(), what)) <= 20_000


def test_a_file_larger_than_any_module_is_not_linted() -> None:
    assert found("a = 1\n" * 2_000_000) == ["SW200 1:1"]
    assert found("a = 1\n" * 200_000) == ["SW200 1:1"]


def parts(*written: str, source: str = "./dist/terraform", more: str = "") -> str:
    """Return a call of a module with parts, one on each line from the fourth."""
    listed = "".join(f"    {one},\n" for one in written)
    return f'module "web" {{\n  source = "{source}"\n  parts = [\n{listed}  ]\n{more}}}\n'


OWN = (
    "./dist/terraform",
    "../../dist/terraform/modules/content",
    "git::https://git.example.com/you/ssmwake//terraform",
)


@pytest.mark.parametrize("source", OWN)
def test_a_part_of_our_module_is_linted_as_user_data_by_its_first_line_or_its_type(source: str) -> None:
    files = {
        "first.sh": "apt-get install nginx\n",
        "second.sh": f"#!/bin/sh\n{IMDS}ami-id\n",
        "app.yaml": "#cloud-confg\npackages: [jq]\n",
        "node.yaml": "# a node\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  clustr: {}\n",
        "run.tftpl": "#!/bin/sh\nyum install ${package}\n",
    }
    written = (
        '{ content = file("first.sh") }',
        '{ content = file("${path.module}/second.sh"), filename = "b.sh", content_type = "text/x-shellscript" }',
        '{ content = file("app.yaml"), content_type = "text/plain", merge_type = "dict()" }',
        '{ content = file("node.yaml"), content_type = null }',
        '{ content = templatefile("run.tftpl", { package = "jq" }) }',
        '{ content = "runcmdd: []", content_type = "text/cloud-config" }',
        '{ content = "print(1)", content_type = "text/x-lua" }',
        '{ content = "MIME-Version: 1.0\\nContent-Type: multipart/mixed; boundary=b\\n\\n--b\\n" }',
        '{ content = "{\\"apiVersion\\": \\"node.eks.aws/v1alpha1\\"}" }',
    )
    expected = ["SW202 app.yaml:1:1", "SW202 first.sh:1:1", "SW206 9:18", "SW210 second.sh:2:1", "SW215 11:18"]
    expected += ["SW240 run.tftpl:2:1", "SW279 10:44", "SW279 12:18", "SW285 node.yaml:5:3"]
    assert found(parts(*written, source=source), files) == expected


@pytest.mark.parametrize(
    "listed",
    [
        "local.all",
        "concat(local.all, [])",
        "var.on ? local.all : []",
        "flatten([local.all, [local.all]])",
        "concat(local.circle, local.all)",
        "var.parts",
    ],
)
def test_the_parts_of_our_module_are_found_through_names_and_lists(listed: str) -> None:
    content = f"""locals {{
  all    = [{{ content = file("a.sh") }}]
  circle = concat(local.circle, local.round)
  round  = local.circle
}}
variable "parts" {{
  default = [{{ content = file("a.sh") }}]
}}
module "web" {{
  source = "./ssmwake"
  parts  = {listed}
}}
"""
    assert found(content, {"a.sh": f"#!/bin/sh\n{IMDS}\n"}) == ["SW210 a.sh:2:1"]


def test_parts_in_json_are_linted_too() -> None:
    module = {"source": "./dist/terraform", "parts": [{"content": '${file("a.sh")}'}, {"content": "date"}]}
    content = json.dumps({"module": {"web": module}})
    expected = [f"SW202 1:{content.index('date') + 1}", "SW240 a.sh:2:1"]
    assert found(content, {"a.sh": "#!/bin/sh\nyum install jq\n"}, "main.tf.json") == expected


@pytest.mark.parametrize(
    "content",
    [
        parts("{ content = var.script }", '{ content = "${var.head}\\ndate" }', "var.part", '{ content = "" }'),
        parts("{ content = module.app.script }", '{ content = "%SCRIPT%" }', '{ content = file("none.sh") }'),
        # With a field more, it is not what our module takes.
        parts('{ content = "Hello", name = "a" }', '{ text = "date" }', '"date"', source="./dist/terraform"),
        parts('{ content = "Hello" }', '{ content = file("bad.sh") }', source="./mails"),
        parts('{ content = "Hello", content_type = "text/plain" }', source="./mails"),
        parts('{ content = "date", content_type = "text/x-shellscript" }', source="./cloud-init"),
        parts('{ content = "#!/bin/sh\\nyum install jq", content_type = var.type }', source="./mails"),
        parts('{ content = file("large.sh") }'),
        parts('{ content = file("large.sh") }', more="  gzip = true\n"),
        parts('{ content = file("bad.sh"), content_type = "text/x-shellscript" }', source="./s3").replace(
            "parts", "files"
        ),
    ],
)
def test_what_is_not_known_to_be_a_part_of_user_data_is_not_linted(content: str) -> None:
    files = {"bad.sh": "#!/bin/sh\nyum install jq\n", "large.sh": "#!/bin/sh\n" + "date\n" * 5000}
    assert found(content, files) == []


def test_a_part_that_is_never_compressed_has_a_size() -> None:
    content = parts('{ content = file("large.sh") }', more="  gzip = false\n")
    assert found(content, {"large.sh": "#!/bin/sh\n" + "date\n" * 5000}) == ["SW201 large.sh:1:1"]


def test_a_typed_part_of_another_module_is_linted_by_its_first_line() -> None:
    content = parts('{ content = file("a.sh"), content_type = "text/x-shellscript" }', source="./cloud-init")
    assert found(content, {"a.sh": "#!/bin/sh\nyum install jq\n"}) == ["SW240 a.sh:2:1"]


def test_an_instance_runs_the_parts_that_its_module_is_given() -> None:
    call = "docker run amazon/aws-cli s3 ls"
    resource = re.sub("(?<=user_data            = ).*", "module.web.user_data", described(hops="1"))
    assert found(resource + parts(f'{{ content = "#!/bin/sh\\n{call}\\n" }}')) == ["SW222 8:5"]
    assert found(resource + parts('{ content = "#!/bin/sh\\ndate\\n" }')) == []
