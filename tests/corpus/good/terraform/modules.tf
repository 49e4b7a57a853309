module "web" {
  source    = "./module-web"
  user_data = <<-EOF
    #!/bin/bash
    cat > /etc/prose.txt <<'TEXT'
    Do not write curl http://169.254.169.254/latest/meta-data/ without a token.
    TEXT
  EOF
}

module "worker" {
  source    = "./module-web"
  user_data = file("${path.module}/first-boot.sh")
}
