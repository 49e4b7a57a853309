resource "aws_ssm_document" "restart" {
  name          = "AWS-${var.environment}-restart"
  document_type = "Command"
  content       = jsonencode({ schemaVersion = "2.2", description = "Restart", mainSteps = [{ name = "restart", action = "aws:runShellScript", inputs = { runCommand = ["true"] } }] })
}

resource "aws_ssm_document" "stop" {
  name          = "${var.environment}-aws-stop"
  document_type = "Command"
  content       = jsonencode({ schemaVersion = "2.2", description = "Stop", mainSteps = [{ name = "stop", action = "aws:runShellScript", inputs = { runCommand = ["true"] } }] })
}
