resource "aws_ssm_document" "rendered" {
  name            = "shop-Usage"
  document_type   = "Command"
  document_format = "YAML"

  content = templatefile("${path.module}/templates/document.yaml.tftpl", {
    team  = "shop"
    paths = ["/srv", "/var/log"]
  })
}

resource "aws_ssm_document" "literal_file" {
  name            = "shop-Uptime"
  document_type   = "Command"
  document_format = "JSON"
  content         = file("${path.module}/documents/uptime.json")

  permissions = {
    type        = "Share"
    account_ids = "111122223333"
  }
}
