# Rendered by ssmwake from templates/; do not edit.
output "user_data" {
  description = "For user_data of aws_instance."
  value       = local.user_data
}

output "user_data_base64" {
  description = "For user_data of aws_launch_template, and user_data_base64 of aws_instance."
  value       = base64encode(local.user_data)
}

output "user_data_base64gzip" {
  description = "The same, compressed: for user data that is longer than 16384 bytes."
  value       = base64gzip(local.user_data)

  precondition {
    condition     = length(base64gzip(local.user_data)) <= local.longest
    error_message = "The user data is longer than 16384 bytes even with gzip; fetch your larger files from S3, or put them in the image."
  }
}

output "sha256" {
  description = "Changes when the user data does."
  value       = sha256(local.user_data)
}

output "settings" {
  description = "The lines for the variable settings of user-data.tftpl, for those who want a template."
  value       = local.lines
}

output "command_document" {
  description = "The Command document, in YAML."
  value       = file("${path.module}/command.yaml")
}

output "rescue_runbook" {
  description = "The Automation runbook, in JSON."
  value       = jsonencode(merge(local.runbook, { parameters = local.parameters }))
}
