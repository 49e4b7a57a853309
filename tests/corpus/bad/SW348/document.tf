resource "aws_ssm_document" "uptime" {
  name          = "uptime"
  document_type = "Command"
  content = jsonencode({
    schemaVersion = "2.2"
    description   = "Uptime"
    mainSteps = [{
      name   = "uptime"
      action = "aws:runShellScript"
      inputs = { runCommand = "uptime" }
    }]
  })
}
