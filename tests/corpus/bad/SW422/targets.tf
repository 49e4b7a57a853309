resource "aws_ssm_document" "patch" {
  name            = "patch"
  document_type   = "Automation"
  document_format = "YAML"
  content = yamlencode({
    schemaVersion = "0.3"
    description   = "patch"
    parameters    = { InstanceIds = { type = "StringList", description = "where" } }
    mainSteps = [{
      name   = "Run"
      action = "aws:runCommand"
      inputs = { DocumentName = "AWS-RunPatchBaseline", InstanceIds = "{{ InstanceIds }}", Parameters = { Operation = "Scan" } }
    }]
  })
}

resource "aws_ssm_association" "patch" {
  name = aws_ssm_document.patch.name
  targets {
    key    = "tag:Patch"
    values = ["yes"]
  }
}
