# Rendered by ssmwake from templates/; do not edit.
terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

module "ssmwake" {
  source = "../.."

  # The role below, whatever name it gets: an instance that waits for another one waits for ever.
  role     = aws_iam_role.web.name
  timeout  = 900
  gzip     = true
  on_ready = ["aws sts get-caller-identity"]
  parts    = [{ content = file("${path.module}/setup.sh") }]
}

module "rescue" {
  source = "../../modules/rescue"

  create_documents      = false
  command_document_name = module.ssmwake.command_document_name
  rescue_document_name  = module.ssmwake.rescue_document_name
  instance_role_arns    = [aws_iam_role.web.arn]
}

module "on_attach" {
  source = "../../modules/on-attach"

  rescue_document_name = module.rescue.rescue_document_name
  runbook_role_arn     = module.rescue.role_arn
}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

resource "aws_iam_role" "web" {
  name_prefix = "web-"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "agent" {
  name_prefix = "ssm-agent-"
  role        = aws_iam_role.web.id
  policy      = file("${path.module}/instance.json")
}

resource "aws_iam_instance_profile" "web" {
  name_prefix = "web-"
  role        = aws_iam_role.web.name
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = data.aws_ssm_parameter.image.value
  instance_type = "t3.micro"
  user_data     = module.ssmwake.user_data_base64

  iam_instance_profile {
    arn = aws_iam_instance_profile.web.arn
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }

  tag_specifications {
    resource_type = "instance"
    tags          = module.ssmwake.instance_tags
  }
}

resource "aws_instance" "web" {
  launch_template {
    id      = aws_launch_template.web.id
    version = aws_launch_template.web.latest_version
  }

  # The policy is there before the agent asks for the first time.
  depends_on = [aws_iam_role_policy.agent]
}

output "rescue" {
  description = "Brings the instance online if it ever is not."
  value       = "aws ssm start-automation-execution --document-name ${module.rescue.rescue_document_name} --parameters InstanceId=${aws_instance.web.id},AutomationAssumeRole=${module.rescue.role_arn}"
}
