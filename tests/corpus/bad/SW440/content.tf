resource "aws_ssm_document" "a" {
  name          = "fix"
  document_type = "Command"
  content = <<DOC
{
  "schemaVersion": "2.2", "description": "x",
  "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": ["uptime"],}}]
}
DOC
}
