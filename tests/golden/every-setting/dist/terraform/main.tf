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
  command_document_name = var.command_document_name
}

resource "aws_ssm_document" "command" {
  count = var.create_documents ? 1 : 0

  name            = var.command_document_name
  document_type   = "Command"
  document_format = "YAML"
  target_type     = "/AWS::EC2::Instance"
  content         = module.content.command_document
  tags            = var.tags
}

resource "aws_ssm_document" "rescue" {
  count = var.create_documents ? 1 : 0

  name            = var.rescue_document_name
  document_type   = "Automation"
  document_format = "JSON"
  target_type     = "/AWS::EC2::Instance"
  content         = module.content.rescue_runbook
  tags            = var.tags
}

resource "aws_ssm_association" "install" {
  count = var.association_tag == null ? 0 : 1

  name                = var.create_documents ? aws_ssm_document.command[0].name : var.command_document_name
  parameters          = { Action = "install" }
  schedule_expression = var.association_schedule
  max_concurrency     = "10%"
  max_errors          = "10%"
  compliance_severity = "MEDIUM"

  targets {
    key    = "tag:${var.association_tag.key}"
    values = [var.association_tag.value]
  }
}
