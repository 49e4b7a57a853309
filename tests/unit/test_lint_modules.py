"""A module of Terraform: what stands in one of its files tells what a name means in another."""

from ssmwake.lint import File, Kind, lint_all
from ssmwake.model import Finding


def module(**texts: str) -> tuple[Finding, ...]:
    """Return the findings of the files of a folder, each named without its ending."""
    files = [File(f"infra/{name}.tf", text.encode(), Kind.TERRAFORM) for name, text in texts.items()]
    return lint_all(files, with_cfn_lint=False)


def places(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """Return the rules and the places."""
    return [(one.rule, str(one.where)) for one in found]


INSTANCE = 'resource "aws_instance" "web" {\n  ami       = "ami-0123456789abcdef0"\n  user_data = %s\n}\n'
SCRIPT = "<<-EOT\n    #!/bin/bash\n    yum install httpd\n  EOT\n"


def test_a_local_of_another_file_is_linted_as_the_user_data_that_it_is() -> None:
    found = module(main=INSTANCE % "local.setup", locals=f"locals {{\n  setup = {SCRIPT}}}\n")
    assert places(found) == [("SW240", "infra/locals.tf:4:5")]


def test_the_default_of_a_variable_is_linted_as_the_user_data_that_it_is() -> None:
    found = module(main=INSTANCE % "var.setup", variables=f'variable "setup" {{\n  default = {SCRIPT}}}\n')
    assert places(found) == [("SW240", "infra/variables.tf:4:5")]


def test_nothing_is_reported_about_a_default_that_is_not_user_data() -> None:
    texts = {"main": INSTANCE % "var.setup", "variables": 'variable "setup" {\n  default = "yum update"\n}\n'}
    assert module(**texts) == ()


def test_a_role_of_another_file_that_ec2_may_not_assume_is_found_once() -> None:
    trust = '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:*"}]}'
    found = module(
        main=INSTANCE % "null" + 'resource "aws_iam_instance_profile" "web" {\n  role = aws_iam_role.web.name\n}\n',
        iam=f'resource "aws_iam_role" "web" {{\n  assume_role_policy = jsonencode({trust})\n}}\n',
        other='output "role" {\n  value = aws_iam_role.web.arn\n}\n',
    )
    assert places(found) == [("SW227", "infra/iam.tf:2:3")]


def test_an_association_knows_the_document_of_another_file() -> None:
    found = module(
        main='resource "aws_ssm_association" "stop" {\n  name        = aws_ssm_document.stop.name\n'
        "  instance_id = aws_instance.web.id\n}\n",
        documents='resource "aws_ssm_document" "stop" {\n  name          = "stop"\n'
        '  document_type = "Automation"\n  content       = var.content\n}\n',
    )
    assert places(found) == [("SW422", "infra/main.tf:3:3")]


def test_a_file_that_cannot_be_read_is_reported_once_and_keeps_nothing_from_the_others() -> None:
    found = module(main=INSTANCE % SCRIPT, broken='resource "aws_instance" {{\n')
    assert places(found) == [("SW240", "infra/main.tf:5:5"), ("SW418", "infra/broken.tf:1:26")]


def test_a_name_means_what_it_means_in_its_own_folder_only() -> None:
    one, other = INSTANCE % "local.setup", f"locals {{\n  setup = {SCRIPT}}}\n"
    files = [File("a/main.tf", one.encode()), File("b/locals.tf", other.encode())]
    assert lint_all(files, with_cfn_lint=False) == ()


def test_the_first_file_of_a_name_is_its_own() -> None:
    own = f"locals {{\n  setup = {SCRIPT}}}\n"
    assert places(module(main=INSTANCE % "local.setup" + own, other='locals {\n  setup = "#!/bin/sh\\n"\n}\n')) == [
        ("SW240", "infra/main.tf:8:5")
    ]
