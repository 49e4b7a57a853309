resource "aws_launch_configuration" "web" {
  name_prefix   = "web-"
  image_id      = var.ami
  instance_type = "t3.micro"

  user_data = base64encode(<<-EOF
    #cloud-config
    packages:
      - nginx
  EOF
  )
}
