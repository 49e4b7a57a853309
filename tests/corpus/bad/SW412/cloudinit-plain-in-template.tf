data "cloudinit_config" "web" {
  gzip          = false
  base64_encode = false

  part {
    content_type = "text/cloud-config"
    content      = yamlencode({ packages = ["nginx"] })
  }
}

resource "aws_launch_template" "web" {
  name      = "web"
  user_data = data.cloudinit_config.web.rendered
}
