# Rendered by ssmwake from templates/; do not edit.
output "user_data" {
  description = "For user_data of aws_instance, where it fits as text."
  value       = local.user_data
}

output "user_data_base64" {
  description = "For user_data of aws_launch_template and user_data_base64 of aws_instance; compressed where it is longer than 16384 bytes, or as gzip says."
  value       = local.gzip ? local.base64gzip : local.base64

  precondition {
    condition     = (local.gzip ? local.bytes_gzip : local.bytes) <= local.limit
    error_message = local.gzip ? "The user data has ${local.bytes_gzip} bytes even with gzip, and EC2 takes 16384; fetch your larger files from S3, or put them in the image." : "The user data has ${local.bytes} bytes, and EC2 takes 16384; leave gzip out, which makes it ${local.bytes_gzip}."
  }
}

output "user_data_base64gzip" {
  description = "The same for cloud-init, always compressed."
  value       = local.base64gzip
}

output "sha256" {
  description = "Changes when the user data does."
  value       = sha256(local.user_data)
}

output "bytes" {
  description = "The size of the user data as text; EC2 takes 16384."
  value       = local.bytes
}

output "bytes_gzip" {
  description = "Its size with gzip."
  value       = local.bytes_gzip
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
