# Rendered by ssmwake from templates/; do not edit.
output "user_data" {
  description = "For user_data of aws_instance, where it fits as text."
  value       = module.content.user_data
}

output "user_data_base64" {
  description = "For user_data of aws_launch_template and user_data_base64 of aws_instance; compressed where it is longer than 16384 bytes, or as gzip says."
  value       = module.content.user_data_base64
}

output "user_data_base64gzip" {
  description = "The same, always compressed."
  value       = module.content.user_data_base64gzip
}

output "sha256" {
  description = "Changes when the user data does."
  value       = module.content.sha256
}

output "instance_tags" {
  description = "Tags for the instances: the consent that the rescue runbook asks for, and the tag by which the association finds them."
  value       = merge({ ssmwake = "managed" }, local.association_tag == null ? {} : { (local.association_tag.key) = local.association_tag.value })
}

output "command_document_name" {
  description = "Name of the Command document."
  value       = var.command_document_name

  depends_on = [aws_ssm_document.command]
}

output "command_document_arn" {
  description = "ARN of the Command document; null if it is not created here."
  value       = one(aws_ssm_document.command[*].arn)
}

output "command_document_version" {
  description = "Default version of the Command document; null if it is not created here."
  value       = one(aws_ssm_document.command[*].default_version)
}

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

output "association_id" {
  description = "The association that keeps ssmwake installed; null without one."
  value       = one(aws_ssm_association.install[*].association_id)
}
