variable "team" {
  type = string
}

resource "aws_ssm_document" "yaml" {
  name            = "shop-Report"
  document_type   = "Command"
  document_format = "YAML"

  content = <<-DOC
    schemaVersion: "2.2"
    description: Reports the free space
    parameters:
      Mount:
        type: String
        default: /
        allowedValues: [/, /srv]
    mainSteps:
      - action: aws:runShellScript
        name: report
        inputs:
          timeoutSeconds: "60"
          runCommand:
            - |
              #!/bin/bash
              line=$(df --output=pcent '{{ Mount }}' | tail -1)
              echo "${var.team} $${HOSTNAME} $line"
  DOC
}

resource "aws_ssm_document" "json" {
  name          = "shop-Level"
  document_type = "Command"

  content = <<DOC
{
  "schemaVersion": "2.2",
  "description": "Reloads the shop",
  "mainSteps": [
    {
      "action": "aws:runShellScript",
      "name": "reload",
      "inputs": {"timeoutSeconds": "60", "runCommand": ["systemctl reload shop"]}
    }
  ]
}
DOC
}

resource "aws_ssm_document" "encoded" {
  name            = "shop-Reboot"
  document_type   = "Automation"
  document_format = "YAML"
  version_name    = "v-1"

  content = yamlencode({
    schemaVersion = "0.3"
    description   = "Reboots an instance"
    assumeRole    = "{{ AutomationAssumeRole }}"
    parameters = {
      AutomationAssumeRole = { type = "AWS::IAM::Role::Arn" }
      InstanceId           = { type = "AWS::EC2::Instance::Id" }
    }
    mainSteps = [{
      name   = "Reboot"
      action = "aws:executeAwsApi"
      isEnd  = true
      inputs = {
        Service     = "ec2"
        Api         = "RebootInstances"
        InstanceIds = ["{{ InstanceId }}"]
      }
    }]
  })
}

resource "aws_ssm_document" "session" {
  name          = "SSM-SessionManagerRunShell"
  document_type = "Session"

  content = jsonencode({
    schemaVersion = "1.0"
    description   = "Preferences"
    sessionType   = "Standard_Stream"
    inputs        = { idleSessionTimeout = "20", runAsEnabled = false }
  })
}

resource "aws_ssm_association" "report" {
  name                = aws_ssm_document.yaml.name
  association_name    = "report-daily"
  schedule_expression = "cron(0 2 ? * * *)"

  apply_only_at_cron_interval = true

  parameters = {
    Mount = "/srv"
  }

  targets {
    key    = "tag:team"
    values = [var.team]
  }
}

resource "aws_ssm_association" "agent" {
  name                = "AWS-UpdateSSMAgent"
  schedule_expression = "rate(7 days)"

  targets {
    key    = "InstanceIds"
    values = ["*"]
  }
}
