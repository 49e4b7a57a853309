data "cloudinit_config" "c" {
  part {
    content_type = "text/x-shellscript"
    content      = "yum install -y httpd\n"
  }
}
