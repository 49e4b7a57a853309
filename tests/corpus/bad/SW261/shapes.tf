resource "aws_launch_template" "l" {
  image_id = "ami-0123456789abcdef0"
  iam_instance_profile = aws_iam_instance_profile.x.name
}
resource "aws_instance" "i" {
  ami = "ami-0123456789abcdef0"
  iam_instance_profile {
    name = "web"
  }
}
