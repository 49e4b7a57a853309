source "amazon-ebs" "web" {
  ami_name      = "web-{{ timestamp }}"
  instance_type = "t3.micro"
  region        = "eu-west-1"
  source_ami    = "ami-0123456789abcdef0"
  ssh_username  = "ec2-user"
  imds_support  = "v2.0"

  user_data = <<-EOF
    #!/bin/bash
    dnf install -y jq
  EOF

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }
}

build {
  sources = ["source.amazon-ebs.web"]
}
