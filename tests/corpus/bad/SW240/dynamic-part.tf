data "cloudinit_config" "parts" {
  dynamic "part" {
    for_each = var.parts
    content {
      content_type = "text/x-shellscript"
      content      = <<-EOT
        #!/bin/bash
        yum install jq
      EOT
    }
  }
}
