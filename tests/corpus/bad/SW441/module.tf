resource "aws_ssm_document" "greet" {
  name          = "greet"
  document_type = "Command"
  content = jsonencode({
    schemaVersion = "2.2"
    description   = "greet"
    mainSteps = [{
      action = "aws:runShellScript"
      name   = "greet"
      inputs = [{ runCommand = ["echo hello"] }]
    }]
  })
}
