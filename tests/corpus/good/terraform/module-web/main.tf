variable "user_data" {
  type    = string
  default = null
}

resource "aws_instance" "this" {
  count                = 2
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = "web"
  user_data            = coalesce(var.user_data, "#!/bin/sh\nhostnamectl set-hostname web-${count.index}\n")

  metadata_options {
    http_tokens            = "required"
    instance_metadata_tags = "enabled"
  }
}
