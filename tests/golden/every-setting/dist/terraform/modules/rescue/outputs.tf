# Rendered by ssmwake from templates/; do not edit.
output "rescue_document_name" {
  description = "Name of the Automation runbook."
  value       = var.rescue_document_name

  depends_on = [aws_ssm_document.rescue]
}

output "rescue_document_arn" {
  description = "ARN of the Automation runbook; null if it is not created here."
  value       = one(aws_ssm_document.rescue[*].arn)
}

output "rescue_document_version" {
  description = "Default version of the Automation runbook; null if it is not created here."
  value       = one(aws_ssm_document.rescue[*].default_version)
}

output "command_document_name" {
  description = "Name of the Command document."
  value       = var.command_document_name

  depends_on = [aws_ssm_document.command]
}

output "role_arn" {
  description = "The role of the runbook, for its parameter AutomationAssumeRole."
  value       = local.role_arn

  # The policy is there before anybody starts the runbook with the role.
  depends_on = [aws_iam_role_policy.rescue]
}

output "start_policy_arn" {
  description = "The policy for whoever may start the runbook."
  value       = aws_iam_policy.start.arn
}
