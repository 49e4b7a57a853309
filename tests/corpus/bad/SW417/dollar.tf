resource "aws_instance" "web" {
  ami           = var.ami
  instance_type = "t3.micro"
  user_data     = file("${path.module}/scripts/dollar.sh")
}
