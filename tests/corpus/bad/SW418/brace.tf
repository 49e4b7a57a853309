resource "aws_instance" "web" {
  ami           = var.ami
  instance_type = "t3.micro"

  metadata_options {
    http_tokens = "required"

  user_data = file("first-boot.sh")
}
