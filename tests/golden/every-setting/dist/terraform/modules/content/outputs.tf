# Rendered by ssmwake from templates/; do not edit.
output "user_data" {
  description = "For user_data of aws_instance."
  value       = local.user_data
}

output "user_data_base64" {
  description = "For user_data of aws_launch_template, and user_data_base64 of aws_instance."
  value       = local.base64
}

output "user_data_base64gzip" {
  description = "The same, compressed: for user data that is longer than 16384 bytes."
  value       = local.base64gzip

  precondition {
    condition     = local.bytes_gzip <= local.limit
    error_message = "The user data has ${local.bytes_gzip} bytes even with gzip, and EC2 takes 16384; fetch your larger files from S3, or put them in the image."
  }
}

output "sha256" {
  description = "Changes when the user data does."
  value       = sha256(local.user_data)
}

output "bytes" {
  description = "The size of the user data; EC2 takes 16384."
  value       = local.bytes
}

output "settings" {
  description = "The lines for the variable settings of user-data.tftpl, if you use the template."
  value       = local.settings
}

output "command_document" {
  description = "The Command document, in JSON; it has the same settings as the user data."
  value       = jsonencode(local.command_document)
}

output "rescue_runbook" {
  description = "The Automation runbook, in YAML."
  value       = replace(file("${path.module}/automation.yaml"), "@command-document@", var.command_document_name)
}
