data "cloudinit_config" "web" {
  gzip          = true
  base64_encode = false

  part {
    content_type = "text/x-shellscript"
    content      = "#!/bin/sh\nuptime > /run/first-boot\n"
  }
}
