resource "aws_s3_bucket" "releases" {
  bucket_prefix = "releases-"
}

resource "aws_ssm_parameter" "agent" {
  name  = "AmazonCloudWatch-web"
  type  = "String"
  value = jsonencode({ agent = { metrics_collection_interval = 60 } })
}

output "hint" {
  value = <<-EOT
    Look at it by: curl http://169.254.169.254/latest/meta-data/
    If it sleeps: systemctl restart amazon-ssm-agent
  EOT
}
