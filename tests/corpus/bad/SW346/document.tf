resource "aws_ssm_document" "restart" {
  name            = "restart"
  document_type   = "Command"
  document_format = "YAML"
  content         = <<-DOC
    schemaVersion: "2.2"
    description: restart
    mainSteps:
    - name: restart
      action: aws:runShellScript
      inputs:
        runCommand:
        - |
          sysctl -p
          exit 194
  DOC
}
