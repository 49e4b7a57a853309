data "cloudinit_config" "web" {
  gzip          = true
  base64_encode = true

  part {
    filename     = "cloud-config.yaml"
    content_type = "text/cloud-config"
    content = templatefile("${path.module}/templates/cloud-config.tftpl", {
      hostname = "web"
      packages = ["nginx", "jq"]
      settings = { port = 8080 }
    })
  }

  part {
    filename     = "first-boot.sh"
    content_type = "text/x-shellscript"
    content      = file("${path.module}/first-boot.sh")
  }

  part {
    content_type = "text/cloud-config"
    merge_type   = "list(append)+dict(recurse_array)+str()"
    content = yamlencode({
      timezone = "Europe/Berlin"
      runcmd   = [["touch", "/run/done"]]
    })
  }
}

resource "aws_instance" "packed" {
  ami              = "ami-0123456789abcdef0"
  instance_type    = "t3.micro"
  user_data_base64 = data.cloudinit_config.web.rendered

  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_instance" "inline" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = <<EOF
#cloud-config
packages:
  - nginx
write_files:
  - path: /usr/local/bin/health
    permissions: "0755"
    content: |
      #!/bin/sh
      exec curl -fsS "http://127.0.0.1:$${PORT:-8080}/health"
EOF

  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_instance" "encoded" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = "#cloud-config\n${yamlencode({ packages = ["jq"], final_message = "done" })}"

  metadata_options {
    http_tokens = "required"
  }
}
