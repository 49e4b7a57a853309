resource "aws_instance" "web" {
  ami           = var.ami
  instance_type = "t3.micro"

  user_data = <<EOF
#!/bin/sh
uptime > /run/first-boot
  EOF;
}
