resource "aws_instance" "web" {
  ami           = var.ami
  instance_type = "t3.micro"

  user_data = <<-EOF
    #!/bin/sh
    until [ "$(curl -s -o /dev/null -w '%{http_code}' http://localhost:8080/health)" = 200 ]; do
      sleep 2
    done
    curl -s -o /dev/null -w "%{time_total}\n" http://localhost:8080/ > /run/latency
  EOF
}
