resource "aws_ssm_document" "stop" {
  name            = "shop-stop"
  document_type   = "Automation"
  document_format = "YAML"
  content = yamlencode({
    schemaVersion = "0.3"
    description   = "Stop an instance that nobody uses."
    parameters    = { InstanceId = { type = "String", description = "Which.", allowedPattern = "^i-[0-9a-f]{17}$" } }
    mainSteps = [{
      name   = "Stop"
      action = "aws:changeInstanceState"
      inputs = { InstanceIds = ["{{ InstanceId }}"], DesiredState = "stopped" }
    }]
  })
}

resource "aws_ssm_association" "stop" {
  name                             = aws_ssm_document.stop.name
  automation_target_parameter_name = "InstanceId"
  schedule_expression              = "cron(0 20 ? * * *)"
  targets {
    key    = "tag:Stop"
    values = ["yes"]
  }
}

resource "aws_ssm_association" "patch" {
  name        = "AWS-RunPatchBaseline"
  instance_id = aws_instance.web.id
}

resource "aws_iam_role" "web" {
  name               = "shop-web"
  assume_role_policy = data.aws_iam_policy_document.ec2.json
}

resource "aws_iam_instance_profile" "web" {
  name = aws_iam_role.web.name
  role = aws_iam_role.web.name
}

resource "aws_instance" "web" {
  ami                  = data.aws_ami.web.id
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_role.web.name
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "enabled"
  }
  user_data = <<-EOF
    #!/bin/bash
    ssmwake wait --role shop-web
    amazon-linux-extras install -y docker
  EOF
}

resource "aws_launch_template" "web" {
  image_id = data.aws_ami.web.id
  iam_instance_profile {
    arn = aws_iam_instance_profile.web.arn
  }
}

data "aws_ami" "web" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["amzn2-ami-hvm-*-x86_64-gp2"]
  }
}

data "cloudinit_config" "web" {
  part {
    content_type = "text/cloud-config"
    content      = "packages: [jq]\n"
  }
  part {
    content_type = "text/x-shellscript"
    content      = "#!/bin/sh\ndate\n"
  }
}

data "aws_iam_policy_document" "ec2" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}
