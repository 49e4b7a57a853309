resource "aws_instance" "web" {
  ami           = var.ami
  instance_type = "t3.micro"
  user_data     = <<-EOT
    #!/bin/sh
    hostnamectl set-hostname ${var.prefix + }-web
  EOT
}
