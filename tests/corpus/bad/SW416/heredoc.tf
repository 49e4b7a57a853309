resource "aws_ssm_document" "patch" {
  name          = "Patch"
  document_type = "Command"

  content = <<DOC
schemaVersion: "2.2"
description: Update what is installed.
mainSteps:
  - action: aws:runShellScript
    name: update
    inputs:
      runCommand:
        - dnf -y update
DOC
}
