resource "aws_launch_template" "web" {
  name      = "web"
  user_data = base64encode(templatefile("${path.module}/templates/web.sh", { port = 8080 }))
}
