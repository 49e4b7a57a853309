locals {
  first_boot = join("\n", [
    "#!/bin/sh",
    "set -eu",
    "dnf install -y jq",
  ])
}

resource "aws_instance" "worker" {
  ami              = var.ami
  instance_type    = "t3.micro"
  user_data_base64 = local.first_boot
}
