module "ssmwake" {
  source = "./dist/terraform"
  parts = [
    { content = "apt-get install -y jq\nsystemctl restart nginx\n" },
    {
      filename = "app.yaml"
      content  = <<-EOT
        #cloud-confg
        packages: [jq]
      EOT
    },
  ]
}
