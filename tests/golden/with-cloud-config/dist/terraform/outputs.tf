# Rendered by ssmwake from templates/; do not edit.
output "user_data" {
  description = "For user_data of aws_instance."
  value       = module.content.user_data
}

output "user_data_base64" {
  description = "For user_data of aws_launch_template, and user_data_base64 of aws_instance."
  value       = module.content.user_data_base64
}

output "user_data_base64gzip" {
  description = "The same, compressed: for user data that is longer than 16384 bytes."
  value       = module.content.user_data_base64gzip
}

output "sha256" {
  description = "Changes when the user data does."
  value       = module.content.sha256
}

output "command_document_name" {
  description = "Name of the Command document."
  value       = var.command_document_name

  depends_on = [aws_ssm_document.command]
}

output "rescue_document_name" {
  description = "Name of the Automation runbook."
  value       = var.rescue_document_name

  depends_on = [aws_ssm_document.rescue]
}
