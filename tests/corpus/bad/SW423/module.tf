resource "aws_instance" "web" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data = templatefile("${path.module}/templates/web.sh.tftpl", {
    domain = var.domain
  })
}
