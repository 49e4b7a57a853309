resource "aws_ssm_document" "a" {
  name          = "fix"
  document_type = "Command"
  content = jsonencode({
    schemaVersion = "2.2", description = "x",
    mainSteps = [{ action = "aws:runShellScript", name = "a", inputs = { runCommand = ["uptime"], timeoutSeconds = var.t } }]
  })
}
resource "aws_ssm_document" "b" {
  name            = "fix2"
  document_type   = "Command"
  document_format = "YAML"
  content         = yamlencode({
    schemaVersion = "2.2", description = "x",
    mainSteps = [{ action = "aws:runShellScript", name = "a", inputs = { runCommand = ["uptime"] } }]
  })
}
resource "aws_ssm_document" "c" {
  name          = "fix3"
  document_type = "Command"
  content = <<-DOC
  {
    "schemaVersion": "2.2", "description": "x",
    "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"timeoutSeconds": ${var.t}, "runCommand": ${jsonencode(var.commands)}}}]
  }
  DOC
}
