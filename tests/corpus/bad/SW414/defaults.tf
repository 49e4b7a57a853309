resource "aws_instance" "web" {
  ami           = var.ami
  instance_type = "t3.micro"

  user_data = <<-EOF
    #!/bin/bash
    set -euo pipefail
    channel=${CHANNEL:-stable}
    names=(web worker)
    echo "${#names[@]} names, first ${names[0]}, all ${names[@]}"
    for name in "$${names[@]}"; do
      echo "${name%%-*}" >> /etc/names
    done
    echo "$channel" > "${HOME}/channel"
  EOF
}
