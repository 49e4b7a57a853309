data "cloudinit_config" "web" {
  part {
    content_type = "text/x-shellscript"
    content      = file("scripts/curl.sh")
  }
}
