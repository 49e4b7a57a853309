data "aws_ami" "image" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}

resource "aws_launch_template" "web" {
  image_id  = data.aws_ami.image.id
  user_data = base64encode("#!/bin/bash\namazon-linux-extras install -y nginx1\n")
}
