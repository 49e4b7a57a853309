data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

resource "aws_instance" "web" {
  ami           = data.aws_ssm_parameter.image.value
  instance_type = "t3.micro"
  user_data     = <<-EOF
    #!/bin/bash
    amazon-linux-extras install -y epel
  EOF
}
