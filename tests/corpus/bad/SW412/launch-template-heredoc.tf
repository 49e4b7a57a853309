locals {
  name = "web"
}

resource "aws_launch_template" "web" {
  name_prefix   = "${local.name}-"
  image_id      = data.aws_ami.al2023.id
  instance_type = "t3.micro"

  user_data = <<-EOF
    #!/bin/bash
    hostnamectl set-hostname ${local.name}
    dnf install -y nginx
  EOF
}
