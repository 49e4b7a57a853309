resource "aws_launch_template" "web" {
  user_data = base64encode(templatefile("templates/one.sh.tftpl", { domain = "example.com" }))
}
