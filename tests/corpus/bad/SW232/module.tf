resource "aws_instance" "web" {
  user_data = <<-EOF
    #cloud-config
    package_update: true

    #! /usr/bin/env python3
    print("hello")
  EOF
}
