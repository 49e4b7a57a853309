resource "aws_ssm_document" "a" {
  name            = "hello"
  document_type   = "Command"
  document_format = "YAML"
  content         = <<-EOT
    schemaVersion: "2.2"
    mainSteps: [
  EOT
}
