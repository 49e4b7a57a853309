resource "aws_ssm_document" "say" {
  name            = "say"
  document_type   = "Automation"
  document_format = "YAML"
  content = yamlencode({
    schemaVersion = "0.3"
    description   = "say hello"
    mainSteps = [{
      name   = "Say"
      action = "aws:executeScript"
      inputs = { Runtime = "python3.11", Handler = "say", Script = ["def say(events, context):", "  return {}"] }
    }]
  })
}
