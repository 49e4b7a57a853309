locals {
  script = "scripts/default.sh"
}

resource "aws_launch_template" "web" {
  name      = "web"
  user_data = filebase64("${path.module}/${local.script}")
}
