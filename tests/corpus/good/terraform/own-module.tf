module "ssmwake" {
  source = "./dist/terraform"
  parts = concat([
    { content = "#!/bin/sh\ndate > /run/first-boot\n", filename = "first.sh" },
    { content = "packages: [jq]\n", content_type = "text/cloud-config", merge_type = "list(append)+dict()+str()" },
    { content = var.node_config },
    {
      content = <<-EOT
        ---
        apiVersion: node.eks.aws/v1alpha1
        kind: NodeConfig
        spec:
          cluster:
            name: orders
      EOT
    },
  ], var.is_worker ? [{ content = "#cloud-config\npackages: [python3]\n" }] : [])
}

module "newsletter" {
  source = "./newsletter"
  parts  = [{ content = "Dear all,", content_type = "text/plain" }, { content = "<p>", content_type = "text/html" }]
}

module "boot" {
  source         = "./cloud-init"
  user_data_parts = [{ content = "#!/bin/sh\ndate\n", content_type = "text/x-shellscript", name = "date" }]
}
