resource "aws_ssm_document" "uptime" {
  name            = "Uptime"
  document_type   = "Command"
  document_format = "JSON"

  content = yamlencode({
    schemaVersion = "2.2"
    description   = "Say how long the instance has been up."
    mainSteps = [{
      action = "aws:runShellScript"
      name   = "uptime"
      inputs = { runCommand = ["uptime"] }
    }]
  })
}
