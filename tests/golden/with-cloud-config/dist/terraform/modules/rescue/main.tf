# Rendered by ssmwake from templates/; do not edit.
data "aws_caller_identity" "here" {}

data "aws_partition" "here" {}

module "content" {
  source = "../content"

  # What the runbook attaches is a role that its caller chose, so the instance waits for any.
  role                  = ""
  command_document_name = var.command_document_name
}

locals {
  account   = data.aws_caller_identity.here.account_id
  partition = data.aws_partition.here.partition
  role_arn  = var.role_arn == null ? one(aws_iam_role.rescue[*].arn) : var.role_arn

  # The roles of the CloudFormation templates, and those of this module's user.
  roles = concat(["arn:${local.partition}:iam::${local.account}:role/ssmwake/*"], var.instance_role_arns)

  policy = jsondecode(replace(replace(replace(replace(
    file("${path.module}/runbook.json"),
    "@account@", local.account),
    "@partition@", local.partition),
    "@region@", "*"),
  "@command-document@", var.command_document_name))
  statements = [for each in local.policy.Statement :
    each.Sid == "AttachOnlyTheseRoles" ? jsonencode(merge(each, { Resource = local.roles })) : jsonencode(each)
    if each.Sid != "FallbackWithConsent" || var.allow_restart
  ]
}

resource "aws_ssm_document" "command" {
  count = var.create_documents ? 1 : 0

  name            = var.command_document_name
  document_type   = "Command"
  document_format = "JSON"
  target_type     = "/AWS::EC2::Instance"
  content         = module.content.command_document
  tags            = var.tags
}

resource "aws_ssm_document" "rescue" {
  count = var.create_documents ? 1 : 0

  name            = var.rescue_document_name
  document_type   = "Automation"
  document_format = "YAML"
  target_type     = "/AWS::EC2::Instance"
  content         = module.content.rescue_runbook
  tags            = var.tags

  lifecycle {
    precondition {
      condition     = var.rescue_document_name != var.command_document_name
      error_message = "command_document_name and rescue_document_name must be two different names."
    }
  }
}

resource "aws_iam_role" "rescue" {
  count = var.role_arn == null ? 1 : 0

  name                 = var.role_name
  description          = "What the rescue runbook of ssmwake may do"
  permissions_boundary = var.permissions_boundary
  assume_role_policy = replace(replace(replace(
    file("${path.module}/trust.json"),
    "@account@", local.account),
    "@partition@", local.partition),
  "@region@", "*")
  tags = var.tags
}

resource "aws_iam_role_policy" "rescue" {
  count = var.role_arn == null ? 1 : 0

  name   = "rescue"
  role   = aws_iam_role.rescue[0].id
  policy = jsonencode({ Version = "2012-10-17", Statement = [for each in local.statements : jsondecode(each)] })
}

resource "aws_iam_policy" "start" {
  name_prefix = "ssmwake-start-"
  description = "Start the rescue runbook of ssmwake, and follow it"
  policy = jsonencode(jsondecode(replace(replace(replace(replace(replace(
    file("${path.module}/start.json"),
    "arn:@partition@:iam::@account@:role/@runbook-role@", local.role_arn),
    "@account@", local.account),
    "@partition@", local.partition),
    "@region@", "*"),
  "@runbook@", var.rescue_document_name)))
  tags = var.tags
}
