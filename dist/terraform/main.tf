# Rendered by ssmwake from templates/; do not edit.
module "content" {
  source = "./modules/content"

  role                  = var.role
  timeout               = var.timeout
  poll                  = var.poll
  poll_healthy          = var.poll_healthy
  restart_after         = var.restart_after
  instance_connect      = var.instance_connect
  on_ready              = var.on_ready
  parts                 = var.parts
  gzip                  = var.gzip
  command_document_name = var.command_document_name
}

locals {
  # No other stack has a document of this name in this account and region, so by default no other one has this tag.
  association_tag = var.association_tag == null ? null : {
    key   = var.association_tag.key
    value = coalesce(var.association_tag.value, var.command_document_name)
  }
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

resource "aws_ssm_association" "install" {
  count = local.association_tag == null ? 0 : 1

  name                = var.create_documents ? aws_ssm_document.command[0].name : var.command_document_name
  parameters          = { Action = "install" }
  schedule_expression = var.association_schedule
  max_concurrency     = "10%"
  max_errors          = "10%"
  compliance_severity = "MEDIUM"

  targets {
    key    = "tag:${local.association_tag.key}"
    values = [local.association_tag.value]
  }
}
