resource "aws_ssm_association" "patch" {
  name = "AWS-RunShellScript"
  parameters = {
    commands = <<-EOT
      yum update
      yum install -y jq
    EOT
  }
}

resource "aws_ssm_maintenance_window_task" "patch" {
  task_type = "RUN_COMMAND"
  task_arn  = "AWS-RunShellScript"
  window_id = aws_ssm_maintenance_window.night.id
  task_invocation_parameters {
    run_command_parameters {
      parameter {
        name   = "commands"
        values = ["set -e", "apt-get install nginx"]
      }
    }
  }
}

module "nodes" {
  source = "terraform-aws-modules/eks/aws"
  eks_managed_node_groups = {
    one = {
      pre_bootstrap_user_data = <<-EOT
        #!/bin/bash
        yum install amazon-ssm-agent
      EOT
    }
  }
}

resource "aws_instance" "formatted" {
  ami       = "ami-0123456789abcdef0"
  user_data = format("#!/bin/bash\nyum install %s\n", var.package)
}

resource "aws_instance" "replaced" {
  ami       = "ami-0123456789abcdef0"
  user_data = replace("#!/bin/bash\nyum install NAME\n", "NAME", var.package)
}

variable "script" {
  default = <<EOT
#!/bin/bash
yum install httpd
EOT
}

resource "aws_launch_template" "default" {
  user_data = base64encode(var.script)
}

resource "aws_ssm_document" "of_files" {
  name          = "of-files"
  document_type = "Command"
  content       = jsonencode(local.document)
}

locals {
  document = {
    schemaVersion = "2.2"
    description   = "Scripts in files"
    mainSteps = [
      { name = "lines", action = "aws:runShellScript", inputs = { runCommand = split("\n", file("scripts/run.sh")) } },
      { name = "text", action = "aws:runShellScript", inputs = { runCommand = [file("scripts/once.sh")] } },
    ]
  }
}
