locals {
  script = templatefile("templates/web.sh.tftpl", {})
}
